"""Who only claims to be somebody: anybody can write a mail in anybody's name (SEC15). Pure.

Such a mail is a contact like any other, of the address that it names. The customer who has that address is named to the
agent, as a claim; their records decide nothing, and nothing of theirs is joined with it.
"""

from __future__ import annotations

from dataclasses import replace

from ..queue.contact import Arrived
from ..queue.history.records import Customer
from .facts import Facts


def believed(arrived: Arrived, customer: Customer) -> tuple[Customer, str]:
    """As whose contact it counts, and whose it only claims to be, "" when it needs no claim."""
    if not only_claimed(arrived) or not customer.known:
        return customer, ""
    return Customer(arrived.sender, "", customer.language), customer.name or customer.key


def only_claimed(arrived: Arrived) -> bool:
    """Whether nobody vouches for a mail's sender. A caller's number is a claim as well, that fewer can make."""
    return arrived.channel == "email" and not arrived.verified and not arrived.customer


def claim_line(facts: Facts) -> str:
    """What the agent is told of it, in a few words; "" for whoever claims nothing."""
    if facts.vouched:
        return f"{facts.vouched} has made sure that it is them"
    return f"claims to be {facts.claims}" if facts.claims else ""


def is_vouched(facts: Facts) -> bool:
    """Whether it is surely that customer's: by its door, or by somebody's word."""
    return facts.verified or bool(facts.vouched)


def vouch(facts: Facts, customer: Customer, by: str, added: str = "") -> Facts:
    """`by` has made sure that it is `customer`; `added`: the address that their record got with it."""
    was = (facts.customer, facts.name, facts.claims, added)
    return replace(
        facts, customer=customer.key, name=customer.name or facts.name, claims="", vouched=by, was=was
    )


def unvouch(facts: Facts) -> Facts:
    """As if nobody had said so."""
    customer, name, claims, _ = (*facts.was, "", "", "", "")[:4]
    return replace(facts, customer=customer, name=name, claims=claims, vouched="", was=())


def carry(known: Facts, decided: Facts) -> Facts:
    """What somebody has made sure of outlives another decision about the same contact."""
    if not known.vouched:
        return decided
    return replace(
        decided, customer=known.customer, name=known.name, claims="", vouched=known.vouched, was=known.was
    )
