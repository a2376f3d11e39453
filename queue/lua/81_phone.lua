-- The telephone: what is known of a call's legs and facts, and what a phone does to an offer.
-- `k:<contact>`: `l:<sid>` → JSON [order, state, at, about], `j:<name>` → fact; `legs`, `jots` how many there are,
-- `callers` how many live legs are the customer's. `legs`: "contact sid" → when anything was last heard of a live leg.

do -- a chunk may have 200 locals: this file's own stay inside

local RANK = {queued = 1, initiated = 2, ringing = 3, answered = 4, completed = 9, busy = 9, failed = 9,
  ['no-answer'] = 9, canceled = 9}
local OVER = 9 -- the rank of a leg that has ended
local LEGS, JOTS = 1000, 50 -- of a contact
local PUT_OFF = 120000 -- ms from now to an offer's deadline, however often it is put off

local function key_of(c) return P .. 'k:' .. c.id end

-- Whether its customer is on the line: then it is taken from nobody.
function own.talking(c) return c.ch == VOICE and tonumber(call('HGET', key_of(c), 'callers') or 0) > 0 end

-- Its legs and facts go with it.
function own.forget_legs(c)
  local all = call('HGETALL', key_of(c))
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'l:' then call('ZREM', P .. 'legs', c.id .. ' ' .. string.sub(all[i], 3)) end
  end
  if all[1] then call('DEL', key_of(c)) end
end

-- 1 when it is the customer's and hasn't ended, else 0.
local function calls(state, about) return about.r == 'customer' and RANK[state] < OVER and 1 or 0 end

-- Writes what is known of a leg now: state and `about`; `was` is its state before, nil for a new one's.
local function keep_leg(c, sid, order, was, state, about)
  call('HSET', key_of(c), 'l:' .. sid, cjson.encode({order, state, NOW, about}))
  if RANK[state] < OVER then
    call('ZADD', P .. 'legs', NOW, c.id .. ' ' .. sid)
  elseif was then
    call('ZREM', P .. 'legs', c.id .. ' ' .. sid)
  end
  local x = {sid = sid, state = state, was = was or ''}
  for name, value in pairs(about) do x[name] = x[name] or value end
  local number = string.match(about.o or '', '^%d+$')
  event('leg', c.id, about.a ~= '' and about.a or nil, number and #number <= 9 and tonumber(number) or nil, x)
end

-- leg: contact, sid, state, JSON of what is known about it → an answer, or "full"
function act.leg(argv)
  local c, sid, state, news = contact(argv[3]), argv[4], argv[5], cjson.decode(argv[6])
  if not c then return answer('gone') end
  if not RANK[state] then return answer('stale', c) end
  local raw = call('HGET', key_of(c), 'l:' .. sid)
  local order, was, about = nil, nil, {}
  if raw then
    local leg = cjson.decode(raw)
    order, was, about = leg[1], leg[2], leg[4]
    if RANK[state] <= RANK[was] then
      if RANK[was] < OVER then call('ZADD', P .. 'legs', NOW, c.id .. ' ' .. sid) end
      return answer('late', c)
    end
  elseif tonumber(call('HGET', key_of(c), 'legs') or 0) >= LEGS then
    return 'full'
  end
  local callers = was and calls(was, about) or 0
  for name, value in pairs(news) do
    if type(name) == 'string' and type(value) == 'string' then about[name] = value end
  end
  order = order or call('HINCRBY', key_of(c), 'legs', 1)
  callers = calls(state, about) - callers
  if callers ~= 0 then call('HINCRBY', key_of(c), 'callers', callers) end
  keep_leg(c, sid, order, was, state, about)
  return answer('ok', c)
end

-- Keeps a fact under its name ("" takes it away); the one before it and whether that is a change, or "full".
local function keep_fact(c, name, value)
  local field = 'j:' .. name
  local before = call('HGET', key_of(c), field) or ''
  if value == before then return before, false end
  if value == '' then
    call('HDEL', key_of(c), field)
    if call('HINCRBY', key_of(c), 'jots', -1) == 0 then call('HDEL', key_of(c), 'jots') end
    return before, true
  end
  if before == '' then
    if tonumber(call('HGET', key_of(c), 'jots') or 0) >= JOTS then return 'full' end
    call('HINCRBY', key_of(c), 'jots', 1)
  end
  call('HSET', key_of(c), field, value)
  return before, true
end

-- jot: contact, name, value ("" takes it away) → "=" and the one before, or "full"
function act.jot(argv)
  local c = contact(argv[3])
  if not c then return '=' end
  local before = keep_fact(c, argv[4], argv[5])
  return before == 'full' and before or '=' .. before
end

-- happen: contact, agent or "", what, JSON of what is told, then name and value of facts → an answer, or "full"
function act.happen(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  local new, known = 0, tonumber(call('HGET', key_of(c), 'jots') or 0)
  for i = 7, #argv, 2 do
    if argv[i + 1] ~= '' and not call('HGET', key_of(c), 'j:' .. argv[i]) then new = new + 1 end
  end
  if new > 0 and known + new > JOTS then return 'full' end
  local news = false
  for i = 7, #argv, 2 do
    local _, changed = keep_fact(c, argv[i], argv[i + 1])
    news = news or changed
  end
  if not news then return answer('late', c) end
  local x = cjson.decode(argv[6])
  x.what = argv[5]
  event('call', c.id, argv[4] ~= '' and argv[4] or nil, nil, x)
  return answer('ok', c)
end

-- The offer an act of the agent's phone speaks of: its index, or nil and the answer.
local function rung(c, name, number)
  if not c then return nil, answer('gone') end
  local i = number and offer_index(c, name, number)
  if i then return i end
  return nil, answer('stale', c, c.owner)
end

-- miss: contact, offer, agent, why
function act.miss(argv)
  local c = contact(argv[3])
  local i, no = rung(c, argv[5], tonumber(argv[4]))
  if not i then return no end
  miss(c, i, argv[6])
  work()
  return answer('ok', c)
end

-- A later deadline, within bounds, of an offer that counts as delivered from now on; whether that is news.
local function put_off(c, held, instant)
  local latest = math.max(held[4], math.min(instant, NOW + PUT_OFF))
  if held[5] == 1 and latest == held[4] then return false end
  held[4], held[5] = latest, 1
  due('o:' .. c.id .. ':' .. short(held[1]), latest)
  mark(c)
  return true
end

-- prolong: contact, offer, agent, until
function act.prolong(argv)
  local c = contact(argv[3])
  local i, no = rung(c, argv[5], tonumber(argv[4]))
  if not i then return no end
  local held = c.offers[i]
  if put_off(c, held, tonumber(argv[6])) then
    event('prolonged', c.id, held[2], held[1], '{"due":' .. digits(held[4]) .. '}')
  end
  return answer('ok', c, '', 0, held[4])
end

-- The live offer whose agent says that they take it, or nil. Nobody else is asked while it stands.
function own.claim(c)
  for _, held in ipairs(c.claimed and c.offers or NOTHING) do
    if held[1] == c.claimed then return held end
  end
  return nil
end

-- The offers beside the claimed one end: nobody is to blame, and their agents are free.
local function stop_others(c)
  local i = 1
  while c.offers[i] do
    if c.offers[i][1] ~= c.claimed then fill_later(rescind_offer(c, i, 'claimed')) else i = i + 1 end
  end
end

-- claim: contact, offer, agent, ms from now to its deadline at least
function act.claim(argv)
  local c, name = contact(argv[3]), argv[5]
  local standing = c and own.claim(c)
  if standing and standing[2] ~= name then return answer('taken', c, standing[2]) end
  local i, no = live_offer(c, name, tonumber(argv[4]))
  if not i then return no end
  local held = c.offers[i]
  if not standing then
    if c.seat then unseat(c) end
    c.claimed = held[1]
    put_off(c, held, NOW + tonumber(argv[6]))
    mark(c)
    event('claimed', c.id, name, held[1], '{"due":' .. digits(held[4]) .. '}')
    stop_others(c)
    work()
  end
  return answer('ok', c, '', 0, held[4])
end

end
