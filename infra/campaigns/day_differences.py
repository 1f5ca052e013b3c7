"""Differences between the decisions of two runs of one day, each with the parent where it begins.

    python -m infra.campaigns.day_differences FORMER_LOG LOG [--ignore NAME ...]

Both logs are of the same orders and market, decided by two releases or with a rule switched off.
An id is made of a seq, and one event more moves all that follow, so ids are compared by what they
stand for: an order by its client's id, a parent by its first order, a child by its place among its
parent's; a venue's own ids are left as they are. Of each parent the first event that differs is
counted, by its kind and fields; all later ones may follow from it. What belongs to no parent counts
as one more. Fields and events that a release adds as evidence, and decides nothing by, are named by
`--ignore`. It ends with 1 if a parent differs, and with 2 if a log cannot be read.

Both logs are read by this tree's catalogue. It knows the schema ids of every release, but not those
that one commit between two releases gave and a later one gave anew: a log of such a commit cannot
be compared here. Switch the rule in question off in one tree, and compare two days of that tree.

To trace a change of decisions to its rule, run the day with the rule switched off: what is left
has another cause.
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import zip_longest
from typing import Any

from engine.core.events import (
    ChildRouted,
    FillBooked,
    OrderAccepted,
    OrdersCrossed,
    ParentOpened,
    PlanAdopted,
    ScheduleRecalibrated,
    SliceReleased,
    StageEvent,
)
from engine.log import codec, open_log
from engine.log.port import STAGE_TOPICS, EngineError, Log

PARTITIONS = 8
READ_RECORDS = 5_000
EVENT_ID = re.compile(r"(?<![\w-])\d+-\d+(?![\w-])")  # Shard and seq.
PLACE = frozenset({"seq", "cause"})  # They say where an event lies, not what it says.
# Of a parent, named by their place.
OWNED = (PlanAdopted, ScheduleRecalibrated, SliceReleased, ChildRouted, FillBooked)


@dataclass
class Day:
    """The events of a run: each parent's in order, and of the whole day their count by kind."""

    ignored: frozenset[str]
    kinds: Counter[str] = field(default_factory=Counter)
    by_parent: dict[str, list[tuple[str, dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _names: dict[str, str] = field(default_factory=dict)  # By event id.
    _parents: dict[str, str] = field(default_factory=dict)  # A child's, by event id.
    _places: Counter[str] = field(default_factory=Counter)

    def add(self, shard: int, event: StageEvent) -> None:
        """Take the next event of a shard."""
        kind = type(event).__name__
        if kind in self.ignored:
            return
        self.kinds[kind] += 1
        event_id = f"{shard}-{event.seq}"
        if isinstance(event, OrderAccepted):
            self._names[event_id] = f"{event.source}/{event.cl_ord_id}"
        elif isinstance(event, ParentOpened):
            self._names[event_id] = f"parent of {self.named(event.first_order_id)}"
        elif isinstance(event, OWNED):
            self._name(event_id, kind, event.parent_id)
        elif isinstance(event, OrdersCrossed):
            self._name(event_id, kind, event.buy_parent_id)
        said = {
            x.name: self.named(getattr(event, x.name))
            for x in fields(event)
            if x.name not in PLACE | self.ignored
        }
        for parent in self._parents_of(event_id, event):
            self.by_parent[self._names.get(parent, parent)].append((kind, said))

    def _name(self, event_id: str, kind: str, parent_id: str) -> None:
        key = f"{kind} of {self._names.get(parent_id, parent_id)}"
        self._places[key] += 1
        self._names[event_id] = f"{key}, {self._places[key]}"
        self._parents[event_id] = parent_id

    def _parents_of(self, event_id: str, event: StageEvent) -> tuple[str, ...]:
        if isinstance(event, ParentOpened):
            return (event_id,)
        if isinstance(event, OrdersCrossed):
            return (event.buy_parent_id, event.sell_parent_id)
        parent_id = getattr(event, "parent_id", None)
        return (parent_id or self._parents.get(getattr(event, "child_id", ""), ""),)

    def named(self, value: Any) -> Any:  # noqa: ANN401  A field's.
        """A value with what its ids stand for in their place."""
        if isinstance(value, str):
            return EVENT_ID.sub(lambda found: self._names.get(found[0], found[0]), value)
        if isinstance(value, tuple | list):
            return tuple(self.named(one) for one in value)
        if isinstance(value, Mapping):
            return {self.named(key): self.named(one) for key, one in value.items()}
        if is_dataclass(value):
            return tuple(self.named(getattr(value, x.name)) for x in fields(value))
        return value


def day_of(url: str, ignored: frozenset[str]) -> Day:
    """The day of a log, read to its end."""
    day = Day(ignored)
    with open_log(url, partitions=PARTITIONS) as log:
        for shard in range(PARTITIONS):
            for event in in_order(log, shard):
                day.add(shard, event)
    return day


def in_order(log: Log, shard: int) -> Sequence[StageEvent]:
    found = [event for topic in STAGE_TOPICS for event in events_of(log, topic, shard)]
    return sorted(found, key=lambda event: event.seq)


def events_of(log: Log, topic: str, shard: int) -> Iterator[StageEvent]:
    """Raises UnreadableError where this tree's catalogue does not know a schema id."""
    with closing(log.reader(topic, shard)) as reader:
        while records := reader.read(READ_RECORDS):
            for record in records:
                try:
                    yield codec.decode_sealed(topic, record.value)
                except codec.UnreadableError as error:
                    text = (
                        f"{topic}, shard {shard}, offset {record.offset}: {error}. This tree "
                        "reads the schemas of releases and its own; a log of a commit between them "
                        "cannot be compared. Switch the rule in question off in this tree, run the "
                        "day again, and compare with that log"
                    )
                    raise codec.UnreadableError(error.reason, text) from error


def first_differences(former: Day, day: Day) -> Counter[str]:
    """The first difference of each parent that is not the same in both, by kind and fields."""
    found: Counter[str] = Counter()
    for name in former.by_parent.keys() | day.by_parent.keys():
        both = zip_longest(former.by_parent.get(name, ()), day.by_parent.get(name, ()))
        first = next((pair for pair in both if pair[0] != pair[1]), None)
        if first is not None:
            found[difference(*first)] += 1
    return found


Told = tuple[str, dict[str, Any]] | None


def difference(one: Told, other: Told) -> str:
    kinds = [found[0] if found else "nothing" for found in (one, other)]
    if one is None or other is None or kinds[0] != kinds[1]:
        return " became ".join(kinds)
    names = [name for name in one[1] if one[1][name] != other[1][name]]
    return f"{kinds[0]}: {', '.join(names)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 if every parent is the same in both, 1 if not, 2 if a log cannot be read."""
    assert __doc__, "the first line is the help"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("former", help="URL of a log")
    parser.add_argument("log", help="URL of a log")
    parser.add_argument(
        "--ignore", nargs="*", default=[], metavar="NAME", help="fields or kinds of events"
    )
    options = parser.parse_args(arguments)
    ignored = frozenset(options.ignore)
    try:
        former, day = day_of(options.former, ignored), day_of(options.log, ignored)
    except EngineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    for kind in sorted(former.kinds | day.kinds):
        if former.kinds[kind] != day.kinds[kind]:
            print(f"{former.kinds[kind]:>8} {day.kinds[kind]:>8}  {kind}")  # noqa: T201  A script.
    found = first_differences(former, day)
    for text, count in found.most_common():
        print(f"{count:>8} parents  {text}")  # noqa: T201
    names = former.by_parent.keys() | day.by_parent.keys()
    print(f"{len(names) - found.total()} of {len(names)} parents are the same")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
