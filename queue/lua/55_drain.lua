-- Draining: an agent is kept free for a contact that fits nobody yet, so that endless small work can't starve it.

local unmark, held_back, agent_for

do -- a chunk may have 200 locals: this file's others stay inside

local function set_marks(by)
  MARKS = call('HINCRBY', P .. 'site', 'marks', by)
  if MARKS == 0 then call('DEL', P .. 'H:1', P .. 'H:2', P .. 'H:3', P .. 'H:4') end
end

-- Keeps the agent free for the contact, which waits in its class; `at` is its place there if all before it have
-- drainers, else nil.
local function mark_drainer(c, a, at)
  c.drainer, a.drain = a.name, c.id
  mark(c)
  touch(a)
  set_marks(1)
  call('HSET', P .. 'dr', c.id, a.name)
  call('ZADD', P .. 'drk', c.rank, a.name)
  unmarked_head(c.ch, c.class, at or 0)
  event('draining', c.id, a.name)
end

-- Takes the mark away; the agent may take other work again and is filled when the transition ends. `leaves`: the
-- contact is about to leave its class's set.
function unmark(c, leaves)
  if not c.drainer then return end
  local a = agent(c.drainer)
  if a then
    a.drain = nil
    touch(a)
    push(unmarked, a)
  end
  call('HDEL', P .. 'dr', c.id)
  call('ZREM', P .. 'drk', c.drainer)
  if c.seat == 1 and not leaves then call('ZADD', P .. 'H:' .. c.ch, 'XX', 'LT', c.rank, c.class) end
  set_marks(-1)
  c.drainer = nil
  mark(c)
end

-- Whether the agent could hold the contact one day, and isn't kept free for another.
local function could_drain(a, c, no)
  return a and not a.drain and not no[a.name] and HAS[a.f.on][c.ch] and a.f.cost[c.ch] <= a.f.budget
end

-- The first by (load, since, name) of a list {member, score, …} in order of scores whose profile is admitted.
local function first_by_load(c, list, whom, no)
  local best, best_score
  for i = 1, #list, 2 do
    if best and list[i + 1] ~= best_score then break end
    local colon = string.find(list[i], ':', 1, true)
    if byte_at(whom, tonumber(string.sub(list[i], 1, colon - 1))) > 0 then
      local name = string.sub(list[i], colon + 1)
      if not best or bytes_before(name, best.name) then
        local a = agent(name)
        if could_drain(a, c, no) then best, best_score = a, list[i + 1] end
      end
    end
  end
  return best, best_score ~= nil and best_score ~= list[#list]
end

-- The admitted profiles' agents on duty who aren't draining: {member, score, …} by score.
local function admitted_by_load(c)
  local members, list, flat = {}, {}, {}
  for tier = 1, 3 do
    for _, profile in ipairs(words(call('GET', P .. 'prf:' .. c.class .. ':' .. tier) or '')) do
      for _, name in ipairs(call('SMEMBERS', P .. 'av:' .. profile)) do members[#members + 1] = profile .. ':' .. name end
    end
  end
  for from = 1, #members, BOUND_PART do
    local scores = call('ZMSCORE', P .. 'u', unpack(members, from, math.min(from + BOUND_PART - 1, #members)))
    for i, score in ipairs(scores) do
      if score then list[#list + 1] = {members[from + i - 1], tonumber(score)} end
    end
  end
  table.sort(list, function(x, y) return x[2] < y[2] end)
  for i, it in ipairs(list) do flat[2 * i - 1], flat[2 * i] = it[1], it[2] end
  return flat
end

-- The least loaded agent on duty whom the contact's class admits and who could ever hold it. Where many are
-- admitted, one of them is among the first; where few are, reading just those is cheap.
local function choose_drainer(c)
  place_touched()
  local whom, no = who(c.class), c.pairs and excluded(c) or {}
  if c.owner then no[c.owner] = true end
  for size = BOUND_SCAN, 4 * BOUND_SCAN, 3 * BOUND_SCAN do
    local list = call('ZRANGE', P .. 'u', 0, size - 1, 'WITHSCORES')
    local best, sure = first_by_load(c, list, whom, no)
    if sure or #list < 2 * size then return best end
  end
  return (first_by_load(c, admitted_by_load(c), whom, no))
end

-- The contact at which a run stands: the first of its rank without a drainer; later, the next in the set.
local function read_run(run)
  local set = P .. 'w:' .. run.class
  if not run.at then run.at = call('ZCOUNT', set, '-inf', '(' .. digits(run.rank)) end
  while true do
    local found = call('ZRANGE', set, run.at, run.at, 'WITHSCORES')
    if not found[1] then
      run.rank, run.id = math.huge, nil
      return
    end
    run.id, run.rank = found[1], tonumber(found[2])
    if call('HEXISTS', P .. 'dr', run.id) == 0 then return end
    run.at = run.at + 1
  end
end

-- One run {class, rank} for each class of the channel that the agent admits and that has a contact without a
-- drainer before x.
local function add_runs(runs, classes, ch, x)
  if not classes[1] then return end
  local heads = call('ZMSCORE', P .. 'h:' .. ch, unpack(classes))
  local firsts = MARKS > 0 and call('ZMSCORE', P .. 'H:' .. ch, unpack(classes)) or {}
  for i, class in ipairs(classes) do
    local rank = tonumber(firsts[i] or heads[i] or 'inf')
    if rank <= x.rank then runs[#runs + 1] = {class = class, rank = rank} end
  end
end

-- The runs of the contacts without a drainer that come before x and that the agent may take but for the budget.
local function runs_for(a, x)
  local open, runs, own = open_for(a), {}, nil
  local live, deferred = load_of(a)
  for _, ch in ipairs(a.f.takes) do
    if a.f.cost[ch] <= a.f.budget and fits_but_budget(a, ch, open) and not fits(a, ch, live, deferred) then
      own = own or own_classes(a.f.profile)
      add_runs(runs, own[ch], ch, x)
    end
  end
  return runs
end

-- The contacts of the runs that come before x, by (rank, id).
local function ahead_of(runs, x)
  return function()
    local first
    for _, run in ipairs(runs) do
      if run.rank <= x.rank and (not first or run.rank <= first.rank) then
        if not run.id then read_run(run) end
        if run.id and (not first or earlier(run.rank, run.id, first.rank, first.id)) then first = run end
      end
    end
    if not first or not earlier(first.rank, first.id, x.rank, x.id) then return nil end
    local id, at = first.id, first.at
    first.at, first.id = at + 1, nil
    return id, at, first
  end
end

-- Whether the agent, who has room for x, must be kept free for something that comes before it. Marks drainers.
function held_back(a, x)
  if a.drain then
    if a.drain == x.id then return false end
    local kept_for = contact(a.drain)
    return earlier(kept_for.rank, kept_for.id, x.rank, x.id)
  end
  local runs = runs_for(a, x)
  if not runs[1] then return false end
  for id, at, run in ahead_of(runs, x) do
    local c, chosen = contact(id), nil
    if not (c.offers and c.offers[1]) and c.owner ~= a.name and not (c.pairs and excluded(c)[a.name]) then
      chosen = choose_drainer(c)
      if chosen then mark_drainer(c, chosen, not run.passed and at or nil) end
      if chosen == a then return true end
    end
    if not chosen then run.passed = true end
  end
  return false
end

-- Whether the agent, who has room for c, has yet to be filled, and with something that comes before c. (In a tick an
-- offer taken back frees both; when the desk comes up everybody is filled in pieces, and more arrive meanwhile.)
local function filled_before(a, c)
  local unfilled = BEHIND
  for i = fills.i + 1, fills.n do unfilled = unfilled or fills[i] == a end
  for i = unmarked.i + 1, unmarked.n do unfilled = unfilled or unmarked[i] == a end
  local first = unfilled and contact_for(a)
  return first and earlier(first.rank, first.id, c.rank, c.id)
end

-- Whether c is the next for the agent, who has room for it.
function own.is_next(a, c) return not held_back(a, c) and not filled_before(a, c) end

-- The agent for a contact: the first candidate whose next it is.
function agent_for(c, r, step)
  if not DESK then return nil end
  place_touched()
  local no = excluded(c)
  if c.owner then no[c.owner] = true end
  for _, offer in ipairs(c.offers or NOTHING) do no[offer[2]] = true end
  while true do
    local a = best_agent(c, r, step, no)
    if not a then return nil end
    if own.is_next(a, c) then return a end
    no[a.name] = true
  end
end

end
