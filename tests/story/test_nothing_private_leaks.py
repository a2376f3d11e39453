"""What customers write and what opens our doors stands in no log, and nothing secret in any file but the secrets' own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from pathlib import Path

import pytest
from story_stage import DESK, EVA, JONAS, TOKEN, Stage, store_pid

SAID, ANSWERED, NOTED = "canary-7f3a-question", "canary-9c1d-answer", "canary-5e2b-note"
ESCAPES = '\x1b[2J\x1b]0;owned\x07 {SAID}\r\n{{"level": "info"}} \u2028 \x9b31m'


async def _strange(stage: Stage) -> None:
    """Doors tried by strangers, with what they'd like to see in our log."""
    forged = {"From": EVA, "To": DESK, "Body": SAID, "MessageSid": "SM" + "\x1b[31m" * 5}
    for path in ("/twilio/sms", "/twilio/sms/status?k=%1b%5b2J%0a%7b%7d", "/twilio/sms/fallback"):
        async with stage.http.post(stage.product + path, data=forged) as answer:
            assert answer.status == 403
    async with stage.http.get(
        f"{stage.product}/api/v1/agents", headers={"Authorization": f"Bearer {SAID}"}
    ) as answer:
        assert answer.status == 401
    body = {"yaml": f"site: {SAID}\nteams: [", "author": SAID, "reason": SAID}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with stage.http.put(f"{stage.product}/api/v1/plan", json=body, headers=headers) as answer:
        assert answer.status == 422
    reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.product.rsplit(":", 1)[1]))
    writer.write(b"GET /\x1b[2J{canary} HTTP/9.9\r\n\x00: \x1b\r\n\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()


@pytest.mark.promise("private-logs")
async def test_texts_numbers_and_secrets_are_in_no_log(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    assert await stage.text(ESCAPES.replace("{SAID}", SAID)) == 200
    await stage.accept("Ada", SAID)
    it = await stage.until(lambda: _owned(stage))
    head = await stage.thread(it["id"])
    await stage.call("/faults", {"twilio": {"fail": 503, "times": 1}, "slack": {"fail": 500, "times": 2}})
    await stage.say("Ada", head, ANSWERED)
    await stage.say("Ada", head, f"// {NOTED}")
    await stage.until(lambda: stage.got(ANSWERED))
    await stage.call("/faults", {"twilio": {"fail": 400, "times": 1}})
    await stage.say("Ada", head, f"{ANSWERED} again")
    await stage.until(lambda: "job." in stage.process.log)
    await stage.call("/faults", {})
    await _strange(stage)
    pid = store_pid(stage.data)
    os.kill(pid, signal.SIGKILL)
    await stage.text(SAID, JONAS)
    await stage.until(lambda: store_pid(stage.data) != pid)
    await stage.until(stage.ready)
    assert await stage.process.stop() == 0
    log = stage.process.log
    for line in log.splitlines():
        assert line.startswith(("Tierline listens", "A door is off")) or json.loads(line)["event"], line
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", log)
    made = stage.cast.credentials
    secrets = [made.auth_token, made.bot_token, made.app_token, TOKEN, (stage.data / "secret").read_text()]
    private = [SAID, ANSWERED, NOTED, EVA[1:], JONAS[1:]]
    assert not [it for it in secrets + private if it in log]
    assert not await asyncio.to_thread(_files_with, stage.data, secrets)


def _files_with(data: Path, secrets: list[str]) -> list[Path]:
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in data.rglob("*") if path.is_file() and path.name not in ("secret", "api-token")]
    assert len(files) >= 3  # the store's log, the history, the store's own record
    return [path for path in files if any(it in path.read_bytes() for it in wanted)]


async def _owned(stage: Stage) -> dict[str, str] | None:
    it = await stage.contact()
    return it if it["state"] == "active" else None
