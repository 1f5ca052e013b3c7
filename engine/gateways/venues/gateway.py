"""The gateway at work: it reads, judges, sends and reports, turn by turn."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from engine.core.events import (
    ChildCancelRequested,
    ChildRouted,
    DayClosed,
    DayOpened,
    DepthObserved,
    ExecType,
    ExecutionReported,
    QuoteObserved,
    SendStarted,
    SessionStatusObserved,
    TradeObserved,
    VenueDefined,
    VenueStatusObserved,
)
from engine.gateways.sending import RETRY_WAIT_S
from engine.gateways.venues import reports
from engine.gateways.venues.children import Child, Children
from engine.gateways.venues.outbox import Outbox, Told, count
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.reading import (
    MARKET,
    READ_RECORDS,
    REPORTS,
    ROUTES,
    read_event,
    readers,
)
from engine.gateways.venues.reports import Due
from engine.gateways.venues.run import Run
from engine.gateways.venues.session import VenueSessions
from engine.gateways.venues.sessions import Sessions
from engine.log import codec
from engine.log.port import JOURNAL, CorruptLogError, Log, LogUnavailableError, Reader, Record
from engine.runtime.clock import Clock

SILENCE_NS = 15_000_000_000  # Design, the log: a shard with open children seals each second.
QUOTE_AGE_MAX_NS = 30_000_000_000  # Default of the configuration.
SETTLE_S = 0.5  # A run that is superseded notices in milliseconds; what it wrote is here then.
ANNOUNCED_MAX_S = 30.0
IDLE_WAIT_S = 0.05
NS_PER_S = 1_000_000_000

MARKET_EVENTS = (QuoteObserved, TradeObserved, DepthObserved, VenueStatusObserved)

_log = logging.getLogger(__name__)


class VenueGateway:
    """Trades what the engine routes until told to stop. One thread, but for `stop`."""

    def __init__(
        self,
        log: Log,
        *,
        open_venues: Callable[[int], VenueSessions],
        clock_ns: Callable[[], int] = time.time_ns,
        clock: Clock = time,
        quote_age_max_ns: int = QUOTE_AGE_MAX_NS,
        settle_s: float = SETTLE_S,
        on_sent: Callable[[str], None] | None = None,
    ) -> None:
        """`open_venues` is called at the start, with the number that the run has taken.

        `on_sent` is told the id of each child that goes to its venue.
        """
        self._log = log
        self._clock_ns = clock_ns
        self._clock = clock
        self._on_sent = on_sent
        self._quote_age_max_ns = quote_age_max_ns
        self._settle_s = settle_s
        self._open_venues = open_venues
        self._venues: VenueSessions  # Since the run has its number.
        self._permission = Permission()
        self._run = Run(log, clock_ns, lambda: self._is_stopping, clock)
        self._sessions = Sessions(self._run, self._permission, clock_ns)
        self._children = Children()
        self._fresh: list[Child] = []  # Routed, and nothing was said about them yet.
        self._cleared: list[Child] = []  # Their SendStarted was read back: they may go out.
        self._outbox = Outbox()
        self._readers: dict[str, list[Reader]] = {}
        self._seal_ns = [0] * log.partitions  # When each shard last gave a sign of life.
        self._is_up = False
        self._is_stopping = False
        self._handlers: dict[str, Callable[[int, Record], None]] = {
            "reference": self._on_reference,
            "controls": self._on_control,
            MARKET: self._on_market,
            REPORTS: self._on_report,
            ROUTES: self._on_route,
            JOURNAL: self._on_seal,
        }
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
        finally:
            for reader in (reader for found in self._readers.values() for reader in found):
                reader.close()
        return self.tally

    def start(self) -> None:
        """Learn from the log what was, take the sessions, resolve what an older run left."""
        self._readers = readers(self._log, self._clock_ns() - self._quote_age_max_ns)
        self._read_to_end(REPORTS)
        self._run.begin()
        self._venues = self._open_venues(self.run_number)
        self._read_to_end("reference", "controls")
        if self._permission.day is not None:
            self._venues.observe(self._permission.day)
        self._read_to_end(MARKET)
        self._announce()
        self._read_to_end(REPORTS, ROUTES)
        if self._children.unresolved():
            self._settle()
        self._resolve()
        self._seal_ns = [self._clock_ns()] * self._log.partitions
        self._is_up = True
        self._sessions.bring_up()
        _log.info("run %x is up; %s children wait", self.run_number, len(self._fresh))

    def turn(self) -> bool:
        """Read, send and report what is there now; False if nothing was."""
        has_read = [self._read(topic) for topic in self._readers]
        is_busy = any(has_read)
        now_ns = self._clock_ns()
        self._sessions.answer_controls()
        self._sessions.bring_up()
        self._send(now_ns)
        is_busy |= self._judge(now_ns)
        self._watch(now_ns)
        self._take(self._venues.advance(now_ns))
        return self._report_until(now_ns) or is_busy

    def go_down(self) -> None:
        """Take the sessions down: report what is on its way, cancel what is open.

        What waits to be sent stays as it is: the next start decides on it.
        """
        now_ns = self._clock_ns()
        self._sessions.take_down()
        self._take(self._venues.advance(now_ns))
        self._tell(self._outbox.empty(now_ns))
        begun = [x for x in self._children if x.is_starting and not x.is_ended]
        text = "cancelled on disconnect: the paper gateway stopped"
        self._tell(
            [
                self._execution(x, ExecType.CANCELED, text, now_ns)
                if x.is_at_venue
                else reports.not_sent(x, "the paper gateway stopped before it went out", now_ns)
                for x in begun
            ]
        )

    def _wait_s(self) -> float:
        """Until something is due, at most IDLE_WAIT_S."""
        dues = (self._venues.next_ns, self._outbox.next_ns)
        due_ns = min((due for due in dues if due is not None), default=None)
        if due_ns is None:
            return IDLE_WAIT_S
        return min(IDLE_WAIT_S, max(0.0, (due_ns - self._clock_ns()) / NS_PER_S))

    # ---------------------------------------------------------------------------- start

    def _announce(self) -> None:
        """Begin the run in the log's order; every record written before is read when it is over."""
        self._sessions.announce()
        until_s = self._clock.monotonic() + ANNOUNCED_MAX_S
        while not self._run.is_announced:
            if self._clock.monotonic() > until_s:
                raise LogUnavailableError(
                    f"the announcement of run {self.run_number:x} cannot be read back after "
                    f"{ANNOUNCED_MAX_S:g} s; is a transaction of another program open?"
                )
            self._log.wait(IDLE_WAIT_S)
            self._read(REPORTS)

    def _settle(self) -> None:
        """Let an older run that is still alive notice and stop; take what it wrote till then."""
        until_s = self._clock.monotonic() + self._settle_s
        while (left_s := until_s - self._clock.monotonic()) > 0:
            self._log.wait(min(left_s, IDLE_WAIT_S))
            self._read(REPORTS)

    def _resolve(self) -> None:
        self._fresh = [x for x in self._fresh if not x.is_started and not x.is_ended]
        if self._permission.day is None:
            return  # The close ends them; the engine takes no report on them any more.
        now_ns = self._clock_ns()
        lost = self._children.unresolved()
        text = "the paper venue lost its memory with its process"
        self._tell([self._execution(x, ExecType.UNKNOWN, text, now_ns) for x in lost])
        text = "the paper venue keeps nothing over a restart"
        self._tell([self._execution(x, ExecType.CANCELED, text, now_ns) for x in lost])
        self.tally["resolved"] += len(lost)

    # ----------------------------------------------------------------------------- read

    def _read(self, topic: str) -> bool:
        """Take what is there of a topic, in bounds; True if something was.

        Its partitions share the bound: a kill switch waits for one round of all of them.
        """
        handle = self._handlers[topic]
        readers = self._readers[topic]
        has_read = False
        for number, reader in enumerate(readers):
            for record in reader.read(max(1, READ_RECORDS // len(readers))):
                handle(number, record)
                has_read = True
        return has_read

    def _read_to_end(self, *topics: str) -> None:
        for topic in topics:
            while not all(reader.at_end() for reader in self._readers[topic]):
                self._read(topic)

    def _on_reference(self, _: int, record: Record) -> None:
        event = read_event("reference", record)
        if event is None:
            return
        self._take(self._venues.observe(event))
        if isinstance(event, VenueDefined):
            self._sessions.define(event.venue)

    def _on_control(self, _: int, record: Record) -> None:
        event = read_event("controls", record)
        self._permission.apply(event, record.position)
        if isinstance(event, DayOpened) and self._is_up:
            self._take(self._venues.observe(event))
        elif isinstance(event, DayClosed) and self._is_up:
            self._children.forget()  # The engine closes them and takes no more reports on them.
            self._cleared.clear()
            self._outbox.forget()

    def _on_market(self, _: int, record: Record) -> None:
        event = read_event(MARKET, record)
        if isinstance(event, MARKET_EVENTS):
            now_ns = self._clock_ns()
            if event.received_ns > now_ns:  # Another machine's clock must not advance ours.
                event = replace(event, received_ns=now_ns)
            self._take(self._venues.observe(event))

    def _on_seal(self, number: int, _: Record) -> None:
        self._seal_ns[number] = self._clock_ns()

    def _on_route(self, number: int, record: Record) -> None:
        try:
            event = codec.decode(ROUTES, record.value)
        except codec.UnreadableError as error:
            raise CorruptLogError(
                f"shard {number}: {ROUTES} at offset {record.offset} cannot be read ({error}). "
                "The engine wrote it, so the log was changed; nothing more is sent."
            ) from error
        if isinstance(event, ChildRouted):
            child = self._children.of_shard(number, f"{number}-{event.seq}")
            assert child is not None, "the shard names its children so"
            child.routed = event
            self._fresh.append(child)
            self.tally["routes"] += 1
        elif isinstance(event, ChildCancelRequested):
            self._cancel(event.child_id)

    def _on_report(self, number: int, record: Record) -> None:
        """Follow whose turn it is, and what was said of the day's children."""
        event = read_event(REPORTS, record)
        run = self._run.see(number, record, event)
        if event is None:
            venue = dict(record.headers).get("venue", b"").decode(errors="replace")
            self._sessions.doubt(venue)
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
        """Refuse what must not go out; of the rest write that it will; True if there was any."""
        fresh, self._fresh = self._fresh, []
        starting: list[SendStarted] = []
        refused: list[Told] = []
        for child in fresh:
            reason = self._permission.refusal(child, now_ns)
            if reason:
                refused.append(reports.not_sent(child, reason, now_ns))
            else:
                child.is_starting = True
                starting.append(reports.send_started(child, now_ns))
        self._tell(refused)
        self._run.append(starting)
        return bool(fresh)

    def _send(self, now_ns: int) -> None:
        """Give the venues what the log holds a SendStarted of, unless it must not go out now."""
        cleared, self._cleared = self._cleared, []
        for child in cleared:
            reason = self._permission.refusal(child, now_ns)
            if reason:
                self._tell([reports.not_sent(child, reason, now_ns)])
                continue
            child.is_at_venue = True
            self.tally["sent"] += 1
            if self._on_sent is not None:
                self._on_sent(child.child_id)
            self._take(self._venues.on_route(child.terms, child.child_id, now_ns))

    def _cancel(self, child_id: str) -> None:
        child = self._children.get(child_id)
        if child is None or child.routed is None:
            return  # Of a closed day.
        child.is_cancelling = True
        now_ns = self._clock_ns()
        if child.is_at_venue:
            if self._venues.is_known(child_id):
                self._take(self._venues.on_cancel(child_id, now_ns))
        elif child.is_ended and self._is_up:
            self._tell([reports.cancel_rejected(child, "too late: it had ended", now_ns)])

    def _watch(self, now_ns: int) -> None:
        """Cancel the children of a shard that is silent while they are open."""
        for number, seal_ns in enumerate(self._seal_ns):
            if now_ns - seal_ns < SILENCE_NS:
                continue
            self._seal_ns[number] = now_ns
            for child in self._children.open_of_shard(number):
                _log.warning("shard %s is silent; cancelling %s", number, child.child_id)
                self._cancel(child.child_id)

    # --------------------------------------------------------------------------- report

    def _take(self, dues: Iterable[Due]) -> None:
        """Keep what the venues answered until it is due; what was before this run is not news."""
        if self._is_up:
            self._outbox.put(dues)

    def _report_until(self, now_ns: int) -> bool:
        due = self._outbox.due(now_ns)
        self._tell(due)
        return bool(due)

    def _tell(self, events: Sequence[Told]) -> None:
        """Write reports on children of the day, and fold what they say."""
        told: list[Told] = []
        for event in events:
            if isinstance(event, SessionStatusObserved):
                self._sessions.hear(event)
                told.append(event)
                continue
            child = self._children.get(event.child_id)
            if child is not None:  # Else its day is over.
                told.append(event)
                child.fold(event)
                count(self.tally, event)
        self._run.append(told)

    def _execution(
        self, child: Child, exec_type: ExecType, text: str, now_ns: int
    ) -> ExecutionReported:
        """A report of the gateway's own on a child that its venue can't report on."""
        day = self._permission.day
        assert day is not None, "children end with their day"
        self.tally["own_reports"] += 1
        count = self.tally["own_reports"]
        exec_id = f"{child.terms.venue}-{day.day}-{self.run_number:x}-G{count}"
        execution = reports.Execution(exec_type, text)
        return reports.execution_reported(child, execution, exec_id, day.day, now_ns, now_ns)
