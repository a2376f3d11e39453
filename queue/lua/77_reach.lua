-- Reaching out: a contact that begins with us, in the hands of whoever begins it.

do -- a chunk may have 200 locals: this file's own stay inside

-- reach: agent, thread, the contact that it is about or "", decision… → "new contact 0", or an answer: `elsewhere` when
-- the conversation is open (by: its contact), `taken` when they can't have it now (by: why)
function act.reach(argv)
  local a, thread = agent(argv[3]), argv[4]
  if not a then return answer('gone') end
  local thread_key = P .. 't:' .. thread
  local open = call('GET', thread_key)
  if open and string.sub(open, 1, 1) ~= '-' then return answer('elsewhere', contact(open), open) end
  local number = 1001 + tonumber(call('HGET', P .. 'site', 'contacts') or 0)
  local ch = route({route = tonumber(argv[6])}).ch
  local rank = rank_of({id = 'C' .. number}, argv, 6)
  local why_not = own.no_way_back({id = 'C' .. number, ch = ch}, a, rank)
  if why_not then return answer('taken', nil, why_not) end
  local previous = argv[5] ~= '' and argv[5] or open and string.sub(open, 2) or nil
  local c = new_contact(argv, previous)
  call('HSET', P .. 'm:' .. c.id, 'n', 0, 't', thread)
  call('SET', thread_key, c.id)
  c.prefer, c.direct, c.window, c.deadlines, c.answered = nil, nil, nil, nil, 1
  event('reached', c.id, a.name, nil, '{"service":' .. json(route(c).service) .. ',"thread":' .. json(thread)
    .. ',"facts":' .. json(argv[13]) .. ',"previous":"' .. (c.previous or '') .. '","decision":' .. decision_told(argv, 6)
    .. '}')
  own.give_back(c, a, 'reached')
  work()
  return 'new ' .. c.id .. ' 0'
end

end
