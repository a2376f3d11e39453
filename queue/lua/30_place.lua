-- Where an agent stands: duty, room, and the group (profile.mask) in which searches find them.

-- On shift by flag or overtime, whatever the presence. Overtime ends by its timer, not by a look at the clock:
-- what changes because time passes must be a transition.
local function shift_counts(a) return a.shift or a.over ~= nil end

local function on_shift(a) return shift_counts(a) and a.presence ~= 'offline' end

local function on_duty(a) return a.presence == 'available' and shift_counts(a) end

-- Costs that the agent carries: live, deferred (interrupted work in full).
local function load_of(a)
  local cnt, cost = a.cnt, a.f.cost
  return cnt[1] * cost[1] + cnt[2] * cost[2], cnt[3] * cost[3] + cnt[4] * cost[4]
end

-- Load in permille of the budget, at most 2000 so that it fits a score.
local function permille(a)
  local live, deferred = load_of(a)
  if a.f.budget <= 0 then return 2000 end
  local part = floor((live + deferred) * 1000 / a.f.budget)
  return part > 2000 and 2000 or part
end

-- Which channels their live offers leave open: 'any', 'voice' or nil.
local function open_for(a)
  if #a.offers < a.f.offers then return 'any' end
  for _, offer in ipairs(a.offers) do
    if offer[3] <= CHAT then return nil end
  end
  return 'voice'
end

-- Whether the budget alone holds one more contact of the channel.
local function fits(a, ch, live, deferred)
  local cost = a.f.cost[ch]
  if ch == VOICE then return live == 0 and cost <= a.f.budget end
  return cost <= a.f.budget - live - deferred
end

-- Everything about a channel that is on but the budget: cap, live-offer limit, no call for deferred work.
local function fits_but_budget(a, ch, open)
  local f = a.f
  if open == nil or (open == 'voice' and ch ~= VOICE) then return false end
  if f.cap[ch] >= 0 and a.cnt[ch] >= f.cap[ch] then return false end
  return ch <= CHAT or a.cnt[VOICE] == 0
end

-- The channels that the agent can take now, as bits; 0 when not on duty.
local function mask_of(a)
  if not on_duty(a) then return 0 end
  local open = open_for(a)
  if not open then return 0 end
  local live, deferred = load_of(a)
  local mask, takes = 0, a.f.takes
  for i = 1, #takes do
    local ch = takes[i]
    if fits_but_budget(a, ch, open) and fits(a, ch, live, deferred) then mask = mask + BIT[ch] end
  end
  return mask
end

-- Score in an order: L longest available, U least loaded, R round robin. Names break ties, as in any sorted set.
local function score_in(order, a)
  if order == 'U' then return permille(a) * 4398046511104 + a.since end -- 2^42 ms is the year 2109
  if order == 'R' then return a.last end
  return a.since
end

-- The first agent of the group has changed: its index entries follow, or go with the last one.
local function reindex(order, group, tiers)
  local head = call('ZRANGE', P .. 'r:' .. order .. ':' .. group, 0, 0, 'WITHSCORES')
  for _, tier in ipairs(tiers) do
    local index = P .. 'R:' .. order .. ':' .. short(tier)
    if head[1] then call('ZADD', index, head[2], group) else call('ZREM', index, group) end
  end
  return head[1] == nil
end

-- `rc` (`rcd` for those who drain): profile → its non-empty groups, one bit for each mask.
local function count_group(at, sign)
  call('HINCRBY', P .. (at.drains and 'rcd' or 'rc'), at.p, sign * 2 ^ (at.mask - 1))
end

local function leave_group(a)
  local at = a.group
  if not at then return end
  a.group = nil
  for i = 1, #at.orders do
    local order = string.sub(at.orders, i, i)
    call('ZREM', P .. 'r:' .. order .. ':' .. at.g, a.name)
    if reindex(order, at.g, at.tiers) and i == 1 then count_group(at, -1) end
  end
end

local function join_group(a, at)
  for i = 1, #at.orders do
    local order = string.sub(at.orders, i, i)
    call('ZADD', P .. 'r:' .. order .. ':' .. at.g, at.scores[i], a.name)
    local new = 0
    for _, tier in ipairs(at.tiers) do
      new = call('ZADD', P .. 'R:' .. order .. ':' .. short(tier), 'LT', at.scores[i], at.g)
    end
    if new == 1 and i == 1 then count_group(at, 1) end
  end
  a.group = at
end

-- Those on duty who aren't draining, by load: `u`, members "profile:name" so that a search needn't read records.
local function place_by_load(a)
  local member, score
  if on_duty(a) and not a.drain then member, score = a.f.by_load .. a.name, score_in('U', a) end
  local at = a.load
  if at and at[1] == member and at[2] == score then return end
  if at and at[1] ~= member then call('ZREM', P .. 'u', at[1]) end
  if member then call('ZADD', P .. 'u', score, member) end
  a.load = member and {member, score}
end

-- Puts the agent into the group that their state demands; nothing is written when nothing has changed. Those who
-- drain are kept in orders of their own (lower case): hardly any search need look at them.
local function place(a)
  if not a.stale then return end
  a.stale = nil
  local mask = mask_of(a)
  place_by_load(a)
  if mask == 0 then return leave_group(a) end
  local f, at = a.f, a.group
  local drains = a.drain ~= nil or nil
  local orders = drains and string.lower(f.orders) or f.orders
  local same = at and at.mask == mask and at.p == f.profile and at.orders == orders
  local scores, moved = {}, false
  for i = 1, #orders do
    scores[i] = score_in(string.sub(f.orders, i, i), a)
    if same and at.scores[i] ~= scores[i] then moved = true end
  end
  if not same then
    leave_group(a)
    local g = f.profile .. '.' .. mask
    return join_group(a, {g = g, p = f.profile, mask = mask, tiers = f.tiers, orders = orders, scores = scores,
      drains = drains})
  end
  if not moved then return end
  at.scores = scores
  for i = 1, #orders do
    local order = string.sub(orders, i, i)
    call('ZADD', P .. 'r:' .. order .. ':' .. at.g, scores[i], a.name)
    reindex(order, at.g, at.tiers)
  end
end

-- Before agents are searched for: those in hand may stand elsewhere now.
local function place_touched()
  for i = 1, touched_n do
    if not touched[i].removed then place(touched[i]) end
  end
end

-- The end of every mutation: whatever is in hand and has changed is written, once.
local function finish()
  for i = 1, touched_n do
    local a = touched[i]
    if not a.removed then
      place(a)
      save_agent(a)
    end
  end
  for _, c in pairs(contacts) do
    if c.changed and not c.removed then save_contact(c) end
  end
  write_journal()
end
