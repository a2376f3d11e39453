#!/bin/sh
# The first contact, played by script on a running sandbox (`make run`), through its API only:
# text → offer → accept → held reply → Undo → second reply → receipt → close, and a text on Saturday at 03:00.
# Prints what each person saw; exits 1 on the first difference. Begins with a reset of the stage.
#
#   docs/first-contact.sh                                       the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/first-contact.sh   another one
set -eu
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" <<'PLAY'
import json
import time
from datetime import datetime, timedelta, timezone

from play import buttons, call, contact, fail, payload, saw, scene, stage, texts, until, words

EVA, JONAS = "+4915112345678", "+4915123456789"

stage("/reset", {})
state = stage("/state")
agents = {agent["name"]: agent for agent in state["agents"]}
emil = agents["Emil"]


def slash(agent, text):
    return stage("/slack/command", {"user": agent["slack"], "channel": agent["dm"], "command": "/tierline", "text": text})


def offer(agent, customer_words):
    """The card of a live offer in the agent's direct messages."""
    cards = stage(f"/slack/messages?user={agent['slack']}")
    return next((m for m in cards if "offer.accept" in buttons(m) and customer_words in words(m)), None)


def press(agent, message, action):
    body = {"user": agent["slack"], "channel": message["channel"], "ts": message["ts"], "action_id": action}
    return stage("/slack/act", body)


scene("Emil of the night team comes to work")
answer = slash(emil, "available")["text"]
saw("Emil", answer)
if "available" not in answer:
    fail("Emil isn't available")

scene("Eva texts")
saw("Eva writes", "My server is down")
stage("/sms", {"from": EVA, "to": state["numbers"][0], "text": "My server is down"})
card = until("an offer for Emil", lambda: offer(emil, "My server is down"))
saw("Emil", words(card))
first = until("a text that says when she is answered", lambda: texts(EVA))[0]
saw("Eva", first["text"])
if "we have your message" not in first["text"]:
    fail("Eva wasn't told that her message is there")

scene("Emil accepts")
press(emil, card, "offer.accept")
name = contact(EVA)["id"]


def thread_head():
    for place in state["channels"]:
        for message in stage(f"/slack/messages?channel={place['id']}"):
            if payload(message).get("contact") == name and not message.get("thread_ts") and "contact.close" in buttons(message):
                return {**message, "place": place["name"]}
    return None


head = until(f"a thread for {name}", thread_head)
saw("#" + head["place"], words(head))
owner = contact(EVA)["owner"] or {}
if owner.get("name") != "Emil":
    fail(f"the owner is {owner}")


def lines():
    """What stands in the thread, parent excluded."""
    found = stage(f"/slack/messages?channel={head['channel']}")
    return [m for m in found if m.get("thread_ts") == head["ts"] and not m.get("deleted")]


def say(agent, text):
    saw(f"{agent['name']} writes", text)
    body = {"user": agent["slack"], "channel": head["channel"], "thread_ts": head["ts"], "text": text}
    return stage("/slack/reply", body)


scene("A reply, and Undo")
say(emil, "Restart it and wait ten minutes.")
held = until("a held reply with Undo", lambda: next((m for m in lines() if "reply.undo" in buttons(m)), None))
saw("Emil", words(held))
press(emil, held, "reply.undo")
until("the end of Undo", lambda: not any("reply.undo" in buttons(m) for m in lines()))
undone = call(f"/product/api/v1/contacts/{name}")["transcript"][-1]
saw("Emil", f"“{undone['text']}” is {undone['status']}")
if undone["status"] != "undone":
    fail(f"the reply is {undone['status']}")

scene("A note, and a second reply")
say(emil, "// it is the switch in rack 4 again")
say(emil, "A switch has failed; you are back in ten minutes.")
got = until("the reply on Eva's phone", lambda: [m for m in texts(EVA) if "A switch has failed" in m["text"]])
saw("Eva", got[0]["text"])


def receipt():
    transcript = call(f"/product/api/v1/contacts/{name}")["transcript"]
    return next((m for m in transcript if "A switch has failed" in m["text"] and m["status"] == "delivered"), None)


until("a receipt", receipt)
marked = until(
    "the mark of a delivered reply",
    lambda: next((m for m in lines() if "A switch has failed" in m["text"] and any("check" in r["name"] for r in m["reactions"])), None),
)
saw("Emil", f"“{marked['text']}” " + " ".join(f":{r['name']}:" for r in marked["reactions"]))

scene("Emil closes")
press(emil, head, "contact.close")
view = until("the close form", lambda: next((v for v in stage(f"/slack/views?user={emil['slack']}") if v["callback_id"] == "contact.close" and any(b["type"] == "input" for b in v["blocks"])), None))
asked = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
saw("Emil", view["title"]["text"] + ": " + ", ".join(b["label"]["text"] for b in view["blocks"] if b["type"] == "input"))
values = {}
for block, element in asked.items():
    if "options" in element:
        values[block] = {element["action_id"]: {"type": element["type"], "selected_option": element["options"][0]}}
    else:
        values[block] = {element["action_id"]: {"type": element["type"], "value": "switch in rack 4"}}
stage("/slack/submit", {"user": emil["slack"], "view_id": view["id"], "values": values})
closed = until("a closed contact", lambda: (lambda it: it if it["state"] == "closed" else None)(call(f"/product/api/v1/contacts/{name}")))
ending = until("the thread's closing line", lambda: [m for m in lines() if "closed" in words(m)])
saw("#" + head["place"], words(ending[-1]))
after = thread_head()
if after is not None:
    fail("the thread of a closed contact still has its buttons")

scene("What Eva has on her phone")
for text in texts(EVA):
    saw("Eva", f"{text['text']} ({text['status']})")
everything = json.dumps(texts(EVA), ensure_ascii=False)
if "Restart it" in everything:
    fail("the reply that was undone reached Eva")
if "rack 4" in everything:
    fail("a note reached Eva")
if everything.count("A switch has failed") != 1:
    fail("the reply reached Eva more than once")

scene("Saturday, three in the morning")
now = datetime.fromisoformat(state["time"])
berlin = timezone(timedelta(hours=1))  # 03:00 in winter, 04:00 in summer: closed either way
day = now.astimezone(berlin) + timedelta(days=(5 - now.astimezone(berlin).weekday()) % 7 or 7)
saturday = day.replace(hour=3, minute=0, second=0, microsecond=0)
moved = stage("/clock", {"at": saturday.isoformat()})
saw("the stage", f"it is {moved['time'][:16].replace('T', ' ')} UTC")
saw("Jonas writes", "How do I move my domain?")
stage("/sms", {"from": JONAS, "to": state["numbers"][0], "text": "How do I move my domain?"})
told = until("a text that says when we open", lambda: texts(JONAS))
saw("Jonas", told[0]["text"])
parked = until("a held contact", lambda: (lambda it: it if it["state"] == "parked" else None)(contact(JONAS)))
opens = datetime.fromisoformat(parked["wake"])
weekday = opens.strftime("%A")
if not ("closed" in told[0]["text"] and f"{weekday} " in told[0]["text"] and "08:00" in told[0]["text"]):
    fail(f"it opens on {weekday} at 08:00, and Jonas was told: {told[0]['text']}")
if opens.strftime("%H:%M") not in ("06:00", "07:00") or not timedelta(days=1) < opens - saturday < timedelta(days=5):
    fail(f"{parked['id']} is held until {opens}")
if offer(emil, "How do I move my domain?"):
    fail("Emil was asked after hours")
why = call(f"/product/api/v1/contacts/{parked['id']}/why")
saw("why?", why["text"])
saw("why?", f"next: {why['next']['what']}, {why['next']['at'][:16].replace('T', ' ')} UTC")

scene("An outage at the same hour is still answered")
slash(emil, "available")
saw("Eva writes", "Our server is unreachable")
stage("/sms", {"from": EVA, "to": state["numbers"][0], "text": "Our server is unreachable"})
saw("Emil", words(until("an offer for Emil", lambda: offer(emil, "Our server is unreachable"))))

print("\nEverybody saw what they should.")
PLAY
