"""The scorecard of a venue in each shard, beside the results of its own children there."""

from contextlib import closing
from pathlib import Path

import pytest
from projection_world import World, at, reference, route, work_order

import projections
from engine.core import events as e
from engine.log.embedded import EmbeddedLog

CARD = {"venue": "Q", "version": 1, "samples": 3, "fill_ppm": 500_000, "speed_ns": 7}


@pytest.mark.parametrize(("takes", "shown"), [(0, None), (2, -40)])
def test_a_cost_is_shown_once_a_take_was_filled(
    tmp_path: Path, takes: int, shown: int | None
) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        world = World(log)
        reference(world, [("Q", "NASDAQ", e.VenueKind.LIT)])
        _, parent = work_order(world, e.Side.BUY, 100)
        route(world, parent, "Q", 100, 100.01)
        cost = {"cost_millibps": shown or 0, "take_samples": takes}
        world.emit("plan:", e.ScorecardUpdated, **CARD, **cost)
        world.seal(at("10:00:00"))
        world.close()
        projections.rebuild(log, tmp_path / "p.duckdb")
    query = "select venue, children, samples, cost_millibps, take_samples from venue_scorecard"
    with closing(projections.connect(tmp_path / "p.duckdb")) as connection:
        assert connection.execute(query).fetchall() == [("Q", 1, 3, shown, takes)]
