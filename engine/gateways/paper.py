"""A paper-trading gateway: the engine's routes meet the simulated venues under the wall clock.

It reads what the engine routes, what the market does, reference and controls, and answers in
`venue-reports`. Its memory is the log alone; what its venues knew dies with the process.

**Sent at most once.** A child goes out in three steps: its SendStarted is appended; the log
acknowledges it; the gateway reads it back. Only what was read back goes to the venue.

**One gateway by the log's own order.** The log's leases are for shards, and an append cannot be
fenced, so the log itself says whose turn it is. Each start is a *run* with a number above all it
has seen; every record carries it in the header `run`. A run begins by announcing itself on every
partition (SessionStatusObserved of the venue `PAPER`). From there on the newest run owns the
sessions: a SendStarted that lies behind the announcement of a newer run is void. All runs read
the same order, so they agree: the older one never sends that child, the newer one may. An older
run that sees a newer announcement stops and writes nothing more. What this does not give: an
older run that was held up between its look at the log and an append can still append a report of
a child that the newer one has cancelled; the engine books it as a late fill.

**After a restart** the day's routes and reports are folded. A child without a SendStarted was
never sent: `send_before_ns` decides whether it goes out now or is NotSent. A child with one and
without an end is unknown, and is never sent again: UNKNOWN is reported, then CANCELED with what
it had filled, as the paper venue keeps nothing over a restart. (A real venue would be asked by
the child's id.) Fills that the lost process had not reported yet never happened.

**Stops.** A gateway refuses by itself what a kill switch forbids (FIRM, INSTRUMENT, VENUE; a
route names no client, the shards hold CLIENT), what is late, and everything while a control
cannot be read. Children of a shard that seals nothing for SILENCE_NS are cancelled. A planned
stop takes the sessions down, reports what is on its way, and cancels the rest.

`docs/paper-trading.md` says how to run it, `engine/simulation/venues.py` what is not modelled.
"""

import heapq
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from engine.core import risk
from engine.core.events import (
    CancelRejected,
    ChildCancelRequested,
    ChildRouted,
    ControlScope,
    DayClosed,
    DayOpened,
    DepthObserved,
    ExecType,
    ExecutionReported,
    KillSwitchSet,
    Liquidity,
    NotSent,
    QuoteObserved,
    SealKind,
    SendStarted,
    SessionStatusObserved,
    SuspensionLifted,
    TradeObserved,
    VenueDefined,
    VenueStatusObserved,
)
from engine.core.state import State
from engine.gateways.records import first_number
from engine.log import codec
from engine.log.partition import partition_of
from engine.log.port import (
    BEGINNING,
    JOURNAL,
    CorruptLogError,
    EngineError,
    Headers,
    Log,
    LogUnavailableError,
    NewRecord,
    Reader,
    Record,
    Start,
)
from engine.recording import decoded
from engine.simulation.behaviour import Behaviour
from engine.simulation.reports import Due, Report
from engine.simulation.venues import Venues

GATEWAY = "PAPER"  # The venue that a run announces itself by; no child goes there.
REPORTS = "venue-reports"
MARKET = "market-data"
ROUTES = "routes"
RUN_HEADER = "run"

SILENCE_NS = 15_000_000_000  # Design, the log: a shard with open children seals each second.
QUOTE_AGE_MAX_NS = 30_000_000_000  # Default of the configuration.
SETTLE_S = 0.5  # A run that is superseded notices in milliseconds; what it wrote is here then.
ANNOUNCED_MAX_S = 30.0
IDLE_WAIT_S = 0.05
RETRY_WAIT_S = 0.2
STOPPING_TRIES_MAX = 25  # Five seconds; then a stop gives up on the log.
RUN_DIGITS_MAX = 20  # Of a run number: ns since 1970 UTC, or a little more.
READ_RECORDS = 2_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

ENDS = (ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED, ExecType.DONE_FOR_DAY)
MARKET_EVENTS = (QuoteObserved, TradeObserved, DepthObserved, VenueStatusObserved)

Told = NotSent | ExecutionReported | CancelRejected | SessionStatusObserved

_log = logging.getLogger(__name__)


class SupersededError(EngineError):
    """A newer paper gateway runs on this log; this one has stopped."""


@dataclass(slots=True)
class _Child:
    """A child of the day, as the log and this process know it."""

    child_id: str
    terms: ChildRouted | None = None  # None while only its reports were read.
    is_starting: bool = False  # This run has appended its SendStarted.
    is_started: bool = False  # A SendStarted that counts was read.
    is_at_venue: bool = False  # This process's venues have it.
    is_cancelling: bool = False
    is_ended: bool = False
    cum_qty: int = 0


class _Begin(NamedTuple):
    """Where a gateway begins in a shard, as its journal says."""

    routes_count: int  # Records of `routes` up to the last close: their children are dead.
    reports: Start
    market: Start  # Quotes from here on may still be alive.
    journal: Start


class PaperGateway:
    """Trades what the engine routes until told to stop. One thread, but for `stop`."""

    def __init__(
        self,
        log: Log,
        *,
        seed: int,
        clock_ns: Callable[[], int] = time.time_ns,
        behaviour: Behaviour | None = None,
        quote_age_max_ns: int = QUOTE_AGE_MAX_NS,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._log = log
        self._seed = seed
        self._clock_ns = clock_ns
        self._behaviour = behaviour
        self._quote_age_max_ns = quote_age_max_ns
        self._settle_s = settle_s
        self._every = range(log.partitions)
        self._number = first_number(clock_ns())
        self._venues = Venues(seed)  # Until the run has its number.
        self._controls = State(shard=0)  # Kill switches, folded as the engine folds them.
        self._day: DayOpened | None = None
        self._is_control_lost = False
        self._children: dict[str, _Child] = {}
        self._fresh: list[_Child] = []  # Routed, and nothing was said about them yet.
        self._cleared: list[_Child] = []  # Their SendStarted was read back: they may go out.
        self._waiting: list[tuple[int, int, Told]] = []  # A heap of (due, n, report).
        self._waiting_count = 0
        self._defined: list[str] = []  # Venues that reference knows, in order of coming.
        self._sessions: list[str] = []  # Those that were said to be up.
        self._begins: list[_Begin] = []
        self._readers: dict[str, list[Reader]] = {}
        self._highest_run = [0] * log.partitions  # Announced so far.
        self._last_run = 0  # Highest in any header.
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
        self.run_number = 0
        self.tally: Counter[str] = Counter()

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
                    time.sleep(RETRY_WAIT_S)
                    continue
                if on_turn is not None:
                    on_turn(self.tally)
                if not is_busy:
                    self._log.wait(self._wait_s())
            self.go_down()
        finally:
            for reader in (reader for readers in self._readers.values() for reader in readers):
                reader.close()
        return self.tally

    def start(self) -> None:
        """Learn from the log what was, take the sessions, resolve what an older run left."""
        self._begins = [self._begin(number) for number in self._every]
        self._readers = self._open_readers()
        self._read_to_end(REPORTS)
        self.run_number = max(self._clock_ns(), self._last_run + 1)
        self._venues = Venues(
            self._seed,
            self._behaviour,
            quote_age_max_ns=self._quote_age_max_ns,
            exec_prefix=f"{self.run_number:x}-",
        )
        self._read_to_end("reference", "controls")
        if self._day is not None:
            self._venues.observe(self._day)
        self._read_to_end(MARKET)
        self._announce()
        self._read_to_end(REPORTS, ROUTES)
        if any(self._unresolved()):
            self._settle()
        self._resolve()
        self._seal_ns = [self._clock_ns()] * self._log.partitions
        self._is_up = True
        self._bring_up()
        _log.info("run %x is up; %s children wait", self.run_number, len(self._fresh))

    def turn(self) -> bool:
        """Read, send and report what is there now; False if nothing was."""
        has_read = [self._read(topic) for topic in self._readers]
        is_busy = any(has_read)
        now_ns = self._clock_ns()
        self._bring_up()
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
        self._append([self._status(venue, now_ns, up=False) for venue in self._sessions])
        self._sessions = []
        self._take(self._venues.advance(now_ns))
        on_their_way: list[Told] = [
            replace(event, received_ns=now_ns)
            for _, _, event in sorted(self._waiting)
            if not isinstance(event, SessionStatusObserved)
        ]
        self._waiting = []
        self._tell(on_their_way)
        begun = [x for x in self._children.values() if x.is_starting and not x.is_ended]
        text = "cancelled on disconnect: the paper gateway stopped"
        self._tell(
            [
                self._execution(x, ExecType.CANCELED, text, now_ns)
                if x.is_at_venue
                else _not_sent(x, "the paper gateway stopped before it went out", now_ns)
                for x in begun
            ]
        )

    def _wait_s(self) -> float:
        """Until something is due, at most IDLE_WAIT_S."""
        dues = (self._venues.next_ns, self._waiting[0][0] if self._waiting else None)
        due_ns = min((due for due in dues if due is not None), default=None)
        if due_ns is None:
            return IDLE_WAIT_S
        return min(IDLE_WAIT_S, max(0.0, (due_ns - self._clock_ns()) / NS_PER_S))

    # ---------------------------------------------------------------------------- start

    def _begin(self, number: int) -> _Begin:
        """Where a shard's day began, and where quotes of now begin, from its journal."""
        recent_ns = self._clock_ns() - self._quote_age_max_ns
        found = _Begin(0, BEGINNING, BEGINNING, BEGINNING)
        positions = {MARKET: 0, REPORTS: 0}
        routes_count = 0
        reader = self._log.reader(JOURNAL, number)
        try:
            for record in _all(reader):
                seal = decoded(JOURNAL, number, record)
                positions |= {x.topic: x.next_position for x in seal.inputs if x.topic in positions}
                routes_count += sum(x.record_count for x in seal.outputs if x.topic == ROUTES)
                offsets = {x.topic: x.next_offset for x in seal.resume}
                starts = {x: Start(offsets[x], positions[x]) for x in positions}
                if seal.kind is SealKind.CLOSE:
                    found = found._replace(routes_count=routes_count, reports=starts[REPORTS])
                if seal.now_ns < recent_ns:
                    found = found._replace(market=starts[MARKET])
            return found._replace(journal=reader.next)
        finally:
            reader.close()

    def _open_readers(self) -> dict[str, list[Reader]]:
        log = self._log
        begins = list(enumerate(self._begins))
        routes = [log.reader(ROUTES, number) for number in self._every]
        for reader, begin in zip(routes, self._begins, strict=True):
            left = begin.routes_count
            while left:
                left -= len(reader.read(min(left, READ_RECORDS)))
        return {
            "reference": [log.reader("reference", 0)],
            "controls": [log.reader("controls", 0)],
            MARKET: [log.reader(MARKET, number, begin.market) for number, begin in begins],
            REPORTS: [log.reader(REPORTS, number, begin.reports) for number, begin in begins],
            ROUTES: routes,
            JOURNAL: [log.reader(JOURNAL, number, begin.journal) for number, begin in begins],
        }

    def _announce(self) -> None:
        """Begin the run in the log's order; every record written before is read when it is over."""
        announcement = self._status(GATEWAY, self._clock_ns(), up=True)
        self._append([announcement])
        until_s = time.monotonic() + ANNOUNCED_MAX_S
        while min(self._highest_run) < self.run_number:
            if time.monotonic() > until_s:
                raise LogUnavailableError(
                    f"the announcement of run {self.run_number:x} cannot be read back after "
                    f"{ANNOUNCED_MAX_S:g} s; is a transaction of another program open?"
                )
            self._log.wait(IDLE_WAIT_S)
            self._read(REPORTS)

    def _settle(self) -> None:
        """Let an older run that is still alive notice and stop; take what it wrote till then."""
        until_s = time.monotonic() + self._settle_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._log.wait(min(left_s, IDLE_WAIT_S))
            self._read(REPORTS)

    def _unresolved(self) -> Iterator[_Child]:
        """Children that an older run began to send and of which no end was reported."""
        for child in self._children.values():
            if child.terms is not None and child.is_started and not child.is_ended:
                yield child

    def _resolve(self) -> None:
        self._fresh = [x for x in self._fresh if not x.is_started and not x.is_ended]
        if self._day is None:
            return  # The close ends them; the engine takes no report on them any more.
        now_ns = self._clock_ns()
        lost = list(self._unresolved())
        text = "the paper venue lost its memory with its process"
        self._tell([self._execution(x, ExecType.UNKNOWN, text, now_ns) for x in lost])
        text = "the paper venue keeps nothing over a restart"
        self._tell([self._execution(x, ExecType.CANCELED, text, now_ns) for x in lost])
        self.tally["resolved"] += len(lost)

    def _bring_up(self) -> None:
        """Say of venues that came with reference data that their sessions are up."""
        fresh = [venue for venue in self._defined if venue not in self._sessions]
        if fresh:
            now_ns = self._clock_ns()
            self._append([self._status(venue, now_ns, up=True) for venue in fresh])
            self._sessions += fresh

    # ----------------------------------------------------------------------------- read

    def _read(self, topic: str) -> bool:
        """Take what is there of a topic, in bounds; True if something was."""
        handle = self._handlers[topic]
        has_read = False
        for number, reader in enumerate(self._readers[topic]):
            for record in reader.read(READ_RECORDS):
                handle(number, record)
                has_read = True
        return has_read

    def _read_to_end(self, *topics: str) -> None:
        for topic in topics:
            while not all(reader.at_end() for reader in self._readers[topic]):
                self._read(topic)

    def _on_reference(self, _: int, record: Record) -> None:
        event = _decoded("reference", record)
        if event is None:
            return
        self._take(self._venues.observe(event))
        if isinstance(event, VenueDefined) and event.venue not in self._defined:
            self._defined.append(event.venue)

    def _on_control(self, _: int, record: Record) -> None:
        event = _decoded("controls", record)
        if event is None:
            self._is_control_lost = True  # It may have been a kill switch.
        elif isinstance(event, KillSwitchSet):
            risk.FACTS[KillSwitchSet](self._controls, event)
            state = "engaged" if event.engaged else "released"
            _log.warning("kill switch %s: %s %s", state, event.scope, event.scope_id)
        elif isinstance(event, SuspensionLifted) and event.scope is ControlScope.CONTROLS:
            self._is_control_lost = False
        elif isinstance(event, DayOpened):
            self._day = event
            if self._is_up:
                self._take(self._venues.observe(event))
                self._append([self._status(GATEWAY, self._clock_ns(), up=True)])
        elif isinstance(event, DayClosed):
            self._day = None
            if self._is_up:  # The engine closes them itself and takes no more reports on them.
                self._children.clear()
                self._cleared.clear()
                self._waiting.clear()

    def _on_market(self, _: int, record: Record) -> None:
        event = _decoded(MARKET, record)
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
            child = self._child(number, f"{number}-{event.seq}")
            assert child is not None, "the shard names its children so"
            child.terms = event
            self._fresh.append(child)
            self.tally["routes"] += 1
        elif isinstance(event, ChildCancelRequested):
            self._cancel(event.child_id)

    def _on_report(self, number: int, record: Record) -> None:
        """Follow whose turn it is, and what was said of the day's children."""
        run = _run_of(record)
        self._last_run = max(self._last_run, run or 0)
        event = _decoded(REPORTS, record)
        if isinstance(event, SessionStatusObserved):
            if event.venue == GATEWAY and run is not None:
                self._on_announced(number, run)
            return
        child = self._child(number, getattr(event, "child_id", ""))
        if child is None or event is None:
            return
        if not isinstance(event, SendStarted):
            if run != self.run_number:  # Our own were folded when they were written.
                _fold(child, event)
        elif not child.is_started and (run is None or run >= self._highest_run[number]):
            child.is_started = True
            if run == self.run_number:
                self._cleared.append(child)

    def _on_announced(self, number: int, run: int) -> None:
        if self.run_number and run > self.run_number:
            raise SupersededError(
                f"paper gateway {run:x} has taken the sessions over from {self.run_number:x}, "
                "which has stopped. One gateway trades on a log: stop one of the two."
            )
        self._highest_run[number] = max(self._highest_run[number], run)

    def _child(self, number: int, child_id: str) -> _Child | None:
        """The child, new or known; None if no child of this shard has such an id."""
        child = self._children.get(child_id)
        if child is None:
            shard, _, seq = child_id.partition("-")
            if shard == str(number) and seq.isascii() and seq.isdigit():
                child = self._children[child_id] = _Child(child_id)
        return child

    # ----------------------------------------------------------------------------- send

    def _judge(self, now_ns: int) -> bool:
        """Refuse what must not go out; of the rest write that it will; True if there was any."""
        fresh, self._fresh = self._fresh, []
        starting: list[Report] = []
        refused: list[Told] = []
        for child in fresh:
            assert child.terms is not None
            reason = self._refusal(child, now_ns)
            if reason:
                refused.append(_not_sent(child, reason, now_ns))
            else:
                child.is_starting = True
                starting.append(
                    SendStarted(
                        venue=child.terms.venue,
                        instrument_id=child.terms.instrument_id,
                        child_id=child.child_id,
                        started_ns=now_ns,
                    )
                )
        self._tell(refused)
        self._append(starting)
        return bool(fresh)

    def _send(self, now_ns: int) -> None:
        """Give the venues what the log holds a SendStarted of, unless it must not go out now."""
        cleared, self._cleared = self._cleared, []
        for child in cleared:
            assert child.terms is not None
            reason = self._refusal(child, now_ns)
            if reason:
                self._tell([_not_sent(child, reason, now_ns)])
                continue
            child.is_at_venue = True
            self.tally["sent"] += 1
            self._take(self._venues.on_route(child.terms, child.child_id, now_ns))

    def _refusal(self, child: _Child, now_ns: int) -> str:
        terms = child.terms
        assert terms is not None
        if self._day is None:
            return "no trading day is open"
        if self._is_control_lost:
            return "a control could not be read; it may have been a kill switch"
        if risk.is_killed(self._controls, instrument_id=terms.instrument_id, venue=terms.venue):
            return "the kill switch is engaged"
        if child.is_cancelling:
            return "cancelled before it was sent"
        if now_ns > terms.send_before_ns:
            return f"too late by {now_ns - terms.send_before_ns} ns"
        return ""

    def _cancel(self, child_id: str) -> None:
        child = self._children.get(child_id)
        if child is None or child.terms is None:
            return  # Of a closed day.
        child.is_cancelling = True
        now_ns = self._clock_ns()
        if child.is_at_venue:
            if self._venues.is_known(child_id):
                self._take(self._venues.on_cancel(child_id, now_ns))
        elif child.is_ended and self._is_up:
            rejected = CancelRejected(
                venue=child.terms.venue,
                instrument_id=child.terms.instrument_id,
                child_id=child_id,
                text="too late: it had ended",
                received_ns=now_ns,
            )
            self._tell([rejected])

    def _watch(self, now_ns: int) -> None:
        """Cancel the children of a shard that is silent while they are open."""
        for number in self._every:
            if now_ns - self._seal_ns[number] < SILENCE_NS:
                continue
            self._seal_ns[number] = now_ns
            prefix = f"{number}-"
            for child in list(self._children.values()):
                is_open = child.is_at_venue and not child.is_ended
                if is_open and not child.is_cancelling and child.child_id.startswith(prefix):
                    _log.warning("shard %s is silent; cancelling %s", number, child.child_id)
                    self._cancel(child.child_id)

    # --------------------------------------------------------------------------- report

    def _take(self, dues: Iterable[Due]) -> None:
        """Keep what the venues answered until it is due; what was before this run is not news."""
        if not self._is_up:
            return
        for due in dues:
            if not isinstance(due.event, SendStarted):  # The gateway writes its own, before.
                self._waiting_count += 1
                heapq.heappush(self._waiting, (due.due_ns, self._waiting_count, due.event))

    def _report_until(self, now_ns: int) -> bool:
        found: list[Told] = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            found.append(heapq.heappop(self._waiting)[2])
        self._tell(found)
        return bool(found)

    def _tell(self, reports: Sequence["Told"]) -> None:
        """Write reports on children of the day, and fold what they say."""
        told: list[Told] = []
        for event in reports:
            if isinstance(event, SessionStatusObserved):
                told.append(event)
                continue
            child = self._children.get(event.child_id)
            if child is not None:  # Else its day is over.
                told.append(event)
                _fold(child, event)
                self._count(event)
        self._append(told)

    def _count(self, event: "Told") -> None:
        if isinstance(event, NotSent):
            self.tally["not_sent"] += 1
        elif isinstance(event, CancelRejected):
            self.tally["cancels_rejected"] += 1
        elif isinstance(event, ExecutionReported):
            self.tally["reports"] += 1
            if event.exec_type is ExecType.TRADE:
                self.tally["fills"] += 1
                self.tally["filled_qty"] += event.last_qty

    def _execution(
        self, child: _Child, exec_type: ExecType, text: str, now_ns: int
    ) -> ExecutionReported:
        """A report of the gateway's own on a child that its venue can't report on."""
        assert child.terms is not None
        assert self._day is not None
        self.tally["own_reports"] += 1
        day, count = self._day.day, self.tally["own_reports"]
        return ExecutionReported(
            venue=child.terms.venue,
            instrument_id=child.terms.instrument_id,
            child_id=child.child_id,
            exec_id=f"{child.terms.venue}-{day}-{self.run_number:x}-G{count}",
            exec_type=exec_type,
            exec_ref_id=None,
            last_qty=0,
            last_px=0,
            cum_qty=child.cum_qty,
            leaves_qty=0,
            liquidity=Liquidity.UNDISCLOSED,
            text=text,
            session_day=day,
            transact_ns=now_ns,
            received_ns=now_ns,
        )

    def _status(self, venue: str, now_ns: int, *, up: bool) -> SessionStatusObserved:
        day = self._day.day if self._day is not None else 0
        return SessionStatusObserved(venue=venue, up=up, session_day=day, received_ns=now_ns)

    def _append(self, events: Sequence[Report]) -> None:
        """Write to `venue-reports`, until the log takes it; a status goes to every partition."""
        records = [record for event in events for record in self._records(event)]
        tries = 0
        while records:
            try:
                self._log.append(REPORTS, records)
            except LogUnavailableError as error:
                tries += 1
                if self._is_stopping and tries >= STOPPING_TRIES_MAX:
                    raise
                _log.warning("%s; trying again", error)
                time.sleep(RETRY_WAIT_S)
            else:
                return

    def _records(self, event: Report) -> Iterator[NewRecord]:
        instrument_id = getattr(event, "instrument_id", None)
        key = None if instrument_id is None else instrument_id.encode()
        places = self._every if key is None else (partition_of(key, self._log.partitions),)
        timestamp_ms = self._clock_ns() // NS_PER_MS
        value = codec.encode(event)
        for number in places:
            self._number += 1
            yield NewRecord(number, timestamp_ms, key, self._headers(event.venue), value)

    def _headers(self, venue: str) -> Headers:
        return (
            ("venue", venue.encode()),
            ("number", str(self._number).encode()),
            (RUN_HEADER, str(self.run_number).encode()),
        )


def _fold(child: _Child, event: Any) -> None:  # noqa: ANN401  Any report on a child.
    """Take what a report says of a child; the same one twice says nothing new."""
    if isinstance(event, NotSent):
        child.is_ended = True
    elif isinstance(event, ExecutionReported):
        child.cum_qty = event.cum_qty
        is_filled = event.exec_type is ExecType.TRADE and not event.leaves_qty
        child.is_ended |= is_filled or event.exec_type in ENDS


def _not_sent(child: _Child, text: str, now_ns: int) -> NotSent:
    assert child.terms is not None
    return NotSent(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        text=text,
        received_ns=now_ns,
    )


def _decoded(topic: str, record: Record) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event of an input; None if it cannot be read, which the shard records."""
    try:
        return codec.decode(topic, record.value)
    except codec.UnreadableError as error:
        _log.warning("%s at offset %s: %s", topic, record.offset, error)
        return None


def _run_of(record: Record) -> int | None:
    """The run that wrote a report; None if no paper gateway did."""
    text = dict(record.headers).get(RUN_HEADER, b"").decode(errors="replace")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= RUN_DIGITS_MAX else None


def _all(reader: Reader) -> Iterator[Record]:
    while True:
        records = reader.read(READ_RECORDS)
        if not records and reader.at_end():
            return
        yield from records
