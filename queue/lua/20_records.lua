-- Records: contacts, agents, routes, and the table of who may.

local VOICE, CHAT, SMS, EMAIL = 1, 2, 3, 4
local BIT = {1, 2, 4, 8}
local NOTHING = {}
local HAS = {} -- HAS[mask][channel]
for m = 0, 15 do
  HAS[m] = {}
  for ch = 1, 4 do HAS[m][ch] = m % (2 * BIT[ch]) >= BIT[ch] end
end

-- Records as last written, by key: one whose text (`raw`) is still the same needn't be unpacked. It is taken out when read
-- and comes back when written, so what an act changed before it failed is never used.
local as_written, keep_written

do -- a chunk may have 200 locals: these stay inside

-- Records remembered. Lua's collector marks what is remembered in one go, and sweeps as much garbage as there is of it
-- within a script or two: 5,000 of them are 9 MB and 3 ms, and all to be copied while the log is rewritten.
local BOUND_KEPT = 250

local written, n = {}, 0

function as_written(key, raw)
  local it = written[key]
  if not it then return nil end
  written[key] = nil
  return it.raw == raw and it or nil
end

function keep_written(key, raw, it)
  if n >= BOUND_KEPT then written, n = {}, 0 end
  written[key], n = it, n + 1
  it.raw = raw
end

end

local function unpack_contact(id, raw)
  local at = cmsgpack.unpack(raw)
  local c = {id = id, route = at[1], class = at[2] > 0 and at[2] or nil, ch = at[3], rank = at[4], base = at[5],
    seat = at[6] > 0 and at[6] or nil, timer = at[7] > 0 or nil, facts = at[8]} -- one table of the right size
  for name, value in pairs(at[9] or NOTHING) do c[name] = value end
  return c
end

-- The contact, or nil. Every contact has route, class (once it entered), ch, rank, base, facts (the decision's, never
-- read here); seat is 1 in its class's set, 2 in an agent's personal set; timer: its `s:` is set. The rest is absent
-- when empty: state (absent: waiting), step, arrived (when not base), deadlines, offers {{number, agent, made, due,
-- delivered, place}}, n (offers so far), owner, taken (offer accepted), prefer, direct, window (the preference), pairs
-- (how many are excluded), asked (some were), lift, told (step told exhausted), alone (class in which it was
-- told that nobody is there), drainer, wake, wrap, longer (how often it was made longer), outcome, previous, threadless (its thread may go to another), handing
-- (its owner hands it over; `back` is what it was before, only: to that one agent), answered (nobody owes the customer a word), quiet and silent (its `q:`, its `n:` is set),
-- nudged, closed (when it ended), was (its last owner), recalled (it had left the store), claimed (the number of the
-- offer whose agent says that they take it, as long as that is live: see own.claim).
local function contact(id)
  local c = contacts[id]
  if c == nil then
    local key = P .. 'c:' .. id
    local raw = call('GET', key)
    if not raw then return nil end
    c = as_written(key, raw) or unpack_contact(id, raw)
    contacts[id] = c
  end
  return c
end

-- Whether anybody may be asked for it: it waits, is offered, or is being handed over by its owner.
local function placeable(c) return c.state == nil or c.state == 'offered' or c.handing ~= nil end

local function state_of(c) return c.state or 'waiting' end

-- To be written when the transition ends.
local function mark(c) c.changed = true end

-- Writes the record: what every contact has by position, the rest by name. A million may wait, so bytes count.
local function save_contact(c)
  local id, route, class, ch, rank, base = c.id, c.route, c.class, c.ch, c.rank, c.base
  local seat, timer, facts = c.seat, c.timer, c.facts
  c.id, c.route, c.class, c.ch, c.rank, c.base, c.seat, c.timer, c.facts, c.changed, c.raw = nil -- the rest remains
  local raw = cmsgpack.pack({route, class or 0, ch, rank, base, seat or 0, timer and 1 or 0, facts, next(c) and c})
  c.id, c.route, c.class, c.ch, c.rank, c.base = id, route, class, ch, rank, base
  c.seat, c.timer, c.facts = seat, timer, facts
  local key = P .. 'c:' .. id
  call('SET', key, raw)
  keep_written(key, raw, c)
end

-- What the plan says; with `takes`, the channels that are on, and what their name in `u` begins with.
local unpacked = memo(function(raw)
  local f = cmsgpack.unpack(raw)
  f.takes, f.by_load = {}, f.profile .. ':'
  for ch = 1, 4 do
    if HAS[f.on][ch] then table.insert(f.takes, ch) end
  end
  return f
end)

-- The agent, or nil. `f` is what the plan says, shared by all whose text is equal: profile, tiers, team, budget,
-- cost[ch], cap[ch] (-1 none), offers (limit), on (mask), orders. The rest is the agent's own: presence, shift,
-- over (overtime until), back (away until), edges, cnt[ch], offers {{contact, number, ch}}, own {contact → ch},
-- since, last, misses, missed, drain, group, score, personal (waiting for them), shy (has had exclusions), why,
-- leaving (when their work goes to others), reprofiled (because of that), removing.
local function agent(name)
  local a = agents[name]
  if a == nil then -- false: removed in this call
    local key = P .. 'a:' .. name
    local raw = call('HMGET', key, 'd', 'f')
    if not raw[1] then return nil end
    a = as_written(key, raw[1]) or cmsgpack.unpack(raw[1])
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

-- The last thing done with the agent: `agent` puts back what isn't written.
local function save_agent(a)
  local key = P .. 'a:' .. a.name
  a.name, a.f, a.blob, a.touched, a.stale, a.raw = nil
  local raw = cmsgpack.pack(a)
  call('HSET', key, 'd', raw)
  keep_written(key, raw, a)
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
    r = parsed_route(call('GET', P .. 'rt:' .. short(c.route)))
    routes[c.route] = r
  end
  return r
end

-- One byte per profile: 0 not admitted, else 64 × tier in the class's service + skill score.
local function who(class) return call('GET', P .. 'who:' .. short(class)) or '' end

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
  for _, offer in ipairs(c.offers or NOTHING) do
    if offer[2] == name then return offer end
  end
  return nil
end

-- Many timers for one instant, in parts.
local function due_all(kind, ids, instant)
  for from = 1, #ids, BOUND_PART do
    local args = {}
    for i = from, math.min(from + BOUND_PART - 1, #ids) do
      args[#args + 1] = instant
      args[#args + 1] = kind .. ids[i]
    end
    call('ZADD', P .. 'due', unpack(args))
  end
end

local function due(member, instant) call('ZADD', P .. 'due', instant, member) end
local function undue(...) call('ZREM', P .. 'due', ...) end
