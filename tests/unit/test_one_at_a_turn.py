"""Of many who come together the first is on its way before the last has begun."""

from __future__ import annotations

import asyncio

from tierline.channels.turnstile import Turnstile


async def walk(stile: Turnstile, name: str, seen: list[str]) -> None:
    await stile.enter()
    seen.append(f"{name} in")
    await asyncio.sleep(0)
    seen.append(f"{name} on")


async def test_the_first_goes_on_before_the_last_comes_in() -> None:
    stile, seen = Turnstile(), list[str]()
    await asyncio.gather(*(walk(stile, name, seen) for name in "abcd"))
    assert [it for it in seen if it.endswith("in")] == ["a in", "b in", "c in", "d in"]
    assert seen.index("a on") < seen.index("b in") and seen.index("b on") < seen.index("d in")


async def test_who_comes_alone_waits_for_nothing() -> None:
    stile = Turnstile()
    entering = stile.enter()
    try:
        entering.send(None)
    except StopIteration:
        return
    raise AssertionError("waited although nobody else came")


async def test_who_leaves_the_row_holds_nobody_up() -> None:
    stile, seen = Turnstile(), list[str]()
    walking = [asyncio.create_task(walk(stile, name, seen)) for name in "abcd"]
    await asyncio.sleep(0)
    walking[1].cancel()
    walking[2].cancel()
    await asyncio.gather(*walking, return_exceptions=True)
    assert seen == ["a in", "a on", "d in", "d on"]
    await asyncio.gather(walk(stile, "e", seen), walk(stile, "f", seen))
    assert seen[4:] == ["e in", "e on", "f in", "f on"]
