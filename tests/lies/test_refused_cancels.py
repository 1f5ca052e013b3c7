"""A venue refuses to cancel a child: what its order is told, and what becomes of the quantity."""

import pytest
from lies.play import Lie, check

LIES = [
    Lie(
        "a cancel that the venue of the only child refuses is refused to the client",
        """
        order A buy 500 limit=99.95
        cancel A
        mark
        cancel_rejected
        """,
        """
        A cum=0 leaves=500 status=NEW
        OrderChangeRejected=1 OrderCancelled=0 ChildRouted=0 breaks=
        """,
    ),
    Lie(
        "the client of a refused cancel may ask again",
        """
        order A buy 500 limit=99.95
        cancel A
        cancel_rejected
        mark
        cancel A as=A2
        canceled
        """,
        """
        A cum=0 leaves=0 status=CANCELED
        ChildCancelRequested=1 OrderCancelled=1 OrderChangeRejected=0
        """,
    ),
    Lie(
        "an amend that the venue refuses leaves the order as it was",
        """
        order A buy 500 limit=99.95
        amend A qty=300
        cancel_rejected
        fill 500
        """,
        """
        A qty=500 cum=500 leaves=0 status=FILLED
        OrderChangeRejected=1 OrderAmended=0 breaks=
        """,
    ),
    Lie(
        "a cancel that comes too late for one child still withdraws what we hold",
        """
        order A buy 6000 limit=99.95 slow end=1h
        print 10000000 100.01
        wait 10m
        cancel A
        mark
        cancel_rejected
        fill 100
        """,
        "A status=CANCELED leaves=0 withdrawn=5900",
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_refused_cancel_is_answered_once(lie: Lie) -> None:
    check(lie)
