"""`make screenshots`: the real sandbox, one picture per state, size and theme, into `screenshots/`.

States: idle, waiting (fifty), offer, talking (the thread), home-agent, home-supervisor (each in a window of their own),
board, rules and rule (the modals), shared (a customer's channel), calling, slack-down; mail (a customer's mail program);
website, chat-asked and chat (the widget on a customer's page); help and article (the product's public page). Needs Chromium and playwright;
says what to install without them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser import screenshots_doors
from tests.browser.browsers import chromium

ROOT = Path(__file__).parents[2]
OUT = ROOT / "screenshots"
SIZES = {1440: 900, 390: 844}
THEMES = ("light", "dark")
TABS = {"idle": "Queue", "waiting": "Queue", "slack-down": "Queue", "mail": "Phone"}
"""What a narrow screen shows; Slack where nothing is said."""
QUESTIONS = ("How do I export my invoices?", "Our mail server is down", "Wo finde ich die Rechnung?")
ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
]


def missing() -> str | None:
    """What has to be installed first, as a sentence; None where all is there."""
    if chromium() is None:
        return "Pictures need Chromium: apt install chromium (Debian, Ubuntu), brew install --cask chromium (macOS)."
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Pictures need playwright: .venv/bin/python -m pip install -e '.[browser]'"
    return None


class Stage:
    """A running sandbox, driven through its API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"

    def call(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def act(self, path: str, body: object) -> Any:
        return self.call(f"sandbox/api{path}", body)

    def until(self, what: Callable[[], Any], seconds: float, why: str) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if found := what():
                    return found
            except (OSError, ValueError):
                pass  # not up yet; the end of the loop says so
            time.sleep(0.2)
        raise SystemExit(f"screenshots: {why} within {seconds:.0f} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandbox() -> Iterator[Stage]:
    """`tierline sandbox` on free ports with an empty data directory; ended with all it started."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tierline-pictures-") as data:
        env = dict(
            os.environ,
            PORT=str(free_port()),
            TIERLINE_SANDBOX_PORT=str(port),
            TIERLINE_DATA=data,
            TIERLINE_HEADLESS="1",
        )
        log = Path(data) / "sandbox.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tierline", "sandbox"],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            stage = Stage(port)

            def up() -> Any:
                if process.poll() is not None:
                    raise SystemExit(
                        f"screenshots: the sandbox ended with {process.returncode}\n{log.read_text(errors='replace')[-3000:]}"
                    )
                return stage.call("sandbox/api/state")

            stage.until(up, 120, "the sandbox didn't come up")
            yield stage
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def contacts(stage: Stage, state: str) -> list[Any]:
    return list(stage.call(f"product/api/v1/contacts?state={state}"))


def everybody(stage: Stage) -> None:
    for person in stage.call("sandbox/api/state")["agents"]:
        try:
            stage.act(
                "/slack/command",
                {
                    "user": person["slack"],
                    "channel": person["dm"],
                    "command": "/tierline",
                    "text": "available",
                },
            )
        except urllib.error.HTTPError as refused:
            print(f"  {person['name']}: {refused.read().decode(errors='replace')[:120]}")


def fifty(stage: Stage) -> None:
    to = stage.call("sandbox/api/state")["numbers"][0]
    texts = (
        "My server is down",
        "The shop is offline",
        "Unser Server ist offline",
        "Website down, customers are calling",
        "API down, error 502",
    )
    for n in range(50):
        stage.act("/sms", {"from": f"+49151200000{n:02}", "to": to, "text": texts[n % len(texts)]})
    stage.until(lambda: len(contacts(stage, "waiting")) >= 40, 30, "the fifty didn't reach the queue")


def eva(stage: Stage) -> tuple[str, str]:
    state = stage.call("sandbox/api/state")
    me = state["customers"][0]["phone"] if state["customers"] else "+4915112345678"
    stage.act("/sms", {"from": me, "to": state["numbers"][0], "text": "My server is down, can you help?"})
    return me, state["numbers"][0]


def picture(page: Any, stage: Stage, name: str) -> None:
    for width, height in SIZES.items():
        for theme in THEMES:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            tab = f'.bottom button:has-text("{TABS.get(name, "Slack")}")'
            if width < 1080 and page.query_selector(tab) and not page.query_selector("dialog[open]"):
                page.click(tab)
            page.evaluate("document.activeElement.closest('dialog') || document.activeElement.blur()")
            page.mouse.move(0, 0)
            page.wait_for_timeout(900)  # news and the second's tick; nothing is asserted on it
            page.screenshot(path=str(OUT / f"{name}-{width}-{theme}.png"))
    print(f"  {name}: {len(SIZES) * len(THEMES)} pictures")


def offered(page: Any) -> None:
    """To the offer, as whoever got it."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_selector(".offer-card", timeout=20_000)
    page.keyboard.press("a")
    page.wait_for_selector('[data-action="offer.accept"]:focus', timeout=10_000)


def talk(page: Any) -> None:
    """Accept and answer as a person would, by keyboard."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.focus('[data-action="offer.accept"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(".channel-head:has-text('Thread')", timeout=10_000)
    page.wait_for_selector("#slack-text:focus", timeout=10_000)
    page.keyboard.type("I see it, Eva. Restarting your server now; two minutes.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".bubble.theirs:has-text('Restarting')", timeout=30_000)


def home(page: Any, stage: Stage, user: str, name: str) -> None:
    """Somebody's App Home, in a window of their own."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{stage.url}?as={user}")
    page.click("[data-place=home]")
    page.wait_for_selector(".home-blocks .b-header", timeout=20_000)
    picture(page, stage, name)
    page.goto(stage.url)
    page.wait_for_selector(".agent", state="attached")


def types(page: Any, text: str) -> None:
    """Types a command where the page is."""
    page.fill("#slack-text", text)
    page.focus("#slack-text")
    page.keyboard.press("Enter")


def steer(page: Any, stage: Stage, boss: Any) -> None:
    """A supervisor's board by command, and a rule in its modal, as a window of their own shows them."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{stage.url}?as={boss['slack']}")
    page.wait_for_selector("#slack-text")
    types(page, "/tierline board")
    page.wait_for_selector(".msg:has-text('Who comes first')", timeout=20_000)
    picture(page, stage, "board")
    page.set_viewport_size({"width": 1440, "height": 900})
    types(page, "/tierline plan")
    page.click("[data-action='form.rules'] >> nth=-1", timeout=20_000)
    page.wait_for_selector("dialog.view .b-input", timeout=20_000)
    picture(page, stage, "rules")
    page.select_option("dialog.view select >> nth=0", index=2)
    page.click("dialog.view footer .primary")
    page.wait_for_selector("dialog.view input[type=text], dialog.view textarea", timeout=20_000)
    picture(page, stage, "rule")
    page.goto(stage.url)
    page.wait_for_selector(".agent", state="attached")


def customers(page: Any, stage: Stage) -> None:
    """Somebody of a customer's company writes in the channel that is shared with them."""
    page.set_viewport_size({"width": 1440, "height": 900})
    rooms = stage.call("sandbox/api/slack/channels")
    shared = [it for it in rooms if it["shared_with"]] or [
        it for it in rooms if it["name"].startswith("ext-")
    ]
    if not shared:
        return
    room = shared[0]["channel"]
    if not shared[0]["shared_with"]:
        stage.act("/slack/share", {"channel": room})
    carla = stage.act("/slack/people", {"name": "Carla Cole", "kind": "external", "channels": [room]})["user"]
    stage.act("/slack/reply", {"user": carla, "channel": room, "text": "Our shop answers with an error 502."})
    page.click(f"[data-place={room}]")
    page.wait_for_selector(".shared-note")
    page.click(".replies", timeout=20_000)  # the product has answered in its thread
    page.wait_for_selector(".channel-head:has-text('Thread')")
    picture(page, stage, "shared")


def ring(page: Any, stage: Stage) -> str:
    """Somebody calls, chooses from the menu and waits, and an agent's phone rings; the caller's call."""
    state = stage.call("sandbox/api/state")
    caller = state["customers"][-1]["phone"]
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("Escape")
    page.select_option("#customer", caller)
    page.keyboard.press("l")
    sid = str(stage.act("/calls", {"from": caller, "to": state["numbers"][0]})["sid"])

    def is_at(where: str) -> Callable[[], bool]:
        return lambda: stage.call(f"sandbox/api/calls/{sid}")["where"] == where

    stage.until(is_at("menu"), 20, "the menu didn't ask")
    stage.act(f"/calls/{sid}/press", {"digits": "1"})
    page.wait_for_selector("#lines .rings", timeout=20_000, state="attached")
    return sid


def run() -> None:
    from playwright.sync_api import sync_playwright

    binary = chromium()
    OUT.mkdir(exist_ok=True)
    with sandbox() as stage, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=ARGS)
        page = browser.new_page()
        page.goto(stage.url)
        page.wait_for_selector(".agent", state="attached")
        picture(page, stage, "idle")
        everybody(stage)
        eva(stage)
        offered(page)
        picture(page, stage, "offer")
        talk(page)
        picture(page, stage, "talking")
        state = stage.call("sandbox/api/state")
        for n, text in enumerate(QUESTIONS):
            stage.act("/sms", {"from": f"+49151210000{n:02}", "to": state["numbers"][0], "text": text})
        owner = contacts(stage, "active")[0]["owner"]
        ada = next(it for it in state["agents"] if it["name"] == owner["name"])
        home(page, stage, ada["slack"], "home-agent")
        home(page, stage, state["supervisors"][0]["slack"], "home-supervisor")
        steer(page, stage, state["supervisors"][0])
        customers(page, stage)
        call = ring(page, stage)
        picture(page, stage, "calling")
        stage.act(f"/calls/{call}/hangup", {})
        for person in stage.call("sandbox/api/state")["agents"]:
            stage.act(
                "/slack/command",
                {"user": person["slack"], "channel": person["dm"], "command": "/tierline", "text": "offline"},
            )
        fifty(stage)
        picture(page, stage, "waiting")
        screenshots_doors.mails(page, stage, picture)
        stage.act("/faults", {"slack": {"down": True}})
        picture(page, stage, "slack-down")
        stage.act("/faults", {})
        screenshots_doors.website(browser, stage, picture)
        screenshots_doors.help_page(browser, stage, picture)
        browser.close()


if __name__ == "__main__":
    if reason := missing():
        raise SystemExit(reason)
    run()
    print(f"in {OUT}")
