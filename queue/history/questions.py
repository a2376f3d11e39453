"""Statements that every arrival and every offer asks, built once: that costs more than running them."""

from __future__ import annotations

from sqlalchemy import Integer, Text, bindparam, or_, select

from .tables import addresses, arrivals, contacts, customers, facts

WHO = (
    select(customers, facts.c.name.label("fact"), facts.c.value)
    .outerjoin_from(customers, facts, facts.c.customer == customers.c.key)
    .where(
        or_(
            customers.c.key == bindparam("key"),
            customers.c.key.in_(
                select(addresses.c.customer).where(addresses.c.address == bindparam("address"))
            ),
        )
    )
)
SEEN = select(arrivals.c.contact, arrivals.c.n).where(arrivals.c.event == bindparam("event"))
NAMES = tuple(bindparam(f"name{i}", type_=Text) for i in range(4))  # two names, each as key and as address
PAST_OF = (
    select(contacts)
    .where(or_(contacts.c.customer.in_(NAMES), contacts.c.address.in_(NAMES)))
    .order_by(contacts.c.arrived.desc(), contacts.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)

LAST_OWNER = (
    select(contacts.c.owner)
    .where(
        contacts.c.address == bindparam("address"), contacts.c.channel == bindparam("channel"),
        contacts.c.state == "closed", contacts.c.owner != "", contacts.c.arrived >= bindparam("since"),
    )
    .order_by(contacts.c.arrived.desc(), contacts.c.id.desc())
    .limit(1)
)  # fmt: skip
