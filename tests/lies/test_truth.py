"""An order's own truth: whose a fill is, what a bust opens again, and what an amend counts."""

import pytest
from lies.play import Lie, check
from world import policy

from engine.core import events as e

LIES = (
    Lie(
        "a fill after a confirmed cancel is the client's, after the parent's end",
        """order A buy 1000 limit=99.95
        fill 500
        cancel A
        canceled
        fill 400 leaves=0""",
        """A cum=900 leaves=0 status=CANCELED withdrawn=100 qty=1000
        error=0 exposure=0 OrderRestated=1""",
    ),
    Lie(
        "a fill after a confirmed cancel is the client's, with another member at work",
        """order A buy 500 limit=99.95
        & order B buy 500 limit=99.95
        cancel A
        canceled
        fill 900 child=1 leaves=0""",
        """A cum=400 leaves=0 status=CANCELED
        B cum=500 leaves=0 status=FILLED
        error=0""",
    ),
    Lie(
        "a late fill of more than its orders wanted has a flag of its own",
        """order A buy 500 limit=99.95
        cancel A
        canceled
        mark
        fill 600 leaves=0""",
        """A cum=500 leaves=0 withdrawn=0
        error=100 breaks=VENUE_OVERFILL,ERROR_ACCOUNT""",
    ),
    Lie(
        "a fill of what was sent again is in the error account, and flagged there",
        """order A buy 500 limit=99.95
        canceled
        wait 10s
        fill 200 child=1 leaves=0
        mark
        fill 500 child=2""",
        """A cum=500 leaves=0 status=FILLED
        error=200 breaks=ERROR_ACCOUNT""",
    ),
    Lie(
        "a fill after the order has expired is the client's",
        """order A buy 500 limit=99.95
        wait 50s
        canceled
        fill 300 leaves=0""",
        """A cum=300 leaves=0 status=EXPIRED
        error=0""",
    ),
    Lie(
        "a fill of a child sent before another order joined is not that order's",
        """order A buy 300 limit=99.95
        order B buy 500 limit=99.95
        fill 100 child=1""",
        """A cum=100 leaves=200
        B cum=0 leaves=500""",
    ),
    Lie(
        "a bust of a filled order reopens it after its parent has ended",
        """order A buy 500 limit=99.95
        fill 500 id=E1
        bust E1 qty=500""",
        """A cum=0 leaves=500 status=NEW withdrawn=0
        exposure=500 OrderReopened=1""",
    ),
    Lie(
        "a bust after the order's end is withdrawn",
        """order A buy 500 limit=99.95
        fill 500 id=E1
        wait 50s
        bust E1 qty=500""",
        """A cum=0 leaves=0 withdrawn=500 status=CANCELED
        exposure=0 OrderReopened=0""",
    ),
    Lie(
        "a bust of an order that has moved opens the quantity where it is worked",
        """order A buy 1000 limit=99.95
        fill 200 id=E1
        amend A limit=99.75
        canceled
        bust E1 qty=200 child=1""",
        """A cum=0 leaves=1000 withdrawn=0""",
    ),
    Lie(
        "a late fill of an order that has moved is taken from where it is worked",
        """order A buy 1000 limit=99.95
        amend A limit=99.75
        canceled
        wait 1ms
        fill 400 child=1 leaves=0
        canceled child=2""",
        """A cum=400 leaves=600
        error=0 exposure=600""",
    ),
    Lie(
        "a bust of a late fill leaves the order cancelled",
        """order A buy 500 limit=99.95
        cancel A
        canceled
        fill 500 id=E1 leaves=0
        bust E1 qty=500""",
        """A cum=0 leaves=0 withdrawn=500 status=CANCELED
        exposure=0""",
    ),
    Lie(
        "withdrawn quantity is not done in an amend's total",
        """order A buy 936 limit=99.95
        fill 687 id=E1
        amend A qty=625
        canceled""",
        """A cum=687 leaves=0 qty=687 status=FILLED""",
    ),
    Lie(
        "a cancel that comes too late for a late fill of another parent is refused once",
        """order A buy 500 limit=99.95
        amend A limit=99.75
        canceled
        wait 1ms
        cancel Aa
        fill 500 child=1 leaves=0""",
        """A cum=500 leaves=0 status=FILLED
        OrderChangeRejected=1""",
    ),
)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_order_is_told_what_is_true(lie: Lie) -> None:
    check(lie, policy(router=e.Router.SEQUENTIAL, join_until_ppm=1_000_000))
