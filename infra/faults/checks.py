"""The invariants that must hold after a run, whatever its faults.

There are two kinds of check. Verification decides every batch again and compares bytes, but with
the code that decided: a mistake in that code gives the same bytes twice. So the other checks use
nothing of the engine's state: a naive reader goes through the log, event by event, and keeps its
own books.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from engine.audit.verification import Proof, verify
from engine.core import events as e
from engine.core.controls import risk
from engine.core.events import BreakReason, CloseReason, ExecType, SealKind
from engine.gateways.venues.run import run_of
from engine.log import codec
from engine.log.port import (
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    Log,
    Record,
)
from engine.runtime.hash_chain import GENESIS
from engine.simulation.paper import PAPER
from infra.faults import before_the_close
from infra.faults.lies import is_false
from infra.faults.market import PARTITIONS, rules
from infra.faults.world import Played

READ_RECORDS = 100_000
ANSWERS = (e.OrderAccepted, e.OrderRejected, e.InputRejected)
ANSWERS_OF_VENUES = (
    *(e.ChildAcknowledged, e.FillBooked, e.ChildClosed, e.ChildDoubted, e.CancelFailed),
)
LOST_BY_CLOSE = (BreakReason.UNKNOWN_CHILD, BreakReason.UNKNOWN_EXECUTION)


def problems(played: Played) -> list[str]:
    """All problems of a run, without those that follow from earlier ones."""
    found = list(played.problems)
    if found:
        return found
    found += [f"child {name} was sent {n} times" for name, n in played.sent.items() if n > 1]
    for shard in played.settled:
        found += [
            f"shard {shard.number}, before the close: {x}" for x in before_the_close.of_state(shard)
        ]
        missed = before_the_close.forgotten(shard, played.settled_ns)
        found += [f"shard {shard.number}: {x}" for x in missed]
    try:
        for number in range(PARTITIONS):
            found += [f"shard {number}: {x}" for x in of_shard(played, number)]
    except Exception as error:  # noqa: BLE001  Any error is a problem of the run.
        found.append(f"the log cannot be read: {error!r:.400}")
    return found


def of_shard(played: Played, number: int) -> Iterator[str]:
    books = Books(played.log, number)
    yield from books.of_journal()
    yield from books.of_orders()
    yield from books.of_children(played.sent)
    yield from books.of_runs()
    yield from books.of_fills()
    yield from books.of_parents()
    yield from books.of_silences()
    yield from books.of_silent_venues()
    proof = proved(played.log, number)
    if proof.difference is not None:
        yield f"verification: {proof.difference.text}"
    if any(proof.unsealed.values()):
        yield f"no batch has taken {proof.unsealed}"


def proved(log: Log, number: int) -> Proof:
    steps = verify(log, number, rules())
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proof: Proof = done.value
            return proof


# ------------------------------------------------------------------------------ one shard


class Books:
    """One shard's log as a naive reader sees it."""

    def __init__(self, log: Log, number: int) -> None:
        self.number = number
        self.inputs = {
            topic: read_all(log, topic, 0 if topic in SHARED_TOPICS else number)
            for topic in INPUT_TOPICS
        }
        self.seals = [decoded(JOURNAL, record) for record in read_all(log, JOURNAL, number)]
        events = [
            decoded(topic, record)
            for topic in STAGE_TOPICS
            for record in read_all(log, topic, number)
        ]
        self.events = sorted(events, key=lambda event: event.seq)
        self.closes = [seal for seal in self.seals if seal.kind is SealKind.CLOSE]
        self.by_cause: dict[str, list[Any]] = defaultdict(list)
        for event in self.events:
            self.by_cause[event.cause].append(event)

    def of_kind(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def heard(self, topic: str, kind: type) -> Iterator[tuple[Any, list[Any]]]:
        """The inputs of a kind, each with the events that it led to."""
        for record in self.inputs[topic]:
            event = readable(topic, record)
            if isinstance(event, kind):
                yield event, self.by_cause[f"{topic}:{record.position}"]

    def of_journal(self) -> Iterator[str]:
        """Seq without gap, a chain of seals, every input in exactly one batch, one close."""
        if [event.seq for event in self.events] != list(range(len(self.events))):
            yield "seq is not contiguous"
        seq, chain = 0, GENESIS
        taken = dict.fromkeys(INPUT_TOPICS, 0)
        for batch, seal in enumerate(self.seals):
            if (seal.batch, seal.first_seq, seal.previous_chain) != (batch, seq, chain):
                yield f"seal {seal.batch} does not follow"
            seq, chain = seal.next_seq, seal.chain
            for entry in seal.inputs:
                if entry.first_position != taken[entry.topic]:
                    yield f"batch {batch} took {entry.topic} from {entry.first_position} on"
                taken[entry.topic] = entry.next_position
        if taken != {topic: len(records) for topic, records in self.inputs.items()}:
            yield f"inputs were taken up to {taken}"
        closed = {event.day for event, _ in self.heard("controls", e.DayClosed)}
        if len(self.closes) < len(closed):
            yield f"{len(closed)} days were to be closed, {len(self.closes)} were"

    def of_orders(self) -> Iterator[str]:
        """Each request has one answer; each share of an order is in exactly one place."""
        for order, answers in self.heard("orders", e.OrderSubmitted):
            count = sum(isinstance(answer, ANSWERS) for answer in answers)
            if count != 1:
                yield f"order {order.cl_ord_id} got {count} answers to one request"
        for kind in (e.OrderCancelRequested, e.OrderAmendRequested):
            for request, answers in self.heard("orders", kind):
                if not answers:
                    yield f"request {request.cl_ord_id} got no answer"
        for day in self.days():
            accepted = Counter(
                (event.source, event.cl_ord_id)
                for event in day
                if isinstance(event, e.OrderAccepted)
            )
            yield from (f"{key} was accepted {n} times" for key, n in accepted.items() if n > 1)
        left: Counter[str] = Counter()  # Open quantity of each order.
        for day in self.days():
            carried: Counter[str] = Counter()
            for event in day:
                left.update(self.changes(event))
                if isinstance(event, e.OrderCarried):
                    done_qty = event.crossed_qty + event.allocated_qty
                    carried[event.order_id] = event.order_qty - done_qty
            for order_id, qty in left.items():
                if qty != carried[order_id]:
                    yield f"order {order_id}: {qty} open at the close, {carried[order_id]} carried"

    def days(self) -> Iterator[list[Any]]:
        """The events of each day, its close included."""
        first = 0
        for seal in self.closes:
            yield self.events[first : seal.next_seq]
            first = seal.next_seq

    def changes(self, event: Any) -> Counter[str]:  # noqa: ANN401  Any event.
        """By how much an event changes the open quantity of orders."""
        found: Counter[str] = Counter()
        if isinstance(event, e.OrderAccepted):
            found[f"{self.number}-{event.seq}"] = event.order_qty
        elif isinstance(event, e.OrderAmended):
            found[event.order_id] = event.order_qty - event.previous_qty
        elif isinstance(event, e.OrderCancelled | e.OrderExpired):
            found[event.order_id] = -event.withdrawn_qty
        elif isinstance(event, e.CrossAllocated):
            found.subtract({share.order_id: share.share_qty for share in event.shares})
        elif isinstance(event, e.FillAllocated):
            found.subtract(dict(zip(event.order_ids, event.shares_qty, strict=True)))
            found.subtract(dict(zip(event.other_order_ids, event.other_shares_qty, strict=True)))
        elif isinstance(event, e.OrderRestated):
            found[event.order_id] = event.restated_qty
        elif isinstance(event, e.FillReallocated):
            found.update({share.order_id: share.share_qty for share in event.before})
            found.subtract({share.order_id: share.share_qty for share in event.after})
        return found

    def of_children(self, sent: Counter[str]) -> Iterator[str]:
        """Only routed children were sent, and all of them have ended."""
        routed = {f"{self.number}-{x.seq}": x for x in self.of_kind(e.ChildRouted)}
        for child_id in sent:
            if child_id.startswith(f"{self.number}-") and child_id not in routed:
                yield f"child {child_id} was sent and never routed"
        filled: Counter[str] = Counter()
        for event in self.of_kind(e.FillBooked):
            filled[event.child_id] += event.last_qty
        ended = Counter(event.child_id for event in self.of_kind(e.ChildClosed))
        doubted = Counter({x.child_id: x.returned_qty for x in self.of_kind(e.ChildDoubted)})
        for child_id, terms in routed.items():
            done_qty = filled[child_id] + doubted[child_id]
            if done_qty < terms.child_qty and not ended[child_id]:
                yield f"child {child_id} is still open after the close"
            if ended[child_id] > 1:
                yield f"child {child_id} ended {ended[child_id]} times"
            if filled[child_id] > terms.child_qty:
                yield f"child {child_id} of {terms.child_qty} is filled {filled[child_id]}"

    def of_runs(self) -> Iterator[str]:
        """No gateway reports anything once a newer one has announced itself."""
        newest = 0
        seen: set[tuple[Any, ...]] = set()  # A fault may write a message a second time.
        for record in self.inputs["venue-reports"]:
            run, content = run_of(record), record[2:]
            if run is not None and content not in seen:
                event = readable("venue-reports", record)
                if run < newest:
                    yield f"run {run:x} reported {event!r:.200} after {newest:x} had begun"
                if isinstance(event, e.SessionStatusObserved) and event.venue == PAPER:
                    newest = max(newest, run)
            seen.add(content)

    def of_fills(self) -> Iterator[str]:
        """Each fill that a venue reported is booked once, and is one fill."""
        reported: dict[tuple[Any, ...], e.ExecutionReported] = {}
        booked: Counter[tuple[Any, ...]] = Counter()
        late: set[tuple[Any, ...]] = set()
        for report, answers in self.heard("venue-reports", e.ExecutionReported):
            if report.exec_type is not ExecType.TRADE:
                continue
            if is_false(report):
                if any(isinstance(answer, e.FillBooked) for answer in answers):
                    yield f"{report.text} of {report.exec_id} is booked"
                continue
            key = (report.venue, report.session_day, report.exec_id)
            first = reported.setdefault(key, report)
            if (first.child_id, first.cum_qty) != (report.child_id, report.cum_qty):
                yield f"two fills have the id {report.exec_id}"
            booked[key] += sum(isinstance(answer, e.FillBooked) for answer in answers)
            if any(getattr(x, "reason", None) is BreakReason.REPEATED_FILL for x in answers):
                yield f"fill {report.exec_id} was sent again under its id, and is a break"
            if any(getattr(answer, "reason", None) in LOST_BY_CLOSE for answer in answers):
                late.add(key)
        for key, report in reported.items():
            if booked[key] != 1 and not (key in late and not booked[key]):
                yield f"fill {report.exec_id} of {report.child_id} is booked {booked[key]} times"

    def of_silences(self) -> Iterator[str]:
        """A question on a child ends in an answer or a break by its day's close."""
        broken: set[str] = set()  # Children whose silence is a break.
        for day in self.days():
            asked: dict[str, None] = {}
            for event in day:
                name = getattr(event, "child_id", "")
                if isinstance(event, e.BreakFlagged) and event.reason is BreakReason.NO_ANSWER:
                    broken.add(name)
                elif isinstance(event, e.ChildStatusRequested) or repeats(event):
                    asked[name] = None
                elif isinstance(event, e.ChildClosed) and event.reason is CloseReason.DAY_CLOSED:
                    continue
                elif isinstance(event, ANSWERS_OF_VENUES):
                    asked.pop(name, None)
            yield from (f"{name} was asked for and forgotten" for name in asked.keys() - broken)

    def of_silent_venues(self) -> Iterator[str]:
        """A venue that does not answer gets no child until that has ended, or a person lifts it."""
        silent: set[str] = set()
        for event in self.events:
            if isinstance(event, e.SuspensionSet):
                silent.add(event.scope_id)
            elif isinstance(event, e.SuspensionEnded | e.ControlApplied):
                silent.discard(event.scope_id)
            elif isinstance(event, e.ChildRouted) and stop_of(event.venue) in silent:
                yield f"child {self.number}-{event.seq} went to {event.venue}, which is silent"

    def of_parents(self) -> Iterator[str]:
        """No parent's children are filled beyond what its members brought, by their venues' word.

        So a quantity in doubt, such as a fill whose report was lost, is never sent again.
        """
        brought: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, e.MemberJoined):
                brought[event.parent_id] += event.member_qty
            elif isinstance(event, e.MemberAmended):
                brought[event.parent_id] += event.change_qty
            elif isinstance(event, e.MemberLeft):
                brought[event.parent_id] -= event.left_qty
            elif isinstance(event, e.CrossAllocated):
                brought[event.parent_id] -= event.cross_qty
        parent_of = {f"{self.number}-{x.seq}": x.parent_id for x in self.of_kind(e.ChildRouted)}
        said: dict[str, int] = {}  # By child, its venue's newest cumulative quantity.
        for report, answers in self.heard("venue-reports", e.ExecutionReported):
            reasons = {getattr(answer, "reason", None) for answer in answers}
            is_late = not reasons.isdisjoint(LOST_BY_CLOSE)
            if not is_false(report) and not is_late and report.child_id in parent_of:
                said[report.child_id] = report.cum_qty
        filled: Counter[str] = Counter()
        for child_id, cum_qty in said.items():
            filled[parent_of[child_id]] += cum_qty
        for parent_id, qty in filled.items():
            if qty > brought[parent_id]:
                yield f"parent {parent_id} of {brought[parent_id]} is filled {qty}"


def repeats(event: Any) -> bool:  # noqa: ANN401  Any event.
    """Whether it is a cancel that was asked for before."""
    return isinstance(event, e.ChildCancelRequested) and event.repeats > 0


def stop_of(venue: str) -> str:
    """The name of the suspension of a venue that does not answer."""
    return risk.venue_for(venue, risk.EVERY)


def read_all(log: Log, topic: str, partition: int) -> list[Record]:
    reader = log.reader(topic, partition)
    return list(reader.read(READ_RECORDS))


def decoded(topic: str, record: Record) -> Any:  # noqa: ANN401  Any event of the catalogue.
    return codec.decode(topic, record.value)


def readable(topic: str, record: Record) -> Any:  # noqa: ANN401  Any event, or None.
    """The event of an input; None if it cannot be decoded: then it is in the dlq."""
    try:
        return decoded(topic, record)
    except codec.UnreadableError:
        return None
