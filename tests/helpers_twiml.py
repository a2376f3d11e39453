"""Our own TwiML, read as Twilio would read it: whatever it would warn of is a defect of ours."""

from __future__ import annotations

from xml.etree import ElementTree

from tierline.sandbox.voice_twiml import Document, Place, read_voice


def checked(
    answer: bytes | str, *, place: Place = "call", content_type: str = "text/xml; charset=utf-8"
) -> Document:
    """The document, when Twilio would neither refuse it, warn of it, nor leave an end of it unreached."""
    body = answer.encode() if isinstance(answer, str) else answer
    read = read_voice(200, content_type, body, place=place)
    assert isinstance(read, Document), f"refused: {read}"
    assert not read.warnings, f"warned of: {read.warnings} in {body.decode()}"
    written = [it.tag for it in ElementTree.fromstring(body)]
    assert [it.name for it in read.verbs] == written, f"never reached: {written[len(read.verbs) :]}"
    return read
