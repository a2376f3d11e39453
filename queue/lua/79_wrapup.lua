-- The work after a contact, and what is said of it later.

do -- a chunk may have 200 locals: this file's own stay inside

-- The contact in its wrap-up, for its owner or "" (the system); else nil and the answer.
local function wrapping(id, name)
  local c = contact(id)
  if not c then return nil, answer('gone') end
  if c.state ~= 'wrapping' then return nil, answer('stale', c, c.owner) end
  if name ~= '' and name ~= c.owner then return nil, answer('not_owner', c, c.owner) end
  return c
end

-- finish: contact, agent, outcome JSON ("": as it was)
function act.finish(argv)
  local c, no = wrapping(argv[3], argv[4])
  if not c then return no end
  close(c, argv[5] ~= '' and argv[5] or c.outcome)
  work()
  return answer('ok', c)
end

local LONGER, MORE = 2, 600000 -- times that a wrap-up may be made longer, and by how many ms at most

-- wrap_on: contact, agent, ms
function act.wrap_on(argv)
  local c, no = wrapping(argv[3], argv[4])
  if not c then return no end
  if (c.longer or 0) >= LONGER then return answer('too_late', c, c.owner, c.longer, c.wrap) end
  local ms = math.max(0, math.min(tonumber(argv[5]), MORE))
  c.longer, c.wrap = (c.longer or 0) + 1, c.wrap + ms
  due('w:' .. c.id, c.wrap)
  mark(c)
  event('wrap.longer', c.id, c.owner, c.longer, '{"until":' .. digits(c.wrap) .. ',"ms":' .. digits(ms) .. '}')
  return answer('ok', c, '', c.longer, c.wrap)
end

-- remark: contact, agent ("" for the system), JSON of what belongs to its outcome. Also when it has left the store.
function act.remark(argv)
  local c, number = contact(argv[3]), tonumber(string.match(argv[3], '^C(%d+)$'))
  local last = 1000 + tonumber(call('HGET', P .. 'site', 'contacts') or 0)
  if not c and (not number or number <= 1000 or number > last) then return answer('gone') end
  event('outcome', argv[3], argv[4] ~= '' and argv[4] or nil, nil, '{"outcome":' .. json(argv[5]) .. '}')
  return answer('ok', c)
end

end
