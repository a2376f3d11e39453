-- What happens to an agent: duty, plan, presence, shift. One way in (`stand`) and one way out (`restand`).

-- Where the agent stood before a change, for `restand`.
local function stand(a)
  return {shift = on_shift(a), counts = shift_counts(a), duty = on_duty(a), profile = a.f.profile}
end

-- One agent more or less of a profile is on shift; the first and the last one open and close its classes.
local function count_on_shift(profile, by)
  local n = call('HINCRBY', P .. 'onp', profile, by)
  if not (by == 1 and n == 1 or by == -1 and n == 0) then return end
  for _, classes in ipairs(own_classes(profile)) do
    for _, class in ipairs(classes) do
      if call('HINCRBY', P .. 'alive', class, by) == 0 and by == -1 then due('k:' .. class, NOW) end
    end
  end
end

-- Something is due now for every member of a set (by its name); of one with more than `most`, piece by piece (`x:`).
-- For how many it was written.
local function due_for_members(kind, set, most)
  if call('SCARD', P .. set) <= most then
    local members = call('SMEMBERS', P .. set)
    due_all(kind, members, NOW)
    return #members
  end
  call('HSET', P .. 'site', 'x:' .. set, 0)
  due('x:' .. kind .. set, NOW)
  return 0
end

-- x:<kind><set>: the next piece.
local function due_for_next(kind, set)
  local field = 'x:' .. set
  local found = call('SSCAN', P .. set, call('HGET', P .. 'site', field) or 0, 'COUNT', BOUND_WALK)
  due_all(kind, found[2], NOW)
  own.made = own.made + floor(#found[2] / BOUND_SWEEP)
  if found[1] == '0' then
    call('HDEL', P .. 'site', field)
  else
    call('HSET', P .. 'site', field, found[1])
    due('x:' .. kind .. set, NOW)
  end
end

-- Somebody left: contacts with exclusions may have nobody unasked now.
local function recheck_exhausted() due_for_members('E:', 'xs', BOUND_WALK) end

local function rescind_offers_of(a, reason)
  local back = {}
  for i, held in ipairs(a.offers) do back[i] = contact(held[1]) end
  table.sort(back, by_rank)
  for _, c in ipairs(back) do
    rescind_offer(c, offer_index(c, a.name), reason)
    push(entering, c)
  end
end

-- Contacts that wait for this agent and needn't any more go on. At most BOUND_SWEEP; the rest is due now.
local function recheck_personal(a)
  if not a.personal then return false end
  local list, upto = {}, on_duty(a) and -1 or BOUND_SWEEP -- without duty, the first will do: all of them go on
  for ch = 1, 4 do
    for _, id in ipairs(call('ZRANGE', P .. 'w:@' .. a.name .. '.' .. ch, 0, upto)) do
      local c = contact(id)
      if not could(a, c) then list[#list + 1] = c end
    end
  end
  table.sort(list, by_rank)
  for i = 1, math.min(#list, BOUND_SWEEP) do push(entering, list[i]) end
  if #list > BOUND_SWEEP then own.fill_soon(a.name) end
  return #list > BOUND_SWEEP
end

-- A drainer stays one while they could still hold the contact one day.
local function recheck_drain(a)
  local c = a.drain and contact(a.drain)
  if c and not (on_duty(a) and HAS[a.f.on][c.ch] and a.f.cost[c.ch] <= a.f.budget
    and byte_at(who(c.class), a.f.profile) > 0) then
    unmark(c)
  end
end

-- Carries out what a change of the agent entails, then fills them. `reason` is told where offers are rescinded. Returns
-- whether more wait for them alone, in vain, than could go on at once.
local function restand(a, was, reason)
  local shift, duty, profile = on_shift(a), on_duty(a), a.f.profile
  local moved = was.profile ~= profile
  touch(a)
  if shift and (not was.shift or moved) then count_on_shift(profile, 1) end -- first: no class dies in between
  if was.shift and (not shift or moved) then count_on_shift(was.profile, -1) end
  if was.duty and (not duty or moved) then call('SREM', P .. 'av:' .. was.profile, a.name) end
  if duty and (not was.duty or moved) then call('SADD', P .. 'av:' .. profile, a.name) end
  if shift_counts(a) ~= was.counts then event('shift', nil, a.name, nil, '{"on":' .. tostring(shift_counts(a)) .. '}') end
  if duty and not was.duty then a.since = NOW end
  if was.duty and not duty then rescind_offers_of(a, reason) end
  local more = recheck_personal(a)
  recheck_drain(a)
  if was.shift and (not shift or moved) then recheck_exhausted() end
  if moved or (was.shift and not shift) then own.leave(a, moved) end
  if shift then own.back(a) end
  if duty then fill_later(a) end
  return more
end

-- The next edge of the agent's shift, if one is known.
local function set_edge(a)
  local edge = a.edges[1]
  if edge then due('h:' .. a.name, edge[1]) else undue('h:' .. a.name) end
end

local function parse_edges(text)
  local edges = {}
  for _, word in ipairs(words(text)) do
    local instant, on = string.match(word, '^(%d+):([01])$')
    edges[#edges + 1] = {tonumber(instant), on == '1'}
  end
  return edges
end

-- What the plan says about an agent, as one text that equal agents share.
local function plan_text(profile, raw)
  local f = cjson.decode(raw)
  local row = cjson.decode(call('GET', P .. 'pt:' .. profile))
  f.profile, f.team, f.tiers = profile, row.team, row.tiers
  f.orders = call('HGET', P .. 'site', 'orders') or 'L'
  return cmsgpack.pack(f)
end

-- agent: name, profile id, JSON {budget, cost, cap, offers, on}, shift "0|1", edges "instant:0|1,…", capacity text
function act.agent(argv)
  local name = argv[3]
  local a, blob = agent(name), plan_text(tonumber(argv[4]), argv[5])
  if not a then
    a = {name = name, f = unpacked(blob), presence = 'offline', cnt = {0, 0, 0, 0}, offers = {}, own = {},
      edges = {}, since = 0, last = 0, misses = 0}
    agents[name] = a
    call('SADD', P .. 'agents', name)
  end
  local was = stand(a)
  a.removing = nil
  if a.f.profile ~= tonumber(argv[4]) then leave_group(a) end
  a.f, a.blob = unpacked(blob), blob
  a.shift = argv[6] == '1'
  a.edges = parse_edges(argv[7])
  set_edge(a)
  call('HSET', P .. 'a:' .. name, 'f', blob, 'cap', argv[8])
  event('agent', nil, name, nil, '{"profile":' .. json(call('LINDEX', P .. 'profilelist', argv[4] - 1)) .. ',"capacity":'
    .. json(argv[8]) .. ',"channels":' .. a.f.on .. ',"shift":' .. tostring(a.shift) .. ',"edges":"' .. argv[7] .. '","grace":'
    .. digits(a.f.grace or 300000) .. '}')
  restand(a, was, 'off shift')
  work()
  return 'ok||' .. a.presence .. '|0|'
end

local function set_presence(a, presence, instant, why)
  local was, before = stand(a), a.presence
  a.presence, a.why = presence, why ~= '' and why or nil
  if a.back then undue('b:' .. a.name) end
  a.back = presence == 'away' and instant or nil
  if a.back then due('b:' .. a.name, a.back) end
  if presence == 'available' then
    a.misses, a.missed = 0, nil
    if before ~= 'available' then a.since = NOW end
  end
  event(presence ~= before and 'presence' or 'presence.renewed', nil, a.name, nil,
    cjson.encode({presence = presence, why = why, ['until'] = instant or cjson.null}))
  restand(a, was, 'left')
end

-- presence: name, presence, until, why
function act.presence(argv)
  local a = agent(argv[3])
  if not a then return answer('gone') end
  set_presence(a, argv[4], tonumber(argv[5]), argv[6])
  work()
  return 'ok||' .. a.presence .. '|0|'
end

-- overtime: name, until
function act.overtime(argv)
  local a, instant = agent(argv[3]), tonumber(argv[4])
  if not a then return answer('gone') end
  local was = stand(a)
  a.over = instant
  event('overtime', nil, a.name, nil, '{"until":' .. argv[4] .. '}')
  due('v:' .. a.name, instant)
  restand(a, was, 'off shift')
  work()
  return 'ok||' .. a.presence .. '|0|'
end

-- The agent is no more. Whoever was excluded stays so nowhere.
local function delete_agent(a)
  local name = a.name
  for _, id in ipairs(call('SMEMBERS', P .. 'n:' .. name)) do
    local c = contact(id)
    if c then readmit(c, name) end
    undue('e:' .. id .. ':' .. name)
  end
  leave_group(a)
  if a.load then call('ZREM', P .. 'u', a.load[1]) end
  undue('h:' .. name, 'v:' .. name, 'b:' .. name, 'd:' .. name, 'l:' .. name)
  call('SREM', P .. 'agents', name)
  call('DEL', P .. 'a:' .. name, P .. 'n:' .. name)
  a.removed = true
  agents[name] = false
  event('agent', nil, name, nil, '{"removed":true}')
end

-- Off duty for good; their work is theirs until `instant`.
local function say_goodbye(a, instant)
  local was, name = stand(a), a.name
  event('agent', nil, name, nil, '{"removing":true,"until":' .. digits(instant) .. '}')
  if a.presence ~= 'offline' then event('presence', nil, name, nil, '{"presence":"offline","why":"removed"}') end
  undue('h:' .. name, 'v:' .. name, 'b:' .. name)
  a.presence, a.why, a.shift, a.over, a.back, a.edges = 'offline', 'removed', false, nil, nil, {}
  a.removing, a.leaving = 1, instant
  due('l:' .. name, instant)
  restand(a, was, 'left')
end

-- Off duty, whatever happened since; so many of their contacts find another way, and when none is left they are gone.
local function remove(a, limit, patient)
  local was = stand(a)
  a.presence, a.shift, a.over, a.removing = 'offline', false, nil, 1
  local more = restand(a, was, 'left')
  if not own.clear(a, limit, close, patient) then return end
  if more then own.leave_rest(a) else delete_agent(a) end
end

-- remove_agent: name, grace in ms (0: at once)
function act.remove_agent(argv)
  local a, grace = agent(argv[3]), tonumber(argv[4])
  if not a then return answer('gone') end
  if grace > 0 or (a.personal or 0) > BOUND_SWEEP then -- forgotten with them, those behind would wait for nobody
    say_goodbye(a, NOW + grace)
  else
    remove(a, 1000000)
  end
  work()
  return answer('ok')
end

-- desk: "1" | "0". Up again: everybody on duty is filled, in bounded pieces.
function act.desk(argv)
  local up = argv[3] == '1'
  if up == DESK then return '0' end
  DESK = up
  call('HSET', P .. 'site', 'desk', argv[3])
  event('desk', nil, nil, nil, '{"up":' .. tostring(up) .. '}')
  if up then
    local left = 4 * BOUND_WALK -- in all profiles together; of one alone no more than is walked in any set
    for _, profile in ipairs(call('HKEYS', P .. 'onp')) do
      left = left - due_for_members('d:', 'av:' .. profile, math.min(left, BOUND_WALK))
    end
    own.fall_behind()
  end
  return '1'
end
