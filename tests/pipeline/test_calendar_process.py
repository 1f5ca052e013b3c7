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
SOON = 2 * SECOND
LONG = 3_600 * SECOND  # A day is cut short by a correction, so a slow start misses none.


@contextmanager
def calendar(url: str, folder: Path, name: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running `metaorder calendar`; killed at the end if it has not ended."""
    environ = {x: y for x, y in os.environ.items() if not x.startswith("METAORDER_")}
    # The longest session: one that stalls keeps its name; one that is killed loses it at once.
    environ |= {"METAORDER_PARTITIONS": str(SHARDS), "METAORDER_SESSION_TIMEOUT_MS": "15000"}
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


def load(log: Log, number: int, opens_in_ns: int, lasts_ns: int) -> None:
    """A day that opens so long after now, or a correction of it."""
    now_ns = time.time_ns()
    row = e.CalendarDefined(
        calendar_id="US",
        time_zone="UTC",
        day=DAYS[number],
        open_ns=now_ns + opens_in_ns,
        close_ns=now_ns + opens_in_ns + lasts_ns,
        effective_day=DAYS[0],
    )
    log.append("reference", shared_records([("US", row)], sender="desk", at_ns=now_ns))


def applied(log: Log, shard: int) -> list[tuple[str, str]]:
    found = in_process.events(log, "ingest", e.ControlApplied, shard)
    return [(x.control, x.scope_id) for x in found if x.control in ("DayOpened", "DayClosed")]


def test_a_killed_calendar_is_replaced_and_every_day_opens_and_closes_once(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    opened = in_process.opener(url, SHARDS)
    every = [(kind, str(day)) for day in DAYS for kind in ("DayOpened", "DayClosed")]
    with opened() as log, in_process.worker(opened) as running:

        def await_controls(count: int) -> None:
            in_process.until(
                lambda: all(len(applied(log, shard)) >= count for shard in range(SHARDS)),
                f"{every[count - 1]} in every shard",
                running,
            )

        with calendar(url, tmp_path, "first") as first:
            in_process.until(lambda: "calendar is up" in said(tmp_path, "first"), "the first")
            with calendar(url, tmp_path, "second", "--no-takeover"):
                in_process.until(lambda: "waiting:" in said(tmp_path, "second"), "a standby")
                load(log, 0, SOON, LONG)
                load(log, 1, SOON + LONG, LONG)
                await_controls(1)
                first.kill()  # -9.
                first.wait()
                load(log, 0, 0, SOON)
                await_controls(2)
                load(log, 1, SOON, LONG)
                await_controls(3)
                load(log, 1, 0, SOON)
                await_controls(4)
                in_process.until(  # Said after the log has it, so it may come after the workers.
                    lambda: f"day {DAYS[1]} is closed" in said(tmp_path, "second"),
                    "the line of the second close",
                )
        assert all(applied(log, shard) == every for shard in range(SHARDS))
        assert not in_process.events(log, "ingest", e.ControlIgnored)
