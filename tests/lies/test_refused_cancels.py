"""A venue refuses to cancel a child: what its order is told, and what becomes of the quantity."""

import pytest
from lies.play import Lie, check

REFUSED = """
        cancel_rejected
        wait 1s
        wait 60s
"""
ASKED = """
        cancel A as=C{n}
        cancel_rejected
"""
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
    Lie(
        "a venue that refuses each cancel is asked a bounded number of times, then it is a break",
        f"""
        order A buy 500 limit=99.95
        acked
        mark
        kill firm
        {REFUSED * 6}
        resume firm
        quote N 99.94 99.97
        & quote Q 99.94 99.97
        order B buy 300 limit=99.97 ioc
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildCancelRequested=3 CancelFailed=2 ChildStatusRequested=0 breaks=NO_ANSWER
        ChildFateUnknown=1 SuspensionSet=1 to_N=0 to_Q=1
        """,
    ),
    Lie(
        "a client that asks again and again for a cancel that is refused stops no venue",
        f"""
        order A buy 500 limit=99.95
        {"".join(ASKED.format(n=n) for n in range(6))}
        """,
        "OrderChangeRejected=6 CancelFailed=6 ChildCancelRequested=6 breaks= SuspensionSet=0",
    ),
    Lie(
        "the end of a child that its venue would not cancel ends the break and the stop",
        f"""
        order A buy 500 limit=99.95
        acked
        kill firm
        {REFUSED * 3}
        mark
        fill 100
        status
        fill 400
        """,
        """
        A cum=500 leaves=0 status=FILLED
        BreakClosed=1 SuspensionEnded=1 exposure=0
        """,
    ),
    Lie(
        "a part of such a child is no end, and a refusal more is no news",
        f"""
        order A buy 500 limit=99.95
        acked
        kill firm
        {REFUSED * 3}
        mark
        fill 100
        status
        {REFUSED * 2}
        """,
        """
        A cum=100 leaves=400 status=PARTIALLY_FILLED
        BreakClosed=0 SuspensionEnded=0 breaks= CancelFailed=0 ChildCancelRequested=0
        """,
    ),
    Lie(
        "a person's lift has such a child asked for once more, and a refusal stops the venue again",
        f"""
        order A buy 500 limit=99.95
        acked
        kill firm
        {REFUSED * 3}
        mark
        lift venue N/*
        wait 1s
        cancel_rejected
        wait 1h
        """,
        """
        ChildCancelRequested=1 breaks= BreakClosed=0 SuspensionSet=1 ChildFateUnknown=1
        """,
    ),
    Lie(
        "a settlement of such a child gives its quantity back",
        f"""
        order A buy 500 limit=99.95
        acked
        kill firm
        {REFUSED * 3}
        settle NO_ANSWER
        """,
        "A cum=0 leaves=0 status=EXPIRED\nexposure=0",
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_refused_cancel_is_answered_once(lie: Lie) -> None:
    check(lie)
