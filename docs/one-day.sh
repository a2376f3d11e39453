#!/bin/sh
# One day at the desk, played by script on a running sandbox (`make run`), through its API only: Ada's morning (Home,
# duty, an offer, a note, a reply), lunch, what waits meanwhile, a hand-over to the outsourced team and how it ended, a
# supervisor's board, her new rule by forms, its way back, and the evening's numbers. Prints what each person saw; exits
# 1 on the first difference. Begins with a reset of the stage.
#
#   docs/one-day.sh                                            the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/one-day.sh        another one
set -eu
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" <<'PLAY'
import json
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from play import buttons, call, contact, fail, payload, saw, scene, stage, texts, until, words

EVA, JONAS, PRIYA = "+4915112345678", "+4915123456789", "+447700900123"
BERLIN = ZoneInfo("Europe/Berlin")


def when_it_is(customer, **wanted):
    """The customer's latest contact, once it is as wanted."""
    def look():
        it = contact(customer)
        return it if all(it[key] == value for key, value in wanted.items()) else None
    return until(f"a contact with {wanted}", look)


def text(customer, words_of_theirs, to=0):
    saw("a customer writes", words_of_theirs)
    stage("/sms", {"from": customer, "to": state["numbers"][to], "text": words_of_theirs})


def slash(person, text):
    answer = stage("/slack/command", {"user": person["user"], "channel": person["dm"], "command": "/tierline", "text": text})
    answer = answer.get("response") or answer
    return words(answer) or answer.get("text", "")


def told(person, text):
    """A message to a person that shows `text`, the latest."""
    def look():
        found = stage(f"/slack/messages?user={person['user']}")
        return [m for m in found if text in words(m) and not m.get("deleted")]
    return until(f"“{text}” for {person['name']}", look)[-1]


def press(person, message, action, value=None):
    body = {"user": person["user"], "channel": message["channel"], "ts": message["ts"], "action_id": action}
    return stage("/slack/act", body if value is None else {**body, "value": value})


def home(person, text):
    """A person's Home, once it shows `text`."""
    stage("/slack/home", {"user": person["user"]})
    def look():
        shown = stage(f"/slack/home?user={person['user']}")
        return words(shown) if shown and text in words(shown) else None
    return until(f"“{text}” in {person['name']}'s Home", look)


def form(person, text):
    """The form that a person has open, once it shows `text`."""
    def look():
        views = stage(f"/slack/views?user={person['user']}")
        return next((v for v in views if text in json.dumps(v, ensure_ascii=False)), None)
    return until(f"a form with “{text}” for {person['name']}", look)


def option(view, field, name):
    """The option of a menu that begins with `name`."""
    block = next(b for b in view["blocks"] if b.get("block_id") == field)
    return next(o["value"] for o in block["element"]["options"] if o["text"]["text"].startswith(name))


def send(person, view, **values):
    return stage("/slack/submit", {"user": person["user"], "view_id": view["id"], "values": values})


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


def accept(person, customer, customer_words):
    card = offer(person, customer_words)
    saw(person["name"], words(card))
    press(person, card, "offer.accept")
    return when_it_is(customer, state="active")


def clock(hour, minute=0):
    it = datetime.fromisoformat(stage("/state")["time"]).astimezone(BERLIN)
    at = it.replace(hour=hour, minute=minute, second=0, microsecond=0)
    moved = stage("/clock", {"at": at.isoformat()})
    saw("the stage", f"it is {datetime.fromisoformat(moved['time']).astimezone(BERLIN):%A %H:%M} in Berlin")


def shorter(text, most=420):
    return text if len(text) <= most else text[:most].rstrip() + " …"

stage("/reset", {})
state = stage("/state")
people = {person["name"]: person for person in stage("/slack/people")}
ada, emil, chiara, mira = (people[name] for name in ("Ada", "Emil", "Chiara", "Mira"))
rooms = {"#" + room["name"].lstrip("#"): room["id"] for room in state["channels"]}

scene("A Tuesday, nine in the morning")
now = datetime.fromisoformat(state["time"]).astimezone(BERLIN)
tuesday = now + timedelta(days=(1 - now.weekday()) % 7 or 7)
moved = stage("/clock", {"at": tuesday.replace(hour=9, minute=0, second=0, microsecond=0).isoformat()})
saw("the stage", f"it is {datetime.fromisoformat(moved['time']).astimezone(BERLIN):%A %H:%M} in Berlin")
saw("Ada's Home", shorter(home(ada, "ffline")))
saw("Ada", slash(ada, "available"))
saw("Ada's Home", shorter(home(ada, "vailable")))

scene("Eva asks, Ada answers")
text(EVA, "How do I raise the quota of my mailbox?")
first = accept(ada, EVA, "quota of my mailbox")
thread = head(first["id"], "#support")
saw("#support", words(thread))
say(ada, thread, "// she asked in spring, too")
say(ada, thread, "Under Settings, Mailbox. I look at it with you.")
got = until("Ada's answer on Eva's phone", lambda: [m for m in texts(EVA) if "Under Settings" in m["text"]])
saw("Eva", got[0]["text"])
if any("in spring" in m["text"] for m in texts(EVA)):
    fail("a note reached Eva")
saw("Ada's Home", shorter(home(ada, first["id"])))

scene("Lunch, and Jonas has to wait")
saw("Ada", slash(ada, "away 45m lunch"))
text(JONAS, "How do I move my domain to you?")
waits = when_it_is(JONAS, state="waiting")
saw("Mira's board", shorter(slash(mira, "board"), 700))
clock(9, 50)
back = told(ada, "break is over")
saw("Ada", words(back))
press(ada, back, "agent.available")
second = accept(ada, JONAS, "move my domain")
if second["id"] != waits["id"]:
    fail(f"Jonas waited as {waits['id']} and came as {second['id']}")

scene("Eva's question goes to the outsourced team")
saw("Emil", slash(emil, "available"))
saw("Ada", slash(ada, f"transfer {first['id']} team nightowl please watch it until tonight"))
theirs = offer(emil, "quota of my mailbox")
saw("Emil", words(theirs))
press(emil, theirs, "offer.accept")
until("Emil's contact", lambda: (contact(EVA)["owner"] or {}).get("name") == "Emil")
night = head(first["id"], "#support-nightowl")
saw("#support-nightowl", words(night))
shown = json.dumps([words(m) for m in [night, *lines(night)]], ensure_ascii=False)
if "in spring" not in shown or "Under Settings" not in shown:
    fail("the new thread doesn't show what was said and noted before")
over = until("the end of Ada's thread", lambda: [m for m in lines(thread) if "Emil" in words(m)])
saw("#support", words(over[-1]))
until("the end of the old thread's buttons", lambda: "contact.close" not in buttons(head(first["id"], "#support")))
say(emil, night, "The quota is raised: 20 GB from now on.")
until("Emil's answer on Eva's phone", lambda: [m for m in texts(EVA) if "20 GB" in m["text"]])
press(emil, night, "contact.close")
closing = form(emil, "How did it end?")
saw("Emil", "fills in " + ", ".join(b["label"]["text"] for b in closing["blocks"] if b["type"] == "input"))
asked = {b["block_id"]: b["element"] for b in closing["blocks"] if b["type"] == "input"}
send(emil, closing, **{k: e["options"][0]["value"] if "options" in e else "quota" for k, e in asked.items()})
when_it_is(EVA, state="closed")
ended = told(ada, f"{first['id']}")
saw("Ada", words(ended))

scene("Mira sends questions about quotas to customer service")
saw("Mira", shorter(slash(mira, "plan")))
overview = told(mira, "*Plan version")
press(mira, overview, "form.rules")
picks = form(mira, "What shall happen?")
send(mira, picks, pick=option(picks, "pick", "1. "), do=option(picks, "do", "A new one before"))
rule = form(mira, "New: rule")
send(mira, rule, name="quotas", any="quota\nstorage", service=option(rule, "service", "orders"))
look = form(mira, "What changes")
saw("Mira reads", shorter(words(look), 600))
send(mira, look, waiting=option(look, "waiting", "Those who wait"), reason="quotas are sold, not explained")
saw("Mira", words(told(mira, "of the plan is active")))
saw("Chiara", slash(chiara, "available"))
text(PRIYA, "I need more storage, please")
third = accept(chiara, PRIYA, "more storage")
if third["service"] != "orders":
    fail(f"Priya's question went to {third['service']}")
why = call(f"/product/api/v1/contacts/{third['id']}/why")
saw("why?", why["text"])

scene("And takes it back")
slash(mira, "plan")
press(mira, told(mira, "*Plan version 2"), "form.versions")
back = form(mira, "Go back to")
field = next(b["block_id"] for b in back["blocks"] if b["type"] == "input" and "options" in b["element"])
send(mira, back, **{field: option(back, field, "1")})
look = form(mira, "What changes")
send(mira, look, waiting=option(look, "waiting", "New"), reason="it was too wide")
saw("Mira", words(told(mira, "*Version 3*")))

scene("The evening")
clock(17, 0)
saw("Ada", slash(ada, "offline"))
saw("Ada's Home", shorter(home(ada, "ffline"), 900))
saw("Mira's board", shorter(slash(mira, "board"), 900))

print("\nEverybody saw what they should.")
PLAY
