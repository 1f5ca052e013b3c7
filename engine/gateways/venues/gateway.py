"""The gateway's loop: read, judge, send and report, turn by turn."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.core.events import (
    CancelRejected,
    ChildCancelRequested,
    ChildRouted,
    ChildStatusRequested,
    DayOpened,
    Input,
    SendStarted,
    SessionStatusObserved,
    VenueDefined,
)
from engine.core.units import NS_PER_S
from engine.gateways.sending import RETRY_WAIT_S
from engine.gateways.venues import reports
from engine.gateways.venues.children import Child, Children
from engine.gateways.venues.hold import Hold
from engine.gateways.venues.kill_file import KillFile
from engine.gateways.venues.outbox import Answer, Outbox, count
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.provenance import Provenance
from engine.gateways.venues.reading import (
    CONTROLS,
    MARKET,
    MARKET_EVENTS,
    REFERENCE,
    REPORTS,
    ROUTES,
    Topics,
    read_event,
)
from engine.gateways.venues.reports import Due
from engine.gateways.venues.requests import Requests
from engine.gateways.venues.run import IDLE_WAIT_S, Run
from engine.gateways.venues.session import VenueSessions
from engine.gateways.venues.session_status import SessionStatuses
from engine.gateways.venues.silence import Silence
from engine.gateways.venues.start import InForce, gateway_start
from engine.log.headers import sender_of
from engine.log.port import JOURNAL, CorruptLogError, Log, LogUnavailableError, Record
from engine.runtime.clock import Clock, Wall
from engine.runtime.first_batches import reference_facts

QUOTE_AGE_MAX_NS = 30_000_000_000  # Default of the configuration.
SETTLE_S = 0.5  # A run of an early release has no lease; it stops within milliseconds.

_log = logging.getLogger(__name__)


class VenueGateway:
    """Trades what the engine routes until it is stopped. One thread, but for `stop`."""

    def __init__(
        self,
        log: Log,
        name: str,
        *,
        open_venues: Callable[[int], VenueSessions],
        clock_ns: Callable[[], int] | None = None,
        clock: Clock = time,
        quote_age_max_ns: int = QUOTE_AGE_MAX_NS,
        settle_s: float = SETTLE_S,
        kill_file: Path | None = None,
        on_sent: Callable[[str], None] | None = None,
        owner: str = "",
    ) -> None:
        """`name` is the venue that the gateway announces itself by; no child goes there.

        `open_venues` is called at the start, with the number of the run. `on_sent` is called with
        the id of each child that goes to its venue. While `kill_file` is there, none does.
        """
        self._log = log
        self._name = name
        self._clock_ns = clock_ns = clock_ns or Wall().steady_ns
        self._clock = clock
        self._on_sent = on_sent
        self._quote_age_max_ns = quote_age_max_ns
        self._settle_s = settle_s
        self._open_venues = open_venues
        self._venues: VenueSessions  # Since the run has its number.
        self._requests: Requests  # Since the same.
        self._routes: Provenance  # Since the start.
        self._permission = Permission(KillFile(kill_file))
        self._run = Run(log, name, clock_ns, lambda: self._is_stopping, clock, owner)
        self._statuses = SessionStatuses(self._run, self._permission, clock_ns)
        self._hold = Hold(self._permission.kill_file, self._statuses, self._cancel_open)
        self._run.on_refused = self._hold.cancel_if_there
        self._children = Children()
        self._fresh: list[Child] = []  # Routed, and not yet judged.
        self._cleared: list[Child] = []  # Their SendStarted was read back: they may go out.
        self._outbox = Outbox()
        self._silence = Silence(log.partitions)
        self._is_up = False
        self._is_stopping = False
        self._topics = Topics(
            {
                REFERENCE: self._on_reference,
                CONTROLS: self._on_control,
                MARKET: self._on_market,
                REPORTS: self._on_report,
                ROUTES: self._on_route,
                JOURNAL: self._on_seal,
            },
            self._run.renew,
        )
        self.tally: Counter[str] = Counter()

    @property
    def run_number(self) -> int:
        return self._run.number

    # ------------------------------------------------------------------------------ run

    def stop(self) -> None:
        """Go down in order and return from `run`; may come from another thread or a signal."""
        self._is_stopping = True

    def run(self, on_turn: Callable[[Counter[str]], None] | None = None) -> Counter[str]:
        """Trade until `stop`. Raises SupersededError, CorruptLogError, LogUnavailableError."""
        try:
            self.start()
            while not self._is_stopping:
                try:
                    is_busy = self.turn()
                except LogUnavailableError as error:
                    _log.warning("%s; trying again", error)
                    self._clock.sleep(RETRY_WAIT_S)
                    continue
                if on_turn is not None:
                    on_turn(self.tally)
                if not is_busy:
                    self._log.wait(self._wait_s())
            self.go_down()
        except CorruptLogError:
            if self._is_up:  # What is open must not stay at the venues unattended.
                self.go_down()
            raise
        finally:
            self._topics.close()
        return self.tally

    def start(self) -> None:
        """Take the sessions, read the day from the log, resolve the children of older runs."""
        self._run.take_sessions()  # First: what older runs wrote is all there then.
        start = gateway_start(self._log, self._clock_ns() - self._quote_age_max_ns)
        self._routes = Provenance(self._name, start.chains)
        self._topics.open(start.readers)
        self._topics.read_to_end(REPORTS)
        self._run.begin_after(start.last_run)
        self._venues = self._open_venues(self.run_number)
        self._requests = Requests(
            *(self._children, self._venues, self._clock_ns),
            queue=self._queue,
            refuse=self._refuse,
            tally=self.tally,
        )
        if start.in_force is not None:
            self._restore(start.in_force)
        self._topics.read_to_end(REFERENCE, CONTROLS)
        if self._permission.day is not None:
            self._venues.observe(self._permission.day)
        self._topics.read_to_end(MARKET)
        self._announce()
        self._topics.read_to_end(REPORTS, ROUTES, JOURNAL)
        self._take_routes(self._clock_ns())
        if self._children.unresolved():
            self._settle()
        self._resolve()
        self._silence.begin(self._clock_ns())
        self._is_up = True
        self._statuses.bring_up()
        _log.info("run %x is up; %s children wait", self.run_number, len(self._fresh))

    def turn(self) -> bool:
        """Read, send and report what there is now; False if there was nothing."""
        self._hold.follow()  # First: the log may be away.
        self._run.renew()
        is_busy = self._topics.read_each()
        now_ns = self._clock_ns()
        self._take_routes(now_ns)
        self._statuses.answer_controls()
        if not self._hold.is_on:
            self._statuses.bring_up()
        self._send(now_ns)
        is_busy |= self._judge(now_ns)
        for number in self._silence.silent(now_ns):
            self._requests.cancel_of_silent_shard(number)
        self._queue(self._venues.advance(now_ns))
        return self._report_until(now_ns) or is_busy

    def go_down(self) -> None:
        """Take the sessions down: report what is on its way, end the children that are open.

        Children that wait to be sent stay as they are: the next start decides on them.
        """
        now_ns = self._clock_ns()
        self._statuses.disconnect_all()
        self._queue(self._venues.advance(now_ns))
        self._report(self._outbox.drain(now_ns))
        begun = [x for x in self._children if x.is_starting and not x.is_ended]
        self._queue(self._venues.log_out([x for x in begun if x.is_at_venue], now_ns))
        self._report(self._outbox.drain(now_ns))
        text = f"the {self._name.lower()} gateway stopped before it went out"
        self._report([reports.not_sent(x, text, now_ns) for x in begun if not x.is_at_venue])
        self._statuses.sign_off()

    def _wait_s(self) -> float:
        """Until something is due, at most IDLE_WAIT_S."""
        dues = (self._venues.next_ns, self._outbox.next_ns)
        due_ns = min((due for due in dues if due is not None), default=None)
        if due_ns is None:
            return IDLE_WAIT_S
        return min(IDLE_WAIT_S, max(0.0, (due_ns - self._clock_ns()) / NS_PER_S))

    # ---------------------------------------------------------------------------- start

    def _restore(self, in_force: InForce) -> None:
        """Take what the last closes carried, as if its records were read."""
        facts: Iterable[Any] = reference_facts(in_force.reference)
        for fact in facts:
            self._define(fact)
        self._permission.restore(in_force)

    def _announce(self) -> None:
        """Begin the run in the log's order; afterwards every older report has been read."""
        self._statuses.announce()
        self._run.read_back(lambda: self._topics.read(REPORTS))

    def _settle(self) -> None:
        """Let an older run without a lease notice and stop; read what it wrote till then."""
        until_s = self._clock.monotonic() + self._settle_s
        while (left_s := until_s - self._clock.monotonic()) > 0:
            self._log.wait(min(left_s, IDLE_WAIT_S))
            self._topics.read(REPORTS)

    def _resolve(self) -> None:
        self._fresh = [x for x in self._fresh if not x.is_started and not x.is_ended]
        if self._permission.day is None:
            return  # The close ends them; the engine takes no report on them any more.
        now_ns = self._clock_ns()
        unresolved = self._children.unresolved()
        self._outbox.put(self._venues.resolve(unresolved, now_ns))
        for child in unresolved:
            child.is_at_venue = self._venues.is_known(child.child_id)
        self._report_until(now_ns)
        self.tally["resolved"] += len(unresolved)

    # ----------------------------------------------------------------------------- read

    def _on_reference(self, _: int, record: Record) -> None:
        event = read_event(REFERENCE, record)
        if event is not None:
            self._define(event)

    def _define(self, fact: Input) -> None:
        """Take a definition of reference data."""
        self._queue(self._venues.observe(fact))
        if isinstance(fact, VenueDefined):
            self._statuses.define(fact.venue)

    def _on_control(self, _: int, record: Record) -> None:
        event = read_event(CONTROLS, record)
        if self._permission.is_of_stranger(record, event):
            return
        is_new = self._permission.apply(event, record.position, sender_of(record.headers))
        if isinstance(event, DayOpened) and is_new and self._is_up:
            self._children.keep_open()  # A venue's late word on one of them is a break.
            self._queue(self._venues.observe(event))

    def _on_market(self, _: int, record: Record) -> None:
        event = read_event(MARKET, record)
        if isinstance(event, MARKET_EVENTS):
            now_ns = self._clock_ns()
            if event.received_ns > now_ns:  # Another machine's clock must not advance ours.
                event = replace(event, received_ns=now_ns)
            self._queue(self._venues.observe(event))

    def _on_route(self, number: int, record: Record) -> None:
        self._routes.hold(number, record, self._clock_ns())

    def _on_seal(self, number: int, record: Record) -> None:
        now_ns = self._clock_ns()
        self._silence.end(number, now_ns)
        self._routes.seal(number, record, now_ns)

    def _take_routes(self, now_ns: int) -> None:
        """Take the routes that a seal covers, and report those that none does."""
        for number, event in self._routes.sealed(now_ns):
            if isinstance(event, ChildRouted):
                child = self._children.of_shard(number, f"{number}-{event.seq}")
                assert child is not None, "the shard names its children so"
                child.routed = event
                self._fresh.append(child)
                self.tally["routes"] += 1
            elif isinstance(event, ChildCancelRequested):
                self._requests.cancel(event.child_id)
            elif isinstance(event, ChildStatusRequested) and self._is_up:
                self._requests.ask(event.child_id)
        self._report([*self._routes.refusals(now_ns)])

    def _on_report(self, number: int, record: Record) -> None:
        """Follow the runs, and the reports on the day's children."""
        event = read_event(REPORTS, record)
        run = self._run.follow(number, record, event)
        if event is None:
            self._statuses.doubt(sender_of(record.headers).name)
            return
        child = self._children.of_shard(number, getattr(event, "child_id", ""))
        if child is None:
            return
        if not isinstance(event, SendStarted):
            if run != self.run_number:  # Our own were folded when they were written.
                child.fold(event)
        elif not child.is_started and not self._run.is_void(number, run):
            child.is_started = True
            if run == self.run_number and child.is_starting:  # Else its day is over.
                self._cleared.append(child)

    # ----------------------------------------------------------------------------- send

    def _judge(self, now_ns: int) -> bool:
        """Write NotSent of each new child that must not go out, SendStarted of every other one.

        True if there was a new child.
        """
        fresh, self._fresh = self._fresh, []
        starting: list[SendStarted] = []
        refused: list[Answer] = []
        for child in fresh:
            reason = self._permission.refusal(child, now_ns)
            if reason:
                refused.append(reports.not_sent(child, reason, now_ns))
            else:
                child.is_starting = True
                starting.append(reports.send_started(child, now_ns))
        self._report(refused)
        self._run.append(starting)
        return bool(fresh)

    def _send(self, now_ns: int) -> None:
        """Send the children whose SendStarted the log holds, unless one must not go out now."""
        cleared, self._cleared = self._cleared, []
        for child in cleared:
            reason = self._permission.refusal(child, now_ns)
            if reason:
                self._report([reports.not_sent(child, reason, now_ns)])
                continue
            child.is_at_venue = True
            self.tally["sent"] += 1
            if self._on_sent is not None:
                self._on_sent(child.child_id)
            self._queue(self._venues.on_route(child.terms, child.child_id, now_ns))

    def _cancel_open(self) -> int:
        return self._requests.cancel_open()

    # --------------------------------------------------------------------------- report

    def _queue(self, dues: Iterable[Due]) -> None:
        """Hold the venues' reports until they are due; before the run is up there are none."""
        if self._is_up:
            self._outbox.put(dues)

    def _refuse(self, refused: CancelRejected) -> None:
        """Report a refusal, but not of what is read again at a start."""
        if self._is_up:
            self._report([refused])

    def _report_until(self, now_ns: int) -> bool:
        due = self._outbox.due(now_ns)
        self._report(due)
        return bool(due)

    def _report(self, events: Sequence[Answer]) -> None:
        """Write reports, and fold those on children of the day."""
        for event in events:
            if isinstance(event, SessionStatusObserved):
                self._statuses.record(event)
                continue
            count(self.tally, event)
            child = self._children.get(event.child_id)
            if child is not None:  # Else its day is over, and the engine makes a break of it.
                child.fold(event)
        self._run.append(events)
