"""Departures of a release from what was recorded: counts, and the first of them in full.

The counts of two shards add up, so each shard is counted by itself. A field that only one of the
releases knows is named once and not with every event: it differs in all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import partial
from typing import Any

from engine.audit import difference
from engine.audit.event_diff import Pair
from engine.core.events import TOPIC_OF, BatchSealed, SealKind, StageEvent
from engine.log.port import JOURNAL
from engine.runtime.shard_log import Records

SEAL = BatchSealed.__name__
FORMAT = 1  # Of the report for machines.


class Kind(StrEnum):
    """Kind of departure of a decided event from the recorded one."""

    CHANGED = "changed"
    RECORDED = "only recorded"
    DECIDED = "only decided"
    RAISED = "raised"  # No event: the release could not decide the batch.


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One event, or one whole batch, that the release decides otherwise."""

    shard: int
    batch: int
    now_ns: int  # The batch's time.
    kind: Kind
    event: str = ""  # Its type; empty where the release raised.
    stage: str = ""
    seq: int | None = None  # As recorded; None for an event that is only decided.
    decided_seq: int | None = None
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # As recorded, as decided.
    recorded: str = ""  # The whole event where only one side has it.
    decided: str = ""
    input: str = ""  # The input that led to it.


class Column(StrEnum):
    """Column of the counts of departures."""

    BATCHES = "batches"  # Those in which an event differs.
    RECORDED = "recorded"
    DECIDED = "decided"
    SAME = "same"
    CHANGED = "changed"
    ONLY_RECORDED = "only_recorded"
    ONLY_DECIDED = "only_decided"


@dataclass(slots=True)
class DepartureCounts:
    """The counts of one shard, or of several together."""

    in_full: int  # Number of departures reported in full.
    same: int = 0  # Batches.
    different: int = 0
    raised: int = 0  # Of the different ones.
    total: int = 0  # Departures.
    recorded_by: Counter[str] = field(default_factory=Counter)  # Batches by release and Python.
    events: Counter[tuple[str, str, Column]] = field(default_factory=Counter)  # Stage, event.
    fields: Counter[tuple[str, str, Column]] = field(default_factory=Counter)  # Event, field.
    stages: Counter[str] = field(default_factory=Counter)  # Batches that differ in the stage.
    unknown: dict[str, str] = field(
        default_factory=dict
    )  # `Event.field`, and the release that knows it.
    first: list[Departure] = field(default_factory=list)

    @property
    def batches(self) -> int:
        return self.same + self.different

    def count_same(self, events: Sequence[StageEvent]) -> None:
        """Count a batch that is decided as it was recorded."""
        self.same += 1
        for kind, count in Counter(map(type, events)).items():
            for column in (Column.RECORDED, Column.DECIDED, Column.SAME):
                self.events[TOPIC_OF[kind], kind.__name__, column] += count

    def count_raised(self, departure: Departure) -> None:
        """Count a batch that the release cannot decide, without its events."""
        self.different += 1
        self.raised += 1
        self._add(lambda: departure)

    def count_different(
        self, seal: BatchSealed, shard: int, pairs: Sequence[Pair], inputs: Records
    ) -> None:
        """Count a batch with events that are decided otherwise."""
        self.different += 1
        self._count(pairs)
        odd = [pair for pair in pairs if not pair.is_same]
        for stage, name in sorted({named(pair) for pair in odd}):
            self.events[stage, name, Column.BATCHES] += 1
        for stage in sorted({named(pair)[0] for pair in odd}):
            self.stages[stage] += 1
        for name, each in sorted({(named(p)[1], each) for p in odd for each in p.fields}):
            self.fields[name, each, Column.BATCHES] += 1
        for pair in odd:
            self._add(partial(departed, seal, shard, pair, inputs))

    def count_seal(self, departure: Departure) -> None:
        """Count a seal that differs itself."""
        self.stages[JOURNAL] += 1
        self.fields.update((SEAL, name, Column.BATCHES) for name in departure.fields)
        self.fields.update((SEAL, name, Column.CHANGED) for name in departure.fields)
        self._add(lambda: departure)

    def _count(self, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            stage, name = named(pair)
            was, now, odd = pair
            columns = [Column.RECORDED] if was else []
            columns += [Column.DECIDED] if now else []
            if now is None:
                columns.append(Column.ONLY_RECORDED)
            elif was is None:
                columns.append(Column.ONLY_DECIDED)
            else:
                columns.append(Column.CHANGED if odd else Column.SAME)
            self.events.update((stage, name, column) for column in columns)
            self.fields.update((name, each, Column.CHANGED) for each in odd)

    def _add(self, in_full: Callable[[], Departure]) -> None:
        """Count a departure, and store it in full if it is one of the first."""
        self.total += 1
        if len(self.first) < self.in_full:
            self.first.append(in_full())


def named(pair: Pair) -> tuple[str, str]:
    """Stage and type of a pair's event."""
    event = pair.event
    return TOPIC_OF[type(event)], type(event).__name__


def departed(seal: BatchSealed, shard: int, pair: Pair, inputs: Records) -> Departure:
    """A pair in full."""
    was, now, names = pair
    stage, name = named(pair)
    kind = Kind.CHANGED
    if was is None or now is None:
        kind = Kind.DECIDED if was is None else Kind.RECORDED
    return Departure(
        shard=shard,
        batch=seal.batch,
        now_ns=seal.now_ns,
        kind=kind,
        event=name,
        stage=stage,
        seq=None if was is None else was.seq,
        decided_seq=None if now is None else now.seq,
        fields={x: (plain(getattr(was, x)), plain(getattr(now, x))) for x in names},
        recorded="" if was is None or now else plain(was),
        decided="" if now is None or was else plain(now),
        input=difference.cause_of(pair.event.cause, inputs),
    )


def plain(value: object) -> str:
    """A value in full."""
    return value.hex() if isinstance(value, bytes) else str(value)


def sealed_otherwise(seal: BatchSealed, shard: int, decided: SealKind) -> Departure:
    """A batch that closes the day for one of the two and not for the other."""
    return Departure(
        shard=shard,
        batch=seal.batch,
        now_ns=seal.now_ns,
        kind=Kind.CHANGED,
        event=SEAL,
        stage=JOURNAL,
        fields={"kind": (seal.kind.value, decided.value)},
    )


def total(parts: Sequence[DepartureCounts], in_full: int) -> DepartureCounts:
    """All shards together; the first departures by time."""
    found = DepartureCounts(in_full)
    for counts in parts:
        found.same += counts.same
        found.different += counts.different
        found.raised += counts.raised
        found.total += counts.total
        found.recorded_by.update(counts.recorded_by)
        found.events.update(counts.events)
        found.fields.update(counts.fields)
        found.stages.update(counts.stages)
        found.unknown.update(counts.unknown)
        found.first += counts.first
    found.first.sort(key=lambda x: (x.now_ns, x.shard, x.batch))  # Stable: by seq in a batch.
    del found.first[in_full:]
    return found


# -------------------------------------------------------------------------------- for machines


def by_stage(counts: DepartureCounts) -> list[dict[str, Any]]:
    """One row a stage: the batches that differ there, and its events."""
    events = by_event(counts)
    stages = sorted({row["stage"] for row in events} | counts.stages.keys())
    rows = []
    for stage in stages:
        own = [row for row in events if row["stage"] == stage]
        sums = {column.value: sum(row[column.value] for row in own) for column in Column}
        rows.append({"stage": stage, **sums, "batches": counts.stages[stage]})
    return rows


def by_event(counts: DepartureCounts) -> list[dict[str, Any]]:
    """One row a type of event."""
    names = sorted({(stage, name) for stage, name, _ in counts.events})
    return [
        {"stage": stage, "event": name}
        | {column.value: counts.events[stage, name, column] for column in Column}
        for stage, name in names
    ]


def by_field(counts: DepartureCounts) -> list[dict[str, Any]]:
    """One row a field that differs in an event."""
    names = sorted({(name, each) for name, each, _ in counts.fields})
    return [
        {
            "event": name,
            "field": each,
            "batches": counts.fields[name, each, Column.BATCHES],
            "events": counts.fields[name, each, Column.CHANGED],
        }
        for name, each in names
    ]


def asdict(departure: Departure) -> dict[str, Any]:
    found = {each.name: getattr(departure, each.name) for each in fields(departure)}
    found["kind"] = departure.kind.value
    found["fields"] = [
        {"field": name, "recorded": was, "decided": now}
        for name, (was, now) in departure.fields.items()
    ]
    return found


def report(counts: DepartureCounts, release: str, python: str) -> dict[str, Any]:
    """The whole report as plain values."""
    return {
        "format": FORMAT,
        "release": release,
        "python": python,
        "recorded_by": dict(sorted(counts.recorded_by.items())),
        "is_same": counts.different == 0,
        "batches": {
            "decided": counts.batches,
            "same": counts.same,
            "different": counts.different,
            "raised": counts.raised,
        },
        "stages": by_stage(counts),
        "events": by_event(counts),
        "fields": by_field(counts),
        "unknown_fields": [
            {"field": name, "known_by": release_name}
            for name, release_name in sorted(counts.unknown.items())
        ],
        "departures_total": counts.total,
        "departures": [asdict(departure) for departure in counts.first],
    }
