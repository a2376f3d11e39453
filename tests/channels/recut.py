"""Other requests with the same signature: Twilio signs names and values sorted and joined, with nothing between (SEC3)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence


def joined(form: Mapping[str, str]) -> str:
    return "".join(name + form[name] for name in sorted(form))


def recut(form: Mapping[str, str], rng: random.Random, known: Sequence[str]) -> dict[str, str] | None:
    """Another form whose names and values, sorted and joined, are the same text; None when the dice fall badly."""
    pieces = [(name, form[name]) for name in sorted(form)]
    for _ in range(rng.randint(1, 5)):
        i = rng.randrange(len(pieces))
        name, value = pieces[i]
        match rng.randrange(4):
            case 0 if i:  # this field becomes the end of the one before
                before = pieces[i - 1]
                pieces[i - 1 : i + 1] = [(before[0], before[1] + name + value)]
            case 1 if len(name) > 1:  # the name ends earlier
                end = rng.randrange(1, len(name))
                pieces[i] = (name[:end], name[end:] + value)
            case 2 if value:  # the name ends later
                end = rng.randint(1, len(value))
                pieces[i] = (name + value[:end], value[end:])
            case _:  # a field more, out of the value of a long one
                i = max(range(len(pieces)), key=lambda n: len(pieces[n][1]) * rng.random())
                name, value = pieces[i]
                starts = [at for at, c in enumerate(value) if c.isupper()]
                if not starts:
                    return None
                at = rng.choice(starts)
                end = rng.randint(at + 1, min(len(value), at + 16))
                there = [n for n in known if value.startswith(n, at)]
                if there and rng.random() < 0.8:
                    end = at + len(rng.choice(there))
                pieces[i : i + 1] = [(name, value[:at]), (value[at:end], value[end:])]
    names = [name for name, _ in pieces]
    return dict(pieces) if names == sorted(set(names)) else None
