"""What a leg hears while there is neither router nor plan: constant, and written without anything that could fail."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ..phone import Turn

LAST_TURN = 5
"""So often somebody is put off like this; afterwards they are asked to call again."""
SORRY = """\
<Say voice="Polly.Amy" language="en-GB">We are sorry, we have a technical problem. Please hold the line.</Say>
<Say voice="Polly.Vicki" language="de-DE">Entschuldigung, wir haben ein technisches Problem. Bitte bleiben Sie dran.</Say>
<Pause length="3"/>
<Redirect method="POST">{again}</Redirect>"""
GOODBYE = """\
<Say voice="Polly.Amy" language="en-GB">We are sorry, we cannot take your call now.
Please call again later. Goodbye.</Say>
<Say voice="Polly.Vicki" language="de-DE">Leider können wir Ihren Anruf jetzt nicht annehmen.
Bitte rufen Sie später noch einmal an. Auf Wiederhören.</Say>
<Hangup/>"""
HELD = """\
<Play>{music}</Play>
<Redirect method="POST">{again}</Redirect>"""
"""On hold only Play, Say, Pause and Redirect are allowed, and nobody is to be told of a fault."""
DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'


def standby(turn: Turn, turns: int, again: str, music: str) -> str:
    """The document for a leg that asked `turn` and was put off `turns` times; `again` asks once more."""
    if turn == "held":
        return DOCUMENT.format(HELD.format(music=escape(music), again=escape(again)))
    return DOCUMENT.format(GOODBYE if turns >= LAST_TURN else SORRY.format(again=escape(again)))
