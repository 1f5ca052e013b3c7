"""Options that several commands share, and the functions that open what they name."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine import config
from engine.audit.anchors import private_key
from engine.cli.render import Output
from engine.config import Config
from engine.log import open_log
from engine.log.port import Log, LogUnavailableError, OtherLogError
from engine.log.signatures import SignedLog

PUBLISHED = "published"  # Folder beside the projection where readers find its snapshot.
SNAPSHOT = "snapshot.duckdb"

LogOption = Annotated[
    str | None,
    typer.Option(
        "--log", metavar="URL", help="sqlite:PATH or kafka:HOST:PORT, with /prefix if any."
    ),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file of settings.")
]
OutputOption = Annotated[
    Output,
    typer.Option("-o", "--output", metavar="FORMAT", help="text for people; json, jsonl or csv."),
]
ProjectionOption = Annotated[
    Path | None,
    typer.Option("--projection", metavar="FILE", help="DuckDB file made by `projections`."),
]
LimitOption = Annotated[int, typer.Option(min=0, help="Most rows; 0 is all.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Name of the person; default the user.")
]


def configured_log(settings: Config) -> Log:
    """The log of the configuration; creates the folder of the default log.

    With a `signing_key_file` what is appended to it is signed.
    """
    key_file = settings.signing_key_file
    key = None if key_file is None else private_key(key_file)
    if settings.log_url == f"sqlite:{config.DEFAULT_LOG}":
        config.DEFAULT_LOG.parent.mkdir(parents=True, exist_ok=True)
    log = open_log(
        settings.log_url,
        partitions=settings.partitions,
        session_timeout_ms=settings.session_timeout_ms,
        security=settings.security(),
    )
    try:
        require_id(log, settings)
    except BaseException:
        log.close()
        raise
    return log if key is None else SignedLog(log, key)


def require_id(log: Log, settings: Config) -> None:
    """Raise OtherLogError if the configuration names another log than this one."""
    found = log.identity.log_id
    if settings.log_id and found != settings.log_id:
        raise OtherLogError(
            f"{settings.log_url} is log {found or 'without an id'}, and log_id names "
            f"{settings.log_id}: the log was deleted, or another one is at its URL. Nothing was "
            "written. Put the log back (`metaorder log restore`), or set log_id anew."
        )


def require_same(settings: Config) -> str:
    """The id of the log of the configuration, empty if it has none. Raises OtherLogError."""
    with configured_log(settings) as log:
        return log.identity.log_id


def shards_of(asked: Sequence[int] | None, settings: Config) -> list[int]:
    """The shards of the option, in order, each once; without the option all shards.

    Raises typer.BadParameter for a shard that the log does not have.
    """
    for number in asked or ():
        if not 0 <= number < settings.partitions:
            expected = f"expected 0 to {settings.partitions - 1}"
            raise typer.BadParameter(f"{number}: {expected}", param_hint="--shard")
    return sorted(set(asked)) if asked else list(range(settings.partitions))


def existing(settings: Config) -> None:
    """Refuse an embedded log that is missing or empty: a command that makes none calls this.

    A kill switch in a new log at a wrong path would look like a stop and stop nothing.
    """
    kind, _, path = settings.log_url.partition(":")
    if kind == "sqlite" and not (Path(path).is_file() and Path(path).stat().st_size):
        raise LogUnavailableError(f"{path}: no such log. Give the URL of one that exists.")


def loaded(file: Path | None = None, **overrides: object) -> Config:
    """The configuration; the options of the command override it."""
    return config.load(file, **overrides)


def readable(projection: Path) -> Path:
    """The file to read: a projector's snapshot where one is published, else the projection."""
    snapshot = published(projection) / SNAPSHOT
    if snapshot.exists() and (
        not projection.exists() or snapshot.stat().st_mtime >= projection.stat().st_mtime
    ):
        return snapshot
    return projection


def published(projection: Path) -> Path:
    return projection.parent / PUBLISHED


def user(by: str | None) -> str:
    """The person who runs the command, for `set_by`."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container's user may have no name.
        return "unknown"
