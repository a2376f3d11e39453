-- What every transition shares: its clock, its operation id, its journal, and the bounds.
--
-- The files of this folder are one chunk, joined in the order of their names. A server loads the chunk in a
-- bare environment, so nothing here may touch redis, cjson or cmsgpack before a function is called.
-- Every function that reads or writes keys takes them from P, the site's prefix ("{site}:"), hence one shard.

-- Bounds. Each limits what one call does; the rest is left in the due set, due now. Tests lower them to 2.
local BOUND_TICK = 8 -- pieces of work a tick: each due entry, and each offer made. 0.4 ms; but 4 and more right after
-- the server forked to rewrite its log, when a hundred pages are copied for each, and that is what has to stay short
local BOUND_FILL = 16 -- offers in a row to one agent
local BOUND_SWEEP = 16 -- contacts moved in bulk, each of which may be offered
local BOUND_WALK = 512 -- contacts looked at in a class that died
local BOUND_SCAN = 16 -- index heads looked at before asking for exactly those that can match
local BOUND_PART = 1000 -- members of one ZMSCORE or ZADD; Lua unpacks at most some 8,000
local BOUND_MEMO = 5000 -- parsed texts remembered

-- Durations in ms.
local OP_LIFE, OP_AHEAD = 600000, 5000 -- how old, how far ahead of us an operation id may be
local OP_KEPT = 660 -- s; a bucket of replies outlives the last operation id that could ask for it
local EVENT_KEPT = 172800 -- s; the outside's ids, 48 h
local UNDELIVERED = 30000 -- an offer that the desk didn't confirm
local MISS_PAUSE = 60000 -- after a missed offer, before the same contact is offered again
local LIFT_AFTER = 300000 -- in the last step, when everybody was asked
local TICK_GAP = 2000 -- between two ticks: longer, and deadlines in it are nobody's fault
local UNASKED_PAUSE = 600000 -- between two texts that nobody asked for
local LATER = 1000 -- a kind of due that we don't know is left to those who do
local MISSES = 2 -- in a row: away

local call -- redis.call; a server doesn't let a library take it at load time
local P -- the site's prefix
local NOW -- this transition's instant, ms
local DESK -- whether agents can be reached
local MARKS -- how many contacts have a drainer
local MIDNIGHTS -- of the site, text
local BEHIND -- whether some agents on duty have yet to be filled (`d:` in due)
local routes -- those in hand, by number
local contacts, agents -- records in hand, by id: one table each, so that nobody works on a stale copy
-- Lists outlive a call, only their lengths begin anew: a new one is copied whenever it grows.
local touched, touched_n = {}, 0 -- agents to be placed and written at the end, in order of first touch
local journal, journal_n = {}, 0 -- arguments of the ledger entry
local entering, fills, unmarked = {}, {}, {} -- work to be done before the call returns: contacts that came free, agents
-- with new room, agents whose draining mark went; lists {n = length, i = done so far}
local last_bucket -- the bucket of replies whose expiry was set last

local floor -- math.floor, for the same reason as `call`

local act, view = {}, {} -- what the library offers: mutations and reads, by name; registered in the last file
local own = {} -- what owners do beside the queue: silence, snoozing, handing over, coming back; see 65_owned.lua. `made`:
-- how many offers this transition has made, and timers of a crowd that it has written (BOUND_SWEEP of them are one)

-- Orders strings as a sorted set does; Lua's own `<` follows the server's locale.
local function bytes_before(one, other)
  local n = #one < #other and #one or #other
  for i = 1, n do
    local x, y = string.byte(one, i), string.byte(other, i)
    if x ~= y then return x < y end
  end
  return #one < #other
end

-- Whether (rank, id) comes before (rank2, id2).
local function earlier(rank, id, rank2, id2)
  if rank ~= rank2 then return rank < rank2 end
  return bytes_before(id, id2)
end

-- Remembers what `parse` makes of a text. Keyed by the text itself, so never out of date.
local function memo(parse)
  local kept, n = {}, 0
  return function(text)
    local it = kept[text]
    if it == nil then
      if n >= BOUND_MEMO then kept, n = {}, 0 end
      it = parse(text)
      kept[text], n = it, n + 1
    end
    return it
  end
end

-- "3,14,15" → {"3", "14", "15"}
local words = memo(function(text)
  local list = {}
  for word in string.gmatch(text, '[^,]+') do list[#list + 1] = word end
  return list
end)

-- The text of a small number that comes again and again: Lua formats it anew each time, at half the price of a GET.
local short = memo(function(number) return tostring(number) end)

-- The text of a number that may exceed 14 digits, which is where Lua's tostring stops being exact.
local function digits(number) return string.format('%.0f', number) end

-- Appends an event; `c` contact id, `a` agent, `n` number, `x` a table or JSON text, each may be nil.
local function event(kind, c, a, n, x)
  local j, i = journal, journal_n
  j[i + 1], j[i + 2] = 'e', kind
  i = i + 2
  if c then j[i + 1], j[i + 2] = 'c', c; i = i + 2 end
  if a then j[i + 1], j[i + 2] = 'a', a; i = i + 2 end
  if n then j[i + 1], j[i + 2] = 'n', n; i = i + 2 end
  if x then
    j[i + 1], j[i + 2] = 'x', type(x) == 'table' and cjson.encode(x) or x
    i = i + 2
  end
  journal_n = i
end

-- Writes the journal as one ledger entry: `t`, then the events' fields one after another, `e` first in each.
local function write_journal()
  if journal_n > 0 then
    call('XADD', P .. 'ledger', '*', 't', NOW, unpack(journal, 1, journal_n))
    journal_n = 0
  end
end

local function push(list, it)
  list.n = list.n + 1
  list[list.n] = it
end

-- The next of a work list, or nil.
local function pop(list)
  if list.i == list.n then return nil end
  local i = list.i + 1
  local it = list[i]
  list.i, list[i] = i, false
  return it
end

-- The start of every call. `now` is an instant in virtual time, or empty for the store's own clock.
local function begin(keys, now)
  call, floor, P = redis.call, math.floor, keys[1]
  contacts, agents, routes = {}, {}, {}
  touched_n, journal_n, own.made = 0, 0, 0
  entering.n, entering.i, fills.n, fills.i, unmarked.n, unmarked.i = 0, 0, 0, 0, 0, 0
  local site = call('HMGET', P .. 'site', 'clock', 'desk', 'marks', 'midnights', 'behind')
  DESK, MARKS, MIDNIGHTS, BEHIND = site[2] ~= '0', tonumber(site[3] or 0), site[4] or '', site[5]
  if now ~= '' then
    NOW = tonumber(now)
  else
    local time = call('TIME')
    NOW = time[1] * 1000 + floor(time[2] / 1000) + (tonumber(site[1]) or 0)
  end
end
