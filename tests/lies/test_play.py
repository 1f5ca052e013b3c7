"""The player itself: plain stories, told truly."""

import pytest
from lies.play import Lie, check

TRUTHS = [
    Lie(
        "a fill in two parts fills the order",
        """
        order A buy 500 limit=99.95
        acked
        fill 200
        fill 300
        """,
        """
        A cum=500 leaves=0 status=FILLED
        error=0 exposure=0 breaks= ChildRouted=1
        """,
    ),
    Lie(
        "a cancel waits for the venue's word",
        """
        order A buy 500 limit=99.95
        fill 200
        cancel A
        mark
        canceled
        """,
        """
        A cum=200 leaves=0 status=CANCELED withdrawn=300
        ChildRouted=0 OrderCancelled=1 breaks=
        """,
    ),
    Lie(
        "a bust gives the quantity back",
        """
        order A sell 500 limit=100.05
        fill 200 id=E1
        bust E1 qty=200
        """,
        "A cum=0 leaves=500 status=NEW",
    ),
    Lie(
        "a carried order lives on with what it has",
        """
        order A buy 500 limit=99.95 gtc
        fill 200
        close
        open
        """,
        """
        A cum=200 leaves=300 status=PARTIALLY_FILLED
        breaks= OrderCarried=1 OrderResumed=1
        """,
    ),
]


@pytest.mark.parametrize("lie", TRUTHS, ids=str)
def test_the_truth_is_believed(lie: Lie) -> None:
    check(lie)
