-- The heart: a contact enters the queue, is offered, and comes back; an agent with room is filled.

local function instant_of(c, r, i)
  if c.deadlines then return c.deadlines[i + 1] end
  return c.base + r.steps[i + 1].u
end

-- Who can't be asked any more, as a set: they said no or nothing, or hand it over themselves. Who couldn't be reached
-- isn't among them.
function own.spent(c)
  local set, said = {}, c.pairs and call('HGETALL', P .. 'x:' .. c.id) or {}
  for i = 1, #said, 2 do
    if string.sub(said[i + 1], 1, 1) ~= own.PAUSED then set[said[i]] = true end
  end
  if c.handing then set[c.owner] = true end
  return set
end

-- Whether nobody on shift whom the class admits can be asked any more (and somebody is there at all).
local function exhausted(c, class)
  if not c.pairs and not c.handing then return false end
  local whom, there = who(class), 0
  local on = call('HGETALL', P .. 'onp')
  for i = 1, #on, 2 do
    if byte_at(whom, tonumber(on[i])) > 0 then there = there + tonumber(on[i + 1]) end
  end
  if there == 0 or there > (c.pairs or 0) + (c.handing and 1 or 0) then return false end
  for name in pairs(own.spent(c)) do
    local a = agent(name)
    if a and on_shift(a) and byte_at(whom, a.f.profile) > 0 then there = there - 1 end
  end
  return there == 0
end

local function tell_exhausted(c, i)
  if c.told == i then return end
  c.told = i
  event('exhausted', c.id, nil, nil, '{"step":' .. i .. '}')
end

local function told_step(c, i, why)
  event('step', c.id, nil, nil, '{"to":' .. i .. ',"why":"' .. why .. '"}')
end

-- Skips steps that nobody on shift could serve, and those where everybody was asked. Returns the step's index.
local function skip_steps(c, r, i)
  local classes = {}
  for k = i + 1, r.last do classes[#classes + 1] = r.steps[k].k end
  local alive, from = call('HMGET', P .. 'alive', unpack(classes)), i
  while i < r.last do
    if tonumber(alive[i - from + 1] or 0) <= 0 then
      i = i + 1
      told_step(c, i, 'nobody')
    elseif exhausted(c, r.steps[i + 1].k) then
      tell_exhausted(c, i)
      i = i + 1
      told_step(c, i, 'exhausted')
    else
      return i
    end
  end
  return i
end

-- The first step that is open: by age, then by who is there. In the last one, exhaustion starts the lift timer.
local function settle(c, r)
  local before = c.step or 0
  local i = before
  while i < r.last and instant_of(c, r, i) <= NOW do i = i + 1 end
  if i ~= before then told_step(c, i, 'age') end
  if i < r.last then i = skip_steps(c, r, i) end
  local class = r.steps[i + 1].k
  if class ~= c.class then
    if c.seat == 1 then unseat(c) end
    c.class = class
    mark(c)
  end
  if i ~= before then
    c.step = i > 0 and i or nil
    mark(c)
  end
  if i == r.last and exhausted(c, class) then
    tell_exhausted(c, i)
    if not c.pairs then return unlift(c) end -- its owner alone is there: nothing to lift
    if not c.lift then c.lift = NOW + LIFT_AFTER end
    due('E:' .. c.id, c.lift)
    mark(c)
  else
    unlift(c)
  end
end

-- Ends live offer number `i` of the contact. Its agent, who has room now, is returned (nil if removed).
local function drop_offer(c, i)
  local offer = table.remove(c.offers, i)
  undue('o:' .. c.id .. ':' .. short(offer[1]))
  if not c.offers[1] then
    c.offers = nil
    if not c.handing then c.state = nil end
  end
  mark(c)
  local a = agent(offer[2])
  for k, held in ipairs(a.offers) do
    if held[1] == c.id then
      table.remove(a.offers, k)
      break
    end
  end
  a.cnt[c.ch] = a.cnt[c.ch] - 1
  touch(a)
  return a, offer
end

-- JSON of how an offer ended; `place` is opaque text from the desk.
local function ended_x(offer, reason, pause)
  return cjson.encode({place = offer[6] or '', reason = reason ~= '' and reason or nil, agent = offer[2],
    pause = pause or nil})
end

local function rescind_offer(c, i, reason, pause)
  local a, offer = drop_offer(c, i)
  event('rescinded', c.id, a.name, offer[1], ended_x(offer, reason, pause))
  return a
end

-- The index of the agent's live offer of the contact, or nil.
local function offer_index(c, name, number)
  for i, offer in ipairs(c.offers or NOTHING) do
    if offer[2] == name and (not number or offer[1] == number) then return i end
  end
  return nil
end

local function by_rank(x, y) return earlier(x.rank, x.id, y.rank, y.id) end

-- A call interrupts: the agent's deferred offers go back to the queue.
local function rescind_deferred(a)
  local back = {}
  for _, held in ipairs(a.offers) do
    if held[3] > CHAT then back[#back + 1] = contact(held[1]) end
  end
  table.sort(back, by_rank)
  for _, c in ipairs(back) do
    rescind_offer(c, offer_index(c, a.name), 'call')
    push(entering, c)
  end
  if back[1] then push(fills, a) end -- fewer live offers: beside a call that isn't the whole budget a chat may fit
end

-- Reserves the contact for the agent, who has room for it.
local function offer(c, a, r, step)
  if c.ch == VOICE then rescind_deferred(a) end
  local leaves = c.seat and (c.seat == 2 or #(c.offers or {}) + 1 >= step.n)
  unmark(c, leaves)
  local number = (c.n or 0) + 1
  c.n, c.offers = number, c.offers or {}
  c.alone = nil
  if not c.handing then c.state = 'offered' end
  table.insert(c.offers, {number, a.name, NOW, NOW + UNDELIVERED, 0})
  a.cnt[c.ch] = a.cnt[c.ch] + 1
  table.insert(a.offers, {c.id, number, c.ch})
  a.last = NOW
  own.made = own.made + 1
  if leaves then unseat(c) end
  due('o:' .. c.id .. ':' .. short(number), NOW + UNDELIVERED)
  mark(c)
  touch(a)
  event('offered', c.id, a.name, number, '{"step":' .. short(c.step or 0) .. ',"rank":' .. digits(c.rank) .. '}')
end

-- Whether the agent may be asked at all: on duty, channel on, admitted, not excluded, not its owner; room aside.
local function could(a, c)
  return c.owner ~= a.name and on_duty(a) and HAS[a.f.on][c.ch] and byte_at(who(c.class), a.f.profile) > 0
    and not (c.pairs and excluded(c)[a.name])
end
own.could = could

-- Whether the contact's preference for one agent still holds; if so, that agent.
local function preferred(c)
  local a = agent(c.prefer)
  return a and (c.direct or c.window > NOW) and could(a, c) and a
end

local function drop_preference(c)
  if c.seat == 2 then unseat(c) end
  c.prefer, c.direct, c.window = nil, nil, nil
  mark(c)
end

-- Asks the one agent it is meant for, or waits for them.
local function enter_personal(c, a, r, step)
  if c.seat == 1 then unseat(c) end
  unmark(c)
  if c.offers then return end
  if DESK and HAS[mask_of(a)][c.ch] and own.is_next(a, c) then
    offer(c, a, r, step)
  else
    seat_with(c, a)
  end
end

-- Makes offers until the step's number stands, and waits in the class for more.
local function enter_class(c, r, step)
  local most = c.claimed and own.claim(c) and 1 or step.n
  while not (c.offers and #c.offers >= most) do
    local a = agent_for(c, r, step)
    if not a then break end
    offer(c, a, r, step)
  end
  if c.offers and #c.offers >= most then
    if c.seat then unseat(c) end
  else
    seat_in_class(c)
  end
end

-- A drainer's mark stands only while the contact's step and pairs admit them.
local function check_mark(c)
  if not c.drainer then return end
  local a = agent(c.drainer)
  if byte_at(who(c.class), a.f.profile) == 0 or (c.pairs and excluded(c)[a.name]) then unmark(c) end
end

-- In its last step, and nobody on shift could ever take it: told once, until somebody is there.
function own.tell_alone(c, r)
  if c.seat ~= 1 or c.offers or (c.step or 0) < r.last or c.alone == c.class then return end
  if tonumber(call('HGET', P .. 'alive', c.class) or 0) > 0 then return end
  c.alone = c.class
  mark(c)
  event('nobody', c.id, nil, nil, '{"step":' .. short(c.step or 0) .. '}')
end

-- The contact looks for somebody, from the first step that is open.
local function enter(c)
  local r = route(c)
  settle(c, r)
  own.watch_left(c)
  check_mark(c)
  local step = r.steps[(c.step or 0) + 1]
  local a = c.prefer and preferred(c)
  if c.only and not a then return own.keep(c, c.window and c.window <= NOW and 'too late' or 'unavailable') end
  if c.prefer and not a then drop_preference(c) end
  if a then enter_personal(c, a, r, step) else enter_class(c, r, step) end
  own.tell_alone(c, r)
  local ends
  if (c.step or 0) < r.last then ends = instant_of(c, r, c.step or 0) end
  if c.window and (not ends or c.window < ends) then ends = c.window end
  set_timer(c, ends)
end

-- The agent is filled by the tick; until then nothing later than what is theirs is offered to them.
function own.fill_soon(name)
  due('d:' .. name, NOW)
  own.fall_behind()
end

function own.fall_behind()
  if not BEHIND then call('HSET', P .. 'site', 'behind', 1) end
  BEHIND = true
end

-- Offers the agent the earliest contacts they may take, until there is none, no room, or the bound.
local function fill(a)
  for _ = 1, BOUND_FILL do
    local c = contact_for(a)
    if not c or held_back(a, c) then return end
    local r = route(c)
    offer(c, a, r, r.steps[(c.step or 0) + 1])
  end
  own.fill_soon(a.name)
end

local function fill_later(a) push(fills, a) end

-- Finishes what a transition began: contacts that came free enter, then agents with new room are filled in the
-- order in which they got it, then those whose draining mark went.
local function work()
  while true do
    local c = pop(entering)
    local a = not c and (pop(fills) or pop(unmarked))
    if c then
      if placeable(c) then enter(c) end
    elseif a then
      if not a.removed then fill(a) end
    else
      return
    end
  end
end

-- Takes the contact out of the queue for good or for now: sets, timers, mark. Live offers must be gone.
local function leave_queue(c)
  if c.seat then unseat(c) end
  unmark(c)
  set_timer(c, nil)
  unlift(c)
  if c.pairs or c.handing then call('SREM', P .. 'xs', c.id) end
  mark(c)
end

-- Rescinds all live offers; their agents are to be filled, in the order of the offers.
local function rescind_all(c, reason)
  while c.offers do fill_later(rescind_offer(c, 1, reason)) end
end
