#!/bin/sh
# One web chat, played by script on a running sandbox (`make run`): a visitor writes on the website, loses the line, comes
# back with a token and misses nothing; an agent takes it in Slack and answers; two tabs; the end, how it was, and the
# transcript by mail; and somebody is asked a few questions first, answers by choosing, and has a person at one word. Prints what each person saw; exits 1 on the first difference. Begins with a reset of the stage.
#
#   docs/one-chat.sh                                            the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/one-chat.sh        another one
set -eu
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" <<'PLAY'
import base64
import json
import os
import socket
from urllib.parse import urlsplit

from play import BASE, call, fail, saw, scene, stage, until

class Visitor:
    """A browser's socket, in as much of RFC 6455 as text frames need. `since` is the last number that it has."""

    def __init__(self, product, origin, token="", since=0, own=False):
        parts = urlsplit(product)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /chat/ws HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass
        self.since, self.heard = since, []
        if self.status == 101:
            self.send(t="hello", since=since, own=own, **({"token": token} if token else {}))
            self.welcome = self.hear("welcome")
            self.token = self.welcome["token"]

    def send(self, **frame):
        data = json.dumps(frame).encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        mask = os.urandom(4)
        self.socket.sendall(b"\x81" + size + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(data)))

    def frame(self):
        while True:
            first, second = self.file.read(2)
            size = second & 0x7F
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big") if size > 125 else size
            data = self.file.read(size)
            if first & 0x0F == 1:
                found = json.loads(data)
                if found["t"] in ("message", "ack"):
                    self.since = max(self.since, found["seq"])
                return found
            if first & 0x0F == 8:
                fail("the product closed the socket")

    def hear(self, kind, is_it=lambda frame: True):
        """The next frame of that kind; whatever else comes is kept."""
        for frame in self.heard:
            if frame["t"] == kind and is_it(frame):
                self.heard.remove(frame)
                return frame
        while True:
            frame = self.frame()
            if frame["t"] == kind and is_it(frame):
                return frame
            self.heard.append(frame)

    def say(self, id, text):
        self.send(t="say", id=id, text=text)
        return self.hear("ack", lambda frame: frame["id"] == id)["seq"]

    def close(self):
        self.socket.close()


def person(state, name):
    return next(p for p in state["agents"] if p["name"] == name)


scene("The stage")
stage("/reset", {})
state = stage("/state")
product, origin = state["product"], BASE
ada = next(p for p in state["agents"] if p["tier"] == "L1" and p["team"] == "nightowl")
stage("/slack/command", {"user": ada["slack"], "channel": ada["dm"], "command": "/tierline", "text": "available"})
saw("website", f"{state['website']} may chat")

scene("Strangers")
if Visitor(product, "https://evil.example").status != 403:
    fail("a page that isn't in the plan got a socket")
saw("evil.example", "403: this page may not chat here")

scene("A visitor writes")
eva = Visitor(product, origin)
if eva.welcome.get("contact") or eva.welcome["seq"] != 0:
    fail(f"a new visitor was welcomed as an old one: {eva.welcome}")
first = eva.say("m1", "Hello? My server is down")
if eva.say("m1", "Hello? My server is down") != first:
    fail("the same message said twice got two numbers")
saw("visitor", f"acknowledged as number {first}, twice the same")
place = eva.hear("state", lambda frame: frame["phase"] in ("waiting", "active"))
saw("visitor", f"place {place['position']} in line")

scene("Ada takes it in Slack; the visitor's line breaks")
eva.close()
card = until(
    "the offer in Slack",
    lambda: [m for m in stage(f"/slack/messages?user={ada['slack']}") if '"offer.accept"' in json.dumps(m)],
)[0]
stage("/slack/act", {"user": ada["slack"], "channel": card["channel"], "ts": card["ts"], "action_id": "offer.accept"})
contact = card["metadata"]["event_payload"]["contact"]


def heads():
    found = [m for c in state["channels"] for m in stage(f"/slack/messages?channel={c['id']}")]
    return [
        m for m in found
        if not m.get("thread_ts") and ((m.get("metadata") or {}).get("event_payload") or {}).get("contact") == contact
    ]


head = until("the thread", heads)[0]
where = {"user": ada["slack"], "channel": head["channel"], "thread_ts": head["ts"]}
stage("/slack/reply", {**where, "text": "I see it. Give me two minutes."})
saw(ada["name"], f"took {contact} and wrote “I see it. Give me two minutes.”")


def sent():
    found = call(f"/product/api/v1/contacts/{contact}")["transcript"]
    return [m for m in found if m["kind"] == "reply" and m["status"] in ("sent", "delivered")]


until("the reply is durable", sent)

scene("The visitor comes back")
back = Visitor(product, origin, eva.token, eva.since)
answer = back.hear("message", lambda frame: frame["from"] == "agent")
if answer["text"] != "I see it. Give me two minutes." or answer["name"] != ada["name"].split()[0]:
    fail(f"the visitor heard {answer}")
back.send(t="seen", seq=answer["seq"])
saw("visitor", f"{answer['name']}: {answer['text']}")
until("the receipt", lambda: [m for m in sent() if m["status"] == "delivered"])
saw(ada["name"], "delivered ✓")

scene("A second tab")
tab = Visitor(product, origin, eva.token, 0, own=True)
seen = [tab.hear("message") for _ in range(2)]
while seen[-1]["from"] != "agent":
    seen.append(tab.hear("message"))
if [it["seq"] for it in seen] != sorted({it["seq"] for it in seen}) or seen[0]["text"] != "Hello? My server is down":
    fail(f"the second tab shows {seen}")
tab.say("m2", "Thank you!")
saw("second tab", "the whole conversation; writes “Thank you!”")
again = Visitor(product, origin, "v1." + "A" * 22 + ".ffffffff." + "0" * 32, 0, own=True)
if again.welcome.get("contact") or again.welcome["seq"]:
    fail("a made-up token opened a conversation")
saw("somebody else", "a made-up token opens nothing")

scene("By mail")
tab.send(t="mail", to="eva@customer.example")
kind = tab.frame()
while kind["t"] not in ("mailed", "error"):
    kind = tab.frame()
if kind["t"] == "mailed":
    got = until("the transcript", lambda: stage("/mail?address=eva@customer.example"))
    if "Give me two minutes" not in json.dumps(got):
        fail(f"the mail has no transcript: {got}")
    saw("Eva's mailbox", "has the conversation")
else:
    fail(f"the transcript wasn't mailed: {kind}")

scene("Somebody else is asked a few questions first")
jonas = Visitor(product, origin)
jonas.say("m1", "Nothing works here")
question = jonas.hear("message")
if len(question.get("choices", ())) != 4:
    fail(f"the first question has no choices: {question}")
saw("visitor", f"{question['text']}  [{'] ['.join(question['choices'])}]")
jonas.say("m2", question["choices"][0])
saw("visitor", f"chooses “{question['choices'][0]}”")
lamps = jonas.hear("message")
saw("visitor", f"{lamps['text']}  [{'] ['.join(lamps['choices'])}]")
jonas.say("m3", "The left one: everything is down")
place = jonas.hear("state", lambda frame: frame["phase"] in ("waiting", "active"))
saw("visitor", f"that is urgent: nothing more is asked, place {place['position']} in line")
answers = until(
    "the answers",
    lambda: [it for it in call("/product/api/v1/contacts?state=offered") if it["channel"] == "chat"],
)[0]
until(
    "the card with the answers",
    lambda: [
        m
        for p in state["agents"]
        for m in stage(f"/slack/messages?user={p['slack']}")
        if "about: Internet and telephone" in json.dumps(m)
    ],
)
saw("the card", f"{answers['id']}: about: Internet and telephone")

print("\nEverybody saw what they should.")
PLAY
