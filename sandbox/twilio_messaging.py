"""Twilio's Messaging API v1, as far as a look at registrations needs it: services, their numbers, their campaigns.

Mounted under `/twilio/messaging.twilio.com`. Shapes follow twilio.com/docs/messaging/api; nothing here can be changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from .twilio_pages import page_v1
from .twilio_rules import Fault
from .twilio_store import Account, PhoneNumber, Service, Store, carries_pictures, country_of

HOST = "https://messaging.twilio.com"
MOUNT = "/twilio/messaging.twilio.com"
Form = dict[str, list[str]]
Call = Callable[[web.Request, Form], Awaitable["web.Response | Fault"]]


class Messaging:
    """What an account's console says of its messaging services."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store, self._account = store, account

    def calls(self) -> list[tuple[str, str, Call]]:
        """Every (method, path, call); all other paths are unknown."""
        root = f"{MOUNT}/v1/Services"
        return [
            ("GET", root, self._list),
            ("GET", f"{root}/{{sid}}", self._fetch),
            ("GET", f"{root}/{{sid}}/PhoneNumbers", self._numbers),
            ("GET", f"{root}/{{sid}}/Compliance/Usa2p", self._campaigns),
        ]

    def _services(self) -> list[Service]:
        if self._account.services is not None:
            return list(self._account.services)
        american = tuple(n.number for n in self._store.numbers.values() if n.number.startswith("+1"))
        return [Service("Sandbox", american, "VERIFIED")] if american else []

    def _service(self, request: web.Request) -> Service | None:
        return next((it for it in self._services() if it.sid == request.match_info["sid"]), None)

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        return page_v1(request, self._services(), "services", f"{HOST}/v1/Services", self._shown)

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        it = self._service(request)
        return _unknown(request) if it is None else web.json_response(self._shown(it))

    async def _numbers(self, request: web.Request, form: Form) -> web.Response | Fault:
        it = self._service(request)
        if it is None:
            return _unknown(request)
        held = [n for n in self._store.numbers.values() if n.number in it.numbers]
        url = f"{HOST}/v1/Services/{it.sid}/PhoneNumbers"
        return page_v1(request, held, "phone_numbers", url, lambda n: self._number(it, n))

    async def _campaigns(self, request: web.Request, form: Form) -> web.Response | Fault:
        it = self._service(request)
        if it is None:
            return _unknown(request)
        url = f"{HOST}/v1/Services/{it.sid}/Compliance/Usa2p"
        return page_v1(request, [it] if it.campaign else [], "compliance", url, self._campaign)

    def _dates(self) -> dict[str, object]:
        born = datetime.fromtimestamp(int(self._store.born), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"account_sid": self._store.sid, "date_created": born, "date_updated": born}

    def _shown(self, it: Service) -> dict[str, object]:
        url = f"{HOST}/v1/Services/{it.sid}"
        links = {"phone_numbers": "PhoneNumbers", "us_app_to_person": "Compliance/Usa2p"}
        return {
            **self._dates(),
            "sid": it.sid, "friendly_name": it.name, "inbound_request_url": None, "inbound_method": "POST",
            "fallback_url": None, "fallback_method": "POST", "status_callback": None, "sticky_sender": True,
            "mms_converter": True, "smart_encoding": True, "scan_message_content": "inherit",
            "fallback_to_long_code": False, "area_code_geomatch": True, "synchronous_validation": False,
            "validity_period": 14400, "usecase": "undeclared",
            "us_app_to_person_registered": it.campaign == "VERIFIED", "use_inbound_webhook_on_number": True,
            "url": url, "links": {name: f"{url}/{path}" for name, path in links.items()},
        }  # fmt: skip

    def _number(self, it: Service, entry: PhoneNumber) -> dict[str, object]:
        can = ["SMS", "Voice", *(["MMS"] if carries_pictures(entry.number) else [])]
        return {
            **self._dates(),
            "sid": entry.sid, "service_sid": it.sid, "phone_number": entry.number,
            "country_code": country_of(entry.number), "capabilities": can,
            "url": f"{HOST}/v1/Services/{it.sid}/PhoneNumbers/{entry.sid}",
        }  # fmt: skip

    def _campaign(self, it: Service) -> dict[str, object]:
        sid = "QE" + hashlib.sha256(it.sid.encode()).hexdigest()[:32]
        failed = [
            {"error_code": 30882, "description": "The campaign was refused", "fields": ["MESSAGE_FLOW"]}
        ]
        return {
            **self._dates(),
            "sid": sid, "brand_registration_sid": "BN" + sid[2:], "messaging_service_sid": it.sid,
            "description": "Questions of customers and their answers", "message_samples": ["Hello", "It works"],
            "us_app_to_person_usecase": "CUSTOMER_CARE", "has_embedded_links": False, "has_embedded_phone": False,
            "subscriber_opt_in": False, "age_gated": False, "direct_lending": False,
            "campaign_status": it.campaign, "campaign_id": "CSANDBOX", "is_externally_registered": False,
            "rate_limits": {}, "message_flow": "Customers write first", "opt_in_message": None,
            "opt_out_message": None, "help_message": None, "opt_in_keywords": [], "opt_out_keywords": [],
            "help_keywords": [], "url": f"{HOST}/v1/Services/{it.sid}/Compliance/Usa2p/{sid}", "mock": False,
            "errors": failed if it.campaign == "FAILED" else [],
        }  # fmt: skip


def _unknown(request: web.Request) -> Fault:
    return Fault(
        404, 20404, f"The requested resource {request.path.removeprefix(MOUNT + '/v1')} was not found"
    )
