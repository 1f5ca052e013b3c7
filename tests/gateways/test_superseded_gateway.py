"""A gateway that is held up before a write while another takes over: what the log says afterwards.

Each row names the record that the older gateway was about to write, and the story of its child in
`venue-reports`. What the older one had not written never happened: the newer one decides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
from test_venue_gateway import Desk, desk, word

from engine.core.events import (
    CancelRejected,
    ControlScope,
    ExecutionReported,
    NotSent,
    SendStarted,
    SessionStatusObserved,
    VenueDefined,
)
from engine.gateways.venues import SupersededError, VenueGateway
from engine.gateways.venues.run import run_of
from engine.log import codec
from engine.log.embedded.names import EmbeddedAppender
from engine.log.port import NewRecord
from engine.simulation.market.reference import venue_events
from engine.simulation.paper import PAPER

__all__ = ["desk"]  # A fixture.

REPORTS = "venue-reports"


class Row(NamedTuple):
    """What is held up, how it comes to be written, and the child's story at the end."""

    held_up: str
    is_it: Callable[[object], bool]
    play: Callable[[Desk], Iterator[str]]  # Yields the child, then after the turns that follow.
    story: list[str]


def is_of(kind: type) -> Callable[[object], bool]:
    return lambda event: isinstance(event, kind)


def is_report(text: str) -> Callable[[object], bool]:
    return lambda event: isinstance(event, ExecutionReported) and word(event) == text


def is_own_status(event: object) -> bool:
    return isinstance(event, SessionStatusObserved) and event.venue == PAPER


def is_of_venue(event: object) -> bool:
    return isinstance(event, SessionStatusObserved) and event.venue != PAPER


def a_marketable_child(at: Desk) -> Iterator[str]:
    yield at.route(cents=10_001)


def a_resting_child(at: Desk) -> Iterator[str]:
    yield at.route(cents=10_000)
    at.trade(10_000, 200)
    at.trade(10_000, 200)


def a_cancelled_child(at: Desk) -> Iterator[str]:
    child_id = at.route(cents=10_000)
    yield child_id
    at.cancel(child_id)


def a_cancel_of_a_filled_child(at: Desk) -> Iterator[str]:
    child_id = at.route(cents=10_001)
    yield child_id
    at.cancel(child_id)


def a_child_under_a_kill_switch(at: Desk) -> Iterator[str]:
    at.kill(ControlScope.VENUE, "N")
    yield at.route()


def a_control_while_a_child_rests(at: Desk) -> Iterator[str]:
    yield at.route(cents=10_000)
    at.kill(ControlScope.VENUE, "Q")


def a_new_venue_while_a_child_rests(at: Desk) -> Iterator[str]:
    yield at.route(cents=10_000)
    known = next(x for x in venue_events(at.day) if isinstance(x, VenueDefined))
    at.say(replace(known, venue="NEW"))


SENT = ["SendStarted", "NEW"]
ENDED = ["UNKNOWN", "CANCELED"]  # The paper venue lost its memory with its process.
ROWS = (
    Row("a send", is_of(SendStarted), a_marketable_child, [*SENT, "TRADE 200"]),
    Row("an acceptance", is_report("NEW"), a_marketable_child, ["SendStarted", *ENDED]),
    Row("a fill", is_report("TRADE 200"), a_resting_child, [*SENT, *ENDED]),
    Row("a cancelled", is_report("CANCELED"), a_cancelled_child, [*SENT, *ENDED]),
    Row(
        *("a refused cancel", is_of(CancelRejected), a_cancel_of_a_filled_child),
        [*SENT, "TRADE 200"],
    ),
    Row("a refusal to send", is_of(NotSent), a_child_under_a_kill_switch, ["NotSent"]),
    Row("an answer to a control", is_own_status, a_control_while_a_child_rests, [*SENT, *ENDED]),
    Row("a session", is_of_venue, a_new_venue_while_a_child_rests, [*SENT, *ENDED]),
)


def go_on(at: Desk, gateway: VenueGateway, played: Iterator[str]) -> None:
    """Some turns, then the rest of the play, then some more."""
    at.go_on(gateway)
    for _ in played:
        at.go_on(gateway)
    at.go_on(gateway)


def written(at: Desk, number: int) -> list[tuple[int, object]]:
    """Run and event of each report of a partition, in order."""
    reader = at.log.reader(REPORTS, number)
    return [(run_of(x) or 0, codec.decode(REPORTS, x.value)) for x in reader.read(10_000)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.held_up.replace(" ", "_"))
def test_what_a_superseded_gateway_was_about_to_write_never_happened(
    row: Row, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = EmbeddedAppender.append
    newer: list[VenueGateway] = []

    def held_up(own: EmbeddedAppender, topic: str, records: Sequence[NewRecord]) -> None:
        if any(row.is_it(codec.decode(topic, x.value)) for x in records):
            monkeypatch.undo()
            newer.append(desk.gateway())
        append(own, topic, records)

    desk.quote()
    older = desk.gateway()
    monkeypatch.setattr(EmbeddedAppender, "append", held_up)
    played = row.play(desk)
    child_id = next(played)
    with pytest.raises(SupersededError, match="stop one of the two"):
        go_on(desk, older, played)
    desk.go_on(newer[0])

    assert desk.story(child_id) == row.story
    for number in range(desk.log.partitions):
        runs = [run for run, _ in written(desk, number) if run]
        assert runs == sorted(runs), "an older run has reported behind a newer one"
    assert older.tally["sent"] + newer[0].tally["sent"] <= 1
