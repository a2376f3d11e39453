"""For `make screenshots`: the doors that customers see: a mail program, a website with the chat, the help page."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

Picture = Callable[[Any, Any, str], None]
"""(page, stage, name): one per size and theme."""


def mails(page: Any, stage: Any, picture: Picture) -> None:
    """A customer's mail program: what was sent, what came, and one of them open."""
    state = stage.call("sandbox/api/state")
    eva, to = state["customers"][0], state["mailboxes"][0]
    raw = (
        f"From: {eva['name']} <{eva['mail']}>\r\nTo: {to}\r\nSubject: My shop is down\r\n"
        "Message-ID: <shop-1@customer.example>\r\n\r\nSince nine o'clock. Please help.\r\n"
    )
    request = urllib.request.Request(
        f"{stage.url}sandbox/api/mail?to={to}", raw.encode(), {"Content-Type": "message/rfc822"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("Escape")
    page.click('.modes button:has-text("Mail")')
    page.select_option("#mail-who", eva["mail"])
    page.wait_for_selector(".mail-row.came", timeout=30_000)  # we have it, and will answer by …
    page.click(".mail-row.came >> nth=0")
    page.wait_for_selector("#mail-read", timeout=10_000)
    picture(page, stage, "mail")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.click('.modes button:has-text("Texts")')


def website(browser: Any, stage: Any, picture: Picture) -> None:
    """A visitor on the website: before, while a script asks, and in line."""
    page = browser.new_page(locale="en-GB")
    page.goto(f"{stage.url}website")
    page.wait_for_selector("button.launcher", timeout=20_000)
    picture(page, stage, "website")
    page.click("button.launcher")
    page.wait_for_selector(".panel", timeout=10_000)
    if page.is_visible("form.column"):  # at night a message is left, and the script asks all the same
        page.fill("input[name=reach]", "eva@customer.example")
        page.fill("form.column textarea", "My mails don't arrive")
        page.click("form.column .primary")
    else:
        page.fill("form:not(.column) textarea", "My mails don't arrive")
        page.keyboard.press("Enter")
    page.wait_for_selector(".choices button", timeout=20_000)
    picture(page, stage, "chat-asked")
    page.fill("form:not(.column) textarea", "Now our server is down as well")
    page.keyboard.press("Enter")
    page.wait_for_selector("li.system >> nth=2", timeout=20_000)
    picture(page, stage, "chat")
    page.close()


ARTICLE = {
    "language": "en", "title": "The router's lamp is red", "state": "published",
    "body": "Then there is **no line**.\n\n## First look\n- Is the cable in?\n- Is the socket on?\n",
}  # fmt: skip


def help_page(browser: Any, stage: Any, picture: Picture) -> None:
    """The public help page, and an article."""
    request = urllib.request.Request(
        f"{stage.url}product/api/v1/articles/red-lamp", json.dumps(ARTICLE).encode(),
        {"Content-Type": "application/json"}, method="PUT",
    )  # fmt: skip
    urllib.request.urlopen(request, timeout=60).close()
    product = stage.call("sandbox/api/state")["product"]
    page = browser.new_page(locale="en-GB")
    page.goto(f"{product}/help?l=en")
    picture(page, stage, "help")
    page.click("text=The router's lamp is red")
    page.wait_for_selector("article")
    picture(page, stage, "article")
    page.close()
