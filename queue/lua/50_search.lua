-- The two searches: the earliest contact for an agent, and the best agent for a contact.
-- Both look at heads only, so neither depends on how many wait.

local own_classes, accepted_key, contact_for, best_agent

do -- a chunk may have 200 locals: this file's others stay inside

-- The first {id, rank, …} that isn't their own, being handed over, nor in their offers, nor excluded (`no`: 1 for each).
local function first_of(a, found, no)
  for i = 1, #found, 2 do
    local id = found[i]
    local bad = no and no[(i + 1) / 2] == 1 or a.own[id]
    for k = 1, bad and 0 or #a.offers do
      if a.offers[k][1] == id then bad = true end
    end
    if not bad then return id, tonumber(found[i + 1]) end
  end
  return nil
end

-- The first contact of a waiting set that the agent isn't excluded from and has no offer of: id, rank. Where all in
-- front are excluded the store leaves out the others, too, in one go unless the set is long: an agent may have declined
-- thousands.
local function first_waiting(a, set)
  local from, size, no = 0, 1, P .. 'n:' .. a.name
  while true do
    local found = call('ZRANGE', set, from, from + size - 1, 'WITHSCORES')
    if not found[1] then return nil end
    local ids = {}
    for i = 1, #found, 2 do ids[#ids + 1] = found[i] end
    local id, rank = first_of(a, found, a.shy and call('SMISMEMBER', no, unpack(ids)))
    if id then return id, rank end
    if #ids < size then return nil end
    if from == 1 and a.shy and call('ZCARD', set) <= 5 * BOUND_PART then
      return first_of(a, call('ZDIFF', 2, set, no, 'WITHSCORES'))
    end
    from, size = from + size, BOUND_SCAN
  end
end

-- The first that waits for the agent in person: id, rank. While somebody has yet to be looked at (`d:`), some may wait
-- there that aren't for them any more, because they were written down anew.
local function first_personal(a, ch)
  local set = P .. 'w:@' .. a.name .. '.' .. ch
  if not BEHIND then return first_waiting(a, set) end
  local found = call('ZRANGE', set, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local c = contact(found[i])
    if own.could(a, c) and not holds_offer(c, a.name) then return c.id, c.rank end
  end
  return nil
end

local by_channel = memo(function(text)
  local lists = {{}, {}, {}, {}}
  for ch, class in string.gmatch(text, '(%d):(%d+)') do
    local list = lists[tonumber(ch)]
    list[#list + 1] = class
  end
  return lists
end)

-- The classes that the profile admits: four lists, by channel.
function own_classes(profile) return by_channel(call('GET', P .. 'cls:' .. short(profile)) or '') end

-- The classes of the channel that the profile admits and in which somebody waits, {{rank, class}}, by rank.
local function own_heads(a, ch)
  local own, list = own_classes(a.f.profile)[ch], {}
  for from = 1, #own, BOUND_PART do
    local upto = from + BOUND_PART - 1
    if upto > #own then upto = #own end
    local scores = call('ZMSCORE', P .. 'h:' .. short(ch), unpack(own, from, upto))
    for i, score in ipairs(scores) do
      if score then list[#list + 1] = {tonumber(score), own[from + i - 1]} end
    end
  end
  table.sort(list, function(x, y) return x[1] < y[1] end)
  return list
end

-- Improves `best` {id, rank} by what waits in one class.
local function better_of(a, class, best)
  local id, rank = first_waiting(a, P .. 'w:' .. class)
  if id and (not best or earlier(rank, id, best.rank, best.id)) then return {id = id, rank = rank} end
  return best
end

-- The best of one channel's classes, not later than `best`. The class of an excluded head is searched behind
-- it, so what it yields may be later than another class's head: the loop ends at the bound, not at a find.
local function best_of_channel(a, ch, can, best)
  local heads = call('ZRANGE', P .. 'h:' .. short(ch), 0, BOUND_SCAN - 1, 'WITHSCORES')
  for i = 1, #heads, 2 do
    if best and tonumber(heads[i + 1]) > best.rank then return best end
    if byte_at(can, tonumber(heads[i])) > 0 then best = better_of(a, heads[i], best) end
  end
  if #heads < 2 * BOUND_SCAN then return best end
  for _, head in ipairs(own_heads(a, ch)) do
    if best and head[1] > best.rank then return best end
    best = better_of(a, head[2], best)
  end
  return best
end

-- Where a search may stop: nothing behind the contact that the agent is kept free for may be taken.
local function bound_of(a, mask)
  local c = a.drain and contact(a.drain)
  return c and {id = c.id, rank = c.rank, no = not HAS[mask][c.ch]}
end

-- The earliest contact over all that the agent has room for, personal ones included, or nil.
function contact_for(a)
  local mask = mask_of(a)
  if mask == 0 or not DESK then return nil end
  local best = bound_of(a, mask)
  local can = call('GET', P .. 'can:' .. short(a.f.profile)) or ''
  for ch = 1, 4 do
    if HAS[mask][ch] then
      if a.personal then
        local id, rank = first_personal(a, ch)
        if id and (not best or earlier(rank, id, best.rank, best.id)) then best = {id = id, rank = rank} end
      end
      best = best_of_channel(a, ch, can, best)
    end
  end
  return best and not best.no and contact(best.id) or nil
end

local group_parts = memo(function(g)
  local p, m = string.match(g, '^(%d+)%.(%d+)$')
  return {p = tonumber(p), mask = tonumber(m)}
end)

-- The first of a group who isn't in `no` (a set of names): name, score.
local function first_ready(order, g, no)
  local from, size = 0, 1
  while true do
    local found = call('ZRANGE', P .. 'r:' .. order .. ':' .. g, from, from + size - 1, 'WITHSCORES')
    for i = 1, #found, 2 do
      if not no[found[i]] then return found[i], tonumber(found[i + 1]) end
    end
    if #found < 2 * size then return nil end
    from, size = from + size, BOUND_SCAN
  end
end

-- The best of a list of groups sorted by (first, score): {name, first, score}, or nil.
local function best_of_groups(order, groups, no)
  local best
  for _, it in ipairs(groups) do
    if best and (it.first ~= best.first or it.score > best.score) then return best end
    local name, score = first_ready(order, it.g, no)
    if name and (not best or score < best.score or (score == best.score and bytes_before(name, best.name))) then
      best = {name = name, first = it.first, score = score}
    end
  end
  return best
end

-- Whether somebody who is draining might take the contact: it is theirs, or comes before one of theirs.
local function draining_may(c)
  if MARKS == 0 then return false end
  if c.drainer then return true end
  local latest = call('ZREVRANGE', P .. 'drk', 0, 0, 'WITHSCORES')
  return latest[2] ~= nil and c.rank <= tonumber(latest[2])
end

-- The masks that a profile's bits stand for and that contain the channel: {[ch] = {mask, …}}.
local masks_of = memo(function(bits)
  local lists = {{}, {}, {}, {}}
  local rest = tonumber(bits)
  for mask = 1, 15 do
    if rest % 2 == 1 then
      for ch = 1, 4 do
        if HAS[mask][ch] then table.insert(lists[ch], mask) end
      end
    end
    rest = floor(rest / 2)
  end
  return lists
end)

-- The names of the tier's admitted groups that can take the channel and aren't empty.
local function eligible_names(tier, c, drains)
  local profiles, names = words(call('GET', P .. 'prf:' .. c.class .. ':' .. tier) or ''), {}
  for from = 1, #profiles, BOUND_PART do
    local upto = math.min(from + BOUND_PART - 1, #profiles)
    local bits = call('HMGET', P .. (drains and 'rcd' or 'rc'), unpack(profiles, from, upto))
    for i = from, upto do
      for _, mask in ipairs(masks_of(bits[i - from + 1] or '0')[c.ch]) do
        names[#names + 1] = profiles[i] .. '.' .. mask
      end
    end
  end
  return names
end

-- The tier's admitted groups that can take the channel, in the order in which they are asked.
-- `firsts(profile, byte)` gives what comes before the score.
local function eligible_groups(order, tier, c, whom, drains, firsts)
  local names, groups = eligible_names(tier, c, drains), {}
  for from = 1, #names, BOUND_PART do
    local upto = math.min(from + BOUND_PART - 1, #names)
    local scores = call('ZMSCORE', P .. 'R:' .. order .. ':' .. short(tier), unpack(names, from, upto))
    for i, score in ipairs(scores) do
      local g = names[from + i - 1]
      if score then
        local profile = group_parts(g).p
        local first = firsts and firsts(profile, byte_at(whom, profile)) or 0
        groups[#groups + 1] = {g = g, score = tonumber(score), first = first}
      end
    end
  end
  table.sort(groups, function(x, y)
    if x.first ~= y.first then return x.first < y.first end
    return x.score < y.score
  end)
  return groups
end

-- The best of one tier by score alone: the first heads of the index usually hold them.
local function best_by_score(order, tier, c, drains, no)
  local heads = call('ZRANGE', P .. 'R:' .. order .. ':' .. short(tier), 0, BOUND_SCAN - 1, 'WITHSCORES')
  if not heads[1] then return nil end
  local whom, groups = who(c.class), {}
  for i = 1, #heads, 2 do
    local it = group_parts(heads[i])
    if HAS[it.mask][c.ch] and floor(byte_at(whom, it.p) / 64) == tier then
      groups[#groups + 1] = {g = heads[i], score = tonumber(heads[i + 1]), first = 0}
    end
  end
  local best = best_of_groups(order, groups, no)
  if #heads < 2 * BOUND_SCAN or (best and best.score < tonumber(heads[#heads])) then return best end
  return best_of_groups(order, eligible_groups(order, tier, c, whom, drains), no)
end

-- The best of one tier among those who drain, or among those who don't.
local function best_of_tier(order, tier, c, drains, firsts, no)
  if drains then order = string.lower(order) end
  if not firsts then return best_by_score(order, tier, c, drains, no) end
  return best_of_groups(order, eligible_groups(order, tier, c, who(c.class), drains, firsts), no)
end

local function better(one, other)
  if not one or not other then return one or other end
  if one.first ~= other.first then return one.first < other.first and one or other end
  return earlier(one.score, one.name, other.score, other.name) and one or other
end

-- Contacts that each team of the service has accepted since midnight of the site: the key they are counted in.
function accepted_key(service)
  local last = 0
  for _, instant in ipairs(words(MIDNIGHTS)) do
    local it = tonumber(instant)
    if it <= NOW and it > last then last = it end
  end
  return P .. 'acc:' .. digits(last) .. ':' .. service
end

-- How far each team is below its share: f(team) → share × total − 100 × accepted. Teams without a share are
-- one team that has the rest of the 100 %.
local function deficits(service, shares)
  local counts, total, others, rest = call('HGETALL', accepted_key(service)), 0, 0, 100
  local by_team = {}
  for i = 1, #counts, 2 do
    local n = tonumber(counts[i + 1])
    by_team[counts[i]], total = n, total + n
    if not shares[counts[i]] then others = others + n end
  end
  for _, share in pairs(shares) do rest = rest - share end
  return function(team)
    if shares[team] then return shares[team] * total - 100 * (by_team[team] or 0) end
    return rest * total - 100 * others
  end
end

-- What orders a step's groups before their score, or nil when nothing does.
local function firsts_of(r, step)
  local skilled = step.p == 'S'
  if not step.s and not skilled then return nil end
  local deficit = step.s and deficits(r.service, step.s)
  return function(profile, byte)
    local first = skilled and -(byte % 64) or 0
    if deficit then first = first - deficit(call('HGET', P .. 'team', profile)) * 64 end
    return first
  end
end

-- The best agent by (tier in the step's order, share, pick, name) who isn't in `no`, or nil.
function best_agent(c, r, step, no)
  local firsts, draining = firsts_of(r, step), draining_may(c)
  local order = step.p == 'S' and 'L' or step.p
  for _, tier in ipairs(step.t) do
    local best = best_of_tier(order, tier, c, false, firsts, no)
    if draining then best = better(best, best_of_tier(order, tier, c, true, firsts, no)) end
    if best then return agent(best.name) end
  end
  return nil
end

end
