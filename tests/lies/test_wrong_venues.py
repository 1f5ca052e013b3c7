"""Venues that are wrong in several ways at once, over cancels, breaks and closes."""

import pytest
from lies.play import Lie, Story, check
from lies.test_silence import PATIENT
from world import fills, parents

SILENT_TILL_THE_CLOSE = """
    order A buy 500 limit=99.95 gtc
    sent
    wait 3s
    wait 6s
    wait 12s
    close
    open
"""
REFUSES_TILL_THE_BREAK = """
    order A buy 500 limit=99.95 gtc
    acked
    kill firm
    cancel_rejected
    wait 31s
    cancel_rejected
    wait 31s
    cancel_rejected
"""
LIES = (
    Lie(
        "a silent child's late fill, its bust, another fill and its correction are the order's",
        f"""{SILENT_TILL_THE_CLOSE}
        fill 200 child=1 id=L1
        bust L1 child=1
        fill 300 child=1 id=L2
        correct L2 100 by=-200 child=1 id=C1
        canceled child=1""",
        """A cum=100 leaves=400 status=PARTIALLY_FILLED
        error=0 breaks=NO_ANSWER,BUST_AFTER_END,BUST_AFTER_END BreakClosed=1""",
    ),
    Lie(
        "what a venue would not cancel and fills after the close is the order's, and its answer",
        f"""{REFUSES_TILL_THE_BREAK}
        resume firm
        close
        open
        fill 500 child=1""",
        """A cum=500 leaves=0 status=FILLED
        error=0 breaks=NO_ANSWER BreakClosed=1 SuspensionEnded=1 ChildRouted=1""",
    ),
    Lie(
        "an end at last that counts a fill, of a child that stayed, is an answer and a gap",
        f"""{REFUSES_TILL_THE_BREAK}
        canceled cum=200
        mark
        fill 200 cum=200""",
        """A cum=200 status=EXPIRED
        exposure=0 breaks= BreakClosed=1""",
    ),
    Lie(
        "a gap of a state, refused cancels, the missing fill and the rest close both breaks",
        """order A buy 500 limit=99.95
        acked
        status cum=200
        kill firm
        cancel_rejected
        wait 31s
        cancel_rejected
        wait 31s
        cancel_rejected
        fill 200 id=E1 cum=200
        fill 300 id=E2 cum=500""",
        """A cum=500 leaves=0 status=FILLED
        error=0 exposure=0 breaks=CUM_QTY_GAP,NO_ANSWER BreakClosed=2""",
    ),
    Lie(
        "a fill beyond yesterday's gap, then the missing one, leave no break",
        """order A buy 500 limit=99.95 gtc
        fill 100 cum=300
        close
        open
        fill 100 child=1 cum=400
        fill 200 child=1 cum=300
        canceled child=1 cum=400""",
        """A cum=400 leaves=100
        error=0 breaks=CUM_QTY_GAP,CUM_QTY_GAP BreakClosed=2""",
    ),
    Lie(
        "an end after the close that takes back what the first one counted closes its gap",
        """order A buy 500 limit=99.95 gtc
        fill 100 id=E1 cum=100
        close
        canceled child=1 cum=300
        canceled child=1 cum=100 id=second
        open""",
        """A cum=100 leaves=400
        breaks=CUM_QTY_GAP BreakClosed=1""",
    ),
    Lie(
        "a settled gap stays settled when the venue says the end again",
        """order A buy 500 limit=99.95 gtc
        fill 100 cum=300
        canceled cum=300
        settle CUM_QTY_GAP
        mark
        canceled child=1 cum=300 id=again
        acked child=2
        close
        canceled child=1 cum=300 id=third""",
        "A cum=100 leaves=400\nbreaks=",
    ),
    Lie(
        "a second end that counts less than was reported is a break",
        """order A buy 500 limit=99.95
        fill 200 id=E1
        cancel A
        canceled
        mark
        canceled cum=50 id=again""",
        "A cum=200 leaves=0 status=CANCELED\nbreaks=CUM_QTY_BELOW",
    ),
    Lie(
        "a correction upwards of a child in doubt makes the engine take another child back",
        """order A buy 500 limit=99.95
        fill 100 id=E1 cum=100
        canceled cum=300
        wait 1s
        mark
        correct E1 200 by=100 cum=400 child=1
        fill 200 id=E2 cum=400 child=1""",
        """A cum=400 leaves=100
        error=0 breaks=VENUE_OVERFILL ChildCancelRequested=1 BreakClosed=1""",
    ),
    Lie(
        "a settled silence that fills after all is one fill, and what was sent since comes back",
        """order A buy 500 limit=99.95 gtc
        sent
        wait 3s
        wait 6s
        wait 12s
        settle NO_ANSWER
        lift venue N/*
        wait 5s
        & quote N 99.94 99.97
        wait 1s
        mark
        fill 500 child=1
        canceled child=2""",
        """A cum=500 leaves=0 status=FILLED
        error=0 exposure=0 breaks=VENUE_OVERFILL ChildCancelRequested=1""",
    ),
    Lie(
        "everything sent again after the close is known",
        """order A buy 500 limit=99.95 gtc
        fill 100 id=E1
        fill 100 id=E2
        bust E1
        close
        mark
        fill 100 id=E1 child=1 cum=100 day=20180102
        bust E1 child=1 id=R3 qty=0 day=20180102
        fill 100 id=E2 child=1 cum=200 day=20180102
        open
        fill 100 id=E2 child=1 cum=100 day=20180102""",
        "A cum=100 leaves=400\nFillBooked=0 FillBusted=0 error=0",
    ),
    Lie(
        "a silence of two days ago is answered",
        f"""{SILENT_TILL_THE_CLOSE}
        close
        open
        mark
        canceled child=1""",
        "A cum=0 leaves=500\nBreakClosed=1 SuspensionEnded=1 breaks=",
    ),
    Lie(
        "a bust of what a state had counted, over the close, leaves the rest to be told",
        """order A buy 500 limit=99.95 gtc
        fill 200 id=E1
        status cum=300
        close
        open
        bust E1 child=1 cum=100
        fill 100 id=E2 cum=100 child=1
        canceled child=1 cum=100""",
        """A cum=100 leaves=400
        error=0 BreakClosed=2""",
    ),
)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie, PATIENT)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_no_fill_is_lost_or_told_twice(lie: Lie) -> None:
    story = Story(PATIENT)
    story.play(lie.told)
    state = story.world.state
    told_qty = story.world.order("A").cum_qty
    error_qty = sum(parent.error_qty for parent in parents(state))
    assert told_qty + error_qty == sum(fill.last_qty for fill in fills(state).values())
