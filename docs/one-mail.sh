#!/bin/sh
# A customer's mail, played by script on a running sandbox (`make run`), through its API only: it is offered and taken, the
# reply arrives as a mail with the right headers, the customer's answer joins the same contact, a bounce shows at the reply
# that came back, and a note of absence is never answered. Prints what each person saw; exits 1 on the first difference.
# Begins with a reset of the stage.
#
#   docs/one-mail.sh                                            the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/one-mail.sh        another one
set -eu
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" <<'PLAY'
import json
import re
import time
import urllib.request
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import quote
from zoneinfo import ZoneInfo

from play import BASE, OPENER, buttons, call, fail, payload, saw, scene, stage, until, words

EVA, JONAS = "eva@customer.example", "jonas@weber.example"
BERLIN = ZoneInfo("Europe/Berlin")


def post_mail(raw, to, sender=None):
    """A mail by SMTP, as its customer's program hands it over."""
    query = f"?to={quote(to)}" + ("" if sender is None else f"&from={quote(sender)}")
    request = urllib.request.Request(f"{BASE}/sandbox/api/mail{query}", raw, {"Content-Type": "message/rfc822"})
    with OPENER.open(request, timeout=60) as answer:
        said = json.load(answer)
    if not said["accepted"]:
        fail(f"the mail was not taken: {said}")
    return said


def written(sender, to, subject, text, **headers):
    it = EmailMessage()
    it["From"], it["To"], it["Subject"] = sender, to, subject
    it["Date"] = datetime.fromisoformat(stage("/state")["time"])
    it["Message-ID"] = f"<{time.time_ns()}@{parseaddr(sender)[1].partition('@')[2]}>"
    for name, value in headers.items():
        it[name.replace("_", "-")] = value
    it.set_content(text)
    saw(parseaddr(sender)[0] or sender, f"writes “{subject}”: {text}")
    return it.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def inbox(address):
    return stage(f"/mail?address={quote(address)}")


def contacts(customer):
    return call(f"/product/api/v1/contacts?customer={quote(customer)}")


def when_it_is(customer, **wanted):
    """The customer's latest contact, once it is as wanted."""
    def look():
        found = contacts(customer)
        return found[-1] if found and all(found[-1][key] == value for key, value in wanted.items()) else None
    return until(f"a contact with {wanted}", look)


def slash(person, text):
    answer = stage("/slack/command", {"user": person["user"], "channel": person["dm"], "command": "/tierline", "text": text})
    answer = answer.get("response") or answer
    return words(answer) or answer.get("text", "")


def press(person, message, action, value=None):
    body = {"user": person["user"], "channel": message["channel"], "ts": message["ts"], "action_id": action}
    return stage("/slack/act", body if value is None else {**body, "value": value})


def offer(person, customer_words):
    """The card of a live offer in a person's direct messages."""
    def look():
        cards = stage(f"/slack/messages?user={person['user']}")
        return next((m for m in cards if "offer.accept" in buttons(m) and customer_words in words(m)), None)
    return until(f"an offer for {person['name']}", look, 40)


def head(contact_id, channel):
    """The first message of the contact's thread in a channel."""
    place = rooms[channel]
    def look():
        found = stage(f"/slack/messages?channel={place}")
        return next((m for m in found if payload(m).get("contact") == contact_id and not m.get("thread_ts")), None)
    return until(f"a thread for {contact_id} in {channel}", look)


def lines(first):
    found = stage(f"/slack/messages?channel={first['channel']}")
    return [m for m in found if m.get("thread_ts") == first["ts"] and not m.get("deleted")]


def say(person, first, text):
    saw(f"{person['name']} writes", text)
    return stage("/slack/reply", {"user": person["user"], "channel": first["channel"], "thread_ts": first["ts"], "text": text})

stage("/reset", {})
state = stage("/state")
people = {person["name"]: person for person in stage("/slack/people")}
ada = people["Ada"]
rooms = {"#" + room["name"].lstrip("#"): room["id"] for room in state["channels"]}
support = state["mailboxes"][0]
now = datetime.fromisoformat(state["time"]).astimezone(BERLIN)
tuesday = now + timedelta(days=(1 - now.weekday()) % 7 or 7)
moved = stage("/clock", {"at": tuesday.replace(hour=9, minute=0, second=0, microsecond=0).isoformat()})
saw("the stage", f"it is {datetime.fromisoformat(moved['time']).astimezone(BERLIN):%A %H:%M} in Berlin")
saw("Ada", slash(ada, "available"))

scene("Eva writes a mail, Ada takes it")
first_mail = written(f"Eva Brandt <{EVA}>", support, "Quota of my mailbox", "How do I raise the quota of my mailbox?")
post_mail(first_mail, support)
post_mail(first_mail, support)  # her server hadn't heard the answer
card = offer(ada, "quota of my mailbox")
saw("Ada", words(card))
press(ada, card, "offer.accept")
it = when_it_is(EVA, state="active")
thread = head(it["id"], "#support")
saw("#support", words(thread))
if len(contacts(EVA)) != 1:
    fail("one mail sent twice is two contacts")

scene("Ada answers, and Eva gets a mail")
say(ada, thread, "// she asked in spring, too")
say(ada, thread, "Under Settings, Mailbox. I look at it with you.")
got = until("Ada's answer in Eva's inbox", lambda: [m for m in inbox(EVA) if "Under Settings" in m["text"]])[0]
for name in ("From", "To", "Subject", "In-Reply-To", "References", "Reply-To", "Message-ID"):
    saw("Eva", f"{name}: {got['headers'].get(name, '')}")
saw("Eva", got["text"].replace("\n", " / "))
asked = re.search(rb"Message-ID: (<[^>]+>)", first_mail)[1].decode()
if got["in_reply_to"] != asked or asked not in got["references"]:
    fail("it doesn't answer Eva's mail")
if parseaddr(got["from"])[1] != support or got["subject"] != "Re: Quota of my mailbox":
    fail(f"it comes from {got['from']} as {got['subject']}")
if "in spring" in json.dumps(inbox(EVA)):
    fail("a note reached Eva")

scene("Eva answers: the same contact")
answer = written(f"Eva Brandt <{EVA}>", got["reply_to"], "Re: Quota of my mailbox", "That worked, and what does it cost?",
                 In_Reply_To=got["message_id"], References=f"{asked} {got['message_id']}")
post_mail(answer, parseaddr(got["reply_to"])[1])
shown = until("her answer in the thread", lambda: [m for m in lines(thread) if "what does it cost" in words(m)])
saw("#support", words(shown[-1]))
if len(contacts(EVA)) != 1:
    fail("her answer is another contact")

scene("A reply comes back: it shows at that reply")
sent = say(ada, thread, "Nothing at all: it is in your contract.")
second = until("it in her inbox", lambda: [m for m in inbox(EVA) if "in your contract" in m["text"]])[0]
stage(f"/mail/{second['n']}/bounce", {"status": "5.2.2", "text": "Mailbox full"})
bounced = until("why, at the reply", lambda: [m for m in lines(thread) if "full" in words(m).lower()])
saw("#support", words(bounced[-1]))
if len(contacts(EVA)) != 1:
    fail("the bounce is a contact of its own")

scene("Jonas is out of office: nobody answers his program")
stage("/mail/away", {"address": JONAS, "on": True, "bare": True})
post_mail(written(f"Jonas Weber <{JONAS}>", support, "My domain", "How do I move my domain to you?"), support)
card = offer(ada, "move my domain")
press(ada, card, "offer.accept")
his = when_it_is(JONAS, state="active")
say(ada, head(his["id"], "#support"), "Send me its name and I start today.")
until("Ada's answer in his inbox", lambda: [m for m in inbox(JONAS) if "I start today" in m["text"]])
notes = until("his program's notes", lambda: [
    m for m in stage(f"/mail/box?address={quote(JONAS)}") if m["way"] == "in" and "Out of office" in m["subject"]])
saw("his program", notes[0]["subject"])
time.sleep(3)
after = [m for m in inbox(JONAS) if m["n"] > notes[0]["n"] and "Auto-Submitted" in m["headers"]]
if after:
    fail(f"a robot was answered: {[m['subject'] for m in after]}")
if len(contacts(JONAS)) != 1:
    fail("his program's note is a contact of its own")
saw("the stage", f"{len(notes)} note(s) of absence, none answered")

print("\nEverybody saw what they should.")
PLAY
