-- Records: contacts, agents, routes, and the table of who may.

local VOICE, CHAT, SMS, EMAIL = 1, 2, 3, 4
local BIT = {1, 2, 4, 8}
local HAS = {} -- HAS[mask][channel]
for m = 0, 15 do
  HAS[m] = {}
  for ch = 1, 4 do HAS[m][ch] = m % (2 * BIT[ch]) >= BIT[ch] end
end

-- The contact, or nil. Fields (absent when empty): state (absent: waiting), rank, route, step, class, ch, base,
-- arrived (when not base), deadlines, seat (1 in its class's set, 2 in an agent's personal set), timer,
-- offers {{number, agent, made, due, delivered, place}}, n (offers so far), owner, prefer, direct, window
-- (the preference), pairs (how many are excluded), lift, told (step told exhausted), drainer, wake, wrap, previous.
local function contact(id)
  local c = contacts[id]
  if c == nil then
    local raw = call('HGET', P .. 'c:' .. id, 'd')
    if not raw then return nil end
    c = cmsgpack.unpack(raw)
    c.id = id
    contacts[id] = c
  end
  return c
end

local function state_of(c) return c.state or 'waiting' end

-- To be written when the transition ends.
local function mark(c) changed[c.id] = c end

-- Writes the record: `d` what the scripts work with, `f` the decision's facts, when they are new.
local function save_contact(c)
  local id, facts = c.id, c.facts
  c.id, c.facts = nil, nil
  if facts then
    call('HSET', P .. 'c:' .. id, 'd', cmsgpack.pack(c), 'f', facts)
  else
    call('HSET', P .. 'c:' .. id, 'd', cmsgpack.pack(c))
  end
  c.id = id
end

local unpacked = memo(function(raw) return cmsgpack.unpack(raw) end)

-- The agent, or nil. `f` is what the plan says, shared by all whose text is equal: profile, tiers, team, budget,
-- cost[ch], cap[ch] (-1 none), offers (limit), on (mask), orders. The rest is the agent's own: presence, shift,
-- over (overtime until), back (away until), edges, cnt[ch], offers {{contact, number, ch}}, own {contact → ch},
-- since, last, misses, missed, drain, group, score, personal (waiting for them), shy (has had exclusions), why.
local function agent(name)
  local a = agents[name]
  if a == nil then -- false: removed in this call
    local raw = call('HMGET', P .. 'a:' .. name, 'd', 'f')
    if not raw[1] then return nil end
    a = cmsgpack.unpack(raw[1])
    a.name, a.f, a.blob = name, unpacked(raw[2]), raw[2]
    agents[name] = a
  end
  return a
end

-- To be placed and written when the transition ends.
local function touch(a)
  a.stale = true
  if not a.touched then
    a.touched = true
    touched_n = touched_n + 1
    touched[touched_n] = a
  end
end

local function save_agent(a)
  local name, f, blob = a.name, a.f, a.blob
  a.name, a.f, a.blob, a.touched, a.stale = nil, nil, nil, nil, nil
  call('HSET', P .. 'a:' .. name, 'd', cmsgpack.pack(a))
  a.name, a.f, a.blob = name, f, blob
end

local parsed_route = memo(function(text)
  local r = cjson.decode(text)
  r.last = #r.steps - 1
  return r
end)

-- The contact's route: {service, ch, offer, wrap, last, steps {{k, u, t, p, n, s}}}.
local function route(c)
  local r = routes[c.route]
  if not r then
    r = parsed_route(call('GET', P .. 'rt:' .. c.route))
    routes[c.route] = r
  end
  return r
end

-- One byte per profile: 0 not admitted, else 64 × tier in the class's service + skill score.
local function who(class) return call('GET', P .. 'who:' .. class) or '' end

local function byte_at(text, i) return string.byte(text, i) or 0 end

-- The agents who aren't to be asked for the contact, as a set.
local function excluded(c)
  local set = {}
  if c.pairs then
    for _, name in ipairs(call('HKEYS', P .. 'x:' .. c.id)) do set[name] = true end
  end
  return set
end

local function holds_offer(c, name)
  for _, offer in ipairs(c.offers or {}) do
    if offer[2] == name then return offer end
  end
  return nil
end

local function due(member, instant) call('ZADD', P .. 'due', instant, member) end
local function undue(...) call('ZREM', P .. 'due', ...) end
