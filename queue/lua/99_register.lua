-- The one list of what the library offers. Names carry the contract's version, because functions belong to the
-- server: an older and a newer Tierline may share it.

-- A mutation: (operation id, instant, arguments…) → text. The same operation id again gives the same reply and
-- changes nothing; one that is too old or ahead of us is refused, because its first reply may be forgotten.
local function mutation(act)
  return function(keys, argv)
    begin(keys, argv[2])
    local op = argv[1]
    local made = tonumber(string.sub(op, 1, 13))
    if not made or made < NOW - OP_LIFE or made > NOW + OP_AHEAD then
      return redis.error_reply('EXPIRED ' .. digits(NOW))
    end
    local bucket = P .. 'op:' .. string.sub(op, 1, 10)
    local before = call('HGET', bucket, op)
    if before then
      call('EXPIRE', bucket, OP_KEPT) -- a write: WAIT counts those of the connection that asks, not of the first one
      return before
    end
    local reply = act(argv)
    finish()
    call('HSET', bucket, op, reply)
    if bucket ~= last_bucket then
      call('EXPIRE', bucket, OP_KEPT)
      last_bucket = bucket
    end
    return reply
  end
end

-- A read: ("", instant, arguments…) → text or list.
local function reading(read)
  return function(keys, argv)
    begin(keys, argv[2])
    return read(argv)
  end
end

redis.register_function('tierline_4_arrive', mutation(act.arrive))
redis.register_function('tierline_4_append', mutation(act.append))
redis.register_function('tierline_4_accept', mutation(act.accept))
redis.register_function('tierline_4_decline', mutation(act.decline))
redis.register_function('tierline_4_delivered', mutation(act.delivered))
redis.register_function('tierline_4_rescind', mutation(act.rescind))
redis.register_function('tierline_4_complete', mutation(act.complete))
redis.register_function('tierline_4_finish', mutation(act.finish))
redis.register_function('tierline_4_wrap_on', mutation(act.wrap_on))
redis.register_function('tierline_4_remark', mutation(act.remark))
redis.register_function('tierline_4_park', mutation(act.park))
redis.register_function('tierline_4_wake', mutation(act.wake))
redis.register_function('tierline_4_abandon', mutation(act.abandon))
redis.register_function('tierline_4_dead_letter', mutation(act.dead_letter))
redis.register_function('tierline_4_revive', mutation(act.revive))
redis.register_function('tierline_4_reroute', mutation(act.reroute))
redis.register_function('tierline_4_transfer', mutation(act.transfer))
redis.register_function('tierline_4_keep', mutation(act.keep))
redis.register_function('tierline_4_snooze', mutation(act.snooze))
redis.register_function('tierline_4_release', mutation(act.release))
redis.register_function('tierline_4_rerank', mutation(act.rerank))
redis.register_function('tierline_4_discard', mutation(act.discard))
redis.register_function('tierline_4_merge', mutation(act.merge))
redis.register_function('tierline_4_split', mutation(act.split))
redis.register_function('tierline_4_reopen', mutation(act.reopen))
redis.register_function('tierline_4_reach', mutation(act.reach))
redis.register_function('tierline_4_consult', mutation(act.consult))
redis.register_function('tierline_4_identify', mutation(act.identify))
redis.register_function('tierline_4_retime', mutation(act.retime))
redis.register_function('tierline_4_recall', mutation(act.recall))
redis.register_function('tierline_4_forget', mutation(act.forget))
redis.register_function('tierline_4_agent', mutation(act.agent))
redis.register_function('tierline_4_presence', mutation(act.presence))
redis.register_function('tierline_4_overtime', mutation(act.overtime))
redis.register_function('tierline_4_remove_agent', mutation(act.remove_agent))
redis.register_function('tierline_4_desk', mutation(act.desk))
redis.register_function('tierline_4_tick', mutation(act.tick))
redis.register_function('tierline_4_leg', mutation(act.leg))
redis.register_function('tierline_4_jot', mutation(act.jot))
redis.register_function('tierline_4_happen', mutation(act.happen))
redis.register_function('tierline_4_miss', mutation(act.miss))
redis.register_function('tierline_4_prolong', mutation(act.prolong))
redis.register_function('tierline_4_claim', mutation(act.claim))
redis.register_function('tierline_4_spend', mutation(act.spend))
redis.register_function('tierline_4_hold_reply', mutation(act.hold_reply))
redis.register_function('tierline_4_undo_reply', mutation(act.undo_reply))
redis.register_function('tierline_4_release_reply', mutation(act.release_reply))
redis.register_function('tierline_4_retry_reply', mutation(act.retry_reply))
redis.register_function('tierline_4_text', mutation(act.text))
redis.register_function('tierline_4_receipt', mutation(act.receipt))
redis.register_function('tierline_4_bind', mutation(act.bind))
redis.register_function('tierline_4_alert', mutation(act.alert))
redis.register_function('tierline_4_opt', mutation(act.opt))
redis.register_function('tierline_4_once', mutation(act.once))
redis.register_function('tierline_4_window', mutation(act.window))
redis.register_function('tierline_4_seen_until', mutation(act.seen_until))
redis.register_function('tierline_4_lease', mutation(act.lease))
redis.register_function('tierline_4_line', mutation(act.line))
redis.register_function('tierline_4_advance', mutation(act.advance))
redis.register_function('tierline_4_trim', mutation(act.trim))
redis.register_function('tierline_4_register', mutation(act.register))
redis.register_function('tierline_4_publish', mutation(act.publish))
redis.register_function('tierline_4_walked', mutation(act.walked))
redis.register_function('tierline_4_reevaluate', mutation(act.reevaluate))
redis.register_function('tierline_4_audit', mutation(act.audit))
redis.register_function('tierline_4_calendar', mutation(act.calendar))
redis.register_function('tierline_4_service_edge', mutation(act.service_edge))
redis.register_function('tierline_4_travel', mutation(act.travel))
redis.register_function('tierline_4_intern_class', mutation(act.intern_class))
redis.register_function('tierline_4_intern_profile', mutation(act.intern_profile))
redis.register_function('tierline_4_intern_route', mutation(act.intern_route))
redis.register_function{function_name = 'tierline_4_contact_views', callback = reading(view.contact_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_4_arriving', callback = reading(view.arriving), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_4_states', callback = reading(view.states), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_4_agent_views', callback = reading(view.agent_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_4_messages', callback = reading(view.messages), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_4_now', callback = reading(view.now), flags = {'no-writes'}}
