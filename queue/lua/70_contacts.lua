-- What happens to a contact. Every act gets its arguments behind the operation id and the instant.

local function json(text) return text == '' and '""' or cjson.encode(text) end

-- Adds a message to the transcript; returns its number. Meta: kind, at, status, agent, provider's id, error, source.
local function add_message(id, kind, body, status, by, source)
  local key = P .. 'm:' .. id
  local n = call('HINCRBY', key, 'n', 1)
  call('HSET', key, n, body, n .. 's', cmsgpack.pack({kind, NOW, status or '', by or '', '', '', source or ''}))
  return n
end

-- Whether a message within `reopen` ms of its end opens the contact again.
local function reopens(c, reopen)
  if not c or reopen <= 0 then return false end
  return c.state == 'wrapping' or (c.state == 'closed' and (c.closed or 0) + reopen > NOW)
end

-- What a customer's further message does: the owner owes an answer; what was snoozed or closed comes back.
-- `argv`: arrive's.
local function follow_up(c, argv)
  local state, again = c.state, argv[16] and 16 or nil
  local rank
  if c.answered then rank = rank_of(c, argv, again or 6) end
  if state == 'wrapping' then
    undue('w:' .. c.id)
    c.state = 'active'
    own.open_again(c, '')
    event('returned', c.id, c.owner, nil, '{"why":"reopened"}')
    local a = agent(c.owner)
    if not on_shift(a) then own.leave(a) end
  elseif state == 'closed' then
    own.open_again(c, '')
  end
  own.heard(c)
  if state == 'closed' then own.come_back(c, 'reopened', rank, argv, again) end
  if state == 'snoozed' then own.come_back(c, 'message', rank, argv, again) end
  work()
end

local ENDS_QUIET = {snoozed = true, closed = true} -- where a message may need the decision that came with it

-- A message that was told before, or one for the contact that is open in its thread: the reply; or nil and the
-- thread's last contact. `t:<thread>` is the open contact, or "-" and the last one.
local function known_arrival(argv, event_key, thread_key)
  local before = event_key and call('GET', event_key)
  if before then return 'duplicate ' .. before end
  local open = thread_key and call('GET', thread_key)
  if not open then return nil end
  local body, ended = argv[3], string.sub(open, 1, 1) == '-'
  if ended then
    open = string.sub(open, 2)
    if not reopens(contact(open), tonumber(argv[14])) then return nil, open end
  end
  local n = add_message(open, 'in', body)
  local again = argv[16] and ENDS_QUIET[contact(open).state or '']
    and ',"again":' .. decision_told(argv, 16) .. ',"facts":' .. json(argv[23]) or ''
  event('message', open, nil, n, '{"kind":"in","body":' .. json(body) .. ',"rank":' .. argv[7] .. ',"reopen":'
    .. (tonumber(argv[14]) or 0) .. again .. '}')
  if event_key then call('SET', event_key, open .. ' ' .. n, 'EX', EVENT_KEPT) end
  follow_up(contact(open), argv)
  return 'added ' .. open .. ' ' .. n
end

-- A contact begins: parked until the decision's date (decision at argv[6]), or queued. `x` is the rest of `arrived`.
local function begin_contact(c, argv, thread, body, x)
  local r, id, wake = route(c), c.id, tonumber(argv[8])
  event('arrived', id, nil, 1, '{"service":' .. json(r.service) .. ',"thread":' .. json(thread) .. ',"facts":'
    .. json(argv[13]) .. ',"parked":' .. tostring(wake ~= nil and wake > NOW) .. ',"body":' .. json(body) .. ',"previous":"'
    .. (c.previous or '') .. '"' .. x .. ',"decision":' .. decision_told(argv, 6) .. '}')
end

local function new_contact(argv, previous)
  local id_number = 1000 + call('HINCRBY', P .. 'site', 'contacts', 1)
  local c = {id = 'C' .. id_number, base = NOW, previous = previous}
  contacts[c.id] = c
  decide(c, argv, 6)
  c.ch = route(c).ch
  call('SADD', P .. 'ids:' .. floor((id_number) / 500), id_number)
  return c
end

local function park_or_enter(c, argv)
  if park_until(c, tonumber(argv[8]), '') then return end
  event('queued', c.id, nil, nil, '{"rank":' .. digits(c.rank) .. '}')
  push(entering, c)
  work()
end

-- Whether what was decided in that situation (none or "": any) may be wrong in the one of now.
function own.outdated(situation)
  return situation and situation ~= '' and situation ~= (call('HGET', P .. 'site', 'situation') or '0')
end

-- arrive: message JSON, event id, thread, decision…, reopen ms, the situation it was decided in ("": any), what a
-- message to a known one decides… → "new|added|duplicate contact n", or "stale - 0" when the situation is another one
function act.arrive(argv)
  if own.outdated(argv[15]) then return 'stale - 0' end
  local body, thread = argv[3], argv[5]
  local event_key = argv[4] ~= '' and P .. 'ev:' .. argv[4] or nil
  local thread_key = thread ~= '' and P .. 't:' .. thread or nil
  local known, previous = known_arrival(argv, event_key, thread_key)
  if known then return known end
  local c = new_contact(argv, previous)
  local id = c.id
  call('HSET', P .. 'm:' .. id, 'n', 1, 't', thread, '1', body, '1s', cmsgpack.pack({'in', NOW, '', '', '', '', ''}))
  if thread_key then call('SET', thread_key, id) end
  if event_key then call('SET', event_key, id .. ' 1', 'EX', EVENT_KEPT) end
  begin_contact(c, argv, thread, body, '')
  park_or_enter(c, argv)
  return 'new ' .. id .. ' 1'
end

-- append: contact, body → n, or "" when there is no such contact
function act.append(argv)
  if not contact(argv[3]) then return '' end
  local n = add_message(argv[3], 'note', argv[4])
  event('message', argv[3], nil, n, '{"kind":"note","body":' .. json(argv[4]) .. '}')
  return tostring(n)
end

local function answer(outcome, c, by, n, instant)
  return outcome .. '|' .. (by or '') .. '|' .. (c and state_of(c) or '') .. '|' .. (n or '0') .. '|'
    .. (instant and digits(instant) or '')
end

-- The offer an act speaks of: its index, or nil and the answer.
local function live_offer(c, name, number)
  if not c then return nil, answer('gone') end
  local i = offer_index(c, name, number)
  if i then return i end
  if c.owner then return nil, answer('taken', c, c.owner) end
  return nil, answer('stale', c)
end

-- The contact has an owner: nobody else is asked, nobody is excluded.
local function take(c, a, i)
  local held = table.remove(c.offers, i)
  undue('o:' .. c.id .. ':' .. short(held[1]))
  for k, it in ipairs(a.offers) do
    if it[1] == c.id then
      table.remove(a.offers, k)
      break
    end
  end
  if not c.offers[1] then c.offers = nil end
  a.own[c.id] = c.ch
  a.since, a.misses, a.missed = NOW, 0, nil
  touch(a)
  fill_later(a)
  local from = c.owner -- who hands it over
  event('accepted', c.id, a.name, held[1],
    cjson.encode({offer = held[1], place = held[6] or '', agent = a.name, from = from}))
  rescind_all(c, 'taken')
  if from then fill_later(disown(c)) end
  leave_queue(c)
  forget_pairs(c)
  c.prefer, c.direct, c.window = nil, nil, nil
  c.handing, c.back, c.only = nil, nil, nil
  c.state, c.owner, c.taken = 'active', a.name, held[1]
  mark(c)
  own.await_reply(c)
  call('HINCRBY', accepted_key(route(c).service), a.f.team, 1)
end

-- accept: contact, offer, agent
function act.accept(argv)
  local c, number, name = contact(argv[3]), tonumber(argv[4]), argv[5]
  local i, no = live_offer(c, name, number)
  if not i then
    if c and c.owner == name and c.taken == number then
      return answer('accepted', c, name)
    end
    return no
  end
  take(c, agent(name), i)
  work()
  return answer('accepted', c, name)
end

-- decline: contact, offer, agent, reason
function act.decline(argv)
  local c = contact(argv[3])
  local i, no = live_offer(c, argv[5], tonumber(argv[4]))
  if not i then return no end
  local a, held = drop_offer(c, i)
  a.misses, a.missed = 0, nil
  event('declined', c.id, a.name, held[1], ended_x(held, argv[6]))
  exclude(c, a)
  own.turned_down(c, 'declined')
  fill_later(a)
  work()
  return answer('ok', c)
end

-- The offer by number, whoever holds it.
local function offer_by_number(c, number)
  for i, held in ipairs(c and c.offers or {}) do
    if held[1] == number then return i end
  end
  return nil
end

-- delivered: contact, offer, place ("": not known yet)
function act.delivered(argv)
  local c, number = contact(argv[3]), tonumber(argv[4])
  local i = offer_by_number(c, number)
  if not i then
    local _, no = live_offer(c, '')
    return no
  end
  local held = c.offers[i]
  if held[5] == 0 then
    held[4], held[5], held[6] = NOW + route(c).offer, 1, argv[5]
    due('o:' .. c.id .. ':' .. number, held[4])
    mark(c)
    event('delivered', c.id, held[2], number, cjson.encode({place = argv[5], due = held[4]}))
  elseif argv[5] ~= '' and (held[6] or '') == '' then -- a phone rang before
    held[6] = argv[5]
    mark(c)
    event('placed', c.id, held[2], number, cjson.encode({place = argv[5]}))
  end
  return answer('ok', c, '', 0, held[4])
end

-- rescind: contact, offer, reason, pause (0: the same agent may be asked at once)
function act.rescind(argv)
  local c = contact(argv[3])
  local i = offer_by_number(c, tonumber(argv[4]))
  if not i then
    local _, no = live_offer(c, '')
    return no
  end
  local pause = tonumber(argv[6] or '0')
  local a = rescind_offer(c, i, argv[5], pause > 0 and pause)
  if pause > 0 then exclude(c, a, NOW + pause, true) end
  own.turned_down(c, argv[5])
  fill_later(a)
  work()
  return answer('ok', c)
end

-- Ends the contact's wrap-up, or its work at once when there is none.
local function close(c, outcome)
  if c.wrap then undue('w:' .. c.id) end
  own.unwatch(c)
  c.was = c.owner
  local a = disown(c)
  c.state, c.wrap, c.outcome, c.closed = 'closed', nil, nil, NOW
  event('closed', c.id, a.name, nil, '{"outcome":' .. json(outcome) .. '}')
  fill_later(a)
end

-- complete: contact, agent ("" for the system), outcome JSON
function act.complete(argv)
  local c, name, outcome = contact(argv[3]), argv[4], argv[5]
  if not c then return answer('gone') end
  if c.state ~= 'active' and c.state ~= 'snoozed' then return answer('stale', c, c.owner) end
  if name ~= '' and name ~= c.owner then return answer('not_owner', c, c.owner) end
  if c.handing then own.keep(c, 'completed') end
  free_thread(c)
  local wrap_up = route(c).wrap
  if wrap_up > 0 and c.state == 'active' then
    own.unwatch(c)
    c.state, c.wrap, c.outcome, c.longer = 'wrapping', NOW + wrap_up, outcome, nil
    due('w:' .. c.id, c.wrap)
    mark(c)
    event('wrapping', c.id, c.owner, nil, '{"until":' .. digits(c.wrap) .. ',"outcome":' .. json(outcome) .. '}')
  else
    close(c, outcome)
  end
  work()
  return answer('ok', c)
end

-- Whether an act on a contact without an owner may go on; else nil and the answer.
local function unowned(c)
  if not c then return nil, answer('gone') end
  if c.state ~= 'active' and placeable(c) or c.state == 'parked' then return c end
  return nil, answer('stale', c, c.owner)
end

-- Out of the queue or the parking place, offers rescinded.
local function pull(c, reason)
  rescind_all(c, reason)
  leave_queue(c)
  if c.wake then undue('p:' .. c.id) end
  c.wake = nil
end

-- park: contact, wake, reason, the situation in which its date was found
function act.park(argv)
  local c, no = unowned(contact(argv[3]))
  if not c then return no end
  if own.outdated(argv[6]) then return answer('outdated', c) end
  pull(c, 'parked')
  local wake = tonumber(argv[4])
  c.state, c.wake = 'parked', wake
  due('p:' .. c.id, wake)
  event('parked', c.id, nil, nil, cjson.encode({wake = wake, reason = argv[5]}))
  work()
  return answer('ok', c)
end

local function wake_up(c)
  undue('p:' .. c.id)
  c.state, c.wake = nil, nil
  mark(c)
  event('woken', c.id)
  push(entering, c)
  work()
end

-- A snoozed contact wakes: its date has come, or somebody wakes it.
local function come_due(c, why)
  if c.wake then undue('p:' .. c.id) end
  c.wake = nil
  event('woken', c.id)
  own.come_back(c, why)
  work()
end

-- wake: contact
function act.wake(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  if c.state == 'snoozed' then
    come_due(c, 'woken')
    return answer('ok', c)
  end
  if c.state ~= 'parked' then return answer('stale', c, c.owner) end
  wake_up(c)
  return answer('ok', c)
end

-- The contact ends without having been answered: abandoned or dead.
local function give_up(c, state, kind, rescinded, reason)
  pull(c, rescinded)
  forget_pairs(c)
  free_thread(c)
  c.prefer, c.direct, c.window = nil, nil, nil
  c.state, c.closed = state, NOW
  mark(c)
  event(kind, c.id, nil, nil, cjson.encode({reason = reason}))
  work()
end

-- abandon: contact, reason
function act.abandon(argv)
  local c, no = unowned(contact(argv[3]))
  if not c then return no end
  give_up(c, 'abandoned', 'abandoned', 'gone', argv[4])
  return answer('ok', c)
end

-- dead_letter: contact, reason
function act.dead_letter(argv)
  local c, no = unowned(contact(argv[3]))
  if not c then return no end
  give_up(c, 'dead', 'dead', 'gone', argv[4])
  return answer('ok', c)
end

-- revive: contact
function act.revive(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  if c.state ~= 'dead' and c.state ~= 'abandoned' then return answer('stale', c, c.owner) end
  if c.recalled then return answer('gone') end
  local newer = own.goes_on_in(c)
  if newer then return answer('elsewhere', c, newer) end
  c.state, c.closed = nil, nil
  take_threads(c)
  event('revived', c.id)
  push(entering, c)
  work()
  return answer('ok', c)
end

-- Rescinds the live offers that the step the contact is in now doesn't admit.
local function rescind_unadmitted(c)
  local whom = who(c.class)
  for i = #(c.offers or {}), 1, -1 do
    local a = agent(c.offers[i][2])
    if byte_at(whom, a.f.profile) == 0 then c.offers[i].out = true end
  end
  local i = 1
  while c.offers and c.offers[i] do
    if c.offers[i].out then fill_later(rescind_offer(c, i, 'rerouted')) else i = i + 1 end
  end
end

-- reroute: contact, channel (which can't change), the route it must still have ("": any), decision…
function act.reroute(argv)
  local c, no = unowned(contact(argv[3]))
  if not c then return no end
  if tonumber(argv[4]) ~= c.ch then return 'channel' end
  if argv[5] ~= '' and tonumber(argv[5]) ~= c.route then return answer('stale', c) end
  local service = route(c).service
  if c.seat then unseat(c) end
  unmark(c)
  if c.wake then undue('p:' .. c.id) end
  c.state, c.wake = c.offers and 'offered' or nil, nil
  decide(c, argv, 6)
  local r = route(c)
  if r.service ~= service then
    c.arrived = c.arrived or c.base
    c.base = NOW
  end
  c.step, c.told, c.class = nil, nil, nil
  unlift(c)
  event('rerouted', c.id, nil, nil, '{"service":' .. json(r.service) .. ',"rank":' .. digits(c.rank) .. ',"facts":'
    .. json(argv[13]) .. ',"decision":' .. decision_told(argv, 6) .. '}')
  local parked_until = tonumber(argv[8])
  if parked_until and parked_until > NOW then
    rescind_all(c, 'rerouted')
    leave_queue(c)
    park_until(c, parked_until, '')
  else
    settle(c, r)
    rescind_unadmitted(c)
    enter(c)
  end
  work()
  return answer('ok', c)
end

-- retime: contact, base, "instant,…" → the ends of its steps, counted from `base` in its service's open hours. Once: what
-- has them, or began anew meanwhile, keeps its own.
function act.retime(argv)
  local c = contact(argv[3])
  if not c then return answer('gone') end
  if c.deadlines or c.base ~= tonumber(argv[4]) or not (placeable(c) or c.state == 'parked') then
    return answer('stale', c, c.owner)
  end
  c.deadlines = {}
  for _, instant in ipairs(words(argv[5])) do table.insert(c.deadlines, tonumber(instant)) end
  mark(c)
  event('retimed', c.id, nil, nil, '{"base":' .. argv[4] .. ',"deadlines":"' .. argv[5] .. '"}')
  if placeable(c) then push(entering, c) end
  work()
  return answer('ok', c)
end
