"""Seeded bugs: what each breaks, the passage of the scripts that it replaces, and where it is looked for first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """`kind` of history and the `seed` at which the search for a difference begins."""

    passage: str
    instead: str
    kind: str = "ordinary"
    seed: int = 0


BUGS = {
    "operation id forgotten": Bug("    call('HSET', bucket, op, reply)\n", ""),
    "outside event forgotten": Bug(
        "  if event_key then call('SET', event_key, id .. ' 1', 'EX', EVENT_KEPT) end\n", "", "ordinary", 4
    ),
    "conversation forgotten": Bug("  if thread_key then call('SET', thread_key, id) end\n", ""),
    "rank lost on decline": Bug(
        "  exclude(c, a)\n  own.turned_down", "  exclude(c, a)\n  c.rank = NOW * 1000\n  own.turned_down"
    ),
    "agent not filled after a decline": Bug(
        "  own.turned_down(c, 'declined')\n  fill_later(a)\n",
        "  own.turned_down(c, 'declined')\n",
        "ordinary",
        2,
    ),
    "decline doesn't exclude": Bug("  exclude(c, a)\n  own.turned", "  own.turned"),
    "capacity released at the beginning of the wrap-up": Bug(
        "    due('w:' .. c.id, c.wrap)\n",
        "    due('w:' .. c.id, c.wrap)\n    local a = agent(c.owner)\n    a.cnt[c.ch] = a.cnt[c.ch] - 1\n    touch(a)\n",
    ),
    "two owners: other offers live on after an accept": Bug("  rescind_all(c, 'taken')\n", ""),
    "exclusions live on after an accept": Bug(
        "  forget_pairs(c)\n  c.prefer, c.direct, c.window = nil, nil, nil\n  c.handing, c.back, c.only = nil, nil, nil\n  c.state, c",
        "  c.prefer, c.direct, c.window = nil, nil, nil\n  c.handing, c.back, c.only = nil, nil, nil\n  c.state, c",
        "ordinary",
        3,
    ),
    "accept is no turn": Bug(
        "  a.since, a.misses, a.missed = NOW, 0, nil\n", "  a.misses, a.missed = 0, nil\n"
    ),
    "head of a class left stale": Bug(
        "      call('ZADD', P .. 'h:' .. short(c.ch), head[2], c.class)\n", "", "crowded"
    ),
    "end of an exclusion matches nobody": Bug(
        "  readmit(c, name)\n  push(entering, c)\n", "  readmit(c, name)\n", "crowded"
    ),
    "texts are offered during a call": Bug("  return ch <= CHAT or a.cnt[VOICE] == 0\n", "  return true\n"),
    "a call leaves offered texts standing": Bug(
        "  if c.ch == VOICE then rescind_deferred(a) end\n", "", "ordinary", 2
    ),
    "limit of live offers ignored": Bug(
        "  if #a.offers < a.f.offers then return 'any' end\n", "  if #a.offers < 99 then return 'any' end\n"
    ),
    "cap of a channel ignored": Bug(
        "  if f.cap[ch] >= 0 and a.cnt[ch] >= f.cap[ch] then return false end\n", "", "ordinary", 9
    ),
    "misses in a gap count": Bug(
        "  if not before or NOW - before <= TICK_GAP then return site[1] end\n",
        "  do return site[1] end\n",
        "ordinary",
        9,
    ),
    "nobody is kept free": Bug("      if chosen == a then return true end\n", "", "busy", 5),
    "kept free after leaving": Bug("  recheck_drain(a)\n  if was.shift", "  if was.shift", "crowded"),
    "deadline counts from the offer": Bug("    due('o:' .. c.id .. ':' .. number, held[4])\n", ""),
    "two misses change nothing": Bug("local MISSES = 2 ", "local MISSES = 20 ", "ordinary", 3),
    "age opens no step": Bug("  while i < r.last and instant_of(c, r, i) <= NOW do i = i + 1 end\n", ""),
    "dead class isn't left": Bug(
        " == 0 and by == -1 then due('k:' .. class, NOW) end",
        " == 0 and false then due('k:' .. class, NOW) end",
        "ordinary",
        2,
    ),
    "waits for an agent who left": Bug(
        "  local more = recheck_personal(a)\n", "  local more = false\n", "crowded", 15
    ),
    "offers while the desk is down": Bug(
        "  if not DESK then return nil end\n  place_touched()\n", "  place_touched()\n"
    ),
    "group left in the old index": Bug(
        "    if head[1] then call('ZADD', index, head[2], group) else call('ZREM', index, group) end\n",
        "    if head[1] then call('ZADD', index, head[2], group) end\n",
        seed=2,
    ),
    "search ends at the first class": Bug(
        "    if byte_at(can, tonumber(heads[i])) > 0 then best = better_of(a, heads[i], best) end\n",
        "    if byte_at(can, tonumber(heads[i])) > 0 then\n      best = better_of(a, heads[i], best)\n      if best then return best end\n    end\n",
        "crowded",
    ),
    "own classes in no order": Bug(
        "  table.sort(list, function(x, y) return x[1] < y[1] end)\n", "", "tiny", 17
    ),
    "excluded run cut at a chunk": Bug(
        "    if #ids < size then return nil end\n",
        "    if size > 1 then return nil end\n    if #ids < size then return nil end\n",
        "refusing",
    ),
    "bounded fill leaves nothing to do": Bug(
        "  own.fill_soon(a.name)\nend\n\nlocal function fill_later",
        "end\n\nlocal function fill_later",
        "tiny",
    ),
    "a transfer gives a new rank": Bug(
        "  c.handing, c.only, c.rank = 1, argv[16] == '1' and 1 or nil, rank\n",
        "  c.handing, c.only = 1, argv[16] == '1' and 1 or nil\n",
        "handing",
    ),
    "the former owner goes on paying": Bug(
        "  if from then fill_later(disown(c)) end\n",
        "  if from then fill_later(agent(from)) end\n",
        "handing",
        1,
    ),
    "handed over to its owner": Bug(
        "  return c.owner ~= a.name and on_duty(a)", "  return on_duty(a)", "handing", 1
    ),
    "refused by the one it was for, offered to all": Bug(
        "  if c.only then own.keep(c, why) else push(entering, c) end\n",
        "  push(entering, c)\n",
        "handing",
        7,
    ),
    "kept on the new route": Bug(
        "  c.route, c.step, c.base, c.deadlines, c.facts = was.route, was.step, was.base, was.deadlines, was.facts\n",
        "",
        "handing",
    ),
    "a snooze gives nothing back": Bug(
        "  local a = disown(c)\n  call('ZADD', P .. 'z:'",
        "  local a = agent(name)\n  call('ZADD', P .. 'z:'",
        "handing",
        1,
    ),
    "quiet though the customer wrote": Bug("    undue('q:' .. c.id)\n    c.quiet = nil\n", "", "handing", 2),
    "a snoozed contact sleeps through a message": Bug(
        "  if state == 'snoozed' then own.come_back(c, 'message', rank, argv, again) end\n", "", "handing", 1
    ),
    "back to an owner who is full": Bug(
        "  if not HAS[mask_of(a)][c.ch] then return 'owner full' end\n", "", "handing", 3
    ),
    "a further message moves a rank back": Bug(
        "  if c.answered then rank = rank_of(c, argv, again or 6) end\n",
        "  rank = rank_of(c, argv, again or 6)\n",
        "handing",
        1,
    ),
    "reminded for ever": Bug("    c.nudged = 1\n", "", "handing"),
    "a silent owner is asked again": Bug(
        "    exclude(c, a)\n    fill_later(a)\n", "    fill_later(a)\n", "handing"
    ),
    "reminded beside a held reply": Bug(
        "  if c.silent then undue('n:' .. id) end\n  c.silent, c.nudged = nil, nil\n", "", "handing", 1
    ),
    "gone with their work": Bug(
        "  if moved or (was.shift and not shift) then own.leave(a, moved) end\n", "", "leaving"
    ),
    "back in time and yet robbed": Bug("  if shift then own.back(a) end\n", "", "leaving", 4),
    "a removed agent's dates are forgotten": Bug(
        "    elseif wake then\n", "    elseif false then\n", "leaving", 6
    ),
    "a merged conversation leads nowhere": Bug(
        "      call('SET', P .. 't:' .. thread, into.id)\n", "", "handing", 7
    ),
    "re-opened after any time": Bug("(c.closed or 0) + reopen > NOW)", "true)", "handing", 2),
    "a wrap-up goes on beside a new message": Bug(
        "    undue('w:' .. c.id)\n    c.state = 'active'\n", "    c.state = 'active'\n", "handing", 7
    ),
    "another rank in the old seat": Bug(
        "  if c.seat then unseat(c) end\n  unmark(c)\n  c.rank =", "  unmark(c)\n  c.rank =", "handing"
    ),
    "forgotten while it may be re-opened": Bug(
        "  if c.closed and c.closed + tonumber(argv[4]) > NOW then return answer('stale', c) end\n",
        "",
        "handing",
    ),
    "who couldn't be reached counts as asked": Bug(
        "    if string.sub(said[i + 1], 1, 1) ~= own.PAUSED then set[said[i]] = true end\n",
        "    set[said[i]] = true\n",
        seed=17,
    ),
    "whoever hands over could still be asked": Bug(
        "  if c.handing then set[c.owner] = true end\n", "", "handing"
    ),
    "nobody is there and nobody is told": Bug("  c.alone = c.class\n  mark(c)\n", "  do return end\n"),
    "the last one leaves unnoticed": Bug(
        "  if head then push(entering, contact(head)) end",
        "  if false then push(entering, contact(head)) end",
        seed=20,
    ),
    "handed over in its sleep at no cost": Bug("  if asleep then own.rouse(c, why_not) end\n", "", "handing"),
    "declined, its date is forgotten": Bug(
        "  if was.asleep and why ~= 'snoozed' and why ~= 'completed' then return own.snooze(c, was.wake, 'kept') end\n",
        "",
        "handing",
        seed=3,
    ),
    "asleep though the customer wrote": Bug("    c.back.asleep = nil\n", "", "handing", seed=4),
    "two open contacts in one conversation": Bug(
        "    if string.sub(at, 1, 1) ~= '-' and at ~= c.id then return at end\n", "", "handing", seed=7
    ),
    "decided too early and taken": Bug(
        "  if own.outdated(argv[15]) then return 'stale - 0' end\n",
        "",
        "handing",
    ),
    "held by a closing that is over": Bug(
        "  if own.outdated(argv[6]) then return answer('outdated', c) end\n", "", "handing"
    ),
    "told though it is over": Bug(
        "  if own.outdated(argv[7]) then return answer('outdated', c) end\n", "", "handing"
    ),
    "said twice at once": Bug(
        "  if argv[8] and argv[8] ~= '' and argv[8] ~= (call('HGET', P .. 'm:' .. id, 'n') or '0') then"
        " return answer('stale', c) end\n",
        "",
        "handing",
    ),
    "step ends written over": Bug("  if c.deadlines or c.base ~=", "  if c.base ~=", "handing", seed=6),
    "counted twice": Bug(
        "  if tonumber(call('ZSCORE', all, key) or 0) > NOW - DAY then return '' end\n", "", "calling"
    ),
    "counted to nobody": Bug("  call('ZADD', one, NOW, key)\n", "", "calling"),
    "an hour is for ever": Bug("digits(NOW - HOUR), '+inf')", "digits(NOW - DAY), '+inf')", "calling"),
    "called back and forgotten at once": Bug(
        "  c.state, c.closed, c.threadless, c.recalled = ENDS[argv[14]] and argv[14] or 'closed', NOW, 1, 1\n",
        "  c.state, c.threadless, c.recalled = argv[14], 1, 1\n",
        "handing",
        seed=3,
    ),
    "a leg goes back": Bug("    if RANK[state] <= RANK[was] then\n", "    if false then\n", "calling"),
    "a late word isn't heard": Bug(
        "      if RANK[was] < OVER then call('ZADD', P .. 'legs', NOW, c.id .. ' ' .. sid) end\n",
        "",
        "calling",
    ),
    "an ended leg is asked about for ever": Bug(
        "    call('ZREM', P .. 'legs', c.id .. ' ' .. sid)\n  end\n  local x", "  end\n  local x", "calling"
    ),
    "what was known of a leg is forgotten": Bug(
        "    order, was, about = leg[1], leg[2], leg[4]\n", "    order, was = leg[1], leg[2]\n", "calling"
    ),
    "legs outlive their contact": Bug("  own.forget_legs(c)\n", "", "calling", 6),
    "a fact isn't given back": Bug("'=' .. before\n", "'='\n", "calling", 11),
    "a phone that nobody answers is nobody's miss": Bug(
        "  miss(c, i, argv[6])\n",
        "  fill_later(rescind_offer(c, i, argv[6]))\n  push(entering, c)\n",
        "calling",
    ),
    "answered, and not in time": Bug("  held[4], held[5] = latest, 1\n", "  held[5] = 1\n", "calling"),
    "an answered phone has shown nothing": Bug(
        "  held[4], held[5] = latest, 1\n", "  held[4] = latest\n", "calling"
    ),
    "a deadline is put off for ever": Bug("math.min(instant, NOW + PUT_OFF)", "instant", "calling", 4),
    "the others' phones go on ringing": Bug("    stop_others(c)\n", "", "calling", 4),
    "others are asked beside a claim": Bug(
        "  local most = c.claimed and own.claim(c) and 1 or step.n\n", "  local most = step.n\n", "calling", 4
    ),
    "found by those who come, though claimed": Bug(
        "    if c.seat then unseat(c) end\n    c.claimed", "    c.claimed", "calling"
    ),
    "a claim outlives its offer": Bug(
        "    if held[1] == c.claimed then return held end\n", "    if held then return held end\n", "calling"
    ),
    "two take it": Bug(
        "  if standing and standing[2] ~= name then return answer('taken', c, standing[2]) end\n",
        "",
        "calling",
        33,
    ),
    "put off with each claim": Bug("  if not standing then\n", "  if true then\n", "calling", seed=8),
    "a place that comes later is lost": Bug("    held[6] = argv[5]\n    mark(c)\n", "", "calling", seed=3),
    "torn from a call": Bug("    if not own.talking(c) then left", "    if true then left", "calling", 14),
    "a caller who hung up keeps it": Bug(
        "  if callers ~= 0 then call('HINCRBY', key_of(c), 'callers', callers) end\n",
        "  if callers > 0 then call('HINCRBY', key_of(c), 'callers', callers) end\n",
        "calling",
        14,
    ),
    "left for good amid a call": Bug(
        "  elseif talking then\n    leave_calls(a)\n  else\n", "  else\n", "calling", 15
    ),
    "removed amid a call": Bug(
        "remove(a, BOUND_SWEEP, true) else", "remove(a, BOUND_SWEEP) else", "calling", 14
    ),
    "reminded amid a call": Bug(
        "  local ms = c.ch ~= VOICE and route(c).nudge\n", "  local ms = route(c).nudge\n", "calling"
    ),
}
