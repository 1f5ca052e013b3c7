"""The plan of a seed: the messages of a desk and a market, and the faults with their times.

From its time on a fault waits for the calls that it fits, lets `skip` of them pass and strikes the
next. So it still strikes when other faults or inputs are left out, which is how a failing seed is
made smaller.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import NamedTuple

from engine.core.events import ControlScope, Input, Side, TimeInForce, Urgency
from engine.core.partition import partition_of
from engine.gateways import input_records
from engine.log.codec import topic_of
from engine.log.headers import sender_headers
from engine.log.port import SHARED_TOPICS, NewRecord
from infra.faults import market
from infra.faults.market import BEGIN_NS, DAYS, INSTRUMENTS, MS, OMS, VENUES, S

ACTIVE_NS = 8 * S  # The desk and the market write for so long.
HEALED_NS = BEGIN_NS + 9 * S  # All faults end here.
WORKERS = ("w0", "w1", "w2")
GATEWAYS = ("g0", "g1")
GUESTS = ("w2", "g1")  # They run only for a while, by a fault.
RESENT_TOPICS = ("orders", "venue-reports", "market-data")  # Of which messages come twice.
LATE_MAX_NS = 2 * S
TWO_DAYS = 0.4  # Share of the runs in which a day closes amid the faults.


class Kind(StrEnum):
    """The kinds of faults."""

    CRASH = auto()  # A process is killed; started again after `for_ns`.
    PAUSE = auto()  # A process is stopped for `for_ns`.
    LOST = auto()  # A commit does not happen, and its caller does not know.
    UNANSWERED = auto()  # A commit happens, and its caller does not know.
    DELAYED = auto()  # A commit's markers come after `for_ns`, one by one.
    ERROR = auto()  # A call is refused.
    OUTAGE = auto()  # All calls of all processes are refused for `for_ns`.
    EXPELLED = auto()  # A worker's leases end, and it does not know.
    STOPPED = auto()  # A process is told to stop; started again after `for_ns`.
    GUEST = auto()  # One more worker or gateway for `for_ns`.
    TWIN = auto()  # A second process of the same name; the first runs on.
    CLOCK = auto()  # A process's wall clock jumps by `by_ns`.
    AGAIN = auto()  # A message is written a second time.
    SUPERSEDED = auto()  # A gateway is stopped for `for_ns`, and another takes over meanwhile.
    RAISED = auto()  # A step of a shard raises once, at a point that it has not raised at before.


class Fault(NamedTuple):
    """One fault."""

    at_ns: int
    kind: Kind
    process: str = ""  # Empty for any.
    call: str = ""  # The call that it waits for; empty for any.
    skip: int = 0  # So many fitting calls pass before.
    for_ns: int = 0
    by_ns: int = 0
    draw: int = 0  # A random number, which chooses the message that is written again.

    def __str__(self) -> str:
        words = [f"{(self.at_ns - BEGIN_NS) / S:.3f} s: {self.kind}", self.process or "any process"]
        words += [f"in {self.call}"] if self.call else []
        words += [f"after {self.skip} more"] if self.skip else []
        words += [f"for {self.for_ns / S:.3f} s"] if self.for_ns else []
        words += [f"by {self.by_ns / S:.3f} s"] if self.by_ns else []
        return " ".join(words)


class Arrival(NamedTuple):
    """A message from outside the engine."""

    at_ns: int
    topic: str
    record: NewRecord
    what: str  # Its kind, for messages.


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    seed: int
    arrivals: tuple[Arrival, ...]
    faults: tuple[Fault, ...]
    preempted: float  # Share of calls after which another process runs.
    call_ns: int  # Duration of a call.
    disconnect_ppm: int  # Of venue sessions.
    news_ns: int  # Longest time until a waiting process notices a new record.
    latency_ns: int  # Between gateway and venues.
    days: tuple[int, ...]  # One trading day, or two.
    lies_ppm: int = 0  # Of the venues' reports.
    silence_ppm: int = 0  # Of the messages to venues, and of their reports.
    ack_within_ns: int = market.ACK_WITHIN_NS  # Of the policy.

    def only(self, arrivals: Sequence[int] | None, faults: Sequence[int] | None) -> "Plan":
        """The same run with these messages and faults alone, by number; None keeps all."""
        found = self
        if arrivals is not None:
            found = replace(found, arrivals=tuple(self.arrivals[n] for n in arrivals))
        if faults is not None:
            found = replace(found, faults=tuple(self.faults[n] for n in faults))
        return found


def of_seed(seed: int) -> Plan:
    chance = random.Random(seed)  # noqa: S311  No secret: a run repeats.
    days = DAYS if chance.random() < TWO_DAYS else DAYS[:1]
    venues = random.Random(f"lies {seed}")  # noqa: S311  As above; the other draws stay the same.
    silent = random.Random(f"silent {seed}")  # noqa: S311  As above.
    silence_ppm = silent.choice((0, 0, 0, 0, 30_000, 200_000))
    gateways = random.Random(f"gateways {seed}")  # noqa: S311  As above.
    arrivals = sorted(_Writing(chance, days).all(), key=lambda arrival: arrival.at_ns)
    return Plan(
        seed=seed,
        arrivals=tuple(arrivals),
        faults=tuple(sorted((*_faults(chance), *_raised(venues), *_superseded(gateways)))),
        preempted=chance.choice((0.0, 0.002, 0.02)),
        call_ns=chance.choice((5_000, 50_000, 400_000)),
        disconnect_ppm=chance.choice((0, 0, 400_000)),
        news_ns=chance.choice((2 * MS, 30 * MS)),
        latency_ns=chance.choice((MS, 20 * MS, 300 * MS)),
        days=days,
        lies_ppm=venues.choice((0, 0, 30_000, 200_000)),
        silence_ppm=silence_ppm,
        ack_within_ns=market.ACK_WITHIN_NS if not silence_ppm else silent.choice((S // 2, S)),
    )


# ------------------------------------------------------------------------------------ faults


def _faults(chance: random.Random) -> Iterator[Fault]:
    crowd = chance.choices(tuple(DRAWN), weights=WEIGHTS, k=chance.randint(1, 12))
    for kind in crowd:
        at_ns = BEGIN_NS + chance.randrange(ACTIVE_NS)
        yield DRAWN[kind](chance, at_ns)


def _crash(chance: random.Random, at_ns: int) -> Fault:
    calls = ("", "", "commit", "decide", "append", "fence", "prove", "release", "wait")
    process = chance.choice(("w0", "w1", "", "g0"))
    call = chance.choice(("", "append", "read") if process == "g0" else calls)
    skip = chance.randrange(60) if call in ("", "read") else chance.randrange(6)
    down_ns = chance.choice((20 * MS, S, 4 * S, 9 * S))
    return Fault(at_ns, Kind.CRASH, process, call, skip, chance.randrange(down_ns))


def _pause(chance: random.Random, at_ns: int) -> Fault:
    process = chance.choice(("w0", "w1", "", "g0"))
    call = chance.choice(("", "read", "commit", "decide", "append", "prove", "fence", "wait"))
    if process == "g0":
        call = chance.choice(("", "append"))
    skip = chance.randrange(10) if call else chance.randrange(60)
    for_ns = chance.choice((200 * MS, 3 * S, 7 * S, 10 * S))
    return Fault(at_ns, Kind.PAUSE, process, call, skip, for_ns)


def _commit(kind: Kind, chance: random.Random, at_ns: int) -> Fault:
    for_ns = chance.choice((MS, 300 * MS, 2 * S)) if kind is Kind.DELAYED else 0
    return Fault(at_ns, kind, "", "commit", chance.randrange(6), for_ns)


def _error(chance: random.Random, at_ns: int) -> Fault:
    call = chance.choice(("", "read", "commit", "decide", "prove", "fence", "append", "poll"))
    return Fault(at_ns, Kind.ERROR, "", call, chance.randrange(30))


def _lasting(kind: Kind, chance: random.Random, at_ns: int) -> Fault:
    for_ns = chance.choice((100 * MS, S, 4 * S))
    process = {
        Kind.GUEST: ("w2", "w2", "g1"),
        Kind.STOPPED: ("w0", "w1", "g0"),
        Kind.EXPELLED: ("w0", "w1"),
        Kind.TWIN: ("w0", "w1"),
        Kind.OUTAGE: ("",),
    }[kind]
    return Fault(at_ns, kind, chance.choice(process), for_ns=for_ns)


def _clock(chance: random.Random, at_ns: int) -> Fault:
    by_ns = chance.choice((MS, 100 * MS, 2 * S, 10 * S)) * chance.choice((-1, 1))
    return Fault(at_ns, Kind.CLOCK, chance.choice(("w0", "w1", "g0")), by_ns=by_ns)


def _raised(chance: random.Random) -> Iterator[Fault]:
    for _ in range(chance.choice((0, 0, 1, 3))):
        at_ns = BEGIN_NS + chance.randrange(ACTIVE_NS)
        yield Fault(at_ns, Kind.RAISED, skip=chance.randrange(40))


def _superseded(chance: random.Random) -> Iterator[Fault]:
    """A gateway that is stopped before a call, most often one that writes."""
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at_ns = BEGIN_NS + chance.randrange(ACTIVE_NS)
        call = chance.choice(("", "append", "append", "append"))
        for_ns = chance.choice((S, 3 * S))
        yield Fault(at_ns, Kind.SUPERSEDED, "g0", call, chance.randrange(4), for_ns)


def _again(chance: random.Random, at_ns: int) -> Fault:
    return Fault(at_ns, Kind.AGAIN, draw=chance.randrange(1_000_000))


DRAWN = {
    Kind.CRASH: _crash,
    Kind.PAUSE: _pause,
    Kind.LOST: lambda *drawn: _commit(Kind.LOST, *drawn),
    Kind.UNANSWERED: lambda *drawn: _commit(Kind.UNANSWERED, *drawn),
    Kind.DELAYED: lambda *drawn: _commit(Kind.DELAYED, *drawn),
    Kind.ERROR: _error,
    Kind.OUTAGE: lambda *drawn: _lasting(Kind.OUTAGE, *drawn),
    Kind.EXPELLED: lambda *drawn: _lasting(Kind.EXPELLED, *drawn),
    Kind.STOPPED: lambda *drawn: _lasting(Kind.STOPPED, *drawn),
    Kind.GUEST: lambda *drawn: _lasting(Kind.GUEST, *drawn),
    Kind.TWIN: lambda *drawn: _lasting(Kind.TWIN, *drawn),
    Kind.CLOCK: _clock,
    Kind.AGAIN: _again,
}
WEIGHTS = (8, 5, 3, 3, 3, 4, 1, 2, 2, 2, 1, 2, 6)  # In the order of DRAWN; guesses.


# ---------------------------------------------------------------------------------- messages


class _Writing:
    """The desk and the market of one seed."""

    def __init__(self, chance: random.Random, days: tuple[int, ...]) -> None:
        self._chance = chance
        self._days = days
        self._number = 0

    def all(self) -> Iterator[Arrival]:
        yield from self._days_opened()
        yield from self._quotes()
        yield from self._orders()
        yield from self._controls()
        yield from self._unreadable()

    def _at_ns(self, before_ns: int = ACTIVE_NS) -> int:
        return BEGIN_NS + 200 * MS + self._chance.randrange(before_ns)

    def _arrives(
        self, event: Input, at_ns: int, sender: str, late: float = 0.1
    ) -> Iterator[Arrival]:
        """The message at its time or late, and perhaps a second time."""
        arrival = self._arrival(event, at_ns, sender)
        if self._chance.random() < late:
            arrival = arrival._replace(at_ns=at_ns + self._chance.randrange(LATE_MAX_NS))
        yield arrival
        if self._chance.random() < 0.05:
            yield arrival._replace(at_ns=arrival.at_ns + self._chance.randrange(LATE_MAX_NS))

    def _arrival(self, event: Input, at_ns: int, sender: str) -> Arrival:
        self._number += 1
        made = input_records.record(
            event,
            str(getattr(event, "instrument_id", "desk")),
            sender=sender,
            number=at_ns // 1_000 + self._number,  # Rises with the time, as an edge's clock does.
            at_ns=at_ns,
            partitions=market.PARTITIONS,
        )
        return Arrival(at_ns, topic_of(event), made, type(event).__name__)

    def _days_opened(self) -> Iterator[Arrival]:
        """The days; the last one is closed after all faults have ended."""
        first, *others = self._days
        close_ns = market.FIRST_CLOSE_NS if others else market.CLOSE_NS
        yield self._arrival(market.day_opened(first, close_ns, BEGIN_NS), BEGIN_NS, "desk")
        for day in others:
            at_ns = market.FIRST_CLOSED_NS
            yield from self._arrives(market.day_closed(first, at_ns), at_ns, "desk", late=0.0)
            at_ns = market.NEXT_OPEN_NS
            opened = market.day_opened(day, market.CLOSE_NS, at_ns)
            yield from self._arrives(opened, at_ns, "desk", late=0.0)

    def _quotes(self) -> Iterator[Arrival]:
        for instrument_id in INSTRUMENTS:
            ticks = 0
            for venue in VENUES:
                at_ns = BEGIN_NS + 100 * MS
                yield from self._arrives(market.quote(instrument_id, venue, at_ns, 0), at_ns, venue)
            for _ in range(self._chance.randrange(6, 14)):
                at_ns = self._at_ns()
                venue = self._chance.choice(VENUES)
                ticks += self._chance.choice((-1, 0, 1))
                made: Input = market.quote(instrument_id, venue, at_ns, ticks)
                if self._chance.random() < 0.4:
                    made = market.trade(instrument_id, venue, at_ns, ticks)
                yield from self._arrives(made, at_ns, venue)

    def _orders(self) -> Iterator[Arrival]:
        chance = self._chance
        for number in range(chance.randint(4, 14)):
            name, instrument_id = f"O{number}", chance.choice(INSTRUMENTS)
            at_ns, order_qty = self._at_ns(), chance.randint(1, 400)
            made = market.order(
                name,
                instrument_id,
                chance.choice((Side.BUY, Side.SELL)),
                order_qty,
                chance.choice((None, None, -2, 0, 2)),
                chance.choice((Urgency.HIGH, Urgency.NORMAL)),
                chance.choice((TimeInForce.DAY, TimeInForce.DAY, TimeInForce.GTC)),
                at_ns,
            )
            yield from self._arrives(made, at_ns, OMS)
            at_ns += chance.randrange(5 * S)
            if chance.random() < 0.3:
                yield from self._arrives(
                    market.cancel(number, name, instrument_id, at_ns), at_ns, OMS
                )
            elif chance.random() < 0.3:
                made_qty = chance.randint(1, 400)
                amended = market.amend(number, name, instrument_id, made_qty, at_ns)
                yield from self._arrives(amended, at_ns, OMS)

    def _controls(self) -> Iterator[Arrival]:
        chance = self._chance
        if chance.random() < 0.25:
            scope, scope_id = chance.choice(
                (
                    (ControlScope.FIRM, ""),
                    (ControlScope.INSTRUMENT, INSTRUMENTS[0]),
                    (ControlScope.VENUE, VENUES[0]),
                    (ControlScope.CLIENT, market.CLIENTS[0]),
                )
            )
            at_ns = self._at_ns(ACTIVE_NS // 2)
            switch = market.kill_switch(scope, scope_id, at_ns, engaged=True)
            yield from self._arrives(switch, at_ns, "desk")
            at_ns = BEGIN_NS + ACTIVE_NS
            switch = market.kill_switch(scope, scope_id, at_ns, engaged=False)
            yield from self._arrives(switch, at_ns, "desk")

    def _unreadable(self) -> Iterator[Arrival]:
        """Bytes that cannot be decoded; the suspension by an unreadable control is lifted later."""
        chance = self._chance
        if chance.random() < 0.15:
            topic = chance.choice(("orders", "venue-reports", "market-data", "controls"))
            at_ns = self._at_ns()
            is_shared = topic in SHARED_TOPICS
            key = None if is_shared else chance.choice(INSTRUMENTS).encode()
            partition = 0 if key is None else partition_of(key, market.PARTITIONS)
            headers = sender_headers(chance.choice((*VENUES, "other")), 1)
            value = b"\x00\x00" + bytes(chance.randrange(256) for _ in range(5))
            made = NewRecord(partition, at_ns // MS, key, headers, value)
            yield Arrival(at_ns, topic, made, "unreadable bytes")
            if is_shared:
                at_ns += 2 * S
                lifted = market.lifted(ControlScope.CONTROLS, "", at_ns)
                yield from self._arrives(lifted, at_ns, "desk")
