"""Parents or children by limit and age, so that a search within a price goes over no others.

A quote concerns the parents whose limit it crosses, and a cross those that accept its price, the
oldest first; a new child must not reach our own on the other side. A book may hold a hundred
thousand others, so these are found without a walk over all. A ladder has a rung for each limit; a
rung groups what it holds, parents by client where that matters, and has each group in order of age.
All orders are kept in lists of bounded length, so the time of a change does not grow with the
ladder as that of one long list would.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

CHUNK_MAX = 500  # Keys that a change may move.
ABOVE_ALL_PX = 2**63  # Stands for the limit of a buy without one.

K = TypeVar("K", int, tuple[int, str])
_last = itemgetter(-1)
Aged = tuple[int, str]  # Seq and id of a parent or child: in order of age.


@dataclass(slots=True)
class SortedKeys(Generic[K]):
    """Keys in ascending order, in chunks that are never empty."""

    chunks: list[list[K]] = field(default_factory=list)

    def add(self, key: K) -> None:
        chunks = self.chunks
        if not chunks:
            chunks.append([key])
            return
        at = min(bisect_left(chunks, key, key=_last), len(chunks) - 1)
        chunk = chunks[at]
        insort(chunk, key)
        if len(chunk) > CHUNK_MAX:
            half = len(chunk) // 2
            chunks[at : at + 1] = [chunk[:half], chunk[half:]]

    def remove(self, key: K) -> None:
        """Remove a key that is there."""
        at = bisect_left(self.chunks, key, key=_last)
        chunk = self.chunks[at]
        del chunk[bisect_left(chunk, key)]
        if not chunk:
            del self.chunks[at]

    def between(self, least: K, most: K) -> Iterator[K]:
        """The keys from `least` to `most`, both included, in order."""
        for at in range(bisect_left(self.chunks, least, key=_last), len(self.chunks)):
            chunk = self.chunks[at]
            for key in chunk[bisect_left(chunk, least) :]:
                if key > most:
                    return
                yield key

    def __iter__(self) -> Iterator[K]:
        return chain.from_iterable(self.chunks)

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def from_place(self, place: int) -> Iterator[K]:
        """All keys in order, from one place on and then from the first."""
        chunks = self.chunks
        for at, chunk in enumerate(chunks):
            if place < len(chunk):
                return chain(chunk[place:], *chunks[at + 1 :], *chunks[:at], chunk[:place])
            place -= len(chunk)
        return iter(())


class Place(NamedTuple):
    """Rung and group of a parent or child, and its seq."""

    px: int
    group: str
    seq: int


@dataclass(slots=True)
class LimitLadder:
    """Parents or children by limit, group and age."""

    places: dict[str, Place] = field(default_factory=dict)  # By id.
    rungs: dict[int, dict[str, SortedKeys[Aged]]] = field(default_factory=dict)
    pxs: SortedKeys[int] = field(default_factory=SortedKeys)

    def __len__(self) -> int:
        return len(self.places)

    def put(self, name: str, place: Place) -> None:
        """Give an id its place, instead of a former one."""
        if self.places.get(name) == place:
            return
        self.remove(name)
        self.places[name] = place
        rung = self.rungs.get(place.px)
        if rung is None:
            rung = self.rungs[place.px] = {}
            self.pxs.add(place.px)
        group = rung.get(place.group)
        if group is None:
            group = rung[place.group] = SortedKeys()
        group.add((place.seq, name))

    def remove(self, name: str) -> None:
        """Remove an id, if it is there."""
        place = self.places.pop(name, None)
        if place is None:
            return
        rung = self.rungs[place.px]
        group = rung[place.group]
        group.remove((place.seq, name))
        if not group.chunks:
            del rung[place.group]
        if not rung:
            del self.rungs[place.px]
            self.pxs.remove(place.px)

    @property
    def lowest_px(self) -> int:
        """Of a ladder that is not empty."""
        return self.pxs.chunks[0][0]

    @property
    def highest_px(self) -> int:
        """Of a ladder that is not empty."""
        return self.pxs.chunks[-1][-1]

    def between(self, least_px: int, most_px: int) -> Iterator[str]:
        """The ids with a limit from `least_px` to `most_px`, both included."""
        for px in self.pxs.between(least_px, most_px):
            for group in self.rungs[px].values():
                for _, name in group:
                    yield name

    def oldest_first(self, least_px: int, most_px: int, but: str) -> Iterator[str]:
        """The same in order of age, without one group; all if `but` is empty."""
        groups = (
            group
            for px in self.pxs.between(least_px, most_px)
            for group_name, group in self.rungs[px].items()
            if not but or group_name != but
        )
        return (name for _, name in merge(*groups))
