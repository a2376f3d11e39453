#!/bin/sh
# One call, played by script on a running sandbox (`make run`), through its API only: menu → wait → the first agent
# declines → the second accepts → hold → speak with L2 first, then hand over → wrap-up; and a second caller, after
# hours, who is called back at opening. Prints what each phone heard; exits 1 on the first difference. Begins with a
# reset of the stage.
#
#   docs/one-call.sh                                            the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/one-call.sh        another one
set -eu
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" <<'PLAY'
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from play import contact, fail, saw, scene, stage, until

EVA, JONAS = "+4915112345678", "+4915123456789"


def is_in(customer, state):
    """The customer's latest contact, once it is in `state`."""
    return until(f"{customer}'s contact {state}", lambda: (lambda it: it if it["state"] == state else None)(contact(customer)))

stage("/reset", {})
state = stage("/state")
agents = {agent["name"]: agent for agent in state["agents"]}
PHONES = {**{agent["phone"]: name for name, agent in agents.items()}, EVA: "Eva", JONAS: "Jonas"}
printed = {}


def slash(name, text):
    """What an agent types, and what the answer is."""
    who = agents[name]
    body = {"user": who["slack"], "channel": who["dm"], "command": "/tierline", "text": text}
    answer = stage("/slack/command", body)["text"]
    saw(name, f"/tierline {text} → {answer.splitlines()[0]}")
    return answer


def leg(sid):
    return stage(f"/calls/{sid}")


def phone(sid, what, **more):
    """What somebody does with a phone."""
    stage(f"/calls/{sid}/{what}", more)


def heard(sid):
    """All that a phone has heard, in one line."""
    return " ".join(it.get("text") or f"({it['kind']})" for it in leg(sid)["heard"])


def hears(who, sid, *wanted, seconds=40):
    """Wait until the phone has heard that, and print what is new."""
    for text in wanted:
        until(f"{who} hears “{text}” (so far: {heard(sid)})", lambda: text.casefold() in heard(sid).casefold(), seconds)
    known = printed.get(sid, 0)
    lines = leg(sid)["heard"]
    for it in lines[known:]:
        saw(f"{who} hears", it["text"] if it["kind"] == "say" else f"({it['kind']})")
    printed[sid] = len(lines)


def at(who, sid, where, seconds=20):
    return until(f"{who} {where} (is: {leg(sid)['where']})", lambda: leg(sid)["where"].startswith(where), seconds)


def rings(name, seconds=40):
    """The leg that rings at somebody's phone."""
    number = next(it for it, owner in PHONES.items() if owner == name)
    found = until(
        f"{name}'s phone rings",
        lambda: next((it for it in stage(f"/calls?number={quote(number)}") if it["status"] == "ringing"), None),
        seconds,
    )
    saw(name, "the phone rings")
    return found["sid"]


def together(*legs):
    """All of them are in one conference, and nobody is on hold."""
    rooms = {leg(sid)["where"] for sid in legs}
    until("all in one conference", lambda: len({leg(sid)["where"] for sid in legs}) == 1 and not any(leg(s)["on_hold"] for s in legs))
    saw("the line", f"{len(legs)} in {leg(legs[0])['where']}")


berlin = datetime.fromisoformat(state["time"]).astimezone(timezone.utc)
evening = (berlin + timedelta(days=1)).replace(hour=21, minute=30, second=0, microsecond=0)
while evening.weekday() >= 3:
    evening += timedelta(days=1)

scene("A weekday, late in the evening; Emil, Fatma and Goran of the night team are there")
saw("the clock", stage("/clock", {"at": evening.isoformat()})["time"])
for name in ("Emil", "Fatma", "Goran"):
    if "available" not in slash(name, "available"):
        fail(f"{name} isn't available")

scene("Eva calls: menu, key 1, and into the line")
eva = stage("/calls", {"from": EVA, "to": state["numbers"][0]})["sid"]
at("Eva", eva, "menu")
hears("Eva", eva, "press 1")
phone(eva, "press", digits="1")
saw("Eva", "presses 1")
at("Eva", eva, "waiting")

scene("Emil is asked first, and declines on his phone")
emil = rings("Emil")
phone(emil, "answer")
hears("Emil", emil, "press 1 to take it")
phone(emil, "press", digits="2")
hears("Emil", emil, "somebody else")
at("Emil", emil, "ended")

scene("Fatma is asked, and presses 1: both meet")
fatma = rings("Fatma")
phone(fatma, "answer")
hears("Fatma", fatma, "press 1 to take it")
phone(fatma, "press", digits="1")
at("Eva", eva, "conference")
at("Fatma", fatma, "conference")
together(eva, fatma)
hears("Eva", eva)
number = is_in(EVA, "active")["id"]

scene("Fatma puts her on hold, and comes back")
slash("Fatma", f"hold {number}")
until("Eva on hold", lambda: leg(eva)["on_hold"])
saw("Eva", "is on hold, with music")
slash("Fatma", f"resume {number}")
together(eva, fatma)

scene("Fatma speaks with Goran (L2) first, while Eva hears music; then she hands over")
slash("Fatma", f"speak {number} Goran the switch in rack 4 is dead")
goran = rings("Goran")
phone(goran, "answer")
hears("Goran", goran, "press 1")
phone(goran, "press", digits="1")
at("Goran", goran, "conference")
until("Eva on hold", lambda: leg(eva)["on_hold"])
phone(fatma, "speak", text="Port nine has been dark since noon.")
hears("Goran", goran, "Port nine")
if "port nine" in heard(eva).casefold():
    fail("Eva heard what the two said between themselves")
slash("Fatma", f"hand over {number}")
at("Fatma", fatma, "ended", 30)
together(eva, goran)
if is_in(EVA, "active")["owner"]["name"] != "Goran":
    fail("Goran doesn't have it")
saw("the queue", f"{number} is with Goran")

scene("Eva hangs up: Goran's line ends, and his wrap-up begins")
phone(eva, "hangup")
at("Goran", goran, "ended")
saw("the queue", f"{number} {is_in(EVA, 'wrapping')['state']}")

scene("Jonas calls about an order, long after hours: he is called back at opening")
jonas = stage("/calls", {"from": JONAS, "to": state["numbers"][0]})["sid"]
at("Jonas", jonas, "menu")
hears("Jonas", jonas, "press 3")
phone(jonas, "press", digits="3")
hears("Jonas", jonas, "open again", "call you back")
at("Jonas", jonas, "ended")
it = is_in(JONAS, "parked")
saw("the queue", f"{it['id']} {it['service']} {it['state']} until {it['wake']}")

scene("Opening time: Chiara comes to work, her phone rings, and then his")
opening = datetime.fromisoformat(it["wake"])
saw("the clock", stage("/clock", {"at": (opening + timedelta(seconds=30)).isoformat()})["time"])
slash("Chiara", "available")
chiara = rings("Chiara")
phone(chiara, "answer")
hears("Chiara", chiara, "callback", "press 1")
phone(chiara, "press", digits="1")
back = rings("Jonas")
phone(back, "answer")
hears("Jonas", back, "you asked us to call you back")
at("Jonas", back, "conference")
together(back, chiara)
phone(chiara, "hangup")
at("Jonas", back, "ended", 30)
hears("Jonas", back)

print("\nEverybody heard what they should.")
PLAY
