"""Whatever a customer or an agent writes is shown as text: nothing runs, nothing is loaded, nothing leads astray."""

from __future__ import annotations

import pytest
from pagelook import Look

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<svg onload=alert(3)><animate onbegin=alert(4) attributeName=x dur=1s>",
    "\"><iframe srcdoc='<script>parent.alert(5)</script>'></iframe>",
    "<javascript:alert(6)|click me> <data:text/html,<script>alert(7)</script>|or me>",
    "{{constructor.constructor('alert(8)')()}} ${alert(9)}",
    "<!channel> <!date^1700000000^{date}^javascript:alert(10)|x> <@U1|<b>x</b>>",
    "\u202egnp.exe \u0000 \ufeff " + "\u0301" * 200,
    "*" * 5000,
    "_*~`" * 400 + "<" * 2000,
]


@pytest.mark.promise("stage-page-hostile")
async def test_a_customers_markup_stays_text_everywhere(look: Look) -> None:
    look.stage.write("slack/command", {"user": "U1", "text": "available"})
    for text in HOSTILE:
        look.stage.arrive("+4915112345678", text)
        look.stage.post("D1", "U2", text)
        look.stage.post(
            "D1",
            "UAPP",
            text,
            blocks=[
                {"type": "section", "text": {"type": "mrkdwn", "text": text}},
                {"type": "header", "text": {"type": "plain_text", "text": text}},
            ],
        )
    look.stage.contacts[0]["customer"]["name"] = HOSTILE[1]
    look.stage.tell("all")
    await look.until(f"document.querySelectorAll('.bubble.mine').length === {len(HOSTILE)}")
    await look.until(f"document.querySelectorAll('.msg').length > {2 * len(HOSTILE)}")
    await look.page.keyboard.press("y")
    await look.page.wait_for_selector("#drawer .why-text")
    for tab in ("transcript", "timeline"):
        await look.page.click(f"#tab-{tab}")
        await look.page.wait_for_selector(f"#drawer-body[aria-labelledby=tab-{tab}] li")
    shown = await look.page.eval_on_selector_all(".bubble-text", "els => els.map(e => e.textContent)")
    assert shown[0] == HOSTILE[0] and shown[1] == HOSTILE[1]
    outside = "[...document.querySelectorAll('#app script, #app iframe, #app [onerror], #app [onload], #app img:not([src=\"icon.svg\"])')].length"
    assert await look.page.evaluate(outside) == 0
    schemes = await look.page.eval_on_selector_all("#app a[href]", "els => els.map(e => e.protocol)")
    assert set(schemes) <= {"http:", "https:", "mailto:", "tel:"}


async def test_mrkdwn_reads_as_in_slack(look: Look) -> None:
    look.stage.post(
        "D1",
        "UAPP",
        "*bold* _it_ ~gone~ `code *x*` 2*3*4 <https://example.org/?a=1&amp;b=2|here> <@U2> <#C1> :tada: :nosuch: &lt;b&gt;",
    )
    await look.page.wait_for_selector(".msg-text")
    html = await look.page.eval_on_selector(".msg-text", "e => e.innerHTML")
    assert html == (
        "<b>bold</b> <i>it</i> <s>gone</s> <code>code *x*</code> 2*3*4 "
        '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">here</a> '
        '<span class="mention">@Lin</span> <span class="mention">#support</span> 🎉 :nosuch: &lt;b&gt;'
    )
