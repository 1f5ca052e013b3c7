"""The calendar as an operator starts it: killed with -9 in the day, replaced, closed on time."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import in_process
from pipeline.workers import METAORDER

from engine.core import events as e
from engine.gateways.input_records import shared_records
from engine.log.port import Log

SECOND = 1_000_000_000
SHARDS = 2
DAYS = (20251127, 20251128)


@contextmanager
def calendar(url: str, folder: Path, name: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running `metaorder calendar`; killed at the end if it has not ended."""
    environ = {x: y for x, y in os.environ.items() if not x.startswith("METAORDER_")}
    environ |= {"METAORDER_PARTITIONS": str(SHARDS), "METAORDER_SESSION_TIMEOUT_MS": "1000"}
    command = [METAORDER, "calendar", "--log", url, "--lead", "0", "--settle", "0", *more]
    with (folder / f"{name}.txt").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  Our own command.
            [str(word) for word in command],
            cwd=folder,
            env={**environ, "COLUMNS": "1000"},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def said(folder: Path, name: str) -> str:
    return (folder / f"{name}.txt").read_text()


def load(log: Log, open_ns: int) -> None:
    """Two days of eight seconds, the second a half of one."""
    spans = [(0, 8 * SECOND), (9 * SECOND, 13 * SECOND)]
    rows = [
        e.CalendarDefined(
            calendar_id="US",
            time_zone="UTC",
            day=day,
            open_ns=open_ns + first,
            close_ns=open_ns + last,
            effective_day=DAYS[0],
        )
        for day, (first, last) in zip(DAYS, spans, strict=True)
    ]
    log.append("reference", shared_records([("US", x) for x in rows], sender="desk", at_ns=open_ns))


def applied(log: Log, shard: int) -> list[tuple[str, str]]:
    found = in_process.events(log, "ingest", e.ControlApplied, shard)
    return [(x.control, x.scope_id) for x in found if x.control in ("DayOpened", "DayClosed")]


def test_a_killed_calendar_is_replaced_and_every_day_opens_and_closes_once(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    opened = in_process.opener(url, SHARDS)
    with opened() as log, in_process.worker(opened):
        load(log, time.time_ns() + 3 * SECOND)
        with calendar(url, tmp_path, "first") as first:
            in_process.until(lambda: "calendar is up" in said(tmp_path, "first"), "the first")
            with calendar(url, tmp_path, "second", "--no-takeover"):
                in_process.until(lambda: len(applied(log, 0)) == 1, "the open of the first day")
                first.kill()  # -9.
                first.wait()
                every = [(kind, str(day)) for day in DAYS for kind in ("DayOpened", "DayClosed")]
                in_process.until(
                    lambda: all(applied(log, shard) == every for shard in range(SHARDS)),
                    "the close of the second day in every shard",
                )
                in_process.until(  # Said after the log has it, so it may come after the workers.
                    lambda: f"day {DAYS[1]} is closed" in said(tmp_path, "second"),
                    "the line of the second close",
                )
        (second_close,) = in_process.events(log, "ingest", e.ControlApplied, 0)[-1:]
        assert second_close.control == "DayClosed"
        assert not in_process.events(log, "ingest", e.ControlIgnored)
