-- What is due. Any router may carry it out; each entry is checked against the state and acts once.

local fire = {} -- by kind

local function split(rest) return string.match(rest, '^([^:]+):(.+)$') end

-- Whether an instant fell into a gap between two ticks, when nobody could have answered.
local function in_gap(instant)
  local gap = call('HMGET', P .. 'site', 'gap_from', 'gap_to')
  return gap[1] and instant > tonumber(gap[1]) and instant <= tonumber(gap[2])
end

-- Nobody answered live offer number `i`; `why` when that is known before its deadline.
local function miss(c, i, why)
  local made = c.offers[i][3]
  local a, held = drop_offer(c, i)
  if not a.missed or made >= a.missed then
    a.misses, a.missed = a.misses + 1, NOW
  end
  a.since = NOW
  event('missed', c.id, a.name, held[1], ended_x(held, why))
  exclude(c, a, NOW + MISS_PAUSE)
  own.turned_down(c, 'missed')
  local leaves = a.misses >= MISSES and a.presence == 'available'
  if not leaves then fill_later(a) end -- first: what a call displaces passes nobody who waits for this room
  work()
  if leaves then set_presence(a, 'away', nil, 'missed two offers') end
end

-- o:<contact>:<number>: the offer's deadline, or the end of the time for delivering it.
function fire.o(rest, instant)
  local id, number = split(rest)
  local c = contact(id)
  local i = c and offer_by_number(c, tonumber(number))
  if not i then return end
  local delivered_once = c.offers[i][5] == 1
  if in_gap(instant) then
    fill_later(rescind_offer(c, i, 'gap'))
    push(entering, c)
  elseif not delivered_once then
    local a = rescind_offer(c, i, 'not delivered')
    own.turned_down(c, 'not delivered')
    fill_later(a)
  else
    miss(c, i, '')
  end
end

-- s:<contact>: its step or its personal window ends.
function fire.s(id)
  local c = contact(id)
  if not c then return end
  c.timer = nil
  mark(c)
  push(entering, c)
end

-- e:<contact>:<agent>: a missed offer is forgiven.
function fire.e(rest)
  local id, name = split(rest)
  local c = contact(id)
  if not c then return end
  readmit(c, name)
  push(entering, c)
end

-- E:<contact>: was everybody asked? In the last step, and after its time, everybody may be asked again.
function fire.E(id)
  local c = contact(id)
  if not c or not placeable(c) then return end
  if c.lift and c.lift <= NOW and exhausted(c, c.class) then
    forget_pairs(c)
    event('lifted', c.id)
  end
  push(entering, c)
end

-- w:<contact>: wrap-up ends.
function fire.w(id)
  local c = contact(id)
  if c and c.state == 'wrapping' then close(c, c.outcome) end
end

-- p:<contact>: its date has come.
function fire.p(id)
  local c = contact(id)
  if c and c.state == 'parked' then wake_up(c) end
  if c and c.state == 'snoozed' then come_due(c, 'date') end
end

-- h:<agent>: edges of the shift, all that have passed.
function fire.h(name)
  local a = agent(name)
  if not a then return end
  local was = stand(a)
  while a.edges[1] and a.edges[1][1] <= NOW do a.shift = table.remove(a.edges, 1)[2] end
  set_edge(a)
  restand(a, was, 'off shift')
  if #a.edges <= 1 then event('edges', nil, name) end
end

-- v:<agent>: overtime ends.
function fire.v(name)
  local a = agent(name)
  if not a then return end
  local was = stand(a)
  a.over = nil
  restand(a, was, 'off shift')
end

-- b:<agent>: they said they would be back by now.
function fire.b(name)
  local a = agent(name)
  if not a then return end
  a.back = nil
  touch(a)
  event('away_over', nil, name)
end

-- d:<agent>: more to do for them than one call may.
function fire.d(name)
  local a = agent(name)
  if not a then return end
  recheck_personal(a)
  fill_later(a)
end

-- The class's contacts that have a further step, from the cursor of an unfinished walk on: at most one more than
-- may be moved. The second result is the cursor (a contact) where a walk that got too long has to go on.
local function movable(class)
  local set, moved, walked = P .. 'w:' .. class, {}, 0
  local cursor = call('HGET', P .. 'site', 'k:' .. class)
  local from = cursor and call('ZRANK', set, cursor) or 0
  while walked < BOUND_WALK do
    local ids = call('ZRANGE', set, from, from + BOUND_SCAN - 1)
    for _, id in ipairs(ids) do
      local c = contact(id)
      if (c.step or 0) < route(c).last then moved[#moved + 1] = c end
      if #moved > BOUND_SWEEP then return moved, nil end
    end
    if #ids < BOUND_SCAN then return moved, nil end
    from, walked = from + BOUND_SCAN, walked + BOUND_SCAN
  end
  return moved, call('ZRANGE', set, from, from)[1]
end

-- k:<class>: nobody on shift is admitted any more; whoever has a further step goes on.
function fire.k(class)
  if tonumber(call('HGET', P .. 'alive', class) or 0) > 0 then return end
  local moved, cursor = movable(class)
  local head = call('ZRANGE', P .. 'w:' .. class, 0, 0)[1]
  if head then push(entering, contact(head)) end -- in its last step it tells that nobody is there
  for i = 1, math.min(#moved, BOUND_SWEEP) do push(entering, moved[i]) end
  if cursor then call('HSET', P .. 'site', 'k:' .. class, cursor) else call('HDEL', P .. 'site', 'k:' .. class) end
  if cursor or #moved > BOUND_SWEEP then due('k:' .. class, NOW) end
end

-- x:E:xs, x:d:av:<profile>: more members of a set than one call may write timers for.
function fire.x(rest) due_for_next(string.sub(rest, 1, 2), string.sub(rest, 3)) end

-- q:<contact>: quiet after the owner's reply.
function fire.q(id)
  local c = contact(id)
  if not c or not c.quiet then return end
  c.quiet = nil
  mark(c)
  if c.state == 'active' and c.answered and not c.handing then own.snooze(c, nil, 'quiet') end
end

-- n:<contact>: the owner was silent, at first and then still.
function fire.n(id)
  local c = contact(id)
  if not c or not c.silent then return end
  c.silent = nil
  mark(c)
  if c.state ~= 'active' or c.answered or c.handing then return end
  if not c.nudged then
    c.nudged = 1
    event('nudged', id, c.owner)
    own.await_reply(c)
  else
    local a = own.release(c, 'owner silent')
    exclude(c, a)
    fill_later(a)
  end
end

-- l:<agent>: the time for coming back to their work is over.
function fire.l(name)
  local a = agent(name)
  if not a or not a.leaving then return end
  if a.removing then remove(a, BOUND_SWEEP, true) else own.grace_over(a) end
end

-- g:<service>: the service opens or closes; routers park or reroute.
function fire.g(service) event('service.edge', nil, nil, nil, cjson.encode({service = service})) end

-- Notes a gap since the last tick; deadlines in it are nobody's fault, also in later calls that clear the rest.
-- Returns the last tick's instant.
local function note_gap()
  local site = call('HMGET', P .. 'site', 'ticked', 'gap_from', 'gap_to')
  call('HSET', P .. 'site', 'ticked', NOW)
  local before = tonumber(site[1])
  if not before or NOW - before <= TICK_GAP then return site[1] end
  local from = before
  if site[3] and call('ZCOUNT', P .. 'due', '-inf', site[3]) > 0 then from = tonumber(site[2]) end
  call('HSET', P .. 'site', 'gap_from', from, 'gap_to', NOW)
  return site[1]
end

-- tick: work at most → "now fired more next". Work is entries and the offers made by them, so that it is the same wherever
-- the entries are carried out again; the last entry may exceed it. Bounds are told: other releases had and have others.
function act.tick(argv)
  local limit = math.min(tonumber(argv[3]), BOUND_TICK)
  local before = note_gap()
  local fired = 0
  while fired + own.made < limit do
    local entry = call('ZRANGEBYSCORE', P .. 'due', '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, 1)
    if not entry[1] then break end
    if fired == 0 then
      event('tick', nil, nil, nil,
        '{"before":' .. (before or 'null') .. ',"work":' .. limit .. ',"sweep":' .. BOUND_SWEEP .. '}')
    end
    undue(entry[1])
    local carry_out = fire[string.sub(entry[1], 1, 1)]
    if carry_out then
      carry_out(string.sub(entry[1], 3), tonumber(entry[2]))
      work()
    else
      due(entry[1], NOW + LATER) -- a newer Tierline's, beside us on this site
    end
    fired = fired + 1
  end
  local following = call('ZRANGE', P .. 'due', 0, 0, 'WITHSCORES')
  local more = following[2] and tonumber(following[2]) <= NOW
  if BEHIND and not more then call('HDEL', P .. 'site', 'behind') end
  return table.concat({digits(NOW), fired, more and 1 or 0, following[2] and digits(tonumber(following[2])) or ''}, ' ')
end
