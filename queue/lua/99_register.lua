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

redis.register_function('tierline_3_arrive', mutation(act.arrive))
redis.register_function('tierline_3_append', mutation(act.append))
redis.register_function('tierline_3_accept', mutation(act.accept))
redis.register_function('tierline_3_decline', mutation(act.decline))
redis.register_function('tierline_3_delivered', mutation(act.delivered))
redis.register_function('tierline_3_rescind', mutation(act.rescind))
redis.register_function('tierline_3_complete', mutation(act.complete))
redis.register_function('tierline_3_finish', mutation(act.finish))
redis.register_function('tierline_3_park', mutation(act.park))
redis.register_function('tierline_3_wake', mutation(act.wake))
redis.register_function('tierline_3_abandon', mutation(act.abandon))
redis.register_function('tierline_3_dead_letter', mutation(act.dead_letter))
redis.register_function('tierline_3_revive', mutation(act.revive))
redis.register_function('tierline_3_reroute', mutation(act.reroute))
redis.register_function('tierline_3_transfer', mutation(act.transfer))
redis.register_function('tierline_3_keep', mutation(act.keep))
redis.register_function('tierline_3_snooze', mutation(act.snooze))
redis.register_function('tierline_3_release', mutation(act.release))
redis.register_function('tierline_3_rerank', mutation(act.rerank))
redis.register_function('tierline_3_discard', mutation(act.discard))
redis.register_function('tierline_3_merge', mutation(act.merge))
redis.register_function('tierline_3_split', mutation(act.split))
redis.register_function('tierline_3_reopen', mutation(act.reopen))
redis.register_function('tierline_3_consult', mutation(act.consult))
redis.register_function('tierline_3_retime', mutation(act.retime))
redis.register_function('tierline_3_recall', mutation(act.recall))
redis.register_function('tierline_3_forget', mutation(act.forget))
redis.register_function('tierline_3_agent', mutation(act.agent))
redis.register_function('tierline_3_presence', mutation(act.presence))
redis.register_function('tierline_3_overtime', mutation(act.overtime))
redis.register_function('tierline_3_remove_agent', mutation(act.remove_agent))
redis.register_function('tierline_3_desk', mutation(act.desk))
redis.register_function('tierline_3_tick', mutation(act.tick))
redis.register_function('tierline_3_hold_reply', mutation(act.hold_reply))
redis.register_function('tierline_3_undo_reply', mutation(act.undo_reply))
redis.register_function('tierline_3_release_reply', mutation(act.release_reply))
redis.register_function('tierline_3_retry_reply', mutation(act.retry_reply))
redis.register_function('tierline_3_text', mutation(act.text))
redis.register_function('tierline_3_receipt', mutation(act.receipt))
redis.register_function('tierline_3_bind', mutation(act.bind))
redis.register_function('tierline_3_alert', mutation(act.alert))
redis.register_function('tierline_3_opt', mutation(act.opt))
redis.register_function('tierline_3_once', mutation(act.once))
redis.register_function('tierline_3_window', mutation(act.window))
redis.register_function('tierline_3_lease', mutation(act.lease))
redis.register_function('tierline_3_advance', mutation(act.advance))
redis.register_function('tierline_3_trim', mutation(act.trim))
redis.register_function('tierline_3_register', mutation(act.register))
redis.register_function('tierline_3_publish', mutation(act.publish))
redis.register_function('tierline_3_walked', mutation(act.walked))
redis.register_function('tierline_3_reevaluate', mutation(act.reevaluate))
redis.register_function('tierline_3_audit', mutation(act.audit))
redis.register_function('tierline_3_calendar', mutation(act.calendar))
redis.register_function('tierline_3_service_edge', mutation(act.service_edge))
redis.register_function('tierline_3_travel', mutation(act.travel))
redis.register_function('tierline_3_intern_class', mutation(act.intern_class))
redis.register_function('tierline_3_intern_profile', mutation(act.intern_profile))
redis.register_function('tierline_3_intern_route', mutation(act.intern_route))
redis.register_function{function_name = 'tierline_3_contact_views', callback = reading(view.contact_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_3_states', callback = reading(view.states), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_3_agent_views', callback = reading(view.agent_views), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_3_messages', callback = reading(view.messages), flags = {'no-writes'}}
redis.register_function{function_name = 'tierline_3_now', callback = reading(view.now), flags = {'no-writes'}}
