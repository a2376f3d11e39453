-- Calls and texts that cost money: how many were begun to one number and to all, for a day.
-- `out` and `out:<number>`: key of what was begun → when (ms).

do -- a chunk may have 200 locals: this file's own stay inside

local HOUR, DAY = 3600000, 86400000
local A_ROUND = 100 -- old entries dropped in one call

-- How many of the set were begun within an hour and within a day; what is older goes.
local function begun(key)
  local old = call('ZRANGE', key, '-inf', NOW - DAY, 'BYSCORE', 'LIMIT', 0, A_ROUND)
  if old[1] then call('ZREM', key, unpack(old)) end
  return call('ZCOUNT', key, '(' .. digits(NOW - HOUR), '+inf'), call('ZCOUNT', key, '(' .. digits(NOW - DAY), '+inf')
end

-- spend: key, number, at most to it in an hour, in a day, to all in an hour, in a day
-- → "" when it may begin (counted now, or when it was asked before), else the four counts so far
function act.spend(argv)
  local key, all, one = argv[3], P .. 'out', P .. 'out:' .. argv[4]
  if tonumber(call('ZSCORE', all, key) or 0) > NOW - DAY then return '' end
  local hour, day = begun(all)
  local its_hour, its_day = begun(one)
  if its_hour >= tonumber(argv[5]) or its_day >= tonumber(argv[6]) or hour >= tonumber(argv[7])
    or day >= tonumber(argv[8]) then
    return its_hour .. ' ' .. its_day .. ' ' .. hour .. ' ' .. day
  end
  call('ZADD', all, NOW, key)
  call('ZADD', one, NOW, key)
  call('EXPIRE', one, DAY / 1000)
  return ''
end

end
