"""The shape of channels, of what calls have beside them, and of what guards numbers that cost money."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from .fields import Country, Door, Duration, Positive, Sometime, Url
from .shape_base import Many, Shape
from .shape_chat import WebChat
from .shape_mail import Vouching

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Channel(Shape):
    """How one channel is worked."""

    offer: Positive | None = Field(
        default=None, description="How long an offer stands until the next agent is asked"
    )
    wrap_up: Duration | None = Field(default=None, description="After-contact work")
    lag: Duration | None = Field(
        default=None, description="How long overdue it may be until it comes before live work"
    )
    quiet: Sometime | None = Field(
        default=None, description="After the owner's reply, until the contact is snoozed; never"
    )
    nudge: Sometime | None = Field(
        default=None,
        description="So long a message may lie unanswered until its owner is reminded, as long again until "
        "somebody else is asked; never",
    )
    preferred: Duration | None = Field(
        default=None, description="How long the former owner alone is asked (without it, a caller's for 20 s)"
    )
    cost: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="What a contact takes of 100"
    )
    cap: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="How many at once for one agent"
    )
    auto_accept: bool = Field(
        default=False, description="Offers are taken for the agent as they are shown; not calls"
    )
    sender: Door | None = Field(
        default=None, alias="from", description="Where messages come from that nobody asked for"
    )


class Recording(Shape):
    """Calls are recorded only where this stands."""

    announced: Literal["texts", "elsewhere"] = Field(
        description="texts   # callers hear texts.call_recorded; elsewhere: they have been told before"
    )
    keep: Positive = Field(default=timedelta(days=30), description="After that a recording is deleted")


class Voice(Channel):
    """How calls are worked."""

    music: Url | None = Field(default=None, description="Sound for those who wait; without it, our own")
    callback: Literal["agent_first", "customer_first"] = Field(
        default="agent_first", description="Who is rung first when somebody is called back"
    )
    callback_answer: Literal["detect", "key"] = Field(
        default="detect",
        description="A person is told from a mailbox before anybody is put through: detect (Twilio charges for it); "
        "key: they press 1",
    )
    callback_again: Annotated[Many[Positive], Field(max_length=10)] = Field(
        default=[timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)],
        description="After a try that reached nobody: [5m, 30m, 2h], and then no more",
    )
    recording: Recording | None = Field(default=None, description="{announced: texts, keep: 30d}")
    redial: Duration = Field(
        default=timedelta(minutes=5), description="So long a caller who hung up while waiting keeps the place"
    )


class Email(Channel, Vouching):
    """How mail is worked."""


class Chat(Channel, WebChat):
    """How chats are worked, and where visitors find them."""


class Channels(Shape):
    """The four channels."""

    voice: Voice = Voice()
    chat: Chat = Chat()
    sms: Channel = Channel()
    email: Email = Email()


class PerNumber(Shape):
    """How often one number is called and texted at most."""

    hour: Count = 30
    day: Count = 100


class Safety(Shape):
    """Which numbers are called and texted, and how often: nobody runs up a bill through us."""

    countries: Annotated[Many[Country], Field(min_length=1)] | None = Field(
        default=None, description="[DE, AT]: two letters each; without it, the countries of your own numbers"
    )
    premium: Literal["never"] = Field(
        default="never", description="Numbers that cost more than a call: never, and nothing else is possible"
    )
    per_number: PerNumber = PerNumber()
    per_hour: Count = Field(default=1_000, description="Calls and texts in an hour, all together")
    per_day: Count = Field(default=5_000, description="Calls and texts in a day, all together")
