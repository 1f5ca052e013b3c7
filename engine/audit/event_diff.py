"""Compare the recorded and the decided events of a batch by their values.

Two releases need not write the same bytes, so events are compared field by field. The two lists are
aligned within each cause: equal events first, then events of one type with the fewest differences.
One event more or less moves the seq of all that follow, and with them the ids that are made of a
seq. So an id of the batch counts as that of the event it is aligned with, and seq itself is
compared only where neither side has an event that the other lacks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import NamedTuple

from engine.core.events import StageEvent

ENVELOPE = ("seq", "at_ns", "cause")  # Stamped by the loop; order and cause are compared instead.
SEQ, CAUSE = "seq", "cause"
CELLS_MAX = 2_500  # Of a table of distances; longer lists are aligned type by type.
GAP = 1.0  # The distance of an event to nothing; two of a type are never further than that.


class Pair(NamedTuple):
    """An event as it was recorded and as it was decided; None where one side has it alone."""

    recorded: StageEvent | None
    decided: StageEvent | None
    fields: tuple[str, ...] = ()  # Those that differ; empty where an event is alone.

    @property
    def is_same(self) -> bool:
        return self.recorded is not None and self.decided is not None and not self.fields

    @property
    def event(self) -> StageEvent:
        """The recorded one where there is one."""
        found = self.recorded or self.decided
        assert found is not None, "a pair holds at least one"
        return found


def pairs(
    shard: int,
    recorded: Sequence[StageEvent],
    decided: Sequence[StageEvent],
    unknown: frozenset[str] = frozenset(),
    faults: Sequence[str] = (),
) -> list[Pair]:
    """All events of a batch in pairs, in the order of the recorded ones.

    `unknown` names the fields that only one of the releases knows, as `Name.field`; they are not
    compared. The text of an event whose cause is in `faults` is not compared either.
    """
    return _Comparison(shard, unknown, faults).run(recorded, decided)


class _Comparison:
    """One batch."""

    def __init__(self, shard: int, unknown: frozenset[str], faults: Sequence[str]) -> None:
        self._shard = shard
        self._unknown = unknown
        self._faults = faults
        self._ids: dict[str, str] = {}  # Of events on both sides: as decided, as recorded.
        self._decided: frozenset[str] = frozenset()  # Ids of all decided events.
        self._id = re.compile(rf"(?<![\w-]){shard}-\d+(?![\w-])")

    def run(self, recorded: Sequence[StageEvent], decided: Sequence[StageEvent]) -> list[Pair]:
        self._decided = frozenset(f"{self._shard}-{event.seq}" for event in decided)
        found = self._begun(recorded, decided)
        were = by_cause(recorded[len(found) :])
        for cause, are in by_cause(decided[len(found) :]).items():
            found += self._aligned(were.pop(self._renamed(cause), []), are)
        found += [Pair(event, None) for events in were.values() for event in events]
        found = self._rejoined(found)
        is_even = all(pair.recorded and pair.decided for pair in found)
        compared = [self._compared(pair, is_even=is_even) for pair in found]
        return sorted(compared, key=lambda pair: pair.event.seq)

    def _compared(self, pair: Pair, *, is_even: bool) -> Pair:
        was, now, _ = pair
        if was is None or now is None:
            return pair
        names = list(self._differing(was, now))
        if self._renamed(now.cause) != was.cause:
            names.append(CAUSE)
        if is_even and was.seq != now.seq:
            names.append(SEQ)
        return Pair(was, now, tuple(names))

    # ----------------------------------------------------------------------- alignment

    def _begun(self, recorded: Sequence[StageEvent], decided: Sequence[StageEvent]) -> list[Pair]:
        """The events up to the first departure: each has its own seq, whichever ids it names.

        An event may name a later one, which no alignment has met yet.
        """
        found = []
        for was, now in zip(recorded, decided, strict=False):
            if was != now:
                break
            self._join(was, now)
            found.append(Pair(was, now))
        return found

    def _aligned(self, were: list[StageEvent], are: list[StageEvent]) -> list[Pair]:
        """The events of one cause: equal ones first, then the nearest ones."""
        first = 0
        while first < min(len(were), len(are)) and self._is_same(were[first], are[first]):
            self._join(were[first], are[first])
            first += 1
        found = [Pair(was, now) for was, now in zip(were[:first], are[:first], strict=True)]
        were, are = were[first:], are[first:]
        if len(were) * len(are) > CELLS_MAX:
            others = in_turn(were, are)
        else:
            same, were, are = self._same(were, are)
            found += same
            others = nearest(were, are, [[self._distance(x, y) for y in are] for x in were])
        for was, now, _ in others:
            if was is not None and now is not None:
                self._join(was, now)
        return [*found, *others]

    def _same(
        self, were: Sequence[StageEvent], are: Sequence[StageEvent]
    ) -> tuple[list[Pair], list[StageEvent], list[StageEvent]]:
        """The events that are on both sides, in any order; and the others of each side."""
        found: list[Pair] = []
        left, new = [], list(are)
        for was in were:
            at = next((n for n, now in enumerate(new) if self._is_same(was, now)), None)
            if at is None:
                left.append(was)
                continue
            now = new.pop(at)
            self._join(was, now)
            found.append(Pair(was, now))
        return found, left, new

    def _rejoined(self, found: list[Pair]) -> list[Pair]:
        """Pair the events that are alone on their side and equal but for the cause."""
        gone = [pair.recorded for pair in found if pair.recorded and pair.decided is None]
        new = [pair.decided for pair in found if pair.decided and pair.recorded is None]
        if not gone or not new or len(gone) * len(new) > CELLS_MAX:
            return found
        joined, gone, new = self._same(gone, new)
        both = [pair for pair in found if pair.recorded and pair.decided]
        alone = [*(Pair(was, None) for was in gone), *(Pair(None, now) for now in new)]
        return [*both, *joined, *alone]

    def _join(self, was: StageEvent, now: StageEvent) -> None:
        self._ids[f"{self._shard}-{now.seq}"] = f"{self._shard}-{was.seq}"

    # --------------------------------------------------------------------------- likeness

    def _is_same(self, was: StageEvent, now: StageEvent) -> bool:
        return type(was) is type(now) and next(self._differing(was, now), None) is None

    def _distance(self, was: StageEvent, now: StageEvent) -> float:
        """From 0 for the same to GAP for the same type and nothing else; more for another type."""
        if type(was) is not type(now):
            return 3 * GAP
        count = len(fields(was)) - len(ENVELOPE)
        return GAP * sum(1 for _ in self._differing(was, now)) / max(1, count)

    def _differing(self, was: StageEvent, now: StageEvent) -> Iterator[str]:
        """The names of the fields that two events of one type do not have in common."""
        for each in fields(was):
            name = each.name
            if name in ENVELOPE or (name == "text" and was.cause in self._faults):
                continue
            path = f"{type(was).__name__}.{name}"
            if path in self._unknown:
                continue
            if not self._is_alike(path, getattr(was, name), getattr(now, name)):
                yield name

    def _is_alike(self, path: str, was: object, now: object) -> bool:
        if isinstance(was, str) and isinstance(now, str):
            return self._renamed(now) == was  # Equal ids may be those of two events.
        if isinstance(was, tuple) and isinstance(now, tuple):
            return len(was) == len(now) and all(
                self._is_alike(path, one, other) for one, other in zip(was, now, strict=True)
            )
        if is_dataclass(was) and type(was) is type(now):
            return all(
                f"{path}.{each.name}" in self._unknown
                or self._is_alike(
                    f"{path}.{each.name}", getattr(was, each.name), getattr(now, each.name)
                )
                for each in fields(was)
            )
        return was == now

    def _renamed(self, text: str) -> str:
        """A decided text with the ids that the same events have on the recorded side."""
        return self._id.sub(lambda found: self._recorded_id(found[0]), text)

    def _recorded_id(self, name: str) -> str:
        """The id on the recorded side; the id of an event that is only decided equals no other."""
        return self._ids.get(name) or (f"new {name}" if name in self._decided else name)


def by_cause(events: Sequence[StageEvent]) -> dict[str, list[StageEvent]]:
    found: dict[str, list[StageEvent]] = {}
    for event in events:
        found.setdefault(event.cause, []).append(event)
    return found


def in_turn(were: Sequence[StageEvent], are: Sequence[StageEvent]) -> list[Pair]:
    """The first of a type beside the first of that type, and so on."""
    waiting: dict[type, list[StageEvent]] = {}
    for now in reversed(are):
        waiting.setdefault(type(now), []).append(now)
    found = []
    for was in were:
        left = waiting.get(type(was))
        found.append(Pair(was, left.pop() if left else None))
    return [*found, *(Pair(None, now) for left in waiting.values() for now in reversed(left))]


def nearest(
    were: Sequence[StageEvent], are: Sequence[StageEvent], distance: Sequence[Sequence[float]]
) -> list[Pair]:
    """Both lists in their order, paired so that the sum of the distances is the least."""
    rows, columns = len(were), len(are)
    least = [[GAP * (x + y) for y in range(columns + 1)] for x in range(rows + 1)]
    for x in range(rows):
        for y in range(columns):
            alone = min(least[x][y + 1], least[x + 1][y]) + GAP
            least[x + 1][y + 1] = min(alone, least[x][y] + distance[x][y])
    found: list[Pair] = []
    x, y = rows, columns
    while x and y:
        if least[x][y] == least[x - 1][y - 1] + distance[x - 1][y - 1]:
            x, y = x - 1, y - 1
            found.append(Pair(were[x], are[y]))
        elif least[x][y] == least[x - 1][y] + GAP:
            x -= 1
            found.append(Pair(were[x], None))
        else:
            y -= 1
            found.append(Pair(None, are[y]))
    found += [Pair(was, None) for was in reversed(were[:x])]
    found += [Pair(None, now) for now in reversed(are[:y])]
    return found[::-1]
