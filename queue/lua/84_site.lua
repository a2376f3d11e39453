-- The site as a whole: alerts, opt-outs, leases, cursors, the plan, the clock.

do -- a chunk may have 200 locals: this file's own stay inside

-- alert: name, "1" | "0", text → "1" when that is news
function act.alert(argv)
  local on = argv[4] == '1'
  if (call('HEXISTS', P .. 'alerts', argv[3]) == 1) == on then return '0' end
  if on then call('HSET', P .. 'alerts', argv[3], argv[5]) else call('HDEL', P .. 'alerts', argv[3]) end
  call('HINCRBY', P .. 'site', 'situation', 1) -- what is decided in another one may be refused
  event('alert', nil, nil, nil, cjson.encode({name = argv[3], on = on, text = argv[5]}))
  return '1'
end

-- opt: address, "1" out | "0" in
function act.opt(argv)
  return tostring(call(argv[4] == '1' and 'SADD' or 'SREM', P .. 'optout', argv[3]))
end

-- once: key, ms → "1" the first time within ms; 0 ms: forgotten
function act.once(argv)
  local key, ms = P .. 'once:' .. argv[3], tonumber(argv[4])
  if ms > 0 and tonumber(call('GET', key) or 0) > NOW then return '0' end
  if ms > 0 then call('SET', key, NOW + ms, 'PX', ms) else call('DEL', key) end
  return '1'
end

local WINDOWS = 16 -- remembered of one name

-- window: name, instant, ms → when the window of `ms` began into which the instant falls; a new one begins with it
function act.window(argv)
  local key, instant = P .. 'win:' .. argv[3], tonumber(argv[4])
  local before = call('ZRANGE', key, instant, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)
  if before[1] and instant - tonumber(before[1]) < tonumber(argv[5]) then return before[1] end
  call('ZADD', key, instant, argv[4])
  local old = call('ZRANGE', key, 0, -WINDOWS - 1)
  if old[1] then call('ZREM', key, unpack(old)) end
  call('EXPIRE', key, EVENT_KEPT)
  return argv[4]
end

-- lease: role, holder, ms → the fence, or "" when somebody else holds it. A new holder has a higher fence.
function act.lease(argv)
  local key = P .. 'lease:' .. argv[3]
  local at = call('HMGET', key, 'holder', 'until', 'fence')
  local free = not at[1] or tonumber(at[2]) <= NOW
  if not free and at[1] ~= argv[4] then return '' end
  local fence = tonumber(at[3] or 0)
  if free then fence = fence + 1 end
  call('HSET', key, 'holder', argv[4], 'until', NOW + tonumber(argv[5]), 'fence', fence)
  return tostring(fence)
end

-- Whether stream id `one` is later than `other`.
local function later_id(one, other)
  local ms, n = string.match(one, '^(%d+)-(%d+)$')
  local ms2, n2 = string.match(other, '^(%d+)-(%d+)$')
  ms, n, ms2, n2 = tonumber(ms), tonumber(n), tonumber(ms2), tonumber(n2)
  return ms > ms2 or (ms == ms2 and n > n2)
end

-- advance: consumer, ledger id, fence → "1", or "0" from a holder whose lease another has taken over
function act.advance(argv)
  local key, name = P .. 'cursors', argv[3]
  local at, fence = call('HMGET', key, name, 'fence:' .. name), tonumber(argv[5])
  if tonumber(at[2] or 0) > fence then return '0' end
  if not at[1] or later_id(argv[4], at[1]) then call('HSET', key, name, argv[4]) end
  call('HSET', key, 'fence:' .. name, fence)
  return '1'
end

-- trim → entries dropped. Only what every known consumer has read; nothing before outbox and history are known.
function act.trim()
  local all, least = call('HGETALL', P .. 'cursors'), nil
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 6) ~= 'fence:' and (not least or later_id(least, all[i + 1])) then least = all[i + 1] end
  end
  local known = call('HMGET', P .. 'cursors', 'outbox', 'history')
  return known[1] and known[2] and tostring(call('XTRIM', P .. 'ledger', 'MINID', least)) or '0'
end

-- register: consumer → its cursor. From then on the ledger is kept for it.
function act.register(argv)
  call('HSETNX', P .. 'cursors', argv[3], '0-0')
  return call('HGET', P .. 'cursors', argv[3])
end

-- seen_until: of what, an instant → the latest one ever given, 0 before the first: how far we know the outside's own list
function act.seen_until(argv)
  local key, field = P .. 'site', 'seen:' .. argv[3]
  local at = tonumber(call('HGET', key, field) or 0)
  if tonumber(argv[4]) <= at then return digits(at) end
  call('HSET', key, field, digits(tonumber(argv[4])))
  return digits(tonumber(argv[4]))
end

-- publish: version, yaml, author, reason, expected version, "new" | "reevaluate", origin, JSON of the diff's lines
-- → "ok version" | "stale version". The yaml before it stays at hand, so that going back never waits for the history.
function act.publish(argv)
  local key = P .. 'plan'
  local active = call('HMGET', key, 'version', 'yaml')
  local before = active[1] or '0'
  if before ~= argv[7] then return 'stale ' .. before end
  local version, waiting = argv[3], argv[8]
  call('HSET', key, 'version', version, 'yaml', argv[4], 'author', argv[5], 'reason', argv[6], 'at', NOW,
    'waiting', waiting, 'before', before, 'before_yaml', active[2] or '', 'diff', argv[10])
  -- Whoever waits is looked at by one version at a time: an older walk ends where it is.
  local walk = P .. 'walk'
  local old = call('HMGET', walk, 'version', 'seen', 'moved')
  if old[1] then event('plan.walked', nil, nil, nil, cjson.encode({version = tonumber(old[1]), seen = tonumber(old[2]),
    moved = tonumber(old[3]), superseded = true})) end
  call('DEL', walk)
  if waiting == 'reevaluate' then
    call('HSET', walk, 'version', version, 'after', 0, 'seen', 0, 'moved', 0, 'at', NOW)
  end
  event('plan', nil, nil, nil, '{"version":' .. version .. ',"author":' .. json(argv[5]) .. ',"reason":' .. json(argv[6])
    .. ',"waiting":' .. json(waiting) .. ',"diff":' .. argv[10] .. ',"yaml":' .. json(argv[4]) .. '}')
  event('audit', nil, nil, nil, '{"who":' .. json(argv[5]) .. ',"act":"plan.publish","origin":' .. json(argv[9])
    .. ',"what":' .. cjson.encode({version = tonumber(version), reason = argv[6], waiting = waiting}) .. '}')
  return 'ok ' .. version
end

-- walked: version, after (a contact's number), seen, "1" when it is over → how many were moved, or "" when another
-- version is walked now. How far the re-evaluation has come, so that anybody can go on.
function act.walked(argv)
  local walk = P .. 'walk'
  local at = call('HMGET', walk, 'version', 'moved')
  if at[1] ~= argv[3] then return '' end
  if argv[6] == '1' then
    call('DEL', walk)
    event('plan.walked', nil, nil, nil, cjson.encode({version = tonumber(argv[3]), seen = tonumber(argv[5]),
      moved = tonumber(at[2])}))
  else
    call('HSET', walk, 'after', argv[4], 'seen', argv[5])
  end
  return at[2]
end

-- reevaluate: version, facts that it was judged by, then as reroute. Only while that version is walked and nobody has
-- decided about the contact meanwhile.
function act.reevaluate(argv)
  local c = contact(argv[5])
  if not c then return 'gone|||0|' end
  if call('HGET', P .. 'walk', 'version') ~= argv[3] or c.facts ~= argv[4] then
    return 'stale||' .. state_of(c) .. '|0|'
  end
  local words = {argv[1], argv[2]}
  for i = 5, #argv do words[i - 2] = argv[i] end
  local reply = act.reroute(words)
  if string.sub(reply, 1, 3) == 'ok|' then call('HINCRBY', P .. 'walk', 'moved', 1) end
  return reply
end

-- audit: who, act, origin, JSON of what. Nothing changes; it is told, and the history chains it.
function act.audit(argv)
  event('audit', nil, nil, nil, '{"who":' .. json(argv[3]) .. ',"act":' .. json(argv[4]) .. ',"origin":' .. json(argv[5])
    .. ',"what":' .. argv[6] .. '}')
  return '1'
end

-- calendar: "instant,instant,…" the site's midnights, from which shares are counted
function act.calendar(argv)
  call('HSET', P .. 'site', 'midnights', argv[3])
  return '1'
end

-- service_edge: service, instant ("" = none). A timer that tells routers that the service opens or closes.
function act.service_edge(argv)
  if argv[4] == '' then undue('g:' .. argv[3]) else due('g:' .. argv[3], tonumber(argv[4])) end
  return '1'
end

-- travel: to. Moves the site's clock forward; never back. → now
function act.travel(argv)
  local to = tonumber(argv[3])
  local site = call('HMGET', P .. 'site', 'clock', 'ticked')
  if to > NOW then
    call('HSET', P .. 'site', 'clock', digits((tonumber(site[1]) or 0) + to - NOW))
    -- Nobody stood still meanwhile: what falls due on the way is no gap's.
    if site[2] then call('HSET', P .. 'site', 'ticked', digits(tonumber(site[2]) + to - NOW)) end
  end
  return digits(to > NOW and to or NOW)
end

end
