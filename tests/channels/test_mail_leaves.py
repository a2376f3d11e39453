"""An agent's reply leaves by mail, through aiosmtplib, to a real SMTP server on loopback."""

from __future__ import annotations

import base64
import json
from email import message_from_string, policy
from pathlib import Path

import pytest
from helpers_app import Inside, inside
from helpers_mail import BOX, EVA, MAILS, Json, arrives, got, mail, replies, shown, taken, thread


@pytest.mark.promise("mail-reply")
async def test_a_reply_is_a_mail_of_the_mailbox_that_was_written_to(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await replies(it, at, "Look at <https://help.example/1>:\n• first\n• second")
        sent = (await it.until(lambda: got(it, "first")))[0]
        assert sent["from"] == f'"Ada (inside)" <{BOX}>' and sent["to"] == EVA
        assert sent["subject"] == "Re: My invoice"
        assert sent["in_reply_to"] == "<1@customer.example>" and sent["references"] == [
            "<1@customer.example>"
        ]
        assert sent["reply_to"].startswith("support+c.") and sent["reply_to"].endswith("@inside.example")
        assert sent["envelope"]["from"].startswith(f"support+b.{contact.lower()}.")
        assert "Auto-Submitted" not in sent["headers"]
        assert "<ul><li>first</li><li>second</li></ul>" in sent["html"]

        async def receipt() -> bool:
            found = [m for m in await it.app.queue.messages(contact) if m.kind == "reply"]
            return found[0].status == "sent" and found[0].provider_id == sent["message_id"]

        assert await it.until(receipt)


@pytest.mark.promise("mail-files")
async def test_files_of_the_thread_are_attached_as_they_were_shared(tmp_path: Path) -> None:
    content = b"%PDF-1.7\0" + bytes(range(256)) * 300
    async with inside(tmp_path, MAILS) as it:
        _, at = await taken(it)
        body = {"user": it.person("Ada").slack, "filename": "Angebot Ü.pdf", "text": "Here it is"}
        await it.call("/slack/upload", {**body, "base64": base64.b64encode(content).decode(), **at})
        sent = (await it.until(lambda: got(it, "Here it is")))[0]
        assert [(a["name"], a["size"]) for a in sent["attachments"]] == [("Angebot Ü.pdf", len(content))]
        parts = message_from_string(sent["raw"], policy=policy.default).iter_attachments()
        assert [part.get_payload(decode=True) for part in parts] == [content]


@pytest.mark.promise("mail-reach")
async def test_an_agent_writes_the_first_mail_and_the_answer_comes_to_them(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        sent = await _begun(it)
        assert sent["subject"] == "Your order" and not sent["in_reply_to"] and BOX in sent["from"]
        await _comes_back(it, sent, sent["message_id"])


@pytest.mark.promise("mail-reach")
async def test_a_second_mail_before_any_answer_goes_on_from_the_first(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        first = await _begun(it)
        await replies(it, await thread(it, "C1001"), "And the invoice follows.")
        second = (await it.until(lambda: got(it, "invoice follows")))[0]
        assert second["in_reply_to"] == first["message_id"] and second["references"] == [first["message_id"]]
        assert second["message_id"] != first["message_id"] and second["subject"] == "Re: Your order"
        await replies(it, await thread(it, "C1001"), "And a third word.")
        third = (await it.until(lambda: got(it, "third word")))[0]
        both = [first["message_id"], second["message_id"]]
        assert third["in_reply_to"] == both[1] and third["references"] == both
        await _comes_back(it, third, both[0])


async def _begun(it: Inside) -> Json:
    """The first mail of a conversation that Ada begins, as Eva gets it."""
    await it.slash("Ada", "available")
    who = it.person("Ada")
    assert "Write" in await it.slash("Ada", "mail Eva Brandt")
    command = {"user": who.slack, "channel": who.dm, "command": "/tierline", "text": "mail Eva Brandt"}
    answer = await it.call("/slack/command", command)
    value = next(
        e["value"]
        for block in answer["response"]["blocks"]
        if block["type"] == "actions"
        for e in block["elements"]
    )
    press = {
        "user": who.slack,
        "channel": who.dm,
        "ts": answer["response"]["ts"],
        "action_id": "form.reach",
    }
    await it.call("/slack/act", {**press, "value": value})

    async def form() -> dict[str, object] | None:
        views = await it.call(f"/slack/views?user={who.slack}")
        return next((v for v in views if "Title" in json.dumps(v)), None)

    view = await it.until(form)
    values = {"service": "help", "subject": "Your order", "text": "It has left today."}
    await it.call("/slack/submit", {"user": who.slack, "view_id": view["id"], "values": values})
    return (await it.until(lambda: got(it, "left today")))[0]


async def _comes_back(it: Inside, sent: Json, to: str) -> None:
    """Eva's answer to the mail with the id `to`."""
    answered = mail("Thank you!", "9", "Re: Your order", In_Reply_To=to)
    async with it.http.post(
        f"{it.base}/sandbox/api/mail",
        params={"to": sent["reply_to"], "from": EVA},
        data=answered,
        headers={"Content-Type": "message/rfc822"},
    ) as taken_in:
        assert (await taken_in.json())["accepted"]
    at = await thread(it, "C1001")

    async def comes() -> bool:
        return "Thank you!" in await shown(it, at)

    await it.until(comes)
    assert [c["id"] for c in await it.contacts(EVA)] == ["C1001"]


@pytest.mark.promise("mail-own-texts")
async def test_a_text_of_the_plan_is_a_mail_that_no_program_answers(tmp_path: Path) -> None:
    plan = MAILS + 'texts: {received: {en: "We have it."}}\n'
    async with inside(tmp_path, plan) as it:
        await arrives(it, "Please help")
        sent = (await it.until(lambda: got(it, "We have it.")))[0]
        assert sent["headers"]["Auto-Submitted"] == "auto-replied" and sent["envelope"]["from"] == ""
        assert sent["from"] == f"inside <{BOX}>" and sent["subject"] == "Re: My invoice"


def _section(*elements: dict[str, object]) -> dict[str, object]:
    return {"type": "rich_text_section", "elements": list(elements)}


def _item(text: str) -> dict[str, object]:
    return _section({"type": "text", "text": text})


@pytest.mark.promise("mail-formatting")
async def test_what_an_agent_formats_in_slack_is_formatted_in_the_mail(tmp_path: Path) -> None:
    link = {"type": "link", "url": "https://help.example/1", "text": "our guide"}
    bold = {"type": "text", "text": "first", "style": {"bold": True}}
    lists = {"type": "rich_text_list", "style": "ordered", "elements": [_item("unplug <it>"), _item("wait")]}
    parts = [
        _section({"type": "text", "text": "Do this "}, bold, {"type": "text", "text": ", see "}, link),
        lists,
    ]
    typed = {
        "text": "Do this *first*, see <https://help.example/1|our guide>\n1. unplug &lt;it&gt;\n2. wait",
        "blocks": [{"type": "rich_text", "elements": parts}],
    }
    async with inside(tmp_path, MAILS) as it:
        _, at = await taken(it)
        await it.call("/slack/reply", {"user": it.person("Ada").slack, **typed, **at})
        sent = (await it.until(lambda: got(it, "Do this")))[0]
        assert "<strong>first</strong>" in sent["html"]
        assert '<a href="https://help.example/1">our guide</a>' in sent["html"]
        assert "<ol><li>unplug &lt;it&gt;</li><li>wait</li></ol>" in sent["html"]
        assert (
            "Do this first, see our guide (https://help.example/1)\n1. unplug <it>\n2. wait" in sent["text"]
        )
