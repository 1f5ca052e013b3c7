"""First offset of each topic for a gateway, and the facts that the closes before it left in force.

A close ends every child, and carries all that the next day needs. So a gateway starts where a
worker starts, at each shard's last close; the days before it cost nothing.

- `routes` and `venue-reports` are read from the shard's last close on. Children of a closed day
  are dead.
- `reference` and `controls` are read from where the last closes of all shards have taken them to;
  from the earliest of these, as no close knows what its shard had not read. What came before, the
  closes carry. A record that a close had taken already may be read again: of each key the last
  record decides, so reading it twice changes nothing.
- `market-data` is read from the last seal that is older than a quote can be. Quotes consumed by
  then are too old to trade against.
- `journal` is read from where `routes` are read: a route goes out only if a seal covers it.

A shard without a close, or with one of a release whose closes carried nothing, has `reference` and
`controls` read from the beginning; its own topics begin at the close, which then takes a pass over
its whole journal.

**Where the closes and a full read differ.** The shards reject a definition without meaning and
carry the one before it; a gateway that reads every record takes the meaningless one. A shard that
failed to take a control (a fault of its own) carries another one than the other shards. Then a kill
switch that any shard holds is engaged; and a control counts as unreadable if every shard has
recorded so, as no shard can read what one cannot.

**The number of a run** must be above that of every earlier one, and the clock may have gone back.
A gateway that lives answers every control on every partition, the close of a day too; so the last
records before a close name the newest run that can still be alive.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.core.controls import risk
from engine.core.events import PolicySet, SealKind, WriterKeySet
from engine.core.state.state import Reference, State
from engine.core.units import NS_PER_MS
from engine.gateways.venues.reading import (
    CONTROLS,
    MARKET,
    READ_RECORDS,
    REFERENCE,
    REPORTS,
    ROUTES,
    read_all,
)
from engine.gateways.venues.run import run_of
from engine.log.port import BEGINNING, JOURNAL, CorruptLogError, Log, Reader, Start
from engine.runtime.hash_chain import GENESIS
from engine.runtime.recovery import last_close
from engine.runtime.replica import Replica
from engine.runtime.shard_log import SealRecord, decoded

RUN_RECORDS = 64  # Reports before a close that are searched for the runs that wrote them.


class InForce(NamedTuple):
    """Reference data and controls as the last closes of all shards left them."""

    reference: Reference
    killed: Mapping[tuple[str, str], str]  # (scope, id) to text.
    numbers: Mapping[str, int]  # The last number of each sender of controls.
    closed_day: int  # The last day that closed; 0 before the first.
    is_control_lost: bool  # A control could not be read, and no SuspensionLifted has come.
    controls_position: int  # Of the last control that all of them had taken.
    policy: PolicySet | None  # It says whose controls count.
    writer_keys: Mapping[str, tuple[WriterKeySet, ...]]


class GatewayStart(NamedTuple):
    """A reader for each partition of each topic, and what came before them."""

    readers: dict[str, list[Reader]]
    in_force: InForce | None  # None: reference data and controls are read from the beginning.
    chains: list[bytes]  # Of each shard's seal before its reader of the journal.
    last_run: int  # The highest run in the last reports before the readers.


class ShardStart(NamedTuple):
    """The first record of each of a shard's topics for a gateway."""

    routes: Start
    reports: Start
    market: Start
    journal: Start
    chain: bytes = GENESIS  # Of the seal before that start of the journal.
    closed: Replica | None = None  # The shard as its last close left it, where that says all.


class Closed(NamedTuple):
    """A shard as a close left it, and where its routes go on after it."""

    replica: Replica
    routes: Start


def gateway_start(log: Log, recent_ns: int) -> GatewayStart:
    """Find where to start; quotes since `recent_ns`, ns UTC, may still be alive.

    Raises CorruptLogError where the log contradicts its seals, LogUnavailableError.
    """
    starts = [shard_start(log, number, recent_ns) for number in range(log.partitions)]
    closed = [start.closed for start in starts if start.closed is not None]
    shared = dict.fromkeys((REFERENCE, CONTROLS), BEGINNING)
    in_force = None
    if len(closed) == len(starts):
        shared = {topic: min(shard.resume(topic) for shard in closed) for topic in shared}
        in_force = in_force_of([x.state for x in closed], shared[CONTROLS].position - 1)
    readers = {topic: [log.reader(topic, 0, start)] for topic, start in shared.items()}
    for topic, own in (
        (MARKET, [start.market for start in starts]),
        (REPORTS, [start.reports for start in starts]),
        (ROUTES, [start.routes for start in starts]),
        (JOURNAL, [start.journal for start in starts]),
    ):
        readers[topic] = [log.reader(topic, number, start) for number, start in enumerate(own)]
    last_run = max(_last_run(log, number, x.reports) for number, x in enumerate(starts))
    return GatewayStart(readers, in_force, [start.chain for start in starts], last_run)


def in_force_of(states: Sequence[State], controls_position: int) -> InForce:
    """The facts that the closes carried; an instrument is carried by its own shard alone."""
    reference = Reference()
    killed: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}
    for state in states:
        reference.venues |= state.reference.venues
        reference.fees |= state.reference.fees
        reference.calendars |= state.reference.calendars
        reference.instruments |= state.reference.instruments
        reference.ticks |= state.reference.ticks
        reference.curves |= state.reference.curves
        reference.waiting |= state.reference.waiting
        reference.actions |= state.reference.actions
        killed |= state.controls.killed
        for source, number in state.controls.numbers.items():
            numbers[source] = max(number, numbers.get(source, number))
    is_control_lost = all(risk.is_routing_suspended(state) for state in states)
    newest = max((state.controls for state in states), key=lambda held: held.closed_day)
    return InForce(
        reference,
        killed,
        numbers,
        newest.closed_day,
        is_control_lost,
        controls_position,
        newest.policy,
        newest.writer_keys,
    )


def shard_start(log: Log, number: int, recent_ns: int) -> ShardStart:
    seal_record = last_close.last_close_seal(log, number)
    closed = None if seal_record is None else _closed(log, number, seal_record)
    market = _market_start(log, number, recent_ns, closed)
    if seal_record is None:
        return ShardStart(BEGINNING, BEGINNING, market, BEGINNING)
    seal, record = seal_record
    journal = Start(record.offset + 1, seal.batch + 1)  # One seal a batch.
    if closed is None:
        routes, reports = _after_close_without_positions(log, number)
        return ShardStart(routes, reports, market, journal, seal.chain)
    reports, replica = closed.replica.resume(REPORTS), closed.replica
    return ShardStart(closed.routes, reports, market, journal, seal.chain, replica)


def _closed(log: Log, number: int, seal_record: SealRecord) -> Closed | None:
    """None where the close carried no positions."""
    close = last_close.read_close(log, number, seal_record)
    if close is None:
        return None
    replica = Replica(number, release="", python="")  # It compares no hash of a state.
    replica.start_at_close(close.seal_record.seal, close.events)
    return Closed(replica, close.starts[ROUTES])


def _market_start(log: Log, number: int, recent_ns: int, closed: Closed | None) -> Start:
    """Behind what the last seal older than `recent_ns` had consumed.

    The seal has the offset. The position is in the newest seal up to it whose batch consumed
    market data, and in every close. `closed` is the shard as its last close left it.
    """
    until = log.offset_since(JOURNAL, number, recent_ns // NS_PER_MS)
    offset: int | None = None
    for seal_record in last_close.seals_back(log, number, until):
        seal = seal_record.seal
        if offset is None:
            offset = next((x.next_offset for x in seal.resume if x.topic == MARKET), 0)
        position = next((x.next_position for x in seal.inputs if x.topic == MARKET), None)
        if position is None and seal.kind is SealKind.CLOSE:
            is_last = closed is not None and seal.batch == closed.replica.next_batch - 1
            at_close = closed if is_last else _closed(log, number, seal_record)
            position = None if at_close is None else at_close.replica.resume(MARKET).position
        if position is not None:
            return Start(offset, position)
    return BEGINNING


def _after_close_without_positions(log: Log, number: int) -> tuple[Start, Start]:
    """Starts of `routes` and `venue-reports` after the last close, counted over the journal."""
    routes_count = closed_count = reports_position = 0
    reports = BEGINNING
    reader = log.reader(JOURNAL, number)
    try:
        for record in read_all(reader):
            seal = decoded(JOURNAL, number, record)
            positions = {x.topic: x.next_position for x in seal.inputs}
            reports_position = positions.get(REPORTS, reports_position)
            routes_count += sum(x.record_count for x in seal.outputs if x.topic == ROUTES)
            if seal.kind is SealKind.CLOSE:
                offsets = {x.topic: x.next_offset for x in seal.resume}
                reports = Start(offsets[REPORTS], reports_position)
                closed_count = routes_count
    finally:
        reader.close()
    return _start_behind(log, ROUTES, number, closed_count), reports


def _start_behind(log: Log, topic: str, number: int, count: int) -> Start:
    """Behind so many records of a topic."""
    reader = log.reader(topic, number)
    try:
        while count:
            records = reader.read(min(count, READ_RECORDS))
            if not records and reader.at_end():
                raise CorruptLogError(
                    f"shard {number}: {topic} ends {count} records short of the count in the seals "
                    "up to the last close. Records were lost; nothing was sent."
                )
            count -= len(records)
        return reader.next
    finally:
        reader.close()


def _last_run(log: Log, number: int, reports: Start) -> int:
    """The highest run in the last reports before a start; 0 if no gateway wrote them."""
    if not reports.offset:
        return 0
    records = log.records_before(REPORTS, number, reports.offset, RUN_RECORDS)
    return max((run_of(record) or 0 for record in records), default=0)
