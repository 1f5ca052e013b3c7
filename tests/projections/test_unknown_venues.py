"""The venues that quote without a definition, counted."""

from contextlib import closing
from pathlib import Path

from projection_world import World, at, make, reference

import projections
from engine.core import events as e
from engine.log.embedded import EmbeddedLog


def test_quotes_of_venues_that_nobody_defined_are_counted(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        world = World(log)
        reference(world, [("Q", "NASDAQ", e.VenueKind.LIT)])
        for venue in ("Q", "WHO", "WHO"):
            world.input(make(e.QuoteObserved, venue=venue, instrument_id="AAPL"))
        world.seal(at("10:00:01"))
        world.close()
        projections.rebuild(log, tmp_path / "p.duckdb")
    query = "select venue, instrument_id, quotes from unknown_venues"
    with closing(projections.connect(tmp_path / "p.duckdb")) as connection:
        assert connection.execute(query).fetchall() == [("WHO", "AAPL", 2)]
