"""A shelf on the disk, so that what a day has finished takes none of a process's memory.

Two tables in an SQLite file. A row of `item` is a parent with all that is its, or an order that
several parents share, as it was laid there; a row without content says that it was taken down. A
row of `name` says what lies there under which key. Nothing is ever changed: a row holds the place
in the fold (`at`) from which on it counts, so that a reader can stand anywhere before the writer.

A worker's shelf is a file without a name, which SQLite makes where temporary files go (TMPDIR), and
which is gone with its process, however that ends. A follower's lies beside the snapshots and grows
by what was laid there since: a snapshot names the file and how far it counts, so it is small and
soon written. Who starts from a snapshot reads that file, as far as it counts, under its own. It is
open as long as it is used, so it may be deleted at any time.

Mostly the answer to a question is no: each new order and each new fill asks whether it is known. A
filter of a fixed size says so at once (see `bloom`).
"""

import io
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import apsw

from engine.core.state.finished_store import MemoryStore, SharedOrder, StoreEntry, StoreMark
from engine.core.state.model import Order, Parent
from engine.log.port import EngineError
from engine.runtime.recovery import bloom, state_codec
from engine.runtime.recovery.state_codec import REDUCERS, Reduced, Unpickler, UnusableError

SUFFIX = ".shelf"
CACHE_KIB = 16_384
BUSY_MS = 5_000
ALL = 2**62  # Beyond every place in a fold.
DIGEST_BYTES = 4
SEEN_MAX = 64  # Parents; late reports of several come interleaved.

TABLES = """
create table item (
    id text not null, at integer not null, content blob, primary key (id, at)
);
create table name (
    key text primary key, at integer not null, name text not null, parent_id text not null
) without rowid;
create table kept (at integer primary key);  -- Up to where a snapshot may refer to it.
"""
ADD = "insert into item values (?, ?, ?)"
# A key stands for one thing all day; laid there again it counts from the first time on.
ADD_NAMES = "insert or ignore into name values (?, ?, ?, ?)"
ITEM = "select content from item where id = ? and at <= ? order by at desc limit 1"
NAME = "select name, parent_id from name where key = ? and at <= ?"
IDS = "select distinct id from item where at <= ?"
RETAIN = "insert or ignore into kept values (?)"
RETAINED = "select at from kept where at = ?"

_log = logging.getLogger(__name__)


class StoreError(EngineError):
    """The shelf can't be read or written: begin again without it."""


class DiskStore:
    """A shard's shelf in an SQLite file; beneath it, perhaps, one that a snapshot refers to."""

    def __init__(self, folder: Path | None = None, shard: int = 0) -> None:
        """With a folder it can be referred to by snapshots there; else it is this process's."""
        self._folder = folder
        self._shard = shard
        self._own: apsw.Connection | None = None  # From the first parent on.
        self._name = ""  # With what the name of its own file begins.
        self._path: Path | None = None  # Of its own file, if it has a name.
        self._is_retained = False  # A snapshot may name it.
        self._base: apsw.Connection | None = None
        self._base_path: Path | None = None
        self._base_at = 0
        self._known = bytearray()
        self._at = 0  # Up to where its own file was written.
        self._seen: OrderedDict[str, Parent] = OrderedDict()  # The last ones looked at.
        self._sharing: set[str] = set()  # Those of them that share orders with other parents.

    # ------------------------------------------------------------------------------- put

    def add(
        self, parent: Parent, shared: Sequence[Order], names: Mapping[str, str], at: int
    ) -> None:
        home = parent.parent_id
        rows = [(order.order_id, at, written(order, REDUCERS)) for order in shared]
        rows.append((home, at, written(parent, APART)))
        try:
            own = self._opened(parent.seq)
            own.executemany(ADD, rows)
            own.executemany(ADD_NAMES, [(key, at, name, home) for key, name in names.items()])
        except apsw.Error as error:
            raise self._broken(error) from error
        self._at = at
        self._forget(home)
        bloom.remember(self._known, names)

    def remove(self, parent_id: str, orders: Mapping[str, Order], at: int) -> Parent:
        taken = [parent_id]
        parent = self._parent(parent_id, orders, taken)
        try:
            own = self._opened(parent.seq)
            own.executemany(ADD, [(name, at, None) for name in taken])
        except apsw.Error as error:
            raise self._broken(error) from error
        self._at = at
        self._forget(parent_id)
        return parent

    # ------------------------------------------------------------------------------ look

    def peek(self, parent_id: str, orders: Mapping[str, Order]) -> Parent:
        parent = self._seen.get(parent_id)
        if parent is None:
            parent = self._seen[parent_id] = self._parent(parent_id, orders, [])
            if any(member.order.is_shared for member in parent.members.values()):
                self._sharing.add(parent_id)
            if len(self._seen) > SEEN_MAX:
                former, _ = self._seen.popitem(last=False)
                self._sharing.discard(former)
        self._seen.move_to_end(parent_id)
        return parent

    def _forget(self, parent_id: str) -> None:
        """It is put there or taken down, perhaps with an order that others share."""
        self._seen.pop(parent_id, None)
        for name in self._sharing:
            self._seen.pop(name, None)
        self._sharing.clear()

    def find(self, key: str) -> StoreEntry | None:
        if not bloom.may_know(self._known, key):
            return None
        for row in self._rows(NAME, key):
            return StoreEntry(*row)
        return None

    def parents(self, orders: Mapping[str, Order]) -> Iterator[Parent]:
        names = {
            str(row[0])
            for file, until in self._files()
            for row in file.execute(IDS, (until,)).fetchall()
        }
        for name in sorted(names):
            if self._content(name) is not None:
                found = self._read(name, orders, [])
                if isinstance(found, Parent):
                    yield found

    def _parent(self, parent_id: str, orders: Mapping[str, Order], used: list[str]) -> Parent:
        found = self._read(parent_id, orders, used)
        assert isinstance(found, Parent), parent_id
        return found

    def _read(self, name: str, orders: Mapping[str, Order], used: list[str]) -> object:
        """What lies there, with the orders at work that it shares; `used` is told of the others."""

        def elsewhere(order_id: str) -> object:
            order = orders.get(order_id)
            if order is None:
                used.append(order_id)
                return self._made(order_id, None)
            return order

        return self._made(name, elsewhere)

    def _made(self, name: str, elsewhere: Callable[[str], object] | None) -> object:
        content = self._content(name)
        assert content is not None, f"{name} lies on the shelf"
        try:
            return read(content, elsewhere)
        except UnusableError as error:
            raise self._broken(error) from error

    def _content(self, name: str) -> bytes | None:
        """What was written under an id; None where it is not on the shelf any more."""
        for row in self._rows(ITEM, name):
            content: bytes | None = row[0]
            return content
        return None

    def _rows(self, sql: str, name: str) -> Iterator[tuple[Any, ...]]:
        """Of its own file first: what it says is newer."""
        for file, until in self._files():
            try:
                yield from file.execute(sql, (name, until)).fetchall()
            except apsw.Error as error:
                raise self._broken(error) from error

    def _files(self) -> Iterator[tuple[apsw.Connection, int]]:
        if self._own is not None:
            yield self._own, ALL
        if self._base is not None:
            yield self._base, self._base_at

    # ------------------------------------------------------------------------------ files

    def _opened(self, seq: int) -> apsw.Connection:
        """Its own file; `seq` is one of its day, by which it is named."""
        if self._own is None:
            if not self._known:
                self._known = bytearray(bloom.FILTER_BYTES)
            return self._begun(f"shard-{self._shard:04}-from-{seq:012}")
        return self._own

    def _begun(self, name: str) -> apsw.Connection:
        """Its own file, new: in the folder, or without a name where that takes none."""
        self._name = name
        try:
            self._path, self._own = self._named()
        except OSError as error:
            if self._folder is not None:
                _log.warning("shard %s: no shelf beside the snapshots: %s", self._shard, error)
            self._path, self._own = None, private()
        return self._own

    def _named(self) -> tuple[Path, apsw.Connection]:
        """A new file in the folder. Raises OSError without one, or where it takes none."""
        if self._folder is None:
            raise OSError("the shelf is this process's alone")
        token = secrets.token_hex(4)  # Several followers may share the folder.
        path = self._folder / f"{self._name}-{token}{SUFFIX}"
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            file = apsw.Connection(str(path))
        except apsw.Error as error:
            raise OSError(f"the snapshots' folder takes no file ({error})") from error
        try:
            for pragma in ("journal_mode = wal", "synchronous = normal"):
                file.execute(f"pragma {pragma}").fetchall()
            set_up(file)
        except apsw.Error as error:
            file.close()
            delete(path)
            raise OSError(f"the snapshots' folder takes no file ({error})") from error
        return path, file

    def retain(self) -> None:
        """Have what lies there now be read by who comes from a snapshot.

        Raises OSError where there is no such file.
        """
        if self._own is None:
            return
        try:
            self._own.execute(RETAIN, (self._at,))
            self._own.execute("commit")
            try:
                if self._path is None or not self._path.exists():  # None, or cleared away.
                    self._move(self._own)
            finally:
                self._own.execute("begin")
        except apsw.Error as error:
            raise self._broken(error) from error
        self._is_retained = True

    def _move(self, former: apsw.Connection) -> None:
        """Copy what it holds to a new file in the folder. Raises OSError where it takes none."""
        path, own = self._named()
        try:
            own.execute("commit")
            with own.backup("main", former, "main") as copying:
                copying.step()
        except apsw.Error as error:
            own.close()
            delete(path)
            raise OSError(f"the snapshots' folder takes no file ({error})") from error
        former.close()
        self._path, self._own = path, own

    def __reduce__(self) -> tuple[type[StoreMark], tuple[object, ...]]:
        """What a snapshot says of it."""
        if self._own is None and self._base is None:
            return StoreMark, ("", 0, b"")
        assert self._path is not None, "`keep` was called"
        return StoreMark, (self._path.name, self._at, bytes(self._known))

    def restore(self, found: StoreMark | MemoryStore, folder: Path) -> None:
        """Hold what a snapshot of the folder says. Raises UnusableError where it is gone."""
        self.clear()
        if isinstance(found, MemoryStore):
            shared = [*found.shared.values()]
            for parent in found.stored.values():
                home = parent.parent_id
                names = {key: x.name for key, x in found.names.items() if x.parent_id == home}
                self.add(parent, shared, names, 1)
                shared = []
            return
        if not found.file:
            return
        if Path(found.file).name != found.file or len(found.known) != bloom.FILTER_BYTES:
            raise UnusableError("it names no shelf")
        path = folder / found.file
        try:
            self._base = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._base.set_busy_timeout(BUSY_MS)
            if not self._base.execute(RETAINED, (found.at,)).fetchall():
                self.clear()
                raise UnusableError(f"its shelf {found.file} was not written up to it")
            self._base_path, self._base_at, self._at = path, found.at, found.at
            self._known = bytearray(found.known)
            if self._folder is not None:
                self._take_over(path, found.at)
        except apsw.Error as error:
            self.clear()  # Half a copy goes with it.
            raise UnusableError(f"its shelf {found.file} cannot be read ({error})") from error

    def _take_over(self, path: Path, at: int) -> None:
        """Copy what counts of another's file to its own, so that a snapshot names one alone."""
        own = self._begun(beginning(path))
        own.execute("commit")
        own.execute("attach ? as base", (str(path),))
        own.execute("begin")
        for table in ("item", "name"):
            own.execute(f"insert into {table} select * from base.{table} where at <= ?", (at,))  # noqa: S608  Ours.
        own.execute("commit")
        own.execute("detach base")
        own.execute("begin")
        if self._base is not None:
            self._base.close()
        self._base = self._base_path = None

    def _broken(self, error: Exception) -> StoreError:
        """What to raise; a file that cannot be relied on is no more offered to anybody."""
        offered = (self._path, self._base_path)
        self.close()
        for path in offered:
            delete(path)
        return StoreError(
            f"shard {self._shard}: the shelf of finished orders failed ({error}). Nothing was "
            "written; the shard is folded again. Look at the disk of TMPDIR and of the snapshots."
        )

    def clear(self) -> None:
        self.close()
        self._known = bytearray()
        self._at = 0
        self._seen.clear()
        self._sharing.clear()

    def close(self) -> None:
        for file in (self._own, self._base):
            if file is not None:
                file.close()
        if not self._is_retained:
            delete(self._path)
        self._own = self._base = self._path = self._base_path = None
        self._is_retained = False


# --------------------------------------------------------------------------------- files


def private() -> apsw.Connection:
    """A file without a name, which is gone when it is closed, or when its process is."""
    file = apsw.Connection("")
    for pragma in ("journal_mode = off", "synchronous = off"):
        file.execute(f"pragma {pragma}").fetchall()
    set_up(file)
    return file


def set_up(file: apsw.Connection) -> None:
    """Make the tables, and begin: what is laid there is committed when a snapshot asks for it."""
    file.execute(f"pragma cache_size = {-CACHE_KIB}").fetchall()
    file.execute(TABLES)
    file.execute("begin")


def beginning(path: Path) -> str:
    """What the name of another file of its shard and day begins with, too."""
    return path.name.rpartition("-")[0]


def delete(path: Path | None) -> None:
    """Delete a file that nobody has open here, with what SQLite keeps beside it."""
    if path is not None:
        for beside in ("", "-wal", "-shm"):
            with suppress(OSError):
                path.with_name(path.name + beside).unlink()


def prune(folder: Path, shard: int, day_seq: int) -> None:
    """Delete the shard's files of days before this one; `day_seq` is its first seq."""
    for path in folder.glob(f"shard-{shard:04}-from-*{SUFFIX}*"):
        began = path.name.split("-from-")[1].split("-")[0]
        if began.isdecimal() and int(began) < day_seq:
            path.unlink(missing_ok=True)


# --------------------------------------------------------------------------------- bytes


_of_order = REDUCERS[Order]


def _apart(order: Order) -> Reduced:
    """An order of one parent alone is written with it."""
    return (SharedOrder, (order.order_id,)) if order.is_shared else _of_order(order)


APART: Mapping[type, Callable[[Any], Reduced]] = {**REDUCERS, Order: _apart}


def written(found: object, reducers: Mapping[type, Callable[[Any], Reduced]]) -> bytes:
    content = state_codec.dumped(found, reducers)
    return crc32(content).to_bytes(DIGEST_BYTES) + content


def read(content: bytes, elsewhere: Callable[[str], object] | None) -> object:
    """What was written. Raises UnusableError if it is not that any more."""
    found = content[DIGEST_BYTES:]
    if crc32(found).to_bytes(DIGEST_BYTES) != content[:DIGEST_BYTES]:
        raise UnusableError("its bytes do not have their digest")
    return _Unpickler(found, elsewhere).load()


class _Unpickler(Unpickler):
    """Finds shared orders where they are."""

    def __init__(self, content: bytes, elsewhere: Callable[[str], object] | None) -> None:
        super().__init__(io.BytesIO(content))
        self._elsewhere = elsewhere

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if self._elsewhere is not None and name == SharedOrder.__name__:
            return self._elsewhere
        return super().find_class(module, name)
