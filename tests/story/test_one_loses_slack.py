"""Of two workers the one that delivers loses its way to Slack: the other one takes over, and the customer is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from many_stage import open_crew
from story_stage import EVA
from test_many_routers import slash, take


@pytest.mark.promise("slack-by-another")
@pytest.mark.timeout(300)
async def test_the_other_worker_shows_the_offer_and_goes_on(tmp_path: Path) -> None:
    async with open_crew(tmp_path, webs=1, workers=2, own_ways=True) as crew:
        await slash(crew, "Ada", "available")
        one = await crew.delivering()
        way = crew.ways[crew.workers.index(one)]
        await way.refuse()
        assert await crew.text("my server is down") == 200
        other = await crew.delivering(one)
        await take(crew, "Ada", "my server is down", EVA)
        assert await crew.holder() is other
        await way.open()
        shown = await crew.offers_shown()
        assert set(shown.values()) == {1}, "each offer is shown once"
