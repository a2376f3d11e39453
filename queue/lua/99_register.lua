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

redis.register_function('tierline_5_arrive', mutation(act.arrive))
redis.register_function('tierline_5_append', mutation(act.append))
redis.register_function('tierline_5_accept', mutation(act.accept))
redis.register_function('tierline_5_decline', mutation(act.decline))
redis.register_function('tierline_5_delivered', mutation(act.delivered))
redis.register_function('tierline_5_rescind', mutation(act.rescind))
redis.register_function('tierline_5_complete', mutation(act.complete))
redis.register_function('tierline_5_finish', mutation(act.finish))
redis.register_function('tierline_5_wrap_on', mutation(act.wrap_on))
redis.register_function('tierline_5_remark', mutation(act.remark))
redis.register_function('tierline_5_park', mutation(act.park))
redis.register_function('tierline_5_wake', mutation(act.wake))
redis.register_function('tierline_5_abandon', mutation(act.abandon))
redis.register_function('tierline_5_dead_letter', mutation(act.dead_letter))
redis.register_function('tierline_5_revive', mutation(act.revive))
redis.register_function('tierline_5_reroute', mutation(act.reroute))
redis.register_function('tierline_5_transfer', mutation(act.transfer))
redis.register_function('tierline_5_keep', mutation(act.keep))
redis.register_function('tierline_5_snooze', mutation(act.snooze))
redis.register_function('tierline_5_release', mutation(act.release))
redis.register_function('tierline_5_rerank', mutation(act.rerank))
redis.register_function('tierline_5_discard', mutation(act.discard))
redis.register_function('tierline_5_merge', mutation(act.merge))
redis.register_function('tierline_5_split', mutation(act.split))
redis.register_function('tierline_5_reopen', mutation(act.reopen))
redis.register_function('tierline_5_reach', mutation(act.reach))
redis.register_function('tierline_5_consult', mutation(act.consult))
redis.register_function('tierline_5_identify', mutation(act.identify))
redis.register_function('tierline_5_retime', mutation(act.retime))
redis.register_function('tierline_5_recall', mutation(act.recall))
redis.register_function('tierline_5_forget', mutation(act.forget))
redis.register_function('tierline_5_agent', mutation(act.agent))
redis.register_function('tierline_5_presence', mutation(act.presence))
redis.register_function('tierline_5_overtime', mutation(act.overtime))
redis.register_function('tierline_5_remove_agent', mutation(act.remove_agent))
redis.register_function('tierline_5_desk', mutation(act.desk))
redis.register_function('tierline_5_tick', mutation(act.tick))
redis.register_function('tierline_5_leg', mutation(act.leg))
redis.register_function('tierline_5_jot', mutation(act.jot))
redis.register_function('tierline_5_happen', mutation(act.happen))
redis.register_function('tierline_5_miss', mutation(act.miss))
redis.register_function('tierline_5_prolong', mutation(act.prolong))
redis.register_function('tierline_5_claim', mutation(act.claim))
redis.register_function('tierline_5_spend', mutation(act.spend))
redis.register_function('tierline_5_hold_reply', mutation(act.hold_reply))
redis.register_function('tierline_5_undo_reply', mutation(act.undo_reply))
redis.register_function('tierline_5_release_reply', mutation(act.release_reply))
redis.register_function('tierline_5_retry_reply', mutation(act.retry_reply))
redis.register_function('tierline_5_text', mutation(act.text))
redis.register_function('tierline_5_receipt', mutation(act.receipt))
redis.register_function('tierline_5_bind', mutation(act.bind))
redis.register_function('tierline_5_alert', mutation(act.alert))
redis.register_function('tierline_5_opt', mutation(act.opt))
redis.register_function('tierline_5_once', mutation(act.once))
redis.register_function('tierline_5_window', mutation(act.window))
redis.register_function('tierline_5_seen_until', mutation(act.seen_until))
redis.register_function('tierline_5_lease', mutation(act.lease))
redis.register_function('tierline_5_line', mutation(act.line))
redis.register_function('tierline_5_advance', mutation(act.advance))
redis.register_function('tierline_5_trim', mutation(act.trim))
redis.register_function('tierline_5_register', mutation(act.register))
redis.register_function('tierline_5_publish', mutation(act.publish))
redis.register_function('tierline_5_walked', mutation(act.walked))
redis.register_function('tierline_5_reevaluate', mutation(act.reevaluate))
redis.register_function('tierline_5_audit', mutation(act.audit))
redis.register_function('tierline_5_calendar', mutation(act.calendar))
redis.register_function('tierline_5_service_edge', mutation(act.service_edge))
redis.register_function('tierline_5_travel', mutation(act.travel))
redis.register_function('tierline_5_intern_class', mutation(act.intern_class))
redis.register_function('tierline_5_intern_profile', mutation(act.intern_profile))
redis.register_function('tierline_5_intern_route', mutation(act.intern_route))
redis.register_function{function_name = 'tierline_5_contact_views', callback = reading(view.contact_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_5_states', callback = reading(view.states), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_5_agent_views', callback = reading(view.agent_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_5_messages', callback = reading(view.messages), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_5_now', callback = reading(view.now), flags = {'no-writes'}}
