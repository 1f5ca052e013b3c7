"""A venue's count in reports that are no execution: acknowledgements, busts and corrections."""

import pytest
from lies.play import Lie, check

LIES = (
    Lie(
        "an acknowledgement that counts an execution which was never seen is a gap",
        """order A buy 500 limit=99.95
        acked cum=200
        canceled cum=200""",
        """A cum=0 leaves=500
        exposure=200 breaks=CUM_QTY_GAP ExecutionsMissing=1 ChildDoubted=1""",
    ),
    Lie(
        "the late report of what an acknowledgement counted ends the break",
        """order A buy 500 limit=99.95
        acked cum=200
        fill 200 cum=200
        fill 300 cum=500""",
        """A cum=500 leaves=0 status=FILLED
        exposure=0 breaks=CUM_QTY_GAP BreakClosed=1""",
    ),
    Lie(
        "an acknowledgement that counts as we do says nothing new, whenever it comes",
        """order A buy 500 limit=99.95
        fill 200
        mark
        acked cum=200""",
        "breaks= exposure=300 ExecutionsMissing=0",
    ),
    Lie(
        "an acknowledgement that counts less than was reported is a break",
        """order A buy 500 limit=99.95
        fill 200
        acked cum=100""",
        "A cum=200 leaves=300\nbreaks=CUM_QTY_BELOW exposure=300",
    ),
    Lie(
        "an acknowledgement with more open than is left of the child is a break",
        """order A buy 500 limit=99.95
        acked cum=100 leaves=500""",
        "breaks=CUM_QTY_GAP,LEAVES_QTY",
    ),
    Lie(
        "a bust whose count does not fall says that another execution is missing",
        """order A buy 500 limit=99.95
        fill 200 id=F1
        bust F1 cum=200
        canceled cum=200""",
        """A cum=0 leaves=500
        exposure=200 breaks=CUM_QTY_GAP""",
    ),
    Lie(
        "a bust whose count falls by its fill is no break",
        """order A buy 500 limit=99.95
        fill 200 id=F1
        fill 100 id=F2
        bust F1 cum=100""",
        "A cum=100 leaves=400\nbreaks=",
    ),
    Lie(
        "a bust whose count falls by more than its fill is a break",
        """order A buy 500 limit=99.95
        fill 200 id=F1
        fill 200 id=F2
        bust F1 cum=100""",
        "A cum=200 leaves=300\nbreaks=CUM_QTY_BELOW",
    ),
    Lie(
        "a correction whose count is above what it makes of the child is a gap",
        """order A buy 500 limit=99.95
        fill 200 id=F1
        correct F1 100 cum=300
        canceled cum=300""",
        """A cum=100 leaves=400
        exposure=200 breaks=CUM_QTY_GAP""",
    ),
    Lie(
        "a bust of an ended child that counts more than we do is a break",
        """order A buy 500 limit=99.95
        fill 200 id=F1
        cancel A
        canceled
        mark
        bust F1 cum=200 child=1""",
        "A cum=0 leaves=0 status=CANCELED\nbreaks=CUM_QTY_GAP,BUST_AFTER_END ExecutionsMissing=0",
    ),
    Lie(
        "a gateway's report on a child that it was never sent is a break, once",
        """order A buy 500 limit=99.95
        stranger not_sent
        & stranger not_sent
        & stranger cancel_rejected""",
        "exposure=500 breaks=UNKNOWN_CHILD",
    ),
)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie)
