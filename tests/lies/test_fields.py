"""The terms that a client states: each is honoured, or refused with a reason; stories of both."""

import pytest
from lies.play import Lie, check
from world import INSTRUMENT, OTHER_LIT, instrument, policy, quote

from engine.core import events as e

STORIES = [
    # ----------------------------------------------------------------- immediate or cancel
    Lie(
        "an IOC order that is filled at once is filled",
        """order A buy 500 ioc limit=100.05
           fill 500""",
        """A cum=500 leaves=0 status=FILLED
           ChildRouted=1 reasons=""",
    ),
    Lie(
        "the rest of an IOC order is withdrawn when its children are answered",
        """order A buy 500 ioc limit=100.05
           fill 200
           canceled""",
        """A cum=200 leaves=0 withdrawn=300 status=CANCELED
           ChildRouted=1 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    Lie(
        "an IOC order that finds nothing within its limit is withdrawn in the batch that takes it",
        """order A buy 500 ioc limit=100.01""",
        """A cum=0 leaves=0 status=CANCELED
           ChildRouted=0 OrderRejected=0 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    Lie(
        "an IOC order takes no more than is displayed, and asks once",
        """order A buy 5000 ioc limit=100.05
           fill 1000
           wait 70s""",
        """A cum=1000 leaves=0 withdrawn=4000 status=CANCELED
           ChildRouted=1 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    Lie(
        "an IOC order takes what two venues display at the best price in one pass",
        """quote Q 100.00 100.02
           order A buy 1500 ioc limit=100.05
           fill 1000 child=1
           fill 200 child=2
           canceled child=2""",
        """A cum=1200 leaves=0 withdrawn=300
           ChildRouted=2 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    Lie(
        "an IOC order crosses inside first and takes only the rest",
        """order S sell 300 slow client=c2 limit=100.01
           order A buy 500 ioc limit=100.05
           fill 200 child=1""",
        """A cum=500 leaves=0 status=FILLED
           S cum=300
           OrdersCrossed=1""",
    ),
    Lie(
        "a child without an answer is cancelled when the time of an IOC order is over",
        """order A buy 500 ioc limit=100.05
           wait 5s
           canceled""",
        """A cum=0 leaves=0 status=CANCELED
           ChildCancelRequested=1 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    Lie(
        "no other order joins the parent of an IOC order, and it joins none",
        """order A buy 500 ioc limit=100.05
           order B buy 500 slow limit=100.05
           order C buy 100 ioc limit=100.05""",
        """ParentOpened=3""",
    ),
    Lie(
        "a cancel of an IOC order that is out is answered by its end",
        """order A buy 500 ioc limit=100.05
           cancel A
           fill 100
           canceled""",
        """A cum=100 leaves=0 withdrawn=400 status=CANCELED
           OrderChangePending=1 reasons=CLIENT""",
    ),
    Lie(
        "a bust of an IOC order's fill is withdrawn, never sent again",
        """order A buy 500 ioc limit=100.05
           fill 300 id=E1
           bust E1 qty=300
           canceled""",
        """A cum=0 leaves=0 status=CANCELED
           ChildRouted=1""",
    ),
    Lie(
        "an IOC order is not amended",
        """order A buy 500 ioc limit=100.05
           amend A qty=600""",
        """reasons=CHANGE_NOT_ALLOWED""",
    ),
    Lie(
        "an IOC order in a halted instrument is withdrawn at once",
        """order A buy 500 ioc limit=100.05
           halt
           canceled""",
        """A leaves=0 status=CANCELED
           ChildCancelRequested=1 reasons=IMMEDIATE_OR_CANCEL""",
    ),
    # ------------------------------------------------------------------------- fill or kill
    Lie(
        "a FOK order that the displayed quantity covers is sent for all or nothing",
        """order A buy 1000 fok limit=100.05
           fill 1000""",
        """A cum=1000 leaves=0 status=FILLED
           ChildRouted=1 reasons=""",
    ),
    Lie(
        "a FOK order that is not covered is withdrawn wholly and nothing goes out",
        """order A buy 1100 fok limit=100.05""",
        """A cum=0 leaves=0 withdrawn=1100 status=CANCELED
           ChildRouted=0 OrdersCrossed=0 OrderRejected=0 reasons=FILL_OR_KILL""",
    ),
    Lie(
        "a FOK order that is covered only in part inside does not cross",
        """order S sell 300 slow client=c2 limit=100.01
           order A buy 1500 fok limit=100.05""",
        """A cum=0 leaves=0 status=CANCELED
           S cum=0
           OrdersCrossed=0 ChildRouted=0 reasons=FILL_OR_KILL""",
    ),
    Lie(
        "a FOK order crosses inside and takes the rest when both together cover it",
        """order S sell 300 slow client=c2 limit=100.01
           order A buy 1300 fok limit=100.05
           fill 1000 child=1""",
        """A cum=1300 leaves=0 status=FILLED
           S cum=300
           OrdersCrossed=1 ChildRouted=1""",
    ),
    Lie(
        "a FOK order's own client is no other side for it",
        """order S sell 300 slow client=c1 limit=100.01
           order A buy 1300 fok limit=100.05""",
        """A cum=0 status=CANCELED
           OrdersCrossed=0 ChildRouted=0 reasons=FILL_OR_KILL""",
    ),
    Lie(
        "a part of a FOK order that a venue's shortfall leaves is the client's, and said so",
        """quote Q 100.00 100.02
           order A buy 1500 fok limit=100.05
           fill 1000 child=1
           canceled child=2""",
        """A cum=1000 leaves=0 withdrawn=500 status=CANCELED
           ChildRouted=2 error=0 reasons=FILL_OR_KILL""",
    ),
    Lie(
        "another parent does not take a part of a FOK order that waits to be judged",
        """order S sell 300 slow client=c2 limit=100.01
           & order A buy 1500 fok limit=100.05""",
        """A cum=0 status=CANCELED
           S cum=0
           OrdersCrossed=0""",
    ),
    # ---------------------------------------------------------------------------- short sales
    Lie(
        "a short sale with a locate is marked at the venue",
        """order A sell 500 marking=short locate_id=L1 limit=99.95""",
        """ChildRouted=1 reasons=""",
    ),
    Lie(
        "a short sale without a locate is refused",
        """order A sell 500 marking=short limit=99.95
           order B sell 500 marking=short_exempt limit=99.95""",
        """A status=REJECTED
           ChildRouted=0 reasons=LOCATE_MISSING,LOCATE_MISSING""",
    ),
    Lie(
        "a buy that is marked as a short sale is refused",
        """order A buy 500 marking=short locate_id=L1
           order B sell 500 marking=other locate_id=L1""",
        """ChildRouted=0 reasons=SALE_MARKING_INVALID,SALE_MARKING_INVALID""",
    ),
    Lie(
        "long and short sales never share a parent, and accounts do",
        """order A sell 500 slow
           order B sell 500 slow marking=short locate_id=L1
           order C sell 500 slow account=X
           order D sell 500 slow settl_date=20180105""",
        """ParentOpened=3""",
    ),
    # ------------------------------------------------------------------------ display quantity
    Lie(
        "no more than the display quantity rests at a venue at a time",
        """order A buy 1000 limit=99.95 display_qty=200
           fill 200 child=1
           wait 10s""",
        """A cum=200 leaves=800
           exposure=400""",
    ),
    Lie(
        "a display quantity that cannot be shown is refused",
        """order A buy 1000 limit=99.95 display_qty=50
           order B buy 1000 limit=99.95 display_qty=1100
           order C buy 1000 limit=99.95 display_qty=-1
           order D buy 50 limit=99.95 display_qty=50""",
        """D leaves=50
           reasons=DISPLAY_QTY_INVALID,DISPLAY_QTY_INVALID,DISPLAY_QTY_INVALID""",
    ),
    Lie(
        "an amended display quantity binds what rests from then on",
        """order A buy 1000 limit=99.95
           amend A display_qty=200
           canceled
           wait 10s""",
        """A leaves=1000 qty=1000
           exposure=400 OrderAmended=1 reasons=""",  # At two venues.
    ),
    # ------------------------------------------------------------------------- settlement date
    Lie(
        "a settlement date is a day of the calendar, today or later",
        """order A buy 500 settl_date=20180105 limit=99.95
           order B buy 500 settl_date=20180101
           order C buy 500 settl_date=20180230
           order D buy 500 settl_date=20191301
           order E buy 500 settl_date=20180100
           order F buy 500 settl_date=7
           order G buy 500 settl_date=20200229 limit=99.95""",
        """A leaves=500
           G leaves=500
           OrderRejected=5
           reasons=SETTL_DATE_INVALID,SETTL_DATE_INVALID,SETTL_DATE_INVALID,SETTL_DATE_INVALID,SETTL_DATE_INVALID""",
    ),
    # ----------------------------------------------------------------- terms that contradict
    Lie(
        "an IOC order that cannot be one is refused",
        """order A buy 500 ioc gtc
           order B buy 500 ioc display_qty=100
           order C buy 500 ioc resend""",
        """C leaves=500
           reasons=TIME_IN_FORCE_INVALID,TIME_IN_FORCE_INVALID""",
    ),
    # ------------------------------------------------------------------------------- amends
    Lie(
        "a limit order becomes a market order and takes",
        """order A buy 500 limit=99.95
           amend A market
           canceled
           wait 1s
           fill 500""",
        """A cum=500 status=FILLED
           OrderAmended=1 reasons=""",
    ),
    Lie(
        "a market order gets a limit when it becomes a limit order",
        """order A buy 500 slow
           amend A limit=99.95 as=B
           amend A limit limit=99.95 as=C
           amend C limit as=D""",
        """C qty=500
           OrderAmended=1 reasons=LIMIT_PX_NOT_ALLOWED,NOTHING_TO_CHANGE""",
    ),
    Lie(
        "a limit order without a limit and a market order with one are refused",
        """order A buy 500 slow
           amend A limit as=B
           amend A market limit=100.00 as=C""",
        """reasons=LIMIT_PX_MISSING,LIMIT_PX_NOT_ALLOWED""",
    ),
    Lie(
        "an end that an amend sets ends the order then",
        """order A buy 500 slow limit=99.95
           amend A end=20m as=B
           wait 20m""",
        """A leaves=0 status=EXPIRED
           OrderAmended=1 reasons=WINDOW_ENDED""",
    ),
    Lie(
        "an end in the past or after the close is refused",
        """order A buy 500 slow limit=99.95
           wait 10m
           amend A end=5m as=B
           amend A end=9h as=C""",
        """reasons=WINDOW_INVALID,WINDOW_INVALID""",
    ),
    Lie(
        "an order that an amend makes GTC is carried",
        """order A buy 500 slow limit=99.95
           amend A gtc as=B
           close
           open""",
        """B leaves=500 status=NEW
           OrderCarried=1 OrderResumed=1 OrderExpired=0""",
    ),
    Lie(
        "a GTC order that an amend makes a day order expires at the close",
        """order A buy 500 slow gtc limit=99.95
           amend A day as=B
           close""",
        """OrderCarried=0 reasons=DAY_CLOSED""",
    ),
    Lie(
        "an amend to GTC that waits for a child takes effect at the close",
        """order A buy 500 limit=99.95
           amend A gtc qty=400 as=B
           close
           open""",
        """B leaves=400
           OrderAmended=1 OrderCarried=1 OrderResumed=1 OrderExpired=0""",
    ),
    Lie(
        "an amend to DAY that waits for a child expires the order at the close",
        """order A buy 500 gtc limit=99.95
           amend A day qty=400 as=B
           close""",
        """OrderAmended=1 OrderCarried=0 reasons=DAY_CLOSED""",
    ),
    Lie(
        "between two days an order has no lifetime to change",
        """order A buy 500 slow gtc limit=99.95
           close
           amend A day as=B
           amend A end=1h as=C
           amend A display_qty=200 as=D""",
        """D leaves=500
           OrderAmended=1 reasons=CHANGE_NOT_ALLOWED,CHANGE_NOT_ALLOWED""",
    ),
    Lie(
        "a term that no amend changes is refused by its name, and the same value is none",
        """order A sell 500 slow account=X
           amend A account=Y as=B
           amend A side=buy as=C
           amend A marking=short as=D
           amend A settl_date=20180105 as=E
           amend A ioc as=F
           amend A account=X side=sell qty=400 as=G""",
        """G qty=400
           reasons=CHANGE_NOT_ALLOWED,CHANGE_NOT_ALLOWED,CHANGE_NOT_ALLOWED,CHANGE_NOT_ALLOWED,CHANGE_NOT_ALLOWED""",
    ),
    Lie(
        "a display quantity that an amend states is judged as a new order's",
        """order A buy 1000 slow limit=99.95
           amend A display_qty=50""",
        """reasons=DISPLAY_QTY_INVALID""",
    ),
    # ------------------------------------------------------------------- one request at a time
    Lie(
        "a second amend is refused while one is pending",
        """order A buy 500 limit=99.95
           amend A qty=400 as=B
           amend A qty=300 as=C
           canceled""",
        """A qty=400
           OrderChangePending=1 OrderAmended=1 reasons=CHANGE_PENDING""",
    ),
    Lie(
        "a cancel outranks a pending amend, and each has one answer",
        """order A buy 500 limit=99.95
           amend A qty=400 as=B
           cancel A as=C
           canceled""",
        """A leaves=0 withdrawn=500 status=CANCELED
           OrderAmended=0 OrderChangeRejected=1 OrderCancelled=1 reasons=CHANGE_PENDING,CLIENT""",
    ),
    Lie(
        "a second request is refused while a cancel is pending",
        """order A buy 500 limit=99.95
           cancel A as=B
           cancel A as=C
           amend A qty=400 as=D
           canceled""",
        """A leaves=0 status=CANCELED
           OrderChangeRejected=2 OrderCancelled=1 reasons=CHANGE_PENDING,CHANGE_PENDING,CLIENT""",
    ),
    # ------------------------------------------------------------------------- possible resends
    Lie(
        "a resend of an order at work is answered with its state",
        """order A buy 500 limit=99.95
           fill 200
           order A buy 500 limit=99.95 resend""",
        """A cum=200 leaves=300
           OrderStatusReported=1 OrderAccepted=1 OrderRejected=0""",
    ),
    Lie(
        "a resend with other content is the duplicate that it is",
        """order A buy 500 limit=99.95
           order A buy 600 limit=99.95 resend
           order A buy 500 limit=99.95""",
        """OrderStatusReported=0 reasons=DUPLICATE_ORDER,DUPLICATE_ORDER""",
    ),
    Lie(
        "a resend of an unknown order is a new order",
        """order A buy 500 limit=99.95 resend""",
        """A leaves=500
           OrderAccepted=1 OrderStatusReported=0""",
    ),
    Lie(
        "a resend of an amend or a cancel is answered with the order's state",
        """order A buy 500 limit=99.95
           amend A qty=400 as=B
           amend A qty=400 as=B resend
           cancel A as=C
           cancel A as=C resend
           canceled""",
        """A leaves=0
           OrderStatusReported=2 OrderCancelled=1 reasons=CHANGE_PENDING,CLIENT""",
    ),
    Lie(
        "a resend of an amended order is known by what no amend changes",
        """order A buy 500 slow limit=99.95
           amend A display_qty=200 as=B
           order A buy 500 slow limit=99.95 resend
           order A sell 500 slow limit=99.95 resend""",
        """OrderStatusReported=1 reasons=DUPLICATE_ORDER""",
    ),
    Lie(
        "a resend of an order that has long ended is answered as well",
        """order A buy 500 limit=99.95
           fill 500
           wait 30m
           wait 30m
           order A buy 500 limit=99.95 resend""",
        """OrderStatusReported=1 OrderRejected=0""",
    ),
    # ------------------------------------------------------------------------------------ halts
    Lie(
        "a halt keeps an order by default",
        """order A buy 500 limit=99.95
           halt
           canceled
           lift instrument AAPL
           wait 10s""",
        """A leaves=500 status=NEW
           OrderCancelled=0 ChildRouted=2""",
    ),
    Lie(
        "a halt returns an order that asks for it once its children are back",
        """order A buy 500 limit=99.95 return_on_halt
           fill 100
           order B buy 500 limit=99.95
           halt
           canceled child=1""",
        """A cum=100 leaves=0 withdrawn=400 status=CANCELED
           B leaves=500
           reasons=HALT""",
    ),
]


@pytest.mark.parametrize("lie", STORIES, ids=str)
def test_a_term_is_honoured_or_refused(lie: Lie) -> None:
    check(lie)


RETURNS = policy(router=e.Router.SEQUENTIAL, on_halt=e.HaltAction.RETURN)


@pytest.mark.parametrize(
    "lie",
    [
        Lie(
            "a policy that returns has every order of a halted instrument back",
            """order A buy 500 limit=99.95
               order B buy 100 slow client=c2
               fill 100 child=1
               halt
               canceled child=1""",
            """A cum=100 leaves=0 withdrawn=400 status=CANCELED
               B leaves=0 status=CANCELED
               reasons=HALT,HALT""",
        ),
        Lie(
            "a pending cancel has its own answer when a halt returns the order",
            """order A buy 500 limit=99.95
               cancel A
               halt
               canceled""",
            """A leaves=0 status=CANCELED
               OrderCancelled=1 reasons=CLIENT""",
        ),
    ],
    ids=str,
)
def test_a_policy_may_return_orders_on_a_halt(lie: Lie) -> None:
    check(lie, RETURNS)


def test_an_instrument_without_a_tick_table_has_no_orders() -> None:
    lie = Lie(
        "an order of an instrument without a tick table names the way out",
        """order A buy 500 limit=99.95
           order B buy 500 limit=99.95 instrument=MSFT
           order C buy 500 instrument=MSFT""",
        """reasons=TICK_TABLE_MISSING,TICK_TABLE_MISSING ChildRouted=1""",
    )
    world = check(lie, instrument("MSFT"), quote(OTHER_LIT, instrument_id="MSFT"))
    refusal = next(x for x in world.history() if isinstance(x, e.OrderRejected))
    assert "[[tick_table]]" in refusal.text
    assert INSTRUMENT not in refusal.text
