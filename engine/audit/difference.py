"""The first difference between a log and its proof, and what was done to the log there.

A digest shows that the records of a batch are not the sealed ones, never how they differ. That is
found by trial: an output is compared, record by record, with the decision from the same inputs. Of
an input nothing else is known, so its records are tried in other orders, and the seals that follow
show whether one is missing or too many.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

from engine.core.events import InputRange, StageEvent
from engine.log import codec
from engine.log.port import DLQ, NewRecord, Record
from engine.runtime.hash_chain import frame, new_hash

SHOWN_CHARACTERS = 400  # Of one value in a report.
SHIFTS = (-1, 1, -2, 2, -3, 3, -4, 4)  # Records missing or too many that are looked for.
EXCHANGED_MAX = 64  # Records of a batch among which every exchange and move is tried.
FIELDS = ("timestamp_ms", "key", "headers", "value")


class Kind(StrEnum):
    """Kind of change to the log, as far as the records show."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    DECIDED = "decided otherwise"  # The inputs are whole and lead to something else.
    UNKNOWN = "changed, removed or inserted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place at which a shard's log is not what its seals state."""

    shard: int
    batch: int
    topic: str
    kind: Kind
    place: str  # Positions, offsets, or both.
    seq: int | None = None  # Of the event, where there is one.
    field: str = ""  # Empty where the whole record is meant.
    recorded: str = ""
    expected: str = ""  # As decided again, or as a seal states.
    inputs: tuple[str, ...] = ()  # The inputs that led to it.
    text: str = ""  # One sentence for people.


class Wrong(NamedTuple):
    """The part of a record that differs."""

    kind: Kind
    at: int  # In its topic and batch, from 0.
    field: str
    recorded: str
    expected: str


def shown(value: object) -> str:
    """A value for people, cut where it is long."""
    text = value.hex() if isinstance(value, bytes) else str(value)
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}... ({len(text)} characters)"


# ------------------------------------------------------------------------------- outputs


def in_outputs(
    recorded: Mapping[str, Sequence[Record]],
    again: Mapping[str, Sequence[NewRecord]],
    events: Sequence[StageEvent],
) -> tuple[str, Wrong, StageEvent | None] | None:
    """The first output that differs from the one decided again: topic, difference, event.

    `events` are those decided again, by seq. The first is that of the lowest seq; the dlq, which
    has none, comes last. None if all are equal.
    """
    by_topic: dict[str, list[StageEvent]] = {}
    for decided in events:
        by_topic.setdefault(codec.topic_of(decided), []).append(decided)
    found: list[tuple[float, str, Wrong, StageEvent | None]] = []
    for topic in dict.fromkeys((*again, *recorded)):
        wrong = in_records(topic, recorded.get(topic, ()), again.get(topic, ()))
        if wrong is None:
            continue
        own = by_topic.get(topic, [])
        event = own[wrong.at] if wrong.at < len(own) else None
        order = float("inf") if event is None else float(event.seq)
        found.append((order, topic, wrong, event))
    if not found:
        return None
    _, topic, wrong, event = min(found, key=lambda each: each[0])
    return topic, wrong, event


def in_records(topic: str, recorded: Sequence[Record], again: Sequence[NewRecord]) -> Wrong | None:
    """The first record of a topic that is not the one decided again."""
    were = [record[2:] for record in recorded]
    are = [record[1:] for record in again]
    for at in range(max(len(were), len(are))):
        if at >= len(were):
            return Wrong(Kind.REMOVED, at, "", "no record", described(topic, again[at].value))
        if at >= len(are):
            return Wrong(Kind.INSERTED, at, "", described(topic, recorded[at].value), "no record")
        if were[at] != are[at]:
            kind = kind_of(topic, recorded[at:], again[at:])
            return Wrong(kind, at, *first_field(topic, recorded[at], again[at]))
    return None


def kind_of(topic: str, recorded: Sequence[Record], again: Sequence[NewRecord]) -> Kind:
    """Kind of change at the first record, judged by the records after it and by their seq."""
    were = [record[2:] for record in recorded]
    are = [record[1:] for record in again]
    is_kept, was_there = are[0] in were, were[0] in are
    if is_kept:
        return Kind.REORDERED if was_there else Kind.INSERTED
    if was_there:
        return Kind.REMOVED
    was, is_now = number_of(topic, recorded[0].value), number_of(topic, again[0].value)
    if was is None or is_now is None or was == is_now:
        return Kind.CHANGED
    return Kind.REMOVED if was > is_now else Kind.INSERTED


def number_of(topic: str, value: bytes) -> int | None:
    """An event's seq; None where there is none or it can't be read."""
    if topic == DLQ:
        return None
    try:
        event = codec.decode(topic, value)
    except codec.UnreadableError:
        return None
    seq: int | None = getattr(event, "seq", None)
    return seq


def first_field(topic: str, recorded: Record, again: NewRecord) -> tuple[str, str, str]:
    """Name of the first field that differs, as recorded and as decided again."""
    for name in FIELDS:
        was, is_now = getattr(recorded, name), getattr(again, name)
        if was == is_now:
            continue
        if name != "value":
            return name, shown(was), shown(is_now)
        return next(in_values(topic, was, is_now))
    raise AssertionError("records that are equal have no first difference")


def in_values(topic: str, was: bytes, is_now: bytes) -> Iterator[tuple[str, str, str]]:
    """Fields that differ between two encoded events; the bytes themselves come last."""
    if topic != DLQ:
        try:
            one, other = codec.decode(topic, was), codec.decode(topic, is_now)
        except codec.UnreadableError as error:
            yield "value", f"{shown(was)} ({error})", described(topic, is_now)
        else:
            if type(one) is not type(other):
                yield "type", described(topic, was), described(topic, is_now)
            else:
                for each in fields(one):
                    values = getattr(one, each.name), getattr(other, each.name)
                    if values[0] != values[1]:
                        yield each.name, shown(values[0]), shown(values[1])
    yield "value", shown(was), shown(is_now)


def described(topic: str, value: bytes) -> str:
    """An encoded event for people."""
    if topic == DLQ:
        return shown(value)
    try:
        return shown(codec.decode(topic, value))
    except codec.UnreadableError as error:
        return f"{shown(value)} ({error})"


# -------------------------------------------------------------------------------- inputs


class Later(NamedTuple):
    """A later seal's statement on the same topic, and the records around it."""

    entry: InputRange
    records: Mapping[int, Record]  # By position, as far as the log has them.


def in_inputs(
    entry: InputRange, records: Sequence[Record], later: Later | None
) -> tuple[Kind, str]:
    """Kind and position of the change to the inputs of a batch that lack the sealed digest."""
    first, last = entry.first_position, entry.next_position - 1
    span = f"position {first}" if first == last else f"positions {first} to {last}"
    exchanged = exchange(entry, records)
    if exchanged:
        return Kind.REORDERED, exchanged
    if later is None:
        return Kind.UNKNOWN, f"{span}, the last that the log has sealed"
    if has_digest(later, 0):
        return Kind.CHANGED, span
    for shift in SHIFTS:
        if has_digest(later, shift):
            kind = Kind.REMOVED if shift < 0 else Kind.INSERTED
            what = "one record" if abs(shift) == 1 else f"{abs(shift)} records"
            return kind, f"{what} at {span}"
    return Kind.UNKNOWN, f"{span}, and more after them"


def has_digest(later: Later, shift: int) -> bool:
    """Whether the records, moved by so many positions, are those that the later seal states."""
    digest = new_hash()
    for position in range(later.entry.first_position, later.entry.next_position):
        record = later.records.get(position + shift)
        if record is None:
            return False
        digest.update(frame(position, *record[2:]))
    return digest.digest() == later.entry.digest


def exchange(entry: InputRange, records: Sequence[Record]) -> str:
    """The exchange or move of two records that gives the sealed digest; "" if none does."""
    count = len(records)
    if count > EXCHANGED_MAX:
        return ""
    first = entry.first_position
    for here in range(count):
        for there in range(here + 1, count):
            orders = [list(records) for _ in range(3)]
            orders[0][here], orders[0][there] = records[there], records[here]
            orders[1].insert(here, orders[1].pop(there))
            orders[2].insert(there, orders[2].pop(here))
            if any(digest_of(order, first) == entry.digest for order in orders):
                return f"positions {first + here} and {first + there}"
    return ""


def digest_of(records: Sequence[Record], first: int) -> bytes:
    """SHA-256 over the frames of records that begin at a position."""
    digest = new_hash()
    for position, record in enumerate(records, start=first):
        digest.update(frame(position, *record[2:]))
    return digest.digest()


def cause_of(cause: str, inputs: Mapping[str, Sequence[Record]]) -> str:
    """A cause, with the input itself where the batch consumed it."""
    topic, _, number = cause.partition(":")
    for record in inputs.get(topic, ()):
        if str(record.position) == number:
            return f"{cause} {described(topic, record.value)}"
    return cause


def asdict(difference: Difference) -> dict[str, Any]:
    """Plain values for `-o json`."""
    found: dict[str, Any] = {}
    for each in fields(difference):
        value = getattr(difference, each.name)
        found[each.name] = list(value) if isinstance(value, tuple) else value
    return found
