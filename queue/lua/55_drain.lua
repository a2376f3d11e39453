-- Draining: an agent is kept free for a contact that fits nobody yet, so that endless small work can't starve it.

-- Takes the mark away; the agent may take other work again and is filled when the transition ends.
local function unmark(c)
  if not c.drainer then return end
  local a = agent(c.drainer)
  if a and a.drain == c.id then
    a.drain = nil
    touch(a)
    push(unmarked, a)
  end
  c.drainer = nil
  mark(c)
end

-- The least loaded agent on duty whom the contact's class admits and who could ever hold it.
local function choose_drainer(c)
  local whom, no, best = who(c.class), excluded(c), nil
  for tier = 1, 3 do
    for _, profile in ipairs(words(call('GET', P .. 'prf:' .. c.class .. ':' .. tier) or '')) do
      for _, name in ipairs(call('SMEMBERS', P .. 'av:' .. profile)) do
        local a = agent(name)
        if not a.drain and not no[name] and HAS[a.f.on][c.ch] and a.f.cost[c.ch] <= a.f.budget then
          local part = permille(a)
          local before = best and (part ~= best.part and part < best.part
            or part == best.part and earlier(a.since, name, best.a.since, best.a.name))
          if not best or before then best = {a = a, part = part} end
        end
      end
    end
  end
  return best and best.a
end

-- Waiting contacts that come before x and that the agent may take but for the budget: an iterator by (rank, id).
local function ahead_of(a, x)
  local open = open_for(a)
  local live, deferred = load_of(a)
  local runs, can = {}, nil
  for ch = 1, 4 do
    if a.f.cost[ch] <= a.f.budget and fits_but_budget(a, ch, open) and not fits(a, ch, live, deferred) then
      can = can or call('GET', P .. 'can:' .. a.f.profile) or ''
      for _, class in ipairs(call('ZRANGEBYSCORE', P .. 'h:' .. ch, '-inf', x.rank)) do
        if byte_at(can, tonumber(class)) > 0 then
          runs[#runs + 1] = {set = P .. 'w:' .. class, from = 0, i = 1, n = 0}
        end
      end
    end
  end
  local function peek(run)
    if run.i > run.n then
      run.ids = call('ZRANGE', run.set, run.from, run.from + BOUND_SCAN - 1, 'WITHSCORES')
      run.i, run.n, run.from = 1, #run.ids, run.from + BOUND_SCAN
    end
    return run.ids[run.i], tonumber(run.ids[run.i + 1])
  end
  return function()
    local first, id, rank
    for _, run in ipairs(runs) do
      local its_id, its_rank = peek(run)
      if its_id and (not id or earlier(its_rank, its_id, rank, id)) then first, id, rank = run, its_id, its_rank end
    end
    if not id or not earlier(rank, id, x.rank, x.id) then return nil end
    first.i = first.i + 2
    return id
  end
end

-- Whether the agent, who has room for x, must be kept free for something that comes before it. Marks drainers.
local function held_back(a, x)
  if a.drain then
    if a.drain == x.id then return false end
    local kept_for = contact(a.drain)
    return earlier(kept_for.rank, kept_for.id, x.rank, x.id)
  end
  for id in ahead_of(a, x) do
    local c = contact(id)
    if not c.drainer and not (c.offers and c.offers[1]) and not (c.pairs and excluded(c)[a.name]) then
      local chosen = choose_drainer(c)
      if chosen then
        c.drainer, chosen.drain = chosen.name, c.id
        mark(c)
        touch(chosen)
        event('draining', c.id, chosen.name)
        if chosen == a then return true end
      end
    end
  end
  return false
end

-- The agent for a contact: the first candidate who isn't held back.
local function agent_for(c, r, step)
  if not DESK then return nil end
  place_touched()
  local no = excluded(c)
  for _, offer in ipairs(c.offers or {}) do no[offer[2]] = true end
  while true do
    local a = best_agent(c, r, step, no)
    if not a then return nil end
    if not held_back(a, c) then return a end
    no[a.name] = true
  end
end
