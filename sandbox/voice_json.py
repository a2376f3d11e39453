"""How Twilio shows calls, queues, conferences: shapes of its OpenAPI description of 2010-04-01."""

from __future__ import annotations

from .twilio_store import Store, rfc2822
from .voice_state import Board, Call, CallQueue, Entry, Member, Room, Seat


def call_json(call: Call, store: Store) -> dict[str, object]:
    """`api.v2010.account.call`."""
    kinds = (
        "events notifications payments recordings siprec streams transcriptions "
        "user_defined_message_subscriptions user_defined_messages"
    ).split()
    names = {k: "".join(part.title() for part in k.split("_")) for k in kinds}
    return {
        "sid": call.sid,
        "date_created": rfc2822(call.at),
        "date_updated": rfc2822(call.updated),
        "parent_call_sid": call.parent,
        "account_sid": store.sid,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.sender,
        "from_formatted": call.sender,
        "phone_number_sid": call.number.sid if call.number else None,
        "status": "queued" if call.status == "initiated" else call.status,
        "start_time": rfc2822(call.started),
        "end_time": rfc2822(call.ended),
        "duration": None if call.duration is None else str(call.duration),
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "forwarded_from": call.forwarded_from,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_ms),
        "trunk_sid": None,
        "uri": store.uri("Calls", f"{call.sid}.json"),
        "subresource_uris": {k: store.uri("Calls", call.sid, f"{v}.json") for k, v in names.items()},
    }


def queue_json(queue: CallQueue, board: Board) -> dict[str, object]:
    """`api.v2010.account.queue`."""
    store = board.store
    return {
        "date_updated": rfc2822(queue.updated),
        "current_size": len(queue.members),
        "friendly_name": queue.name,
        "uri": store.uri("Queues", f"{queue.sid}.json"),
        "account_sid": store.sid,
        "average_wait_time": queue.average(board.now()),
        "sid": queue.sid,
        "date_created": rfc2822(queue.at),
        "max_size": queue.size,
    }


def member_json(queue: CallQueue, member: Member, position: int, board: Board) -> dict[str, object]:
    """`api.v2010.account.queue.member`; the position counts from 1."""
    return {
        "call_sid": member.call,
        "date_enqueued": rfc2822(member.at),
        "position": position,
        "uri": board.store.uri("Queues", queue.sid, "Members", f"{member.call}.json"),
        "wait_time": int(board.now() - member.at),
        "queue_sid": queue.sid,
    }


def room_json(room: Room, store: Store) -> dict[str, object]:
    """`api.v2010.account.conference`."""
    return {
        "account_sid": store.sid,
        "date_created": rfc2822(room.at),
        "date_updated": rfc2822(room.updated),
        "api_version": "2010-04-01",
        "friendly_name": room.name,
        "region": "us1",
        "sid": room.sid,
        "status": room.status,
        "uri": store.uri("Conferences", f"{room.sid}.json"),
        "subresource_uris": {
            "participants": store.uri("Conferences", room.sid, "Participants.json"),
            "recordings": store.uri("Conferences", room.sid, "Recordings.json"),
        },
        "reason_conference_ended": room.reason,
        "call_sid_ending_conference": room.ender,
    }


_ON_THE_WAY = {"queued": "queued", "initiated": "connecting", "ringing": "ringing"}


def coming_json(room: Room, entry: Entry, call: Call, store: Store) -> dict[str, object]:
    """The same of somebody who is being called into the conference."""
    return {
        "account_sid": store.sid,
        "call_sid": call.sid,
        "label": entry.label or None,
        "call_sid_to_coach": entry.coach or None,
        "coaching": bool(entry.coach),
        "conference_sid": room.sid,
        "date_created": rfc2822(call.at),
        "date_updated": rfc2822(call.updated),
        "end_conference_on_exit": entry.ends,
        "muted": entry.muted,
        "hold": False,
        "start_conference_on_enter": entry.starts,
        "status": _ON_THE_WAY.get(call.status, "connecting"),
        "queue_time": str(call.queue_ms),
        "uri": store.uri("Conferences", room.sid, "Participants", f"{call.sid}.json"),
    }


def seat_json(room: Room, seat: Seat, store: Store) -> dict[str, object]:
    """`api.v2010.account.conference.participant`."""
    return {
        "account_sid": store.sid,
        "call_sid": seat.call,
        "label": seat.entry.label or None,
        "call_sid_to_coach": seat.coach or None,
        "coaching": bool(seat.coach),
        "conference_sid": room.sid,
        "date_created": rfc2822(seat.at),
        "date_updated": rfc2822(seat.updated),
        "end_conference_on_exit": seat.ends,
        "muted": seat.muted,
        "hold": seat.hold,
        "start_conference_on_enter": seat.entry.starts,
        "status": "connected",
        "queue_time": None,
        "uri": store.uri("Conferences", room.sid, "Participants", f"{seat.call}.json"),
    }
