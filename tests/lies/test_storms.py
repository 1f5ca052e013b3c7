"""What a venue that runs away, misses, quotes wildly or stays silent may lead to."""

from collections import Counter

import pytest
from lies.play import Lie, check
from world import SECOND, SOON_NS, World, an, at_once, cancel, px, report, trade, trading

from engine.core import events as e

MS = SECOND // 1_000
END_NS = SOON_NS  # All goes out at once, and again at each of five points.

LIES = [
    Lie(
        "a resting child that its venue cancels unasked waits as a reject does",
        """
        order A buy 500 limit=99.95
        canceled
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildRouted=1 SliceReleased=1 exposure=0
        """,
    ),
    Lie(
        "a resting child that its venue lets expire waits as a reject does",
        """
        order A buy 500 limit=99.95
        expired
        """,
        "ChildRouted=1 SliceReleased=1 exposure=0",
    ),
    Lie(
        "an overfilling venue gets no more of the instrument, and the fill is booked",
        """
        order A buy 500 limit=99.95
        fill 50000
        order B buy 500 limit=99.95
        """,
        """
        A cum=500 leaves=0 status=FILLED
        error=49500 breaks=VENUE_OVERFILL,ERROR_ACCOUNT SuspensionSet=1 ChildRouted=2
        """,
    ),
    Lie(
        "a venue that corrects a fill to more than its child gets no more of the instrument",
        """
        order A buy 500 limit=100.01
        fill 500 id=E1
        correct E1 700 by=200
        order B buy 300 limit=100.01
        """,
        "error=200 SuspensionSet=1 ChildRouted=2",
    ),
    Lie(
        "a venue that corrects a fill within its child goes on",
        """
        order A buy 500 limit=100.01
        fill 300 id=E1
        correct E1 400 by=100
        """,
        "A cum=400 leaves=100 status=PARTIALLY_FILLED\nSuspensionSet=0",
    ),
    Lie(
        "a venue that counts more than its child gets no more of the instrument",
        """
        order A buy 500 limit=100.01
        canceled cum=700
        order B buy 300 limit=100.01
        """,
        "exposure=800 breaks=CUM_QTY_GAP SuspensionSet=1 ChildRouted=2",
    ),
    Lie(
        "a person lifts the stop of an overfilling venue",
        """
        order A buy 500 limit=99.95
        fill 50000
        mark
        lift VENUE N/AAPL
        """,
        "ControlApplied=1 SuspensionSet=0",
    ),
    Lie(
        "a quote that a child has missed is not asked again",
        """
        order A buy 500 limit=100.02
        expired
        wait 10s
        & order B buy 500 limit=100.02
        """,
        "B cum=0 leaves=500 status=NEW",
    ),
    Lie(
        "after a miss another venue at the same best is asked at once",
        """
        quote Q 100.00 100.02
        order A buy 500 limit=100.02
        mark
        expired
        """,
        "ChildRouted=1 ChildClosed=1",
    ),
    Lie(
        "a working market order does not follow an ask of a hundred times the print, and rests",
        """
        print 100 100.01
        quote N 100.00 10000
        order A buy 500
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildRouted=1 RouteDeferred=0
        """,
    ),
    Lie(
        "a working market sale does not follow a quote of a hundredth of the print",
        """
        print 100 100.01
        quote N 1 1.01
        order A sell 500
        """,
        "ChildRouted=0 RouteDeferred=1",
    ),
    Lie(
        "without any price nothing is routed",
        """
        quote N 0 0
        order A buy 500
        """,
        "ChildRouted=0 RouteDeferred=1",
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie)


@pytest.mark.parametrize("kind", [e.ExecType.CANCELED, e.ExecType.EXPIRED, e.ExecType.REJECTED])
@pytest.mark.parametrize("filled_qty", [0, 1], ids=["nothing", "a_share"])
@pytest.mark.parametrize("limit_px", [None, px(99.95)], ids=["takes", "rests"])
def test_a_runaway_venue_is_stopped_within_twenty_children_and_others_go_on(
    kind: e.ExecType, filled_qty: int, limit_px: int | None
) -> None:
    """The venue N ends each child 2 ms after it came; Q fills what it gets."""
    world = trading(trade()).given(at_once(order_qty=50_000, limit_px=limit_px, end_ns=END_NS))
    for number in range(3_000):
        world.when(*answers(world, kind, filled_qty, number), after_ns=2 * MS)

    routed = Counter(x.venue for x in world.history() if isinstance(x, e.ChildRouted))
    assert routed["N"] <= 20
    stops = [x.scope_id for x in world.history() if isinstance(x, e.SuspensionSet)]
    assert stops in ([], ["N/AAPL"])
    assert stops or routed["N"] < 10  # Else the pace of the schedule held it back.
    assert len(world.state.rates) < 10
    world.when(at_once("other", limit_px=px(99.90))).then_some(an(e.ChildRouted, venue="Q"))


def answers(
    world: World, kind: e.ExecType, filled_qty: int, number: int
) -> list[e.ExecutionReported]:
    said: list[e.ExecutionReported] = []
    for child in world.children():
        if child.terms.venue != "N":
            continue
        if filled_qty:
            said.append(
                report(
                    child,
                    e.ExecType.TRADE,
                    f"F{number}",
                    last_qty=filled_qty,
                    last_px=child.terms.limit_px,
                )
            )
        said.append(report(child, kind, f"C{number}"))
    return said


def test_a_looping_client_is_stopped_within_twenty_children_and_others_go_on() -> None:
    world = trading()
    for number in range(500):
        name = f"o{number}"
        world.when(at_once(name, limit_px=px(99.95)), after_ns=MS)
        world.when(cancel(name), after_ns=MS)
        world.when(*(report(x, e.ExecType.CANCELED) for x in world.children()), after_ns=MS)

    routed = [x for x in world.history() if isinstance(x, e.ChildRouted)]
    refused = [x for x in world.history() if isinstance(x, e.OrderRejected)]
    assert len(routed) <= 20
    assert {x.reason for x in refused} == {e.RejectReason.RATE_LIMIT}
    assert len(world.state.rates) < 20
    world.when(at_once("other", client_id="c2", limit_px=px(99.95))).then_some(e.ChildRouted)
