"""Make a projection, keep it current, publish it to readers.

A projection is disposable: delete the file and rebuild it. `rebuild` makes it from the whole log,
`follow` continues where it ends, and both fill the same tables. DuckDB is one writer or many
readers, so the live file is private to the projector. Readers get a snapshot, which replaces the
one before in one rename, and a folder with a Parquet file a table.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

import schemas
from engine.log.codec import decode_dict
from engine.log.port import JOURNAL, Log, LogUnavailableError
from projections import catalogue
from projections.file import foreign, remove, require_ours, writing
from projections.loader import Loader, OtherLogError
from projections.tables import tables

FORMAT = 1  # Of the loader's own columns; raise it when what a table holds changes.
WAIT_S = 0.25  # How long to wait for new records before the next read.
RETRY_S = 1.0  # How long to wait for a log that cannot be reached.
PUBLISH_EVERY_S = 10.0
PUBLISH_SHARE = 10  # Publishing takes at most a tenth of the time.
SNAPSHOT = "snapshot.duckdb"
PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Progress:
    """A projection's progress; the total is the journal's at the last read."""

    batches: int
    batches_total: int
    rows: int  # Since the start of this run.


@dataclass(frozen=True, slots=True)
class Stats:
    """Result of a run."""

    rows: int
    batches: int
    seconds: float
    rebuilt_because: str = ""  # Empty if the existing tables were used.

    @property
    def rows_per_s(self) -> float:
        """Rows a second over the whole run."""
        return self.rows / self.seconds if self.seconds else 0.0


OnProgress = Callable[[Progress], None]
OnNotice = Callable[[str], None]


def rebuild(
    log: Log, path: str | Path, progress: OnProgress | None = None, *, log_url: str = ""
) -> Stats:
    """Make the projection from the whole log; readers see the old file until it is complete.

    Raises CorruptLogError, LogUnavailableError, or ProjectionError if the file is in use, or if
    it holds something else than a projection.
    """
    path = Path(path)
    building = path.with_name(path.name + ".building")
    started = time.monotonic()
    for file in (path, building):
        require_ours(file)
    remove(building)
    with _loading(log, building, log_url) as loader:
        rows, batches = _catch_up(log, loader, progress, 0)
    remove(path)
    building.replace(path)
    return Stats(rows, batches, time.monotonic() - started)


def follow(
    log: Log,
    path: str | Path,
    *,
    publish_to: str | Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: OnProgress | None = None,
    notice: OnNotice | None = None,
    log_url: str = "",
    publish_every_s: float = PUBLISH_EVERY_S,
) -> Stats:
    """Keep the projection current until `stop` returns true, and publish it at intervals.

    Calls `stop` at each end of the log. A projection of another log, or of another format, is
    made anew, and `notice` gets the reason. A log that cannot be reached is tried again.
    Raises CorruptLogError, or ProjectionError if the file is in use.
    """
    path = Path(path)
    tell = notice or _say_nothing
    started = time.monotonic()
    publisher = None if publish_to is None else _Publisher(Path(publish_to), publish_every_s)
    why = _why_rebuild(log, path, log_url)
    because = ""
    rows = batches = 0
    stopping = False
    while not stopping:
        if why:
            tell(why)
            remove(path)
            because, why = why, ""
        try:
            with _loading(log, path, log_url) as loader:
                while True:
                    more_rows, more_batches = _catch_up(log, loader, progress, rows)
                    rows, batches = rows + more_rows, batches + more_batches
                    stopping = stop()
                    if stopping or (publisher and publisher.is_due(batches)):
                        break
                    log.wait(WAIT_S)
        except OtherLogError as error:
            why = f"{path}: {error} Making it anew."
            continue
        except LogUnavailableError as error:
            tell(f"{error} Trying again in {RETRY_S} s.")
            time.sleep(RETRY_S)
            stopping = stop()
            continue
        if publisher:
            publisher.publish(path, batches)
    return Stats(rows, batches, time.monotonic() - started, because)


def fingerprints(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """SHA-256 of each table's rows in the order of the log; equal for equal projections."""
    found = {}
    for table in tables().values():
        digest = hashlib.sha256()
        rows = connection.execute(_in_order(table.name))
        while batch := rows.fetchmany(10_000):
            digest.update(repr(batch).encode())
        found[table.name] = digest.hexdigest()
    return found


def _in_order(table: str) -> str:
    return f"select * from {table} order by shard, position"  # noqa: S608  One of our tables.


def publish(path: str | Path, folder: str | Path) -> None:
    """Publish a projection that no process writes: a snapshot and Parquet, each in one rename.

    The live file must be closed: copying it under an open connection of the same process would
    drop DuckDB's lock on it. Raises ProjectionError where the folder has a file of another kind
    under one of the names.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    require_ours(folder / SNAPSHOT)
    link = folder / PARQUET
    if link.exists() and not link.is_symlink():
        raise foreign(link, "no link to a folder")
    fresh = folder / f".{SNAPSHOT}.{os.getpid()}"
    shutil.copyfile(path, fresh)
    _publish_parquet(fresh, folder)
    fresh.replace(folder / SNAPSHOT)


def _publish_parquet(snapshot: Path, folder: Path) -> None:
    """Write a new folder and turn the link `parquet` to it."""
    link = folder / PARQUET
    before = link.readlink() if link.is_symlink() else None
    target = folder / f".{PARQUET}-{time.time_ns()}"
    target.mkdir()
    with closing(duckdb.connect(str(snapshot), read_only=True)) as connection:
        for table in tables().values():
            if connection.execute(f"{_in_order(table.name)} limit 1").fetchone() is not None:
                file = str(target / f"{table.name}.parquet").replace("'", "''")
                connection.execute(f"copy ({_in_order(table.name)}) to '{file}' (format parquet)")
    turned = folder / f".{PARQUET}-link-{os.getpid()}"
    turned.unlink(missing_ok=True)
    turned.symlink_to(target.name)
    turned.replace(link)
    if before is not None:
        shutil.rmtree(folder / before, ignore_errors=True)


class _Publisher:
    """Publishes new batches, at most once an interval and a tenth of the time."""

    def __init__(self, folder: Path, every_s: float) -> None:
        self._folder = folder
        self._every_s = every_s
        self._published_batches = -1
        self._next_s = 0.0

    def is_due(self, batches: int) -> bool:
        return batches != self._published_batches and time.monotonic() >= self._next_s

    def publish(self, path: Path, batches: int) -> None:
        if batches == self._published_batches:
            return
        started = time.monotonic()
        publish(path, self._folder)
        ended = time.monotonic()
        self._published_batches = batches
        self._next_s = ended + max(self._every_s, PUBLISH_SHARE * (ended - started))


def _say_nothing(_text: str) -> None:
    pass


@contextmanager
def _loading(log: Log, path: Path, log_url: str) -> Iterator[Loader]:
    """A loader on the file, with its meta and its views."""
    with writing(path) as connection:
        _write_meta(connection, _meta(log, log_url))
        with closing(Loader(log, connection)) as loader:
            _write_views(connection)
            yield loader


def _catch_up(
    log: Log, loader: Loader, progress: OnProgress | None, rows_before: int
) -> tuple[int, int]:
    """Load to the end of the log. Returns the rows and batches loaded."""
    rows = batches = 0
    total = _batches_in(log) if progress else 0
    while True:
        loaded = loader.load()
        rows, batches = rows + loaded.rows, batches + loaded.batches
        if progress:
            done = sum(loader.next_batches)
            total = max(total, done)
            progress(Progress(done, total, rows_before + rows))
        if not loaded.batches:
            return rows, batches


def _batches_in(log: Log) -> int:
    """Batches in the journals of all shards, now."""
    seals = (log.last(JOURNAL, shard) for shard in range(log.partitions))
    return sum(decode_dict(JOURNAL, seal.value)[1]["batch"] + 1 for seal in seals if seal)


# ---------------------------------------------------------------------- the file and its meta


def _meta(log: Log, log_url: str) -> dict[str, str]:
    """The facts that a projection and the projector that continues it must share."""
    texts = [schemas.schema_text(subject) for subject in schemas.catalogue()]
    return {
        "log": log_url,
        "log_id": log.identity.log_id,
        "partitions": str(log.partitions),
        "format": f"{FORMAT}-{hashlib.sha256(''.join(texts).encode()).hexdigest()[:16]}",
    }


def _write_meta(connection: duckdb.DuckDBPyConnection, meta: Mapping[str, str]) -> None:
    connection.execute(
        "create table if not exists projection_meta (name varchar primary key, value varchar)"
    )
    connection.executemany(
        "insert or ignore into projection_meta values (?, ?)", list(meta.items())
    )


def _write_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views unless the file has the current ones; old views force no rebuild."""
    texts = "".join(view.sql for view in catalogue.views())
    digest = hashlib.sha256(texts.encode()).hexdigest()
    query = "select value from projection_meta where name = 'views'"
    if connection.execute(query).fetchone() != (digest,):
        catalogue.create(connection)
        connection.execute("insert or replace into projection_meta values ('views', ?)", [digest])


def _why_rebuild(log: Log, path: Path, log_url: str) -> str:
    """Why the file cannot be continued; empty if it can, or if there is none."""
    require_ours(path)
    if not path.exists():
        return ""
    if not path.stat().st_size:
        return f"{path} holds nothing yet; making it anew."
    found: dict[str, str] = {}
    with writing(path) as connection:
        try:
            found = dict(connection.execute("select name, value from projection_meta").fetchall())
        except duckdb.CatalogException:
            return f"{path} holds nothing yet; making it anew."
        for name, expected in _meta(log, log_url).items():
            if found.get(name) != expected:
                return (
                    f"{path} was made with {name} {found.get(name)!r}, expected {expected!r}; "
                    f"making it anew."
                )
    return ""
