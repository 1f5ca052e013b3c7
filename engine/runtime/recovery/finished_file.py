"""A finished store on the disk: what a day has finished takes none of a process's memory.

Two tables in an SQLite file. A row of `item` holds a parent with all that belongs to it, or an
order that several parents share, as it was when it was added; a row without content means that it
was removed. A row of `name` says what a key names. No row is ever changed: each holds the point of
the fold (`at`) from which on it counts, so that a reader can use the file as of an earlier point
than the writer's.

A worker's store is a file without a name. SQLite makes it where temporary files go (TMPDIR), and it
is gone with its process, however that ends. A follower's store is a file beside the snapshots, and
grows by what was added since. A snapshot names the file and how far it counts, so the snapshot
itself is small and soon written. A process that starts from a snapshot reads that file, as far as
it counts, beneath its own. The file stays open as long as it is used, so it may be deleted at any
time.

Mostly the answer to a question is no: each new order and each new fill asks whether it is known. A
filter of a fixed size says so at once (see `bloom`).
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from engine.core.state.finished_store import MemoryStore, StoreEntry, StoreMark
from engine.core.state.model import Order, Parent
from engine.log.port import EngineError
from engine.runtime.recovery import bloom
from engine.runtime.recovery.state_codec import (
    PARENT_REDUCERS,
    REDUCERS,
    UnusableError,
    packed,
    unpacked,
)
from engine.runtime.recovery.store_file import SUFFIX, delete, set_up, stem_of, unnamed

BUSY_MS = 5_000
ALL = 2**62  # Beyond every point of a fold.
PEEKED_MAX = 64  # Parents; late reports of several come interleaved.

ADD = "insert into item values (?, ?, ?)"
# A key names one thing all day; added again it counts from the first time on.
ADD_NAMES = "insert or ignore into name values (?, ?, ?, ?)"
ITEM = "select content from item where id = ? and at <= ? order by at desc limit 1"
NAME = "select name, parent_id from name where key = ? and at <= ?"
IDS = "select distinct id from item where at <= ?"
RETAIN = "insert or ignore into retained values (?)"
RETAINED = "select at from retained where at = ?"

_log = logging.getLogger(__name__)


class StoreError(EngineError):
    """The finished store cannot be read or written: rebuild the shard without it."""


class DiskStore:
    """A shard's finished store in an SQLite file, perhaps on top of one that a snapshot names."""

    def __init__(self, folder: Path | None = None, shard: int = 0) -> None:
        """With a folder, snapshots there can name the store; without, it is this process's."""
        self._folder = folder
        self._shard = shard
        self._own: apsw.Connection | None = None  # From the first parent on.
        self._stem = ""  # The name of its own file starts with it.
        self._path: Path | None = None  # Of its own file, if it has a name.
        self._is_retained = False  # A snapshot may name it.
        self._base: apsw.Connection | None = None  # The file that the snapshot names.
        self._base_path: Path | None = None
        self._base_at = 0
        self._known = bytearray()  # Filter of the keys, see `bloom`.
        self._at = 0  # Up to where its own file was written.
        self._peeked: OrderedDict[str, Parent] = OrderedDict()  # The latest ones.
        self._sharing: set[str] = set()  # Those of them that share orders with other parents.

    # ------------------------------------------------------------------------- add, remove

    def add(
        self, parent: Parent, shared: Sequence[Order], names: Mapping[str, str], at: int
    ) -> None:
        home = parent.parent_id
        rows = [(order.order_id, at, packed(order, REDUCERS)) for order in shared]
        rows.append((home, at, packed(parent, PARENT_REDUCERS)))
        try:
            own = self._opened(parent.seq)
            own.executemany(ADD, rows)
            own.executemany(ADD_NAMES, [(key, at, name, home) for key, name in names.items()])
        except apsw.Error as error:
            raise self._failed(error) from error
        self._at = at
        self._forget(home)
        bloom.remember(self._known, names)

    def remove(self, parent_id: str, orders: Mapping[str, Order], at: int) -> Parent:
        removed = [parent_id]
        parent = self._parent(parent_id, orders, removed)
        try:
            own = self._opened(parent.seq)
            own.executemany(ADD, [(item_id, at, None) for item_id in removed])
        except apsw.Error as error:
            raise self._failed(error) from error
        self._at = at
        self._forget(parent_id)
        return parent

    # ------------------------------------------------------------------------------- read

    def peek(self, parent_id: str, orders: Mapping[str, Order]) -> Parent:
        parent = self._peeked.get(parent_id)
        if parent is None:
            parent = self._peeked[parent_id] = self._parent(parent_id, orders, [])
            if any(member.order.is_shared for member in parent.members.values()):
                self._sharing.add(parent_id)
            if len(self._peeked) > PEEKED_MAX:
                former, _ = self._peeked.popitem(last=False)
                self._sharing.discard(former)
        self._peeked.move_to_end(parent_id)
        return parent

    def knows(self, parent_id: str, orders: Mapping[str, Order]) -> bool:
        if self._content(parent_id) is None:
            return False
        return isinstance(self._item(parent_id, orders, []), Parent)  # Or a shared order.

    def _forget(self, parent_id: str) -> None:
        """Forget a parent that is added or removed, and all with which it may share an order."""
        self._peeked.pop(parent_id, None)
        for sharing in self._sharing:
            self._peeked.pop(sharing, None)
        self._sharing.clear()

    def find(self, key: str) -> StoreEntry | None:
        if not bloom.may_know(self._known, key):
            return None
        for row in self._rows(NAME, key):
            return StoreEntry(*row)
        return None

    def parents(self, orders: Mapping[str, Order]) -> Iterator[Parent]:
        item_ids = {
            str(row[0])
            for file, until in self._files()
            for row in file.execute(IDS, (until,)).fetchall()
        }
        for item_id in sorted(item_ids):
            if self._content(item_id) is not None:
                item = self._item(item_id, orders, [])
                if isinstance(item, Parent):
                    yield item

    def _parent(self, parent_id: str, orders: Mapping[str, Order], read: list[str]) -> Parent:
        found = self._item(parent_id, orders, read)
        assert isinstance(found, Parent), parent_id
        return found

    def _item(self, item_id: str, orders: Mapping[str, Order], read: list[str]) -> object:
        """A parent or a shared order.

        Orders that it shares are those of `orders`; any other is read too, its id goes to `read`.
        """

        def shared_order(order_id: str) -> object:
            order = orders.get(order_id)
            if order is None:
                read.append(order_id)
                return self._unpacked(order_id, None)
            return order

        return self._unpacked(item_id, shared_order)

    def _unpacked(self, item_id: str, shared_order: Callable[[str], object] | None) -> object:
        content = self._content(item_id)
        assert content is not None, f"{item_id} is in the finished store"
        try:
            return unpacked(content, shared_order)
        except UnusableError as error:
            raise self._failed(error) from error

    def _content(self, item_id: str) -> bytes | None:
        """The bytes of an item; None where it is not in the store, or was removed."""
        for row in self._rows(ITEM, item_id):
            content: bytes | None = row[0]
            return content
        return None

    def _rows(self, sql: str, key: str) -> Iterator[tuple[Any, ...]]:
        """The rows of its own file first: they are newer."""
        for file, until in self._files():
            try:
                yield from file.execute(sql, (key, until)).fetchall()
            except apsw.Error as error:
                raise self._failed(error) from error

    def _files(self) -> Iterator[tuple[apsw.Connection, int]]:
        """Each file with the point of the fold up to which it counts."""
        if self._own is not None:
            yield self._own, ALL
        if self._base is not None:
            yield self._base, self._base_at

    # ------------------------------------------------------------------------------ files

    def _opened(self, seq: int) -> apsw.Connection:
        """Its own file; a new one has `seq` in its name, which is one of its day."""
        if self._own is None:
            if not self._known:
                self._known = bytearray(bloom.FILTER_BYTES)
            return self._new_file(f"shard-{self._shard:04}-from-{seq:012}")
        return self._own

    def _new_file(self, stem: str) -> apsw.Connection:
        """Start its own file: in the folder, or without a name where the folder takes none."""
        self._stem = stem
        try:
            self._path, self._own = self._new_named_file()
        except OSError as error:
            if self._folder is not None:
                _log.warning(
                    "shard %s: no finished store beside the snapshots: %s", self._shard, error
                )
            self._path, self._own = None, unnamed()
        return self._own

    def _new_named_file(self) -> tuple[Path, apsw.Connection]:
        """A new file in the folder. Raises OSError without a folder, or where it takes none."""
        if self._folder is None:
            raise OSError("the finished store is this process's alone")
        token = secrets.token_hex(4)  # Several followers may share the folder.
        path = self._folder / f"{self._stem}-{token}{SUFFIX}"
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
        """Keep what is in the store now readable for a process that starts from a snapshot.

        Raises OSError where there is no such file.
        """
        if self._own is None:
            return
        try:
            self._own.execute(RETAIN, (self._at,))
            self._own.execute("commit")
            try:
                if self._path is None or not self._path.exists():  # No name, or deleted.
                    self._move(self._own)
            finally:
                self._own.execute("begin")
        except apsw.Error as error:
            raise self._failed(error) from error
        self._is_retained = True

    def _move(self, former: apsw.Connection) -> None:
        """Copy its own file to a new one in the folder. Raises OSError where it takes none."""
        path, own = self._new_named_file()
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
        """In a snapshot the file's name stands for the store."""
        if self._own is None and self._base is None:
            return StoreMark, ("", 0, b"")
        assert self._path is not None, "`retain` was called"
        return StoreMark, (self._path.name, self._at, bytes(self._known))

    def restore(self, found: StoreMark | MemoryStore, folder: Path) -> None:
        """Hold what a snapshot of the folder held. Raises UnusableError where its file is gone."""
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
            raise UnusableError("it names no finished store")
        path = folder / found.file
        try:
            self._base = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._base.set_busy_timeout(BUSY_MS)
            if not self._base.execute(RETAINED, (found.at,)).fetchall():
                self.clear()
                raise UnusableError(f"its finished store {found.file} was not written up to it")
            self._base_path, self._base_at, self._at = path, found.at, found.at
            self._known = bytearray(found.known)
            if self._folder is not None:
                self._copy_base(path, found.at)
        except apsw.Error as error:
            self.clear()  # Half a copy goes with it.
            text = f"its finished store {found.file} cannot be read ({error})"
            raise UnusableError(text) from error

    def _copy_base(self, path: Path, at: int) -> None:
        """Copy what counts of the snapshot's file to its own, so that a snapshot names one file."""
        own = self._new_file(stem_of(path))
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

    def _failed(self, error: Exception) -> StoreError:
        """The error to raise; the files are deleted, so that no process starts from them."""
        paths = (self._path, self._base_path)
        self.close()
        for path in paths:
            delete(path)
        return StoreError(
            f"shard {self._shard}: the store of finished orders failed ({error}). Nothing was "
            "written; the shard is folded again. Look at the disk of TMPDIR and of the snapshots."
        )

    def clear(self) -> None:
        self.close()
        self._known = bytearray()
        self._at = 0
        self._peeked.clear()
        self._sharing.clear()

    def close(self) -> None:
        for file in (self._own, self._base):
            if file is not None:
                file.close()
        if not self._is_retained:
            delete(self._path)
        self._own = self._base = self._path = self._base_path = None
        self._is_retained = False
