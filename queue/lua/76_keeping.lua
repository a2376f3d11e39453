-- How long the store has a contact: what has ended is forgotten, and called back when its customer must be told something.

do -- a chunk may have 200 locals: this file's own stay inside

-- Numbers of the contacts in the store, 500 to a set (small sets of integers take 2–4 bytes each); `first` is where
-- a reader begins.
local function forget_number(n)
  call('SREM', P .. 'ids:' .. floor(n / 500), n)
  local site = call('HMGET', P .. 'site', 'first', 'contacts')
  local first, last = tonumber(site[1] or 2), floor((1000 + tonumber(site[2])) / 500)
  local from = first
  while first < last and first < from + BOUND_SCAN and call('EXISTS', P .. 'ids:' .. first) == 0 do first = first + 1 end
  if first > from then call('HSET', P .. 'site', 'first', first) end
end

-- forget: contact, ms that it is kept after its end. Deletes an ended contact's keys.
function act.forget(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  if c.state ~= 'closed' and c.state ~= 'abandoned' and c.state ~= 'dead' then return answer('stale', c, c.owner) end
  if c.closed and c.closed + tonumber(argv[4]) > NOW then return answer('stale', c) end
  local key = P .. 'm:' .. c.id
  for _, thread in ipairs(threads_of(c)) do
    if call('GET', P .. 't:' .. thread) == '-' .. c.id then call('DEL', P .. 't:' .. thread) end
  end
  for place in string.gmatch(call('HGET', key, 'places') or '', '[^\n]+') do
    if call('GET', P .. 'at:' .. place) == c.id then call('DEL', P .. 'at:' .. place) end
  end
  call('DEL', key, P .. 'c:' .. c.id)
  own.forget_legs(c)
  forget_number(tonumber(string.sub(c.id, 2)))
  c.removed = true
  return answer('ok')
end

local ENDS = {closed = true, abandoned = true, dead = true}

-- recall: contact, thread, messages so far, decision… (for its route and facts), state, arrived, last owner. What has left
-- the store is here again, ended, as long as what has just ended: so that its customer can be told something. It isn't
-- re-opened: what was said stands in the history.
function act.recall(argv)
  local id, number = argv[3], tonumber(string.match(argv[3], '^C(%d+)$'))
  local last = 1000 + tonumber(call('HGET', P .. 'site', 'contacts') or 0)
  if contact(id) then return answer('stale', contact(id)) end
  local arrived = tonumber(argv[15])
  if not number or number <= 1000 or number > last or not arrived then return answer('gone') end
  local c = {id = id, base = arrived, answered = 1}
  contacts[id] = c
  decide(c, argv, 6)
  c.ch, c.prefer, c.direct, c.window, c.deadlines = route(c).ch, nil, nil, nil, nil
  c.state, c.closed, c.threadless, c.recalled = ENDS[argv[14]] and argv[14] or 'closed', NOW, 1, 1
  c.was = argv[16] ~= '' and argv[16] or nil
  local block = floor(number / 500)
  call('SADD', P .. 'ids:' .. block, number)
  if block < tonumber(call('HGET', P .. 'site', 'first') or 2) then call('HSET', P .. 'site', 'first', block) end
  call('HSET', P .. 'm:' .. id, 'n', argv[5], 't', argv[4])
  event('recalled', id, nil, tonumber(argv[5]), '{"thread":' .. json(argv[4]) .. ',"decision":' .. decision_told(argv, 6)
    .. ',"facts":' .. json(argv[13]) .. ',"state":' .. json(argv[14]) .. ',"arrived":' .. argv[15]
    .. ',"owner":' .. json(argv[16]) .. '}')
  return answer('ok', c)
end

end
