-- What a visitor of the web chat sees, in order, across contacts: `line:<conversation>`, "C1001.3" → its number from 1.

-- line: conversation, key, seconds that it is kept → the key's number: the next one, the first time
function act.line(argv)
  local key = P .. 'line:' .. argv[3]
  local n = call('ZSCORE', key, argv[4])
  if not n then
    n = call('ZCARD', key) + 1
    call('ZADD', key, n, argv[4])
  end
  call('EXPIRE', key, argv[5])
  return tostring(tonumber(n))
end
