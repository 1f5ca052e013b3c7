"""Simulated venues with their sessions: the market's answer to our children, from a seed.

A venue sees what the tape shows of it, a child arrives after its latency, and its fills must be
supported by the tape at that venue and moment: displayed size for taking, queue and prints for
resting (`book.py`), off-exchange prints for hidden interest (`dark.py`). The sessions add to that:
reports in order and with latency, an acknowledgement before any fill, cancels that lose the race
against a fill, rare rejects, unsolicited cancels, busts, corrections and lost sessions. Chance is a
hash of the seed, the child and a counter, so that a run repeats and no order of dictionaries
matters.

Nothing here waits or knows a clock. The driver passes observations and routes in order of time,
and calls `advance` at the times that `next_ns` names; each call returns reports and when they are
due at the gateway:

    venues = Venues(seed)
    venues.observe(VenueDefined(...)), ..., venues.observe(DayOpened(...))
    due = venues.on_route(child_routed, child_id, now_ns)

**Not modelled.** Our own impact, unless `impact.py` is asked for: the recorded market goes on as if
we had not traded, and the size we took is still printed by others. Depth beyond the best price of a
venue. Auctions and halts inside a book (their prints fill no child; a venue that is not OPEN
takes nothing). Routing away, price sliding and rejection by order protection at the venue: a child
is executed at its venue's own quote even if another shows better. Hidden size for a child that
takes. Self-trading: our own children do not meet. Message-rate limits. A bust or correction does
not put quantity back to work. No chance event changes a fill after the close.
`docs/simulated-venues.md` has what is assumed, its sources, and how it compares with the tape.
"""

from collections.abc import Callable
from functools import partial

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    DayClosed,
    DayOpened,
    DepthObserved,
    ExecType,
    Input,
    QuoteObserved,
    TradeObserved,
    VenueStatusObserved,
)
from engine.core.market import reference
from engine.gateways.venues import reports
from engine.gateways.venues.reports import NO_POSITION, Due, Execution, Report
from engine.simulation.chance import PPM, below, happens
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.book import Fill, LitBook, View, Working
from engine.simulation.venues.dark import HiddenBook
from engine.simulation.venues.engagement import violation
from engine.simulation.venues.impact import Impact
from engine.simulation.venues.market import VenueMarket
from engine.simulation.venues.session import Session, state_of
from engine.simulation.venues.timeline import Timeline

SECOND_NS = 1_000_000_000
NEVER_SENT = "never sent"


class Venues:
    """All simulated venues; children of several instruments may work at once."""

    def __init__(
        self,
        seed: int,
        behaviour: Behaviour | None = None,
        *,
        quote_age_max_ns: int | None = None,
        exec_prefix: str = "",
        impact: Impact | None = None,
    ) -> None:
        """`exec_prefix` tells the report ids of several venues of one day and name apart.

        With an `impact` the caller passes each recorded observation through it.
        """
        self.seed = seed
        self.impact = impact
        self._exec_prefix = exec_prefix
        self.behaviour = behaviour or Behaviour()
        self._time = Timeline()
        self._market = VenueMarket(seed, self.behaviour, quote_age_max_ns)
        self._day: DayOpened | None = None
        self._children: dict[str, Working] = {}  # In order of routing.
        self._sessions: dict[str, Session] = {}
        self._arrival_count = 0
        self._answers: list[Due] = []

    # ---------------------------------------------------------------- called by the driver

    @property
    def next_ns(self) -> int | None:
        """When `advance` has something to do next; None if only an input can cause it."""
        return self._time.next_ns

    @property
    def open_count(self) -> int:
        """Children that have not ended, those on their way included."""
        return len([child for child in self._children.values() if not child.ended_as])

    def is_known(self, child_id: str) -> bool:
        return child_id in self._children

    def advance(self, now_ns: int) -> list[Due]:
        """Run every action that is due until now, this moment included."""
        self._time.run_until(now_ns)
        return self._take_answers()

    def observe(self, event: Input) -> list[Due]:
        """Take market data, reference, a venue's status or the day; other inputs change nothing.

        Actions due until the observation's time run before it.
        """
        if self.impact is not None:
            self.impact.learn(event)
        if isinstance(event, QuoteObserved | TradeObserved | DepthObserved | VenueStatusObserved):
            self._time.run_until(event.received_ns)
            fills = self._market.observe(event, self._time.now_ns)
            for fill in fills:
                self._fill(fill)
        elif isinstance(event, DayOpened):
            self._open_day(event)
        elif isinstance(event, DayClosed):
            self._time.run_until(event.set_ns)
            self._market.close_day()
        else:
            self._market.learn(event)
        return self._take_answers()

    def on_route(self, child: ChildRouted, child_id: str, now_ns: int) -> list[Due]:
        """Send a child; one that is too late or has no session is not sent.

        Raises ValueError for a child that was routed before: nothing is ever sent twice.
        """
        if child_id in self._children:
            raise ValueError(f"child {child_id} was routed before; a child is sent once")
        self._time.run_until(now_ns)
        working = self._children[child_id] = Working(child_id, child, child.child_qty)
        starts_ns = self._time.now_ns + self.behaviour.gateway_ns
        refusal = self._why_not_sent(child, starts_ns)
        if refusal is None:
            self._answer(reports.send_started(working, starts_ns), starts_ns)
            self._send(working, "route", starts_ns, partial(self._arrive, working))
        else:
            working.leaves_qty, working.ended_as = 0, NEVER_SENT
            self._answer(reports.not_sent(working, refusal, starts_ns), starts_ns)
        return self._take_answers()

    def on_cancel(self, child_id: str, now_ns: int) -> list[Due]:
        """Ask a venue to cancel a child; a fill before the request arrives wins.

        Raises ValueError for a child that was never routed.
        """
        child = self._children.get(child_id)
        if child is None:
            raise ValueError(f"child {child_id} is unknown; route it before you cancel it")
        self._time.run_until(now_ns)
        starts_ns = self._time.now_ns + self.behaviour.gateway_ns
        if child.ended_as == NEVER_SENT:
            self._answer(reports.cancel_rejected(child, NEVER_SENT, starts_ns), starts_ns)
        elif not self._session(child.terms.venue).is_up:
            text = "the session is down; its children are cancelled"
            self._answer(reports.cancel_rejected(child, text, starts_ns), starts_ns)
        else:
            self._send(child, "cancel", starts_ns, partial(self._cancel, child))
        return self._take_answers()

    def on_status_request(self, child_id: str, now_ns: int) -> list[Due]:
        """Ask a venue for the state of a child; a session that is down takes no question.

        Raises ValueError for a child that was never routed.
        """
        child = self._children.get(child_id)
        if child is None:
            raise ValueError(f"child {child_id} is unknown; route it before you ask for it")
        self._time.run_until(now_ns)
        starts_ns = self._time.now_ns + self.behaviour.gateway_ns
        if child.ended_as == NEVER_SENT:
            self._answer(reports.not_sent(child, NEVER_SENT, starts_ns), starts_ns)
        elif self._session(child.terms.venue).is_up:
            self._send(child, "status", starts_ns, partial(self._tell, child))
        return self._take_answers()

    def disconnect(self, venue: str, now_ns: int, for_ns: int) -> list[Due]:
        """Lose a session for a while: its venue cancels open children, and reports later."""
        self._time.run_until(now_ns)
        self._lose_session(venue, for_ns)
        return self._take_answers()

    # ---------------------------------------------------------------- time and sessions

    def _take_answers(self) -> list[Due]:
        answers, self._answers = self._answers, []
        return answers

    def _answer(self, report: Report, due_ns: int) -> None:
        self._answers.append(Due(due_ns, report))

    def _session(self, venue: str) -> Session:
        return self._sessions.setdefault(venue, Session())

    def _latency_ns(self, child: Working, *what: str | int) -> int:
        latency_ns = self.behaviour.latencies_ns.get(child.terms.venue, self.behaviour.latency_ns)
        jitter_ppm = below(self.behaviour.jitter_ppm + 1, self.seed, child.child_id, *what)
        return latency_ns + latency_ns * jitter_ppm // PPM

    def _send(self, child: Working, what: str, starts_ns: int, action: Callable[[], None]) -> None:
        """Let a message arrive at its venue, after those that were sent before it."""
        session = self._session(child.terms.venue)
        arrives_ns = starts_ns + self._latency_ns(child, what)
        session.arrives_ns = max(session.arrives_ns, arrives_ns)
        self._time.at(session.arrives_ns, action)

    def _report(self, child: Working, execution: Execution) -> str:
        """Let a report come back, after those before it; returns its id."""
        assert self._day is not None
        session = self._session(child.terms.venue)
        session.report_count += 1
        count = f"{self._exec_prefix}{session.report_count}"
        exec_id = f"{child.terms.venue}-{self._day.day}-{count}"
        due_ns = self._back_ns(child)
        event = reports.execution_reported(
            child, execution, exec_id, self._day.day, self._time.now_ns, due_ns
        )
        self._answer(event, due_ns)
        return exec_id

    def _back_ns(self, child: Working) -> int:
        session = self._session(child.terms.venue)
        latency_ns = self._latency_ns(child, "report", session.report_count)
        session.reported_ns = max(session.reported_ns, self._time.now_ns + latency_ns)
        return session.reported_ns

    def _open_day(self, opened: DayOpened) -> None:
        self._time.run_until(opened.set_ns)
        self._day = opened
        self._market.open_day(opened)
        self._children = {name: it for name, it in self._children.items() if not it.ended_as}
        self._time.at(opened.close_ns, self._close_session)
        for venue in self._market.known.reference.venues:
            name = (self.seed, "down", venue, opened.day)
            if happens(self.behaviour.disconnect_ppm, *name):
                down_ns = opened.open_ns + below(opened.close_ns - opened.open_ns, *name, "when")
                for_ns = SECOND_NS + below(29 * SECOND_NS, *name, "long")
                self._time.at(down_ns, partial(self._lose_session, venue, for_ns))

    def _lose_session(self, venue: str, for_ns: int) -> None:
        session = self._session(venue)
        if not session.is_up or self._day is None:
            return
        session.is_up = False
        up_ns = self._time.now_ns + for_ns
        now_ns = self._time.now_ns
        status = reports.session_status(venue, self._day.day, NO_POSITION, now_ns, up=False)
        self._answer(status, now_ns)
        session.reported_ns = max(session.reported_ns, up_ns)  # Nothing comes back before.
        for child in self._open_children():
            if child.terms.venue == venue:
                self._end(child, ExecType.CANCELED, "cancelled on disconnect")
        self._time.at(up_ns, partial(self._regain_session, venue))

    def _regain_session(self, venue: str) -> None:
        assert self._day is not None
        session = self._session(venue)
        session.is_up = True
        session.reported_ns = max(session.reported_ns, self._time.now_ns)
        day, up_ns = self._day.day, session.reported_ns
        self._answer(reports.session_status(venue, day, NO_POSITION, up_ns, up=True), up_ns)

    # ---------------------------------------------------------------- the market

    def _book(self, child: Working) -> LitBook | HiddenBook:
        return self._market.book_of(child.terms)

    def _view(self, child: Working) -> View:
        return self._market.view(child.terms.venue, child.terms.instrument_id, self._time.now_ns)

    # ---------------------------------------------------------------- a child's life

    def _why_not_sent(self, child: ChildRouted, starts_ns: int) -> str | None:
        if child.venue not in self._market.known.reference.venues:
            return f"there is no session with {child.venue}"
        if self._day is None:
            return "no trading day is open"
        if not self._session(child.venue).is_up:
            return "the session is down"
        if starts_ns > child.send_before_ns:
            return f"too late by {starts_ns - child.send_before_ns} ns"
        return None

    def _arrive(self, child: Working) -> None:
        refusal = self._refusal(child)
        if refusal:
            self._end(child, ExecType.REJECTED, refusal)
            return
        child.is_open = True
        self._arrival_count += 1
        child.rank = self._arrival_count
        self._report(child, Execution(ExecType.NEW, "accepted"))
        terms = child.terms
        book = self._book(child)
        for fill in book.take(child, self._view(child)):
            self._fill(fill)
        if not child.is_open:
            return
        if terms.time_in_force is ChildTimeInForce.IOC:
            self._end(child, ExecType.CANCELED, "immediate or cancel: nothing more to meet")
            return
        book.rest(child)
        if happens(self.behaviour.unsolicited_cancel_ppm, self.seed, child.child_id, "unsolicited"):
            wait_ns = below(60 * SECOND_NS, self.seed, child.child_id, "unsolicited", "when")
            self._time.at(self._time.now_ns + wait_ns, partial(self._cancel_unasked, child))

    def _refusal(self, child: Working) -> str | None:
        if not self._session(child.terms.venue).is_up:
            return "the session was down"
        if not self._market.is_in_session(child.terms.instrument_id, self._time.now_ns):
            return "the trading session is closed"
        if happens(self.behaviour.reject_ppm, self.seed, child.child_id, "reject"):
            return "the venue is busy"
        return violation(self._market.known, child.terms)

    def _fill(self, fill: Fill) -> None:
        child = fill.child
        child.cum_qty += fill.last_qty
        child.leaves_qty -= fill.last_qty
        child.fill_count += 1
        assert child.leaves_qty >= 0
        self._leave_if_done(child)
        if self.impact is not None:
            terms, now_ns = child.terms, self._time.now_ns
            self.impact.on_fill(
                terms.instrument_id, terms.side, fill.last_qty, fill.last_px, now_ns
            )
        exec_id = self._report(
            child, Execution(ExecType.TRADE, "", fill.last_qty, fill.last_px, fill.liquidity)
        )
        self._perhaps_revise(fill, exec_id)

    def _leave_if_done(self, child: Working) -> None:
        if not child.leaves_qty:
            child.is_open, child.ended_as = False, "filled"
            self._book(child).resting.pop(child.child_id, None)

    def _end(self, child: Working, exec_type: ExecType, text: str) -> None:
        """End the rest of a child, and report it."""
        child.leaves_qty = 0
        self._leave_if_done(child)
        child.ended_as, child.ended_by = text, exec_type
        self._report(child, Execution(exec_type, text))

    def _cancel(self, child: Working) -> None:
        if child.is_open:
            self._end(child, ExecType.CANCELED, "cancelled as asked")
            return
        text = f"too late: {child.ended_as}"
        due_ns = self._back_ns(child)
        self._answer(reports.cancel_rejected(child, text, due_ns), due_ns)

    def _tell(self, child: Working) -> None:
        self._report(child, state_of(child))

    def _cancel_unasked(self, child: Working) -> None:
        if child.is_open:
            self._end(child, ExecType.CANCELED, "cancelled by the venue")

    def _close_session(self) -> None:
        for child in self._open_children():
            self._end(child, ExecType.EXPIRED, "the trading session has ended")

    def _open_children(self) -> list[Working]:
        """In order of routing."""
        return [child for child in self._children.values() if child.is_open]

    # ---------------------------------------------------------------- busts and corrections

    def _perhaps_revise(self, fill: Fill, exec_id: str) -> None:
        """Some fills are taken back or changed, later, but not after the close."""
        assert self._day is not None
        name = (self.seed, fill.child.child_id, "revise", fill.child.fill_count)
        drawn_ppm = below(PPM, *name)
        if drawn_ppm >= self.behaviour.bust_ppm + self.behaviour.correct_ppm:
            return
        wait_ns = SECOND_NS + below(119 * SECOND_NS, *name, "when")
        due_ns = min(self._time.now_ns + wait_ns, self._day.close_ns)
        is_bust = drawn_ppm < self.behaviour.bust_ppm
        revise = self._bust if is_bust else self._correct
        self._time.at(due_ns, partial(revise, fill, exec_id))

    def _bust(self, fill: Fill, exec_id: str) -> None:
        fill.child.cum_qty -= fill.last_qty
        text = "clearly erroneous; the quantity is not put back to work"
        self._report(fill.child, Execution(ExecType.TRADE_CANCEL, text, exec_ref_id=exec_id))

    def _correct(self, fill: Fill, exec_id: str) -> None:
        """Half of the corrections better the price by a tick, half take back half the quantity."""
        child, qty, px = fill.child, fill.last_qty, fill.last_px
        is_px = below(2, self.seed, child.child_id, "correct", child.fill_count) or qty == 1
        if is_px:
            tick_px = reference.tick_px(self._market.known, child.terms.instrument_id, px)
            px = max(1, px - child.sign * tick_px)
        else:
            qty -= qty // 2
        child.cum_qty -= fill.last_qty - qty
        text = "corrected price" if is_px else "corrected quantity"
        self._report(
            child,
            Execution(ExecType.TRADE_CORRECT, text, qty, px, fill.liquidity, exec_id),
        )
