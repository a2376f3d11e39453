-- Where a contact waits: its class's set (with the index of class heads), or one agent's personal set.

local function seat_in_class(c)
  if c.seat == 1 then return end
  call('ZADD', P .. 'w:' .. short(c.class), c.rank, c.id)
  call('ZADD', P .. 'h:' .. short(c.ch), 'LT', c.rank, c.class)
  if MARKS > 0 then call('ZADD', P .. 'H:' .. c.ch, 'XX', 'LT', c.rank, c.class) end
  c.seat = 1
  mark(c)
end

local function seat_with(c, a)
  if c.seat == 2 then return end
  call('ZADD', P .. 'w:@' .. a.name .. '.' .. c.ch, c.rank, c.id)
  a.personal = (a.personal or 0) + 1
  touch(a)
  c.seat = 2
  mark(c)
end

-- While somebody is draining: for classes with contacts that have a drainer, `H:<ch>` keeps the rank of the first
-- contact without one ("inf": all have), so that looking ahead doesn't pass over those again and again.
-- `from` is where in the class's order to begin.
local function unmarked_head(ch, class, from)
  local rank = 'inf'
  while rank == 'inf' do
    local found = call('ZRANGE', P .. 'w:' .. class, from, from + BOUND_SCAN - 1, 'WITHSCORES')
    if not found[1] then break end
    local ids = {}
    for i = 1, #found, 2 do ids[#ids + 1] = found[i] end
    for i, drainer in ipairs(call('HMGET', P .. 'dr', unpack(ids))) do
      if not drainer then
        rank = found[2 * i]
        break
      end
    end
    from = from + BOUND_SCAN
  end
  call('ZADD', P .. 'H:' .. ch, rank, class)
end

-- Out of wherever it waits. `c.class`, `c.rank` and `c.prefer` must still be those it was seated with.
local function unseat(c)
  if c.seat == 1 then
    local set = P .. 'w:' .. short(c.class)
    call('ZREM', set, c.id)
    local head = call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if not head[1] then
      call('ZREM', P .. 'h:' .. short(c.ch), c.class)
      if MARKS > 0 then call('ZREM', P .. 'H:' .. c.ch, c.class) end
    elseif tonumber(head[2]) >= c.rank then
      call('ZADD', P .. 'h:' .. short(c.ch), head[2], c.class)
    end
    if head[1] and MARKS > 0 and not c.drainer and tonumber(call('ZSCORE', P .. 'H:' .. c.ch, c.class) or -1) == c.rank then
      unmarked_head(c.ch, c.class, 0)
    end
  elseif c.seat == 2 then
    call('ZREM', P .. 'w:@' .. c.prefer .. '.' .. c.ch, c.id)
    local a = agent(c.prefer)
    if a then
      a.personal = a.personal > 1 and a.personal - 1 or nil
      touch(a)
    end
  end
  c.seat = nil
  mark(c)
end

-- One timer for the end of the step or of the personal window, whichever is sooner; nil takes it away.
local function set_timer(c, instant)
  if instant then
    due('s:' .. c.id, instant)
  elseif c.timer then
    undue('s:' .. c.id)
  end
  c.timer = instant and true or nil
  mark(c)
end

-- No check any more whether everybody was asked; there is one only where somebody was excluded.
local function unlift(c)
  if not c.asked then return end
  undue('E:' .. c.id)
  c.lift = nil
  if not c.pairs and not c.handing then c.asked = nil end
  mark(c)
end

-- Where somebody who leaves may have been the last one left for a contact: some are excluded, or its owner is.
function own.watch_left(c)
  if c.pairs or c.handing then
    call('SADD', P .. 'xs', c.id)
    c.asked = 1
  end
end

own.PAUSED = '~' -- before the instant: they weren't asked, and may be then

-- The agent isn't asked for the contact: for good (until it is taken or ends), or until `instant`; `paused`: because
-- they couldn't be reached.
local function exclude(c, a, instant, paused)
  if call('HSET', P .. 'x:' .. c.id, a.name, (paused and own.PAUSED or '') .. (instant or '')) == 1 then
    c.pairs, c.asked = (c.pairs or 0) + 1, 1
    call('SADD', P .. 'n:' .. a.name, c.id)
    call('SADD', P .. 'xs', c.id)
  end
  if instant then
    due('e:' .. c.id .. ':' .. a.name, instant)
  else
    undue('e:' .. c.id .. ':' .. a.name)
  end
  a.shy = 1
  touch(a)
  mark(c)
end

local function readmit(c, name)
  if call('HDEL', P .. 'x:' .. c.id, name) == 0 then return end
  call('SREM', P .. 'n:' .. name, c.id)
  c.pairs = c.pairs > 1 and c.pairs - 1 or nil
  if not c.pairs then
    if not c.handing then call('SREM', P .. 'xs', c.id) end
    undue('E:' .. c.id)
    c.lift = nil
  end
  mark(c)
end

-- Everybody may be asked again.
local function forget_pairs(c)
  if not c.pairs then return end
  for _, name in ipairs(call('HKEYS', P .. 'x:' .. c.id)) do
    call('SREM', P .. 'n:' .. name, c.id)
    undue('e:' .. c.id .. ':' .. name)
  end
  call('DEL', P .. 'x:' .. c.id)
  if not c.handing then call('SREM', P .. 'xs', c.id) end
  c.pairs = nil
  mark(c)
end
