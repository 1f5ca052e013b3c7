"""What venues say after a close, of children that were sent for orders that live on."""

import pytest
from lies.play import Lie, check

LIES = (
    Lie(
        "a bust of yesterday's fill opens the order again, and it works",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        mark
        bust F1 child=1""",
        """A cum=0 leaves=1000 qty=1000 status=NEW
        error=0 FillBusted=1 FillReallocated=1""",
    ),
    Lie(
        "a bust of yesterday's fill may name the session day of today or of yesterday",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        fill 100 id=F2
        close
        open
        bust F1 child=1 day=20180102
        bust F2 child=1""",
        "A cum=0 leaves=1000 status=NEW",
    ),
    Lie(
        "a bust of yesterday's fill counts before the next day opens",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        bust F1 child=1
        open""",
        """A cum=0 leaves=1000 status=NEW
        FillBusted=1""",
    ),
    Lie(
        "a bust of a fill of the day before yesterday reaches the order",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        close
        open
        bust F1 child=1""",
        "A cum=0 leaves=1000 status=NEW",
    ),
    Lie(
        "a correction of yesterday's fill changes quantity and average of the order's whole life",
        """order A buy 1000 limit=99.95 gtc
        fill 300 id=F1 px=99.95
        fill 100 id=F2 px=99.91
        close
        open
        correct F1 100 by=-200 px=99.93 child=1""",
        "A cum=200 leaves=800 avg=99.92 status=PARTIALLY_FILLED",
    ),
    Lie(
        "a correction by more fills the carried order further",
        """order A buy 1000 limit=99.95 gtc
        fill 300 id=F1
        close
        open
        correct F1 500 by=200 child=1""",
        """A cum=500 leaves=500
        error=0""",
    ),
    Lie(
        "the average of a whole life is exact over the close",
        """order A buy 1000 limit=99.95 gtc
        fill 100 px=99.95
        fill 200 px=99.94
        close
        open
        fill 300 child=1 px=99.93""",
        "A cum=600 leaves=400 avg=99.936666666",
    ),
    Lie(
        "a fill of a child that the close cut off is the carried order's",
        """order A buy 1000 limit=99.95 gtc
        close
        open
        mark
        fill 600 child=1""",
        """A cum=600 leaves=400 status=PARTIALLY_FILLED
        error=0 breaks=""",
    ),
    Lie(
        "a late fill after a confirmed cancel of yesterday is the carried order's",
        """order A buy 1000 limit=99.95 gtc
        canceled
        close
        open
        mark
        fill 1000 child=1 leaves=0""",
        """A cum=1000 leaves=0 status=FILLED
        error=0""",
    ),
    Lie(
        "a late fill between the days is the carried order's, and what is left resumes",
        """order A buy 1000 limit=99.95 gtc
        close
        fill 600 child=1
        open""",
        """A cum=600 leaves=400
        error=0 OrderResumed=1""",
    ),
    Lie(
        "an order that a late fill filled before the open does not resume, unless a bust opens it",
        """order A buy 500 limit=99.95 gtc
        close
        fill 500 id=F1 child=1
        open
        mark
        bust F1 child=1
        wait 1s""",
        """A cum=0 leaves=500 status=NEW
        OrderResumed=1 MemberJoined=1""",
    ),
    Lie(
        "a late fill beyond the carried order is the error account's, with its position",
        """order A buy 500 limit=99.95 gtc
        close
        open
        mark
        fill 700 child=1 leaves=0""",
        """A cum=500 leaves=0 status=FILLED
        error=200 breaks=VENUE_OVERFILL,ERROR_ACCOUNT""",
    ),
    Lie(
        "a venue's answer to the close's cancel is no break",
        """order A buy 1000 limit=99.95 gtc
        fill 100
        close
        mark
        canceled child=1
        open""",
        """A cum=100 leaves=900
        breaks=""",
    ),
    Lie(
        "a final count after the close that is above ours is a break with its quantity",
        """order A buy 1000 limit=99.95 gtc
        close
        mark
        canceled child=1 cum=300""",
        """A cum=0 leaves=1000
        breaks=CUM_QTY_GAP""",
    ),
    Lie(
        "the late report of an execution that was missing at the close ends its break",
        """order A buy 1000 limit=99.95 gtc
        fill 100 cum=300
        close
        open
        mark
        fill 200 cum=300 child=1""",
        """A cum=300 leaves=700
        BreakClosed=1 breaks=""",
    ),
    Lie(
        "a resend of yesterday's fill is known",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        mark
        fill 400 id=F1 day=20180102 child=1""",
        """A cum=400 leaves=600
        FillBooked=0 breaks=""",
    ),
    Lie(
        "yesterday's fill under today's session day is a break",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        mark
        fill 400 id=F1 cum=400 child=1""",
        """A cum=400 leaves=600
        FillBooked=0 breaks=SESSION_DAY_CONFLICT""",
    ),
    Lie(
        "a second bust of yesterday's fill is a break",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        bust F1 child=1
        mark
        bust F1 child=1 id=other""",
        """A cum=0 leaves=1000
        breaks=UNKNOWN_EXECUTION""",
    ),
    Lie(
        "an order that ended yesterday keeps its share; the error account owes it",
        """order A buy 1000 limit=99.95 gtc
        & order B buy 1000 limit=99.95
        fill 400 id=F1
        close
        open
        mark
        bust F1 child=1""",
        """A cum=0 leaves=1000 status=NEW
        error=-200 breaks=BUST_AFTER_END,ERROR_ACCOUNT""",
    ),
    Lie(
        "what the error account owes comes first when the fill is corrected upwards",
        """order A buy 1000 limit=99.95 gtc
        & order B buy 1000 limit=99.95
        fill 400 id=F1
        close
        open
        correct F1 200 by=-200 id=C1 child=1
        mark
        correct C1 400 by=200 child=1""",
        """A cum=200 leaves=800
        error=0""",
    ),
    Lie(
        "a bust of a fill of orders that have all ended is a break, and changes nothing",
        """order A buy 500 limit=99.95 gtc
        fill 500 id=F1
        close
        open
        mark
        bust F1 child=1""",
        """error=0 breaks=UNKNOWN_CHILD FillBusted=0""",
    ),
    Lie(
        "a bust of yesterday's fill after today's cancel withdraws what it gives back",
        """order A buy 1000 limit=99.95 gtc
        fill 400 id=F1
        close
        open
        cancel A
        wait 1s
        mark
        bust F1 child=1""",
        """A cum=0 leaves=0 status=CANCELED withdrawn=1000
        error=0""",
    ),
    Lie(
        "a late fill of yesterday after today's cancel is the client's",
        """order A buy 1000 limit=99.95 gtc
        close
        open
        cancel A
        wait 1s
        mark
        fill 300 child=1""",
        """A cum=300 leaves=0 status=CANCELED withdrawn=700
        error=0 OrderRestated=1""",
    ),
    Lie(
        "an order that joined later has no part in a late fill of yesterday",
        """order A buy 500 limit=99.95 gtc
        close
        open
        order B buy 500 limit=99.95 slow
        fill 200 child=1""",
        """A cum=200 leaves=300
        B cum=0 leaves=500
        error=0""",
    ),
)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie)
