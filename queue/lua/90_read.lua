-- Reads: JSON for Python. Ranks are strings, because cjson writes 14 digits at most.

do -- a chunk may have 200 locals: this file's own stay inside

local function contact_json(id, with_facts)
  local c = contact(id)
  if not c then return nil end
  local more = call('HMGET', P .. 'm:' .. id, 't', 'n')
  local v = {id = id, state = state_of(c), route = c.route, step = c.step or 0, rank = digits(c.rank),
    base = digits(c.base), arrived = digits(c.arrived or c.base), thread = more[1] or '',
    messages = tonumber(more[2] or 0), owner = c.owner or '', offers = {}, excluded = {}, paused = {}, personal = '',
    wake = c.wake and digits(c.wake) or '', wrap = c.wrap and digits(c.wrap) or '', drainer = c.drainer or '',
    previous = c.previous or '', deadlines = c.deadlines or {}, facts = '', handing = c.handing ~= nil,
    owed = c.answered == nil, nudged = c.nudged ~= nil, closed_at = c.closed and digits(c.closed) or '',
    last_owner = c.closed and c.was or '', claimed = own.claim(c) and c.claimed or 0}
  if placeable(c) and c.prefer then v.personal = c.prefer end
  for i, it in ipairs(c.offers or {}) do
    v.offers[i] = {it[1], it[2], it[5], digits(it[4]), it[6] or ''}
  end
  local pairs_of = c.pairs and call('HGETALL', P .. 'x:' .. id) or {}
  for i = 1, #pairs_of, 2 do
    table.insert(v.excluded, pairs_of[i])
    if string.sub(pairs_of[i + 1], 1, 1) == own.PAUSED then table.insert(v.paused, pairs_of[i]) end
  end
  if with_facts then v.facts = c.facts end
  return v
end

local function agent_json(name)
  local a = agent(name)
  if not a then return nil end
  local live, deferred = load_of(a)
  local v = {name = name, profile = a.f.profile, capacity = call('HGET', P .. 'a:' .. name, 'cap') or '',
    channels = a.f.on, presence = a.presence, shift = a.shift, on_shift = shift_counts(a),
    overtime = a.over and digits(a.over) or '', live = live, deferred = deferred, offers = #a.offers,
    mask = mask_of(a), since = digits(a.since), last = digits(a.last), misses = a.misses,
    draining = a.drain or '', contacts = {}, why = a.why or '', leaving = a.leaving and digits(a.leaving) or '',
    snoozed = call('ZRANGE', P .. 'z:' .. name, 0, -1)}
  for id in pairs(a.own) do v.contacts[#v.contacts + 1] = id end
  for _, it in ipairs(a.offers) do v.contacts[#v.contacts + 1] = it[1] end
  return v
end

local function each_json(ids, read)
  local list = {}
  for i, id in ipairs(ids) do list[i] = cjson.encode(read(id) or cjson.null) end
  return list
end

-- contact_views: ids… → one JSON text each, "null" for unknown ones
function view.contact_views(argv)
  local ids = {}
  for i = 3, #argv do ids[i - 2] = argv[i] end
  return each_json(ids, function(id) return contact_json(id, true) end)
end

-- arriving: thread, the key of a mark → the instant, what the thread leads to ("-" before what has ended, "" for nothing),
-- that contact as JSON ("" when it has left), 1 if the mark stands: all that whoever takes in a message asks the store
function view.arriving(argv)
  local known = argv[3] ~= '' and call('GET', P .. 't:' .. argv[3]) or ''
  local id = string.match(known, '^%-?(.+)$')
  local v = id and contact_json(id, true)
  return {digits(NOW), known, v and cjson.encode(v) or '', call('EXISTS', P .. 'once:' .. argv[4])}
end

-- states: ids… → each one's state, "" for unknown ones
function view.states(argv)
  local list = {}
  for i = 3, #argv do
    local c = contact(argv[i])
    list[i - 2] = c and state_of(c) or ''
  end
  return list
end

-- agent_views: names… → one JSON text each, "null" for unknown ones; without names for every agent
function view.agent_views(argv)
  local names = {}
  for i = 3, #argv do names[i - 2] = argv[i] end
  return each_json(argv[3] and names or call('SMEMBERS', P .. 'agents'), agent_json)
end

-- messages: contact[, the first number, the last] → {n, body, JSON of the meta}…
function view.messages(argv)
  local key, list = P .. 'm:' .. argv[3], {}
  local last = tonumber(call('HGET', key, 'n') or 0)
  for n = math.max(1, tonumber(argv[4] or 1)), math.min(last, tonumber(argv[5] or last)) do
    local at = call('HMGET', key, n, n .. 's')
    if at[2] then -- what was said before a recall is in the history
      local meta = cmsgpack.unpack(at[2])
      meta[2] = digits(meta[2])
      list[#list + 1] = n
      list[#list + 1] = at[1]
      list[#list + 1] = cjson.encode(meta)
    end
  end
  return list
end

-- now → this site's instant
function view.now() return digits(NOW) end

end
