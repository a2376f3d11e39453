-- What owners and supervisors do with a contact in hand. The acts; what they are made of is in 65_owned.lua.

do -- a chunk may have 200 locals: this file's own stay inside

-- The contact if it is in one of `states` and `name` is its owner or "" (a supervisor, the system); else nil and
-- the answer.
local function in_hand(id, name, states)
  local c = contact(id)
  if not c then return nil, answer('gone') end
  if not states[state_of(c)] then return nil, answer('stale', c, c.owner) end
  if name ~= '' and name ~= c.owner then return nil, answer('not_owner', c, c.owner) end
  return c
end

local ACTIVE, OWNED = {active = true}, {active = true, snoozed = true}
local ENDED = {closed = true, abandoned = true, dead = true}
local OPEN = {waiting = true, offered = true, active = true, snoozed = true, parked = true}
local NOT_ENDED = {waiting = true, offered = true, active = true, snoozed = true, parked = true, wrapping = true}

-- Its live offers of anybody but the agent it is meant for are taken back.
local function rescind_others(c)
  local i = 1
  while c.offers and c.offers[i] do
    if c.offers[i][2] ~= c.prefer then fill_later(rescind_offer(c, i, 'rerouted')) else i = i + 1 end
  end
end

-- transfer: contact, by, channel, decision…, to, reason, "1" to the preferred agent only
function act.transfer(argv)
  local c, no = in_hand(argv[3], argv[4], OWNED)
  if not c then return no end
  if tonumber(argv[5]) ~= c.ch then return 'channel' end
  local service, rank, asleep = route(c).service, c.rank, c.state == 'snoozed'
  if c.handing then
    if c.seat then unseat(c) end
    unmark(c)
  else
    c.back = {route = c.route, step = c.step, base = c.base, deadlines = c.deadlines, facts = c.facts,
      asleep = asleep and 1 or nil, wake = c.wake}
    own.unwatch(c)
  end
  decide(c, argv, 6)
  local r = route(c)
  if r.service ~= service then
    c.arrived = c.arrived or c.base
    c.base = NOW
  end
  c.handing, c.only, c.rank = 1, argv[16] == '1' and 1 or nil, rank
  c.step, c.told, c.class = nil, nil, nil
  unlift(c)
  local why_not = asleep and own.no_way_back(c, agent(c.owner), rank) or nil
  local told = cjson.encode({by = argv[4], to = argv[14], reason = argv[15], service = r.service, facts = argv[13],
    only = argv[16] == '1', queued = why_not})
  event('transferring', c.id, c.owner, nil, string.sub(told, 1, -2) .. ',"decision":' .. decision_told(argv, 6) .. '}')
  if asleep then own.rouse(c, why_not) end
  settle(c, r)
  rescind_unadmitted(c)
  if c.only then rescind_others(c) end
  enter(c)
  work()
  return answer('ok', c)
end

-- keep: contact, agent, why
function act.keep(argv)
  local c, no = in_hand(argv[3], '', ACTIVE)
  if not c then return no end
  if not c.handing then return answer('stale', c, c.owner) end
  if argv[4] ~= '' and argv[4] ~= c.owner then return answer('not_owner', c, c.owner) end
  own.keep(c, argv[5])
  work()
  return answer('ok', c)
end

-- snooze: contact, agent, wake or "", why. With a date what sleeps already gets another one.
function act.snooze(argv)
  local c, no = in_hand(argv[3], argv[4], argv[5] ~= '' and OWNED or ACTIVE)
  if not c then return no end
  own.snooze(c, tonumber(argv[5]), argv[6])
  work()
  return answer('ok', c)
end

-- release: contact, agent, reason, "1" so that the owner isn't asked again
function act.release(argv)
  local c, no = in_hand(argv[3], argv[4], OWNED)
  if not c then return no end
  local a = own.release(c, argv[5] ~= '' and argv[5] or 'given back', argv[6] == '1')
  if argv[6] == '1' then exclude(c, a) end
  fill_later(a)
  work()
  return answer('ok', c)
end

-- Another place in the queue: `rank` in ms.
function own.rerank(c, rank, by, why)
  if c.seat then unseat(c) end
  unmark(c)
  c.rank = rank * 1000 + tonumber(string.sub(c.id, 2)) % 1000
  if c.state == 'snoozed' then call('ZADD', P .. 'z:' .. c.owner, c.rank, c.id) end
  mark(c)
  event('reranked', c.id, nil, nil, '{"rank":' .. digits(c.rank) .. ',"by":' .. json(by) .. ',"why":' .. json(why) .. '}')
  if placeable(c) then push(entering, c) end
end

-- rerank: contact, rank in ms, by, why
function act.rerank(argv)
  local c, no = in_hand(argv[3], '', NOT_ENDED)
  if not c then return no end
  own.rerank(c, tonumber(argv[4]), argv[5], argv[6])
  work()
  return answer('ok', c)
end

-- discard: contact, by, outcome JSON
function act.discard(argv)
  local c, no = in_hand(argv[3], argv[4], NOT_ENDED)
  if not c then return no end
  own.discard(c, argv[5])
  work()
  return answer('ok', c)
end

-- The conversations of a merged contact lead to the other from now on.
local function lead_threads(c, into)
  local key = P .. 'm:' .. into.id
  for _, thread in ipairs(threads_of(c)) do
    local at = call('GET', P .. 't:' .. thread) or '-'
    if string.sub(at, 1, 1) == '-' then
      call('SET', P .. 't:' .. thread, into.id)
      local known = call('HGET', key, 'threads')
      call('HSET', key, 'threads', (known and known .. '\n' or '') .. thread)
    end
  end
end

-- merge: contact, into
function act.merge(argv)
  local c, into = contact(argv[3]), contact(argv[4])
  if not c or not into then return answer('gone') end
  if c == into or ENDED[state_of(c)] or not OPEN[state_of(into)] then return answer('stale', c, c.owner) end
  local owed, snoozed, rank = not c.answered, into.state == 'snoozed', floor(c.rank / 1000)
  event('merged', c.id, nil, nil, cjson.encode({into = into.id}))
  own.discard(c, cjson.encode({merged = into.id}))
  lead_threads(c, into)
  event('absorbed', into.id, nil, nil, '{"from":' .. json(c.id) .. '}')
  -- Both are one by now: it has the place of whoever has waited longer.
  if owed and (rank < floor(into.rank / 1000) or (snoozed and into.answered)) then own.rerank(into, rank, '', 'merged') end
  if owed or snoozed then own.heard(into) end
  if snoozed then own.come_back(into, 'message') end
  work()
  return answer('ok', into)
end

-- The messages with these numbers if all are the customer's, as {body, meta}, else nil.
local function said_by_customer(id, numbers)
  local list = {}
  for i, n in ipairs(numbers) do
    local at = call('HMGET', P .. 'm:' .. id, n, n .. 's')
    local meta = at[2] and cmsgpack.unpack(at[2])
    if not meta or meta[1] ~= 'in' then return nil end
    list[i] = {at[1], at[2], digits(meta[2])}
  end
  return list[1] and list
end

-- split: contact, "n,n,…" in order, channel, decision… → "new contact n", or an answer
function act.split(argv)
  local id = argv[3]
  if not contact(id) then return answer('gone') end
  local numbers = words(argv[4])
  local list = said_by_customer(id, numbers)
  if not list then return answer('stale', contact(id), contact(id).owner) end
  if tonumber(argv[5]) ~= contact(id).ch then return 'channel' end
  local c = new_contact(argv, id)
  local key = P .. 'm:' .. c.id
  call('HSET', key, 'n', #list, 't', '')
  event('split', id, nil, nil, '{"to":' .. json(c.id) .. ',"numbers":[' .. argv[4] .. ']}')
  for n, it in ipairs(list) do
    call('HSET', key, n, it[1], n .. 's', it[2])
    if n == 1 then
      begin_contact(c, argv, '', it[1], ',"split_from":' .. json(id) .. ',"at":' .. it[3])
    else
      event('message', c.id, nil, n, '{"kind":"in","body":' .. json(it[1]) .. ',"at":' .. it[3] .. '}')
    end
  end
  park_or_enter(c, argv)
  return 'new ' .. c.id .. ' ' .. #list
end

-- reopen: contact, agent or "", channel, decision…
function act.reopen(argv)
  local c, no = in_hand(argv[3], '', ENDED)
  if not c then return no end
  local a = argv[4] ~= '' and agent(argv[4])
  if argv[4] ~= '' and not a then return answer('gone') end
  if not a and tonumber(argv[5]) ~= c.ch then return 'channel' end
  if c.recalled then return answer('gone') end
  local newer = own.goes_on_in(c)
  if newer then return answer('elsewhere', c, newer) end
  own.reopen(c, a or nil, argv, 6)
  work()
  return answer('ok', c)
end

-- consult: contact, by, whom, question
function act.consult(argv)
  local c, no = in_hand(argv[3], argv[4], OWNED)
  if not c then return no end
  if argv[4] == '' then return answer('not_owner', c, c.owner) end
  event('consult', c.id, argv[4], nil, cjson.encode({asked = argv[5], question = argv[6], by = argv[4]}))
  return answer('ok', c)
end

-- identify: contact, agent or "", the facts that it must still have, those from now on, JSON of what is told. Not while
-- it is handed over: should its owner keep it, the facts from before that count.
function act.identify(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  if c.facts ~= argv[5] or c.handing then return answer('stale', c, c.owner) end
  c.facts = argv[6]
  mark(c)
  local x = cjson.decode(argv[7])
  x.facts = c.facts
  event('identified', c.id, argv[4] ~= '' and argv[4] or nil, nil, x)
  return answer('ok', c)
end

end
