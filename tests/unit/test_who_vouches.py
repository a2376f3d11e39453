"""A sender is claimed unless our own mail server vouches for the very address in From (SEC15, RFC 8601)."""

from __future__ import annotations

from email import message_from_string

import pytest

from tierline.channels.email.letter import Envelope
from tierline.channels.email.trust import vouched, vouching
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse

US = ("mx.northwind.example",)
OURS = (
    "Received: from gw.harbour.example by mx.northwind.example with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0100\n"
)
FOREIGN = "Received: from pc by relay.harbour.example with ESMTP; Mon, 23 Nov 2026 08:59:00 +0100\n"
PASS = "Authentication-Results: mx.northwind.example; dmarc=pass header.from=harbour.example\n"
FROM = "From: Anna <anna@harbour.example>\n"


def trust(head: str, ids: tuple[str, ...] = US, sender: str = "anna@harbour.example") -> str:
    return vouched(message_from_string(f"{head}To: support@northwind.example\n\nHello\n"), ids, sender)


GOOD = {
    "beneath our Received": OURS + PASS + FOREIGN + FROM,
    "above our Received": PASS + OURS + FOREIGN + FROM,
    "behind a hop inside our house": "Received: by 2002:a05:6402:1111 with SMTP id x; Mon, 23 Nov 2026\n"
    + OURS.replace("mx.north", "store2.north") + OURS + PASS + FOREIGN + FROM,
    "folded and commented": OURS + "Authentication-Results: MX.Northwind.Example 1 (our server);\n\tspf=fail smtp.mailfrom=x.example;\n"
    "\tdmarc=pass (p=REJECT dis=NONE)\n\theader.from=harbour.example\n" + FROM,
    "an aligned signature": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.d=harbour.example header.s=a\n" + FROM,
    "an aligned identity": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.i=@harbour.example\n" + FROM,
    "an aligned envelope": OURS + "Authentication-Results: mx.northwind.example; spf=pass smtp.mailfrom=bounce@harbour.example\n" + FROM,
    "one good signature of two": OURS + "Authentication-Results: mx.northwind.example; dkim=fail header.d=harbour.example; dkim=pass header.d=harbour.example\n" + FROM,
    "forged ones further down": OURS + PASS + FOREIGN + "Authentication-Results: mx.northwind.example; dmarc=fail header.from=harbour.example\n" + FROM,
}  # fmt: skip
BAD = {
    "nobody says anything": OURS + FOREIGN + FROM,
    "another server says it": OURS + PASS.replace("mx.north", "mx.south") + FROM,
    "it stands below a stranger's Received": OURS + FOREIGN + PASS + FROM,
    "it was written before it came to us": FOREIGN + PASS + FROM,
    "a stranger names an address as a host": OURS + "Received: from x by [192.0.2.9] with SMTP; Mon\n" + PASS + FROM,
    "our word is the topmost and says no": OURS + PASS.replace("=pass", "=fail") + PASS + FROM,
    "another domain passed": OURS + PASS.replace("header.from=harbour", "header.from=evil") + FROM,
    "a longer domain passed": OURS + PASS.replace("header.from=harbour", "header.from=notharbour") + FROM,
    "it fails by DMARC though it is signed": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.d=harbour.example; dmarc=fail header.from=harbour.example\n" + FROM,
    "the signature is a stranger's": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example\n" + FROM,
    "the signature is of a domain below": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.d=anna.harbour.example\n" + FROM,
    "the signature is of the top alone": OURS + "Authentication-Results: mx.northwind.example; dkim=pass header.d=example\n" + FROM,
    "the word pass is in a comment": OURS + "Authentication-Results: mx.northwind.example; dmarc=none (dmarc=pass header.from=harbour.example)\n" + FROM,
    "two senders": OURS + PASS + "From: Anna <anna@harbour.example>, Eve <eve@evil.example>\n",
    "two From fields": OURS + PASS + FROM + "From: Eve <eve@evil.example>\n",
    "no From": OURS + PASS,
    "it can't be read": OURS + "Authentication-Results: mx.northwind.example; dmarc==pass ; ; \"\n" + FROM,
    "no id": OURS + "Authentication-Results: dmarc=pass header.from=harbour.example\n" + FROM,
}  # fmt: skip


@pytest.mark.promise("mail-sender-verified-by-ours-alone")
@pytest.mark.parametrize("head", GOOD.values(), ids=GOOD)
def test_our_own_servers_aligned_pass_verifies(head: str) -> None:
    assert trust(head) == "verified"


@pytest.mark.promise("mail-sender-verified-by-ours-alone")
@pytest.mark.parametrize("head", BAD.values(), ids=BAD)
def test_everything_else_is_claimed(head: str) -> None:
    assert trust(head) == "claimed"


def test_without_the_plans_word_nobody_vouches() -> None:
    assert trust(OURS + PASS + FROM, ()) == "claimed"


def test_the_sender_who_is_asked_about_is_the_one_in_from() -> None:
    assert trust(OURS + PASS + FROM, sender="eve@harbour.example") == "claimed"
    assert trust(OURS + PASS + FROM, sender="") == "claimed"


def test_a_domain_in_its_own_letters_is_the_same_in_ascii() -> None:
    head = (
        OURS + "Authentication-Results: mx.northwind.example; dmarc=pass header.from=xn--bcher-kva.example\n"
    )
    assert trust(head + "From: anna@bücher.example\n", sender="anna@bücher.example") == "verified"
    assert (
        trust(head + "From: anna@xn--bcher-kva.example\n", sender="anna@xn--bcher-kva.example") == "verified"
    )


def test_a_provider_whose_id_is_a_host_among_many_counts_all_of_them() -> None:
    head = (
        "Delivered-To: support@northwind.example\nReceived: by 2002:a05:7300:1 with SMTP id z; Mon\n"
        "Received: from gw.harbour.example by mx.search.example with ESMTPS id 7; Mon\n"
        "Authentication-Results: mx.search.example; dkim=pass header.i=@harbour.example; dmarc=pass header.from=harbour.example\n"
    )
    assert trust(head + FROM, ("mx.search.example",)) == "verified"


PLAN = """site: s
timezone: Europe/Berlin
languages: [en]
channels:
  email: {MAIL}
"""


def test_the_plan_names_the_server_that_vouches_and_where_its_mails_come_from() -> None:
    plan = parse(
        PLAN.replace("{MAIL}", '{authserv_id: mx.northwind.example, relays: ["192.0.2.0/24", "2001:db8::1"]}')
    )
    assert plan.mail.authserv_ids == ("mx.northwind.example",)
    assert [plan.mail.relayed(it) for it in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1")] == [True] * 3
    assert [plan.mail.relayed(it) for it in ("192.0.3.7", "127.0.0.1", "", "x", "2001:db8::2")] == [False] * 5
    none = parse(PLAN.replace("{MAIL}", "{offer: 5m}"))
    assert diff(none, plan) == (
        "Mail: who vouches for senders: mx.northwind.example (was nobody)",
        "Mail: who hands us that server's mails: 192.0.2.0/24, 2001:db8::1 (was nobody)",
    )


@pytest.mark.parametrize(
    ("mail", "what", "fix"),
    [
        ("{authserv_id: MX.northwind.example}", "capitals", "mx.northwind.example"),
        ("{authserv_id: [a b]}", "no server's name", "like mx.northwind.example"),
        ('{authserv_id: a.example, relays: "192.0.2.7/24"}', "bits behind", '"192.0.2.0/24"'),
        ("{authserv_id: a.example, relays: [home]}", "no address or network", "192.0.2.25"),
        ('{relays: "192.0.2.7"}', "vouch for nobody", "authserv_id beside it"),
    ],
)
def test_a_mistake_in_it_is_shown_with_what_to_write(mail: str, what: str, fix: str) -> None:
    with pytest.raises(PlanErrors) as told:
        parse(PLAN.replace("{MAIL}", mail))
    assert what in str(told.value) and fix in str(told.value)


def test_what_a_stranger_brings_is_vouched_for_by_nobody() -> None:
    """Who reaches our listener may write our server's word above their own mail."""
    forged = OURS + PASS + FROM
    for by, trusted in (
        ("smtp", "claimed"),
        ("", "claimed"),
        ("relay", "verified"),
        ("northwind", "verified"),
    ):
        ids = vouching(Envelope("anna@harbour.example", (), 0, by), US)
        assert vouched(message_from_string(forged + "\nHi\n"), ids, "anna@harbour.example") == trusted


UNNAMED = ("unnamed",)
MICROSOFT = (
    "Received: from AM8PR01.eurprd01.prod.outlook.com (2603:10a6::1) by VI1PR01.eurprd01.prod.outlook.com with HTTPS; Mon, 23 Nov 2026\n"
    "Received: from AM5EUR02.eop-eur02.prod.protection.outlook.com by AM8PR01.outlook.office365.com (2603:10a6::2) with Microsoft SMTP Server; Mon\n"
)
SAYS = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.9)\n smtp.mailfrom=harbour.example; dkim=pass (signature was verified)\n"
    " header.d=harbour.example;dmarc=pass action=none header.from=harbour.example;compauth=pass reason=100\n"
)
BORDER = "Received: from gw.harbour.example (192.0.2.9) by AM5EUR02.mail.protection.outlook.com (10.1.1.1) with Microsoft SMTP Server; Mon\n"


@pytest.mark.promise("mail-microsoft-vouches")
def test_microsofts_word_without_a_name_counts_where_the_plan_says_so() -> None:
    head = MICROSOFT + SAYS + BORDER + FROM
    assert trust(head, UNNAMED) == "verified"
    assert trust(head) == "claimed"
    assert (
        trust(head.replace("dmarc=pass action=none", "dmarc=bestguesspass action=none"), UNNAMED)
        == "verified"
    )


@pytest.mark.promise("mail-microsoft-vouches")
@pytest.mark.parametrize("head", [
    MICROSOFT + SAYS.replace("dmarc=pass", "dmarc=fail") + SAYS + BORDER + FROM,  # the topmost alone
    MICROSOFT + "Authentication-Results: mx.evil.example; dmarc=pass header.from=harbour.example\n" + SAYS + FROM,
    MICROSOFT + FOREIGN + SAYS + FROM,  # beneath a stranger's server
    FOREIGN + SAYS + FROM,
    "Received: from x by protection.outlook.com.evil.example; Mon\n" + SAYS + FROM,
    MICROSOFT + SAYS.replace("header.from=harbour", "header.from=evil") + BORDER + FROM,
    MICROSOFT + "Authentication-Results: spf=none (a (dmarc=pass header.from=harbour.example) b); dkim=none\n" + FROM,
    MICROSOFT + "Authentication-Results: spf=none (((((x))))) dmarc=pass header.from=harbour.example\n" + FROM,
    MICROSOFT + BORDER + FROM,
], ids=range(9))  # fmt: skip
def test_nothing_else_without_a_name_counts(head: str) -> None:
    assert trust(head, UNNAMED) == "claimed"


@pytest.mark.promise("mail-microsoft-vouches")
def test_a_word_without_a_name_counts_for_mailboxes_alone() -> None:
    mail = message_from_string(MICROSOFT + SAYS + BORDER + FROM + "\nHi\n")
    for by, trusted in (
        ("", "claimed"),
        ("smtp", "claimed"),
        ("relay", "claimed"),
        ("northwind", "verified"),
    ):
        ids = vouching(Envelope("anna@harbour.example", (), 0, by), UNNAMED)
        assert vouched(mail, ids, "anna@harbour.example") == trusted, by
