"""A line to Slack that carries one direction only is noticed, replaced, and loses nothing (F66)."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from desk_stage import CAST, NOW, FakeHouse, Once, card, eventually
from helpers_proxy import LoopbackProxy
from slack_stage import ADA, slack_stage, until

from tierline.channels.channel import DeliveryError
from tierline.channels.slack import desk as module
from tierline.channels.slack import socket_mode
from tierline.channels.slack.desk import SlackDesk
from tierline.channels.slack.socket_mode import SocketMode


@pytest.mark.promise("slack-down")
@pytest.mark.parametrize("way", ["drop_replies", "drop_requests"])
async def test_a_line_that_is_deaf_or_mute_is_replaced(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(socket_mode, "PING", 0.3)
    monkeypatch.setattr(module, "SILENT", 1.0)
    async with slack_stage() as stage:
        at = urlsplit(stage.base)
        proxy = await LoopbackProxy.start((str(at.hostname), int(at.port or 0)))
        house = FakeHouse()

        async def now() -> int:
            return NOW

        desk = SlackDesk(
            bot_token=CAST.credentials.bot_token, ears=SocketMode(CAST.credentials.app_token),
            api_url=f"http://{proxy.host}:{proxy.port}/slack/api/", once=Once(), now=now,
        )  # fmt: skip
        desk.serve(house)
        await desk.start()
        try:
            place = await desk.offer(card())
            setattr(proxy, way, True)

            async def down() -> bool:
                await asyncio.sleep(0.5)  # a storm of questions would meet our own pace
                try:
                    await desk.ping()
                except DeliveryError:
                    return True
                return False

            await eventually(down, 40)
            setattr(proxy, way, False)

            async def well() -> bool:
                return not await down()

            await eventually(well, 60)
            channel, ts = place.split(":")
            await stage.post("act", user=ADA, channel=channel, ts=ts, action_id="offer.accept")
            await until(lambda: house.verbs("accept"))
            assert len(house.verbs("accept")) == 1
        finally:
            await desk.stop()
            await proxy.close()
