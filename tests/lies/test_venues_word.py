"""A venue's word on quantities and identities, and the answer to each contradiction."""

import pytest
from lies.play import Lie, check

LIES = [
    Lie(
        "a lost fill is a gap: the missing quantity is exposure and is not sent again",
        """
        order A buy 300 limit=99.95
        fill 100 cum=100
        fill 100 cum=300
        canceled cum=300
        wait 30s
        """,
        """
        A cum=200 leaves=100 status=PARTIALLY_FILLED
        exposure=100 breaks=CUM_QTY_GAP ChildRouted=1 ChildCancelRequested=0
        """,
    ),
    Lie(
        "a final report with a fill that was never seen is a gap",
        """
        order A buy 500 limit=99.95
        canceled cum=500
        wait 30s
        """,
        """
        A cum=0 leaves=500 status=NEW
        exposure=500 breaks=CUM_QTY_GAP ChildRouted=1 ChildDoubted=1 ChildClosed=0
        """,
    ),
    Lie(
        "a final report returns what is not in doubt",
        """
        order A buy 500 limit=99.95
        mark
        canceled cum=200
        """,
        "exposure=200 breaks=CUM_QTY_GAP ChildRouted=0 ChildDoubted=1",
    ),
    Lie(
        "a late report of the missing fill closes the break",
        """
        order A buy 300 limit=99.95
        fill 100 cum=100
        fill 100 cum=300 id=late
        canceled cum=300
        fill 100 cum=200 id=lost
        """,
        """
        A cum=300 leaves=0 status=FILLED
        exposure=0 breaks=CUM_QTY_GAP BreakClosed=1
        """,
    ),
    Lie(
        "a fill again under a new id is not taken for the missing one",
        """
        order A buy 400 limit=99.95
        fill 100 id=E1 cum=100
        fill 100 id=E3 cum=300
        fill 100 id=E3b cum=300
        fill 100 id=E1b cum=100
        fill 100 id=E2 cum=200
        """,
        """
        A cum=300 leaves=100 status=PARTIALLY_FILLED
        breaks=CUM_QTY_GAP,REPEATED_FILL,REPEATED_FILL BreakClosed=1
        """,
    ),
    Lie(
        "a missing fill that comes in two parts is booked whole",
        """
        order A buy 400 limit=99.95
        fill 100 id=E3 cum=300
        fill 50 id=E1 cum=50
        fill 150 id=E2 cum=200
        """,
        "A cum=300 leaves=100 status=PARTIALLY_FILLED\nbreaks=CUM_QTY_GAP BreakClosed=1",
    ),
    Lie(
        "a fill at the end of a gap leaves the part before it in doubt",
        """
        order A buy 400 limit=99.95
        canceled cum=300
        mark
        fill 100 id=E3 cum=300 child=1
        fill 100 id=E3b cum=300 child=1
        """,
        """
        A cum=100 leaves=300 status=PARTIALLY_FILLED
        breaks=REPEATED_FILL FillBooked=1 BreakClosed=0
        """,
    ),
    Lie(
        "a count that a person has settled is not a gap again",
        """
        order A buy 500 limit=99.95
        fill 100 cum=150
        settle CUM_QTY_GAP
        fill 100 cum=250
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=CUM_QTY_GAP exposure=300",
    ),
    Lie(
        "a gap that was found after the end is closed by the fill that explains it",
        """
        order A buy 500 limit=99.95
        cancel A
        canceled cum=0 id=X1
        canceled cum=100 id=X2
        fill 100 cum=100 child=1 leaves=0
        """,
        "A cum=100 leaves=0 status=CANCELED\nbreaks=CUM_QTY_GAP BreakClosed=1",
    ),
    Lie(
        "one bust id for two fills is a break",
        """
        order A buy 500 limit=99.95
        fill 100 id=E1
        fill 100 id=E2
        bust E1 id=B1 qty=100
        bust E2 id=B1 qty=100
        """,
        "A cum=100 leaves=400 status=PARTIALLY_FILLED\nbreaks=EXECUTION_CONFLICT",
    ),
    Lie(
        "the same id on another side is a break",
        """
        order A buy 500 limit=99.95
        fill 100 id=E1 cum=100
        fill 100 id=E1 cum=100 side=SELL
        """,
        "breaks=EXECUTION_CONFLICT FillBooked=1",
    ),
    Lie(
        "a correction to an impossible price is booked, and the venue stopped",
        """
        order A buy 500 limit=99.95
        fill 100 id=E1
        correct E1 100 px=1
        """,
        "A cum=100 leaves=400 status=PARTIALLY_FILLED\nbreaks=IMPOSSIBLE_PX SuspensionSet=1",
    ),
    Lie(
        "a part of the missing fill leaves the rest in doubt",
        """
        order A buy 300 limit=99.95
        canceled cum=300
        fill 100 cum=100
        """,
        "A cum=100 leaves=200 status=PARTIALLY_FILLED\nexposure=200 BreakClosed=0",
    ),
    Lie(
        "the same end again says nothing new",
        """
        order A buy 300 limit=99.95
        canceled cum=100 id=X1
        mark
        canceled child=1 cum=100 id=X2
        """,
        "breaks= ChildDoubted=0 ChildClosed=0",
    ),
    Lie(
        "a venue that takes its count back ends the doubt",
        """
        order A buy 300 limit=99.95
        fill 100 cum=100
        fill 50 cum=300
        mark
        canceled cum=150
        """,
        "breaks= BreakClosed=1 ChildClosed=1",
    ),
    Lie(
        "a fill again under a new id with the same total is no fill",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1 cum=200
        fill 200 id=E2 cum=200
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=REPEATED_FILL FillBooked=1",
    ),
    Lie(
        "a total below what was reported is booked and a break",
        """
        order A buy 500 limit=99.95
        fill 200 cum=200
        fill 100 cum=250
        """,
        "A cum=300 leaves=200 status=PARTIALLY_FILLED\nbreaks=CUM_QTY_BELOW",
    ),
    Lie(
        "an end with a total below what was reported is a break",
        """
        order A buy 500 limit=99.95
        fill 200 cum=200
        mark
        canceled cum=100
        """,
        "breaks=CUM_QTY_BELOW ChildClosed=1",
    ),
    Lie(
        "an end after the end that counts more is a break",
        """
        order A buy 500 limit=99.95
        cancel A
        canceled cum=0 id=X1
        canceled cum=100 id=X2
        """,
        "A cum=0 leaves=0 status=CANCELED\nbreaks=CUM_QTY_GAP",
    ),
    Lie(
        "more open than the child has left is a break",
        """
        order A buy 500 limit=99.95
        fill 200 cum=200 leaves=400
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=LEAVES_QTY",
    ),
    Lie(
        "another average than the executions give is a break",
        """
        order A buy 500 limit=99.95
        fill 200 cum=200 avg=99.90
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=AVG_PX",
    ),
    Lie(
        "an average that a venue has rounded is none",
        """
        order A buy 500 limit=99.95
        fill 100 px=99.95 cum=100 avg=99.95
        fill 200 px=99.94 cum=300 avg=99.9433
        """,
        "breaks=",
    ),
    Lie(
        "the same id with the same content is a resend",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1 cum=200
        mark
        fill 200 id=E1 cum=200
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks= FillBooked=0",
    ),
    Lie(
        "the same id with another quantity is a break",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1
        fill 100 id=E1
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=EXECUTION_CONFLICT FillBooked=1",
    ),
    Lie(
        "the same id at another price is a break",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1 px=99.95
        fill 200 id=E1 px=99.90
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=EXECUTION_CONFLICT",
    ),
    Lie(
        "the same fill under another session day is booked once",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1 cum=200
        fill 200 id=E1 cum=200 day=20180101
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=SESSION_DAY_CONFLICT",
    ),
    Lie(
        "the same id on another session day is another fill if the total says so",
        """
        order A buy 500 limit=99.95
        fill 200 id=E1 cum=200
        fill 200 id=E1 cum=400 day=20180101
        """,
        "A cum=400 leaves=100 status=PARTIALLY_FILLED\nbreaks=",
    ),
    Lie(
        "a fill in another instrument is booked, and the venue stopped",
        """
        order A buy 500 limit=99.95
        fill 200 instrument_id=MSFT
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=WRONG_INSTRUMENT SuspensionSet=1",
    ),
    Lie(
        "a fill on the other side is booked, and the venue stopped",
        """
        order A buy 500 limit=99.95
        fill 200 side=SELL
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=WRONG_SIDE SuspensionSet=1",
    ),
    Lie(
        "a buy at a hundredth of the market is booked, and the venue stopped",
        """
        order A buy 500 limit=99.95
        fill 200 px=1
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=IMPOSSIBLE_PX SuspensionSet=1",
    ),
    Lie(
        "a sale at a million is booked, and the venue stopped",
        """
        order A sell 500 limit=100.05
        fill 200 px=1000000
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nbreaks=IMPOSSIBLE_PX SuspensionSet=1",
    ),
    Lie(
        "a person who settles a break gives the quantity in doubt back",
        """
        order A buy 300 limit=99.95
        fill 100 cum=100
        canceled cum=200
        settle CUM_QTY_GAP
        """,
        """
        A cum=100 leaves=200 status=PARTIALLY_FILLED
        BreakClosed=1 ChildClosed=1
        """,
    ),
    Lie(
        "a fill that comes after its break was settled is booked and a break of its own",
        """
        order A buy 300 limit=99.95
        canceled cum=300
        cancel A
        settle CUM_QTY_GAP
        mark
        fill 300 cum=300 child=1
        """,
        "FillBooked=1",
    ),
    Lie(
        "a close carries the open breaks, and no settled one",
        """
        order A buy 300 limit=99.95
        fill 100 cum=150
        fill 50 cum=200 px=1
        settle IMPOSSIBLE_PX
        close
        """,
        "BreakCarried=1",
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie)
