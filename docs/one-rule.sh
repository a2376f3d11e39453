#!/bin/sh
# One rule, published while customers wait, and taken back: played by script on a running sandbox (`make run`), through
# its API and the `tierline` command only. Prints what each person saw, who was asked and why; exits 1 on the first
# difference. Begins with a reset of the stage.
#
#   docs/one-rule.sh                                       the sandbox at http://127.0.0.1:8090
#   TIERLINE_SANDBOX=http://127.0.0.1:9000 docs/one-rule.sh   another one
#   TIERLINE_CLI="/usr/bin/tierline" docs/one-rule.sh         another command than the one of `make setup`
set -eu
HERE=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1  # play.py
exec "${PYTHON:-python3}" - "${TIERLINE_SANDBOX:-http://127.0.0.1:8090}" "${TIERLINE_CLI:-$HERE/.venv/bin/tierline}" <<'PLAY'
import json
import os
import re
import subprocess
import sys
import tempfile
from urllib.parse import quote, urlsplit

from play import call, fail, saw, scene, stage, until, words

CLI = sys.argv[2].split()
EVA, JONAS = "+4915112345678", "+4915123456789"


def api(path, body=None):
    return call("/product/api/v1" + path, body)

stage("/reset", {})
state = stage("/state")
agents = {agent["name"]: agent for agent in state["agents"]}
emil = agents["Emil"]
here = tempfile.TemporaryDirectory()
env = {
    "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TIERLINE_DATA": here.name,
    "PORT": str(urlsplit(state["api"]["url"]).port), "TIERLINE_API_TOKEN": state["api"]["token"],
}


def tierline(*args):
    """The command as Mira types it; what it printed."""
    print(f"   $ tierline {' '.join(a if ' ' not in a else repr(a) for a in args)}")
    done = subprocess.run([*CLI, *args], env=env, cwd=here.name, capture_output=True, text=True, timeout=60)
    for line in (done.stdout + done.stderr).splitlines():
        print(f"     {line}")
    if done.returncode:
        fail(f"tierline {args[0]} ended with {done.returncode}")
    return done.stdout


def contact(customer):
    """The customer's latest contact."""
    return api(f"/contacts?customer={quote(customer)}")[-1]


def offer(agent, customer_words):
    """The card of a live offer in the agent's direct messages."""
    cards = stage(f"/slack/messages?user={agent['slack']}")
    return next((m for m in cards if '"offer.accept"' in json.dumps(m) and customer_words in words(m)), None)


def told(lines, what):
    if what not in lines:
        fail(f"it should say: {what}")


scene("Emil of the night team comes to work; the colleagues for questions aren't there yet")
answer = stage("/slack/command", {"user": emil["slack"], "channel": emil["dm"], "command": "/tierline", "text": "available"})
saw("Emil", answer["text"])

scene("Eva and Jonas text, and wait: their texts are questions by the rules of today")
for who, number, text in (("Eva", EVA, "Everything is so slow today"), ("Jonas", JONAS, "How do I move my domain?")):
    saw(f"{who} writes", text)
    stage("/sms", {"from": number, "to": state["numbers"][0], "text": text})
    it = until(f"{who}'s contact", lambda: contact(number))
    saw("the queue", f"{it['id']} {it['service']} {it['state']}, rule {it['rule'] or '(the door)'}")
    if it["service"] != "howto" or it["state"] not in ("waiting", "parked"):
        fail(f"{it['id']} is {it['state']} in {it['service']}")
eva, jonas = contact(EVA)["id"], contact(JONAS)["id"]
if offer(emil, "so slow"):
    fail("Emil was asked about a question")

scene("Mira changes one rule: slow is an outage, too. Before anything happens she looks at what it does")
plan = api("/plan")
first = plan["version"]
draft = os.path.join(here.name, "plan.yaml")
with open(draft, "w", encoding="utf-8") as file:
    file.write(plan["yaml"].replace("any: [down, outage,", "any: [down, outage, slow,"))
out = tierline("plan", "check", draft)
told(out, "Rule “outage” now also matches the word “slow”")
told(out, "2 wait; re-evaluating moves 1: 1 from howto to outage.")

scene("She publishes it, for those who wait as well")
out = tierline(
    "plan", "publish", draft, "--reason", "slow is an outage, too", "--author", "Mira", "--waiting", "reevaluate", "--on", str(first)
)
told(out, f"Version {first + 1} is active.")
card = until("an offer for Emil", lambda: offer(emil, "so slow"))
saw("Emil", words(card))
it = contact(EVA)
saw("the queue", f"{it['id']} {it['service']} {it['state']}, rule {it['rule']}")
out = tierline("why", eva)
told(out, "rule outage, line")
told(out, f"plan version {first + 1}")
told(out, "Emil")
it = contact(JONAS)
saw("the queue", f"{it['id']} {it['service']} {it['state']}: as before")
why = api(f"/contacts/{jonas}/why")
if it["service"] != "howto" or why["rule"]["version"] != first:
    fail(f"{jonas} is in {it['service']} by version {why['rule']['version']}")

scene("It was too wide: back to the version before, again with those who wait (by the API)")
back = api("/plan/rollback", {"to": first, "author": "Mira", "reason": "too wide", "waiting": "reevaluate"})
saw("Mira", "; ".join(back["diff"]))
saw("Mira", back["moves"]["text"])
saw("Mira", f"version {back['version']} is active")
if back["moves"]["moved"] != 1:
    fail(f"it should move one: {back['moves']}")
until("the end of the re-evaluation", lambda: api("/plan")["reevaluating"] is None)
it = until("Eva's contact where it was", lambda: (lambda c: c if c["service"] == "howto" else None)(contact(EVA)))
saw("the queue", f"{it['id']} {it['service']} {it['state']}: the same contact, where it was before")
until("the end of Emil's offer", lambda: not offer(emil, "so slow"))
saw("Emil", words(next(m for m in reversed(stage(f"/slack/messages?user={emil['slack']}")) if m["ts"] == card["ts"])))
if it["id"] != eva:
    fail("Eva has another contact")

scene("What is on record")
until("the figures in the history", lambda: [v for v in api("/plan/versions") if v["moved"] is not None][1:])
out = tierline("plan", "history")
told(out, "Mira: slow is an outage, too; moved 1 of 2 who waited")
told(out, f"Mira: rollback to {first}: too wide; moved 1 of 2 who waited")
for line in api("/audit"):
    saw("the audit log", f"{line['n']} {line['who']} {line['act']} {line['what']} from {line['origin']}")
if [line["who"] for line in api("/audit")][-2:] != ["Mira", "Mira"]:
    fail("Mira's two changes aren't in the audit log")
told(tierline("audit", "verify"), "as it was written")

print("\nEverybody saw what they should.")
PLAY
