"""A stored day that somebody changes: the rows of an embedded log, from outside the engine."""

import random
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from pipeline import short_day

from engine.audit import verification
from engine.audit.verification import Bounds, Proof
from engine.log import open_log
from engine.log.embedded.file import OFFSET_BITS, span_of
from engine.log.port import ALL_TOPICS

FIELDS = ("offset", "position", "timestamp_ms", "key", "headers", "value")
INSERT = "insert into record values (?, ?, ?, ?, ?, ?)"
DELETE = "delete from record where id = ?"
BETWEEN = "select * from record where id between ? and ? order by id"
PARTITIONS = 1
RULES = short_day.rules(PARTITIONS)


class Row(NamedTuple):
    """One record as SQLite holds it."""

    id: int
    position: int
    timestamp_ms: int
    key: bytes | None
    headers: bytes | None
    value: bytes

    @property
    def topic(self) -> str:
        return ALL_TOPICS[self.id >> 56]

    @property
    def offset(self) -> int:
        return self.id & ((1 << OFFSET_BITS) - 1)


def finished(steps: Generator[object, None, Proof]) -> Proof:
    """Result of a verification."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proof: Proof = done.value
            return proof


class Stored:
    """The file, its rows, and a connection that may change them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = apsw.Connection(str(path))

    def rows(self, topic: str | None = None) -> list[Row]:
        first, last = (0, 2**63 - 1) if topic is None else span_of(topic, 0)[2:]
        return [Row(*row) for row in self.connection.execute(BETWEEN, (first, last))]

    def verify(
        self,
        bounds: Bounds | None = None,
        anchors: dict[int, bytes] | None = None,
        release: str = RULES.release,
        in_full: int | None = None,
    ) -> Proof:
        rules = replace(RULES, release=release)
        with open_log(f"sqlite:{self.path}", partitions=PARTITIONS) as log:
            return finished(verification.verify(log, 0, rules, bounds, anchors, in_full))

    @contextmanager
    def changed(self, *statements: tuple[str, Sequence[Any]]) -> Iterator[None]:
        """Change rows for a while; everything is put back after."""
        before = self.rows()
        with self.connection:
            for sql, bindings in statements:
                self.connection.execute(sql, tuple(bindings))
        try:
            yield
        finally:
            with self.connection:
                self.connection.execute("delete from record")
                self.connection.executemany(INSERT, before)

    @contextmanager
    def replaced(self, row: Row, other: Row) -> Iterator[None]:
        """Put one row in the place of another. Raises apsw.ConstraintError if it is taken."""
        self._swap(row, other)
        try:
            yield
        finally:
            self._swap(other, row)

    def _swap(self, row: Row, other: Row) -> None:
        with self.connection:
            self.connection.execute(DELETE, (row.id,))
            self.connection.execute(INSERT, other)


def flipped(row: Row, field: str, chance: random.Random) -> Row | None:
    """The row with one bit of a field changed; None where it has none."""
    if field == "offset":
        return row._replace(id=row.id ^ 1 << chance.randrange(OFFSET_BITS))
    value = getattr(row, field)
    if isinstance(value, int):
        return Row(**{**row._asdict(), field: value ^ 1 << chance.randrange(63)})
    if not value:
        return None
    changed = bytearray(value)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return Row(**{**row._asdict(), field: bytes(changed)})
