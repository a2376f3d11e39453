-- What owners do beside the queue: falling silent, snoozing, handing over, giving back; and the way back to them.

-- The rank that the decision at argument `i` gives the contact.
local function rank_of(c, argv, i) return tonumber(argv[i + 1]) * 1000 + tonumber(string.sub(c.id, 2)) % 1000 end

-- The decision's fields from argument `i`: route, rank in ms, wake, deadlines, preferred agent, kind, until, facts.
local function decide(c, argv, i)
  c.route = tonumber(argv[i])
  c.rank = rank_of(c, argv, i)
  c.deadlines = nil
  for _, instant in ipairs(words(argv[i + 3])) do
    c.deadlines = c.deadlines or {}
    table.insert(c.deadlines, tonumber(instant))
  end
  c.facts = argv[i + 7]
  c.prefer, c.direct, c.window = nil, nil, nil
  if argv[i + 4] ~= '' then
    c.prefer = argv[i + 4]
    if argv[i + 5] == 'direct' then c.direct = 1 else c.window = tonumber(argv[i + 6]) or 0 end
  end
  mark(c)
end

-- The same as JSON for the ledger: with it a day can be replayed.
local function decision_told(argv, i)
  local text = call('LINDEX', P .. 'routelist', argv[i] - 1)
  local function number(of) return of ~= '' and of or 'null' end
  return '{"route":' .. cjson.encode(text) .. ',"rank":' .. argv[i + 1] .. ',"wake":' .. number(argv[i + 2])
    .. ',"deadlines":"' .. argv[i + 3] .. '","prefer":[' .. cjson.encode(argv[i + 4]) .. ',"' .. argv[i + 5] .. '",'
    .. number(argv[i + 6]) .. ']}'
end

-- Waits for its date, if that lies ahead; else false. `decided`: tells what was decided for it, too.
local function park_until(c, wake, reason, from, decided)
  if not wake or wake <= NOW then return false end
  c.state, c.wake = 'parked', wake
  due('p:' .. c.id, wake)
  mark(c)
  event('parked', c.id, nil, nil, cjson.encode({wake = wake, reason = reason, from = from,
    service = decided and route(c).service, facts = decided and c.facts}))
  return true
end

-- The conversations that lead to the contact: its own, and those of contacts merged into it.
local function threads_of(c)
  local at, list = call('HMGET', P .. 'm:' .. c.id, 't', 'threads'), {}
  if at[1] and at[1] ~= '' then list[1] = at[1] end
  for thread in string.gmatch(at[2] or '', '[^\n]+') do list[#list + 1] = thread end
  return list
end

-- A later message opens a new contact, or finds this one as the last.
local function free_thread(c)
  for _, thread in ipairs(threads_of(c)) do
    local key = P .. 't:' .. thread
    if call('GET', key) == c.id then call('SET', key, '-' .. c.id) end
  end
  c.threadless = 1
  mark(c)
end

-- The contact in which one of its conversations goes on by now, or nil.
function own.goes_on_in(c)
  for _, thread in ipairs(threads_of(c)) do
    local at = call('GET', P .. 't:' .. thread) or '-'
    if string.sub(at, 1, 1) ~= '-' and at ~= c.id then return at end
  end
  return nil
end

-- The conversations are its own again, unless another contact is open there.
local function take_threads(c)
  for i, thread in ipairs(threads_of(c)) do
    local key = P .. 't:' .. thread
    if string.sub(call('GET', key) or '-', 1, 1) == '-' then
      call('SET', key, c.id)
      if i == 1 then c.threadless = nil end
    end
  end
  mark(c)
end

-- Gives the owner's capacity back; the owner is returned, if there is one.
local function disown(c)
  local name = c.owner
  local a = name and agent(name)
  c.owner = nil
  mark(c)
  if c.state == 'snoozed' then
    call('ZREM', P .. 'z:' .. name, c.id)
    if c.wake then undue('p:' .. c.id) end
    c.wake = nil
  elseif a and a.own[c.id] then
    a.own[c.id] = nil
    a.cnt[c.ch] = a.cnt[c.ch] - 1
    touch(a)
  end
  return a
end

do -- a chunk may have 200 locals: this file's others stay inside

local TALKING = 30000 -- ms until it is looked again whether a call of somebody who has left has ended
local SUMMONED = {120000, 120000, 120000, 1800000} -- ms that a date's contact waits for its former owner, by channel

-- In the queue anew, from the first step on: its age begins now.
local function restart(c)
  c.arrived = c.arrived or c.base
  c.base, c.step, c.deadlines, c.told, c.class, c.state = NOW, nil, nil, nil, nil, nil
  c.prefer, c.direct, c.window = nil, nil, nil
  unlift(c)
  mark(c)
end

-- The class of the step that it is in, also when it never entered.
function own.class_of(c) return route(c).steps[(c.step or 0) + 1].k end

-- Silence isn't measured any more.
function own.unwatch(c)
  if c.quiet then undue('q:' .. c.id) end
  if c.silent then undue('n:' .. c.id) end
  c.quiet, c.silent, c.nudged = nil, nil, nil
  mark(c)
end

-- The owner owes the customer a word: a reminder is due, unless one is already.
function own.await_reply(c)
  if c.answered or c.silent or c.handing or c.state ~= 'active' then return end
  local ms = c.ch ~= VOICE and route(c).nudge
  if not ms then return end
  due('n:' .. c.id, NOW + ms)
  c.silent = 1
  mark(c)
end

-- The customer said something.
function own.heard(c)
  if c.answered then
    c.answered = nil
    mark(c)
  end
  if c.back and c.back.asleep then -- whoever doesn't take it over: it doesn't sleep again
    c.back.asleep = nil
    mark(c)
  end
  if c.quiet then
    undue('q:' .. c.id)
    c.quiet = nil
    mark(c)
  end
  own.await_reply(c)
end

-- Quiet begins: nobody owes anybody a word.
local function await_quiet(c)
  local ms = c.ch ~= VOICE and route(c).quiet
  if not ms then return end
  due('q:' .. c.id, NOW + ms)
  c.quiet = 1
  mark(c)
end

-- An owner's reply went out.
function own.answered(c)
  own.unwatch(c)
  c.answered = 1
  if c.state ~= 'active' or c.handing then return end
  if c.ch ~= VOICE and route(c).quiet == 0 then own.snooze(c, nil, 'quiet') else await_quiet(c) end
end

-- The owner keeps it and has their capacity back.
function own.snooze(c, wake, why)
  if c.handing then own.keep(c, 'snoozed') end
  own.unwatch(c)
  local name = c.owner
  local a = disown(c)
  call('ZADD', P .. 'z:' .. name, c.rank, c.id)
  c.state, c.owner, c.wake = 'snoozed', name, wake
  if wake then due('p:' .. c.id, wake) end
  event('snoozed', c.id, name, nil, cjson.encode({wake = wake or cjson.null, why = why}))
  fill_later(a)
end

-- The handover is off: everything as before it.
function own.keep(c, why)
  rescind_all(c, 'kept')
  leave_queue(c)
  forget_pairs(c)
  local was = c.back
  c.route, c.step, c.base, c.deadlines, c.facts = was.route, was.step, was.base, was.deadlines, was.facts
  c.handing, c.back, c.only, c.told, c.lift = nil, nil, nil, nil, nil
  c.prefer, c.direct, c.window = nil, nil, nil
  c.class = own.class_of(c)
  mark(c)
  event('kept', c.id, c.owner, nil, cjson.encode({why = why, service = route(c).service, facts = c.facts}))
  if was.asleep and why ~= 'snoozed' and why ~= 'completed' then return own.snooze(c, was.wake, 'kept') end
  if c.answered then await_quiet(c) else own.await_reply(c) end
end

-- An offer of it ended so that the agent asked won't take it now: it looks on, unless it was for them alone.
function own.turned_down(c, why)
  if c.only then own.keep(c, why) else push(entering, c) end
end

local function tell_queued(c, why, from, decided, excluded)
  local more = decided and ',"service":' .. cjson.encode(route(c).service) .. ',"facts":' .. cjson.encode(c.facts) or ''
  event('queued', c.id, nil, nil, '{"why":' .. cjson.encode(why) .. ',"from":' .. cjson.encode(from) .. ',"rank":'
    .. digits(c.rank) .. more .. (excluded and ',"exclude":true' or '') .. '}')
end

-- Without its owner: back in the queue with its rank; one that was being handed over goes on as it stands there.
-- The former owner is returned; whether they are filled is the caller's matter.
function own.release(c, why, excluded)
  local from = c.owner
  own.unwatch(c)
  local a = disown(c)
  if c.handing then
    c.handing, c.back, c.only = nil, nil, nil
    c.state = c.offers and 'offered' or nil
    if not c.pairs then call('SREM', P .. 'xs', c.id) end
  else
    restart(c)
  end
  tell_queued(c, why, from, nil, excluded)
  push(entering, c)
  return a
end

-- Why the former owner can't have it back at once, or nil.
function own.no_way_back(c, a, rank)
  if not (a and on_duty(a) and HAS[a.f.on][c.ch]) then return 'owner away' end
  if not HAS[mask_of(a)][c.ch] then return 'owner full' end
  local kept_for = a.drain and contact(a.drain)
  return kept_for and earlier(kept_for.rank, kept_for.id, rank, c.id) and 'owner draining' or nil
end

-- The agent works on it, without an offer: it was theirs.
function own.give_back(c, a, why)
  if c.state == 'snoozed' then disown(c) end
  c.state, c.owner, c.nudged, c.was = 'active', a.name, nil, nil
  a.own[c.id] = c.ch
  a.cnt[c.ch] = a.cnt[c.ch] + 1
  touch(a)
  mark(c)
  event('returned', c.id, a.name, nil, cjson.encode({why = why}))
  own.await_reply(c)
end

-- What is handed over in its sleep goes from its owner's hands, or, when they can't have it now, from the queue.
function own.rouse(c, why_not)
  local name = c.owner
  if not why_not then return own.give_back(c, agent(name), 'transfer') end
  disown(c)
  c.handing, c.back, c.only, c.state = nil, nil, nil, nil
  tell_queued(c, why_not, name)
end

-- From snoozed or closed, because of a message or a date: to its owner if they can have it, else into the queue.
-- `rank`: the one it gets there (nil: its old one); `again`: where in argv the decision is that it follows there.
function own.come_back(c, why, rank, argv, again)
  local name = c.owner or c.was
  local a = name and agent(name)
  rank = rank or c.rank
  local why_not = own.no_way_back(c, a, rank)
  if not why_not then return own.give_back(c, a, why) end
  disown(c)
  c.was, c.nudged = nil, nil
  restart(c)
  if again and route({route = tonumber(argv[again])}).ch ~= c.ch then again = nil end
  if again then
    decide(c, argv, again)
  elseif (why == 'date' or why == 'woken') and a then
    c.prefer, c.window = name, NOW + SUMMONED[c.ch]
  end
  c.rank = rank
  if not park_until(c, again and tonumber(argv[again + 2]), why_not, name or '', again) then
    tell_queued(c, why_not, name or '', again)
    push(entering, c)
  end
end

-- A closed contact is open again; what it is then is the caller's matter.
function own.open_again(c, by, decided)
  c.closed, c.outcome, c.wrap = nil, nil, nil
  take_threads(c)
  event('reopened', c.id, by ~= '' and by or nil, nil, decided and '{"by":"","decision":' .. decided .. '}' or cjson.encode({by = by}))
end

-- A supervisor brings it back, for anybody (the decision at argv[i]) or for an agent.
function own.reopen(c, a, argv, i)
  own.open_again(c, a and a.name or '', not a and decision_told(argv, i) .. ',"facts":' .. cjson.encode(argv[i + 7]))
  c.was = nil
  if not a then
    c.answered = nil
    restart(c)
    decide(c, argv, i)
    if not park_until(c, tonumber(argv[i + 2]), 'reopened', '', true) then
      tell_queued(c, 'reopened', '', true)
      push(entering, c)
    end
    return
  end
  c.answered, c.taken, c.prefer, c.direct, c.window = 1, nil, nil, nil, nil
  if not own.no_way_back(c, a, c.rank) then return own.give_back(c, a, 'reopened') end
  call('ZADD', P .. 'z:' .. a.name, c.rank, c.id)
  c.state, c.owner = 'snoozed', a.name
  event('snoozed', c.id, a.name, nil, '{"wake":null,"why":"reopened"}')
end

-- It ends, whatever it is, without an answer. Fills: its owner, if it cost them, then holders.
function own.discard(c, outcome)
  local name = c.owner
  if name and c.state ~= 'snoozed' then fill_later(agent(name)) end
  rescind_all(c, 'gone')
  leave_queue(c)
  forget_pairs(c)
  own.unwatch(c)
  disown(c)
  if c.wake then undue('p:' .. c.id) end
  if c.wrap then undue('w:' .. c.id) end
  free_thread(c)
  c.handing, c.back, c.only, c.wake, c.wrap = nil, nil, nil, nil, nil
  c.prefer, c.direct, c.window = nil, nil, nil
  c.state, c.outcome, c.closed, c.was = 'closed', outcome, NOW, name
  mark(c)
  event('closed', c.id, name, nil, '{"outcome":' .. cjson.encode(outcome) .. '}')
end

-- ---- leaving -------------------------------------------------------------------------------------------------

-- Their work in hand, in rank order; `fits` says which.
local function work_of(a, wanted)
  local list = {}
  for id in pairs(a.own) do
    local c = contact(id)
    if wanted(c) then list[#list + 1] = c end
  end
  table.sort(list, by_rank)
  return list
end

local function is_active(c) return c.state == 'active' end
local function is_wrapping(c) return c.state == 'wrapping' end

-- Whoever stops being counted, or is another profile now, has a while to come back to their work.
function own.leave(a, reprofiled)
  if a.removing or not next(a.own) or not work_of(a, is_active)[1] then return end
  if reprofiled then a.reprofiled = 1 end
  touch(a)
  if a.leaving then return end
  a.leaving = NOW + (a.f.grace or 300000)
  due('l:' .. a.name, a.leaving)
end

function own.back(a)
  if not a.leaving or a.reprofiled or a.removing then return end
  undue('l:' .. a.name)
  a.leaving = nil
  touch(a)
end

-- More than one call may do: the rest is due now.
function own.leave_rest(a)
  a.leaving = NOW
  due('l:' .. a.name, NOW)
  touch(a)
end

-- Without the calls whose customers are on the line; whether there are any.
local function without_calls(list)
  local left = {}
  for _, c in ipairs(list) do
    if not own.talking(c) then left[#left + 1] = c end
  end
  return left, #left < #list
end

-- Whoever has left ends their calls; then they are looked at again.
local function leave_calls(a)
  a.leaving = NOW + TALKING
  due('l:' .. a.name, a.leaving)
  touch(a)
end

-- l:<agent>: the while is over.
function own.grace_over(a)
  local gone = not on_shift(a)
  local list, talking = without_calls(work_of(a, function(c)
    return is_active(c) and (gone or byte_at(who(own.class_of(c)), a.f.profile) == 0)
  end))
  for i = 1, math.min(#list, BOUND_SWEEP) do own.release(list[i], gone and 'owner left' or 'profile changed') end
  if #list > BOUND_SWEEP then
    own.leave_rest(a)
  elseif talking then
    leave_calls(a)
  else
    a.leaving, a.reprofiled = nil, nil
    touch(a)
  end
  if list[1] and not gone then fill_later(a) end
end

-- What a removed agent had: active work goes back to the queue, as does what they had snoozed unless it has a date;
-- wrap-ups end (`close`). At most `limit`; whether that was all. `patient`: calls are left to them until they end.
function own.clear(a, limit, close, patient)
  local list, talking = work_of(a, is_active), false
  if patient then list, talking = without_calls(list) end
  if #list <= limit then
    for _, id in ipairs(call('ZRANGE', P .. 'z:' .. a.name, 0, limit - #list)) do list[#list + 1] = contact(id) end
  end
  for _, c in ipairs(#list <= limit and work_of(a, is_wrapping) or {}) do list[#list + 1] = c end
  for i = 1, math.min(#list, limit) do
    local c = list[i]
    local wake = c.wake
    if c.state == 'wrapping' then
      close(c, c.outcome)
    elseif wake then
      own.unwatch(c)
      disown(c)
      restart(c)
      if not park_until(c, wake, 'owner removed', a.name) then
        tell_queued(c, 'owner removed', a.name)
        push(entering, c)
      end
    else
      own.release(c, 'owner removed')
    end
  end
  if #list > limit then
    own.leave_rest(a)
  elseif talking then
    leave_calls(a)
  end
  return #list <= limit and not talking
end

end
