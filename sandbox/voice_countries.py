"""Twilio's Voice API v1, as far as geographic permissions go: which countries the account may call.

Mounted under `/twilio/voice.twilio.com`. Shapes follow twilio.com/docs/voice/api/dialingpermissions-country-resource;
nothing here can be changed. Of the world's countries only those are known of which the stand-in's numbers are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from .twilio_pages import page_v1
from .twilio_rules import Fault
from .twilio_store import COUNTRIES, Account

HOST = "https://voice.twilio.com"
MOUNT = "/twilio/voice.twilio.com"
Form = dict[str, list[str]]
Face = Callable[[web.Request, Form], Awaitable["web.Response | Fault"]]
OCEANIA, AMERICA = ("AU",), ("US",)


@dataclass(frozen=True, slots=True)
class Country:
    """One country: its ISO code, which names it, and its prefix."""

    sid: str
    prefix: str


class CountriesFace:
    """The resource."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known = [
            Country(iso, prefix) for prefix, iso in sorted(COUNTRIES.items(), key=lambda it: it[1])
        ]

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        root = f"{MOUNT}/v1/DialingPermissions/Countries"
        return [("GET", root, self._list), ("GET", f"{root}/{{iso}}", self._fetch)]

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = self._known
        if iso := request.query.get("IsoCode"):
            found = [it for it in found if it.sid == iso]
        if code := request.query.get("CountryCode"):
            found = [it for it in found if it.prefix == f"+{code.removeprefix('+')}"]
        for name in ("LowRiskNumbersEnabled",):
            if wanted := request.query.get(name):
                found = [it for it in found if str(self._open(it)).lower() == wanted.lower()]
        url = f"{HOST}/v1/DialingPermissions/Countries"
        return page_v1(request, found, "content", url, self._shown)

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = next((it for it in self._known if it.sid == request.match_info["iso"]), None)
        if found is None:
            path = request.path.removeprefix(f"{MOUNT}/v1")
            return Fault(404, 20404, f"The requested resource {path} was not found")
        return web.json_response(self._shown(found))

    def _open(self, it: Country) -> bool:
        return self._account.countries is None or it.prefix in self._account.countries

    def _shown(self, it: Country) -> dict[str, object]:
        url = f"{HOST}/v1/DialingPermissions/Countries/{it.sid}"
        continent = "OCEANIA" if it.sid in OCEANIA else "NORTH_AMERICA" if it.sid in AMERICA else "EUROPE"
        return {
            "iso_code": it.sid, "name": it.sid, "continent": continent, "country_codes": [it.prefix],
            "low_risk_numbers_enabled": self._open(it), "high_risk_special_numbers_enabled": False,
            "high_risk_tollfraud_numbers_enabled": False, "url": url,
            "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
        }  # fmt: skip
