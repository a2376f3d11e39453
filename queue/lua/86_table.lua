-- The table of who may: classes × profiles, worked out in Python, interned by text. What a text means never
-- changes, so rows are only ever added and two routers with different plans can't disagree about a pair.
-- Each call says for how many rows of the other kind it was worked out; on any other count it answers "again".

do -- a chunk may have 200 locals: this file's own stay inside

-- What orders groups are kept in: L always; an order that a new route uses is added for all agents.
local function use_order(order)
  local orders = call('HGET', P .. 'site', 'orders') or 'L'
  if string.find(orders, order, 1, true) then return end
  orders = orders .. order
  call('HSET', P .. 'site', 'orders', orders)
  for _, name in ipairs(call('SMEMBERS', P .. 'agents')) do
    local a = agent(name)
    leave_group(a)
    local f = cmsgpack.unpack(a.blob)
    f.orders = orders
    a.blob = cmsgpack.pack(f)
    a.f = unpacked(a.blob)
    call('HSET', P .. 'a:' .. name, 'f', a.blob)
    touch(a)
  end
end

-- intern_class: text, channel, profiles counted, their bytes in hex → id | "again"
function act.intern_class(argv)
  local known = call('HGET', P .. 'classes', argv[3])
  if known then return known end
  if call('HLEN', P .. 'profiles') ~= tonumber(argv[5]) then return 'again' end
  local id, ch, alive = call('HLEN', P .. 'classes') + 1, argv[4], 0
  call('HSET', P .. 'classes', argv[3], id)
  call('RPUSH', P .. 'classlist', argv[3])
  local row, tiers = {}, {}
  for profile = 1, tonumber(argv[5]) do
    local byte = tonumber(string.sub(argv[6], 2 * profile - 1, 2 * profile), 16)
    row[profile] = string.char(byte)
    call('SETRANGE', P .. 'can:' .. profile, id - 1, row[profile])
    if byte > 0 then
      local tier = floor(byte / 64)
      tiers[tier] = (tiers[tier] or '') .. profile .. ','
      call('APPEND', P .. 'cls:' .. profile, ch .. ':' .. id .. ',')
      if tonumber(call('HGET', P .. 'onp', profile) or 0) > 0 then alive = alive + 1 end
    end
  end
  call('SET', P .. 'who:' .. id, table.concat(row))
  for tier, list in pairs(tiers) do call('SET', P .. 'prf:' .. id .. ':' .. tier, list) end
  call('HSET', P .. 'alive', id, alive)
  event('class', nil, nil, id, '{"need":' .. cjson.encode(argv[3]) .. '}')
  return tostring(id)
end

-- intern_profile: text, JSON {team, tiers}, classes counted, their bytes in hex, their channels → id | "again"
function act.intern_profile(argv)
  local known = call('HGET', P .. 'profiles', argv[3])
  if known then return known end
  if call('HLEN', P .. 'classes') ~= tonumber(argv[5]) then return 'again' end
  local id = call('HLEN', P .. 'profiles') + 1
  call('HSET', P .. 'profiles', argv[3], id)
  call('RPUSH', P .. 'profilelist', argv[3])
  call('SET', P .. 'pt:' .. id, argv[4])
  call('HSET', P .. 'team', id, cjson.decode(argv[4]).team)
  local row, own = {}, {}
  for class = 1, tonumber(argv[5]) do
    local byte = tonumber(string.sub(argv[6], 2 * class - 1, 2 * class), 16)
    row[class] = string.char(byte)
    call('SETRANGE', P .. 'who:' .. class, id - 1, row[class])
    if byte > 0 then
      own[#own + 1] = string.sub(argv[7], class, class) .. ':' .. class .. ','
      call('APPEND', P .. 'prf:' .. class .. ':' .. floor(byte / 64), id .. ',')
    end
  end
  call('SET', P .. 'can:' .. id, table.concat(row))
  call('SET', P .. 'cls:' .. id, table.concat(own))
  return tostring(id)
end

-- intern_route: text, JSON for the scripts, orders used → id
function act.intern_route(argv)
  local known = call('HGET', P .. 'routes', argv[3])
  if known then return known end
  local id = call('HLEN', P .. 'routes') + 1
  call('HSET', P .. 'routes', argv[3], id)
  call('RPUSH', P .. 'routelist', argv[3])
  call('SET', P .. 'rt:' .. id, argv[4])
  for order in string.gmatch(argv[5], '.') do use_order(order) end
  return tostring(id)
end

end
