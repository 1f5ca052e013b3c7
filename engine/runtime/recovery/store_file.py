"""The SQLite files of finished stores: how they are set up, named and deleted."""

from contextlib import suppress
from pathlib import Path

import apsw

SUFFIX = ".shelf"
CACHE_KIB = 16_384

TABLES = """
create table item (
    id text not null, at integer not null, content blob, primary key (id, at)
);
create table name (
    key text primary key, at integer not null, name text not null, parent_id text not null
) without rowid;
create table retained (at integer primary key);  -- Up to where a snapshot may refer to it.
"""


def unnamed() -> apsw.Connection:
    """A file without a name, which is gone when it is closed, or when its process is."""
    file = apsw.Connection("")
    for pragma in ("journal_mode = off", "synchronous = off"):
        file.execute(f"pragma {pragma}").fetchall()
    set_up(file)
    return file


def set_up(file: apsw.Connection) -> None:
    """Make the tables and open a transaction, which is committed when a snapshot asks for it."""
    file.execute(f"pragma cache_size = {-CACHE_KIB}").fetchall()
    file.execute(TABLES)
    file.execute("begin")


def stem_of(path: Path) -> str:
    """The common start of the names of all files of the same shard and day."""
    return path.name.rpartition("-")[0]


def delete(path: Path | None) -> None:
    """Delete a file that is not open here, with what SQLite keeps beside it."""
    if path is not None:
        for beside in ("", "-wal", "-shm"):
            with suppress(OSError):
                path.with_name(path.name + beside).unlink()


def prune(folder: Path, shard: int, day_seq: int) -> None:
    """Delete the shard's files of days before this one; `day_seq` is its first seq."""
    for path in folder.glob(f"shard-{shard:04}-from-*{SUFFIX}*"):
        first_seq = path.name.split("-from-")[1].split("-")[0]
        if first_seq.isdecimal() and int(first_seq) < day_seq:
            path.unlink(missing_ok=True)
