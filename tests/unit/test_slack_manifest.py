"""The Slack app's manifest: as Slack's own schema wants it, every permission with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from tierline.channels.slack.manifest import EVENTS, SCOPES, create_link, manifest

SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "slack" / "manifest.schema.2.0.0.json"


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's manifest schema isn't beside the project")
@pytest.mark.parametrize("name", ["Tierline", "Hilfe & Co", "x" * 80])
@pytest.mark.parametrize("url", ["", "https://help.example.com/slack/events"])
def test_slack_takes_the_manifest(name: str, url: str) -> None:
    jsonschema.validate(manifest(name, url), json.loads(SCHEMA.read_text()))


def test_with_an_address_everything_goes_there_and_without_one_over_sockets() -> None:
    url = "https://help.example.com/slack/events"
    by_http, by_socket = manifest(request_url=url), manifest()
    settings = by_http["settings"]
    assert settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == url
    assert by_http["features"]["slash_commands"][0]["url"] == url and not settings["socket_mode_enabled"]
    assert by_socket["settings"]["socket_mode_enabled"] and "http" not in json.dumps(by_socket)


def test_every_permission_is_asked_for_once_and_has_a_reason() -> None:
    scopes = [scope for scope, _ in SCOPES]
    assert len(set(scopes)) == len(scopes) and all(reason for _, reason in (*SCOPES, *EVENTS))
    assert manifest()["oauth_config"]["scopes"]["bot"] == scopes


def test_the_link_carries_the_whole_manifest() -> None:
    at = urlsplit(create_link("Hilfe & Co"))
    assert at.hostname == "api.slack.com"
    assert json.loads(parse_qs(at.query)["manifest_json"][0]) == manifest("Hilfe & Co")
