-- What is said: held replies, system texts, receipts. A message's meta is
-- {kind, at, status, agent, provider's id, error, source}.

do -- a chunk may have 200 locals: this file's own stay inside

local KIND, STATUS, BY, PROVIDER, ERROR, SOURCE = 1, 3, 4, 5, 6, 7
local RANK_OF = {held = 1, queued = 2, sending = 3, sent = 4, delivered = 5, failed = 6}

local function message_meta(id, n)
  local raw = call('HGET', P .. 'm:' .. id, n .. 's')
  return raw and cmsgpack.unpack(raw)
end

local function save_meta(id, n, meta) call('HSET', P .. 'm:' .. id, n .. 's', cmsgpack.pack(meta)) end

local function send_message(id, n, meta)
  meta[STATUS], meta[ERROR] = 'queued', ''
  save_meta(id, n, meta)
  undue('r:' .. id .. ':' .. n)
  local body = call('HGET', P .. 'm:' .. id, n)
  event('message.out', id, meta[BY] ~= '' and meta[BY] or nil, n,
    cjson.encode({kind = meta[KIND], body = body, source = meta[SOURCE]}))
end

-- hold_reply: contact, agent, body, source, ms
function act.hold_reply(argv)
  local id, name, source = argv[3], argv[4], argv[6]
  local c = contact(id)
  if not c then return answer('gone') end
  local key = P .. 'm:' .. id
  local known = source ~= '' and call('HGET', key, 's:' .. source)
  if known then return answer('ok', c, '', known) end
  if c.state ~= 'active' and c.state ~= 'snoozed' then
    return answer((placeable(c) or c.state == 'parked') and 'not_owner' or 'ended', c)
  end
  if c.owner ~= name then return answer('not_owner', c, c.owner) end
  local n = add_message(id, 'reply', argv[5], 'held', name, source)
  if source ~= '' then call('HSET', key, 's:' .. source, n) end
  local instant = NOW + tonumber(argv[7])
  due('r:' .. id .. ':' .. n, instant)
  if c.silent then undue('n:' .. id) end
  c.silent, c.nudged = nil, nil
  mark(c)
  event('reply.held', id, name, n, cjson.encode({body = argv[5], source = source, ['until'] = instant}))
  return answer('ok', c, '', n, instant)
end

-- undo_reply: contact, n, agent
function act.undo_reply(argv)
  local id, n = argv[3], argv[4]
  local c, meta = contact(id), message_meta(id, n)
  if not c or not meta then return answer('gone') end
  if meta[BY] ~= argv[5] then return answer('not_owner', c, meta[BY], n) end
  if meta[STATUS] ~= 'held' then return answer('too_late', c, '', n) end
  meta[STATUS] = 'undone'
  save_meta(id, n, meta)
  undue('r:' .. id .. ':' .. n)
  event('reply.undone', id, meta[BY], n, cjson.encode({source = meta[SOURCE]}))
  own.await_reply(c)
  return answer('ok', c, '', n)
end

-- Whether the customer has said something behind message `n`.
function own.said_since(id, n)
  for k = tonumber(call('HGET', P .. 'm:' .. id, 'n') or 0), n + 1, -1 do
    local meta = message_meta(id, k)
    if meta and meta[KIND] == 'in' then return true end
  end
  return false
end

-- A held reply has left. Somebody else's by now, or written before the customer's last words, it answers nobody: whoever
-- has the contact still owes a word.
function own.replied(c, n, meta)
  if meta[BY] == (c.owner or c.was) and not own.said_since(c.id, tonumber(n)) then
    own.answered(c)
  else
    own.await_reply(c)
  end
end

-- A message in the given status goes out; else it is too late.
local function send_from(status, argv)
  local id, n = argv[3], argv[4]
  local c, meta = contact(id), message_meta(id, n)
  if not c or not meta then return answer('gone') end
  if meta[STATUS] ~= status then return answer('too_late', c, '', n) end
  send_message(id, n, meta)
  if status == 'held' then
    own.replied(c, n, meta)
    work()
  end
  return answer('ok', c, '', n)
end

-- release_reply: contact, n
function act.release_reply(argv) return send_from('held', argv) end

-- retry_reply: contact, n
function act.retry_reply(argv) return send_from('failed', argv) end

-- r:<contact>:<n>: a held reply may go.
function fire.r(rest)
  local id, n = split(rest)
  local meta = message_meta(id, n)
  if not meta or meta[STATUS] ~= 'held' then return end
  send_message(id, n, meta)
  own.replied(contact(id), n, meta)
end

-- text: contact, kind, body, unasked, the situation in which it is true, the last message its writer has seen ("": any)
function act.text(argv)
  local id = argv[3]
  local c = contact(id)
  if not c then return answer('gone') end
  if own.outdated(argv[7]) then return answer('outdated', c) end
  if argv[8] and argv[8] ~= '' and argv[8] ~= (call('HGET', P .. 'm:' .. id, 'n') or '0') then return answer('stale', c) end
  if argv[6] == '1' then
    local thread = call('HGET', P .. 'm:' .. id, 't')
    local key = P .. 'un:' .. (thread and thread ~= '' and thread or id)
    if tonumber(call('GET', key) or 0) > NOW then return answer('suppressed', c) end
    call('SET', key, NOW + UNASKED_PAUSE, 'PX', UNASKED_PAUSE * 2)
  end
  local n = add_message(id, argv[4], argv[5])
  send_message(id, n, message_meta(id, n))
  return answer('ok', c, '', n)
end

-- receipt: contact, n, status, provider's id, error → "1" when the status changed
function act.receipt(argv)
  local id, n, status = argv[3], argv[4], argv[5]
  local meta = contact(id) and message_meta(id, n)
  if not meta then return '0' end
  if argv[6] ~= '' then
    call('SET', P .. 'pid:' .. argv[6], id .. ' ' .. n, 'EX', EVENT_KEPT)
    meta[PROVIDER] = argv[6]
    save_meta(id, n, meta)
  end
  local have, new = RANK_OF[meta[STATUS]], RANK_OF[status]
  if not have or have >= 5 or not new or new <= have then return '0' end
  meta[STATUS], meta[ERROR] = status, argv[7]
  save_meta(id, n, meta)
  undue('r:' .. id .. ':' .. n)
  local x = {status = status, error = argv[7], provider_id = argv[6], source = meta[SOURCE]}
  event('message.receipt', id, nil, n, x)
  return '1'
end

-- bind: contact, place. A place shows one contact; a contact may have several places, the latest last.
function act.bind(argv)
  local id, place = argv[3], argv[4]
  if not contact(id) then return '0' end
  local key = P .. 'm:' .. id
  local places = call('HGET', key, 'places')
  if not string.find('\n' .. (places or '') .. '\n', '\n' .. place .. '\n', 1, true) then
    call('HSET', key, 'places', (places and places .. '\n' or '') .. place)
  end
  call('SET', P .. 'at:' .. place, id)
  return '1'
end

end
