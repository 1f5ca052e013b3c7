"""The file of a projection: who may write it, and what its readers may touch.

DuckDB is one writer or many readers of a file. A projection is disposable, but not any file is: one
that holds something else is never replaced. And a reader's query may come from anywhere, so a
connection reads the projection and nothing else.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import duckdb

from engine.log.port import EngineError

HEAD_BYTES, MAGIC = 12, b"DUCK"  # Of a DuckDB file: a checksum of 8 bytes, then the word.
# A query touches no other file, no network, no variable of this process, and changes no setting.
# Source: DuckDB 2.0, operations manual, "Securing DuckDB".
ISOLATED: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "allow_persistent_secrets": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "lock_configuration": "true",
}


class ProjectionError(EngineError):
    """The projection cannot be written or read."""


def connect(path: str | Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads a projection or a snapshot of one, and nothing else."""
    path = Path(path)
    if not path.exists():
        raise ProjectionError(
            f"{path} does not exist. Make it with `metaorder projections rebuild`."
        )
    if not _is_database(path):
        raise ProjectionError(f"{path} is no projection. Name the file of one, or make it anew.")
    try:
        return duckdb.connect(str(path), read_only=True, config=ISOLATED)
    except duckdb.Error as error:
        raise ProjectionError(
            f"{path} cannot be read: {error}. If a projector follows into it, read its snapshot; "
            f"else delete it and run `metaorder projections rebuild`."
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one writing connection; closing it writes all to the file itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise _held(path, error) from error
    with closing(connection):
        yield connection


def require_ours(path: Path) -> None:
    """Raise ProjectionError unless a file is a projection, or holds nothing."""
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return
    if not _is_database(path):
        raise foreign(path, "no DuckDB database")
    try:
        with closing(duckdb.connect(str(path), read_only=True, config=ISOLATED)) as connection:
            query = "select count(*) from duckdb_tables() where table_name = 'projection_meta'"
            is_ours = connection.execute(query).fetchone() == (1,) or _is_empty(connection)
    except duckdb.Error as error:
        raise _held(path, error) from error
    if not is_ours:
        raise foreign(path, "a database, but no projection")


def _is_database(path: Path) -> bool:
    """Whether a file begins as DuckDB's do; DuckDB itself opens a CSV too, as a view."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).endswith(MAGIC)


def _is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a database holds nothing: a projector was stopped before it had written its meta."""
    query = "select count(*) from duckdb_tables() where not internal"
    return connection.execute(query).fetchone() == (0,)


def foreign(path: Path, found: str) -> ProjectionError:
    return ProjectionError(
        f"{path}: found {found}. It was not replaced. Name another file for the projection, or "
        f"move this one away."
    )


def _held(path: Path, error: duckdb.Error) -> ProjectionError:
    return ProjectionError(
        f"{path} cannot be written: {error}. Stop the projector that holds it, or name "
        "another file."
    )


def remove(path: Path) -> None:
    """Delete a projection: first its WAL, so that no new file ever meets an old one's."""
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
