"""For each control the view shows which shards and gateways have applied it."""

from contextlib import closing
from pathlib import Path

from projection_world import World, at, make, reference

import projections
from engine.core import events as e
from engine.log.embedded import EmbeddedLog


def kill(world: World, *, engaged: bool) -> int:
    """Set the firm's kill switch, have the shard apply it, and tell its position."""
    control = make(e.KillSwitchSet, scope=e.ControlScope.FIRM, engaged=engaged)
    cause = world.input(control)
    world.emit(cause, e.ControlApplied, control="KillSwitchSet", scope=e.ControlScope.FIRM)
    return int(cause.partition(":")[2])


def answer(world: World, position: int, clock: str) -> None:
    """The gateway says how far it is."""
    common = {"venue": "PAPER", "up": True, "controls_position": position}
    world.input(make(e.SessionStatusObserved, **common, received_ns=at(clock)), sender="PAPER")


def test_a_control_is_applied_by_each_shard_and_gateway_that_says_so(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        world = World(log)
        reference(world, [("Q", "NASDAQ", e.VenueKind.LIT)])
        engaged, released = kill(world, engaged=True), kill(world, engaged=False)
        unanswered = kill(world, engaged=True)
        answer(world, engaged, "10:00:01")
        answer(world, released, "10:00:02")
        answer(world, released, "10:00:03")
        answer(world, -1, "10:00:04")
        world.seal(at("10:00:00"))
        world.close()
        projections.rebuild(log, tmp_path / "p.duckdb")
    query = (
        "select position, applied_by, applied_ns from control_receipts "
        "where control = 'KillSwitchSet' and position >= ? order by all"
    )
    with closing(projections.connect(tmp_path / "p.duckdb")) as connection:
        assert connection.execute(query, [engaged]).fetchall() == [
            (engaged, "gateway PAPER", at("10:00:01")),
            (engaged, "shard 0", at("10:00:00")),
            (released, "gateway PAPER", at("10:00:02")),
            (released, "shard 0", at("10:00:00")),
            (unanswered, "shard 0", at("10:00:00")),
        ]
