"""`metaorder status`: the whole log on one screen."""

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.audit import status as reading
from engine.audit.status import Health, ShardStatus, Status
from engine.cli.exits import Exit
from engine.cli.layout import wrapped
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, progress, render_one
from engine.cli.rules import rules_of
from engine.cli.sentences import for_person
from engine.core.units import NS_PER_S

SHOWN_MAX = 12  # Shards with a line each; of more, those that are well share one.
OWNER_CHARS = 24
CODES = {
    Health.WELL: Exit.OK,
    Health.STOPPED: Exit.REFUSED,
    Health.WRONG: Exit.ERROR,
    Health.LATE: Exit.SILENT,
    Health.SILENT: Exit.SILENT,
    Health.BROKEN: Exit.MISMATCH,
}


def status(
    *,
    is_quick: Annotated[
        bool,
        typer.Option("--quick", help="Fold nothing: stops and broken shards are not found."),
    ] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show shards, owners, lag, last seals, and what is stopped, broken, late, silent or wrong.

    The exit code is that of the worst: 3 a broken shard, 7 a late or silent shard or gateway, 1 a
    wrong clock or a full disk, 4 something stopped or suspended, 5 no log, 0 all well. The open
    day is folded, which takes as long as a recovery without snapshots.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    kind, _, address = settings.log_url.partition(":")
    with configured_log(settings) as log, progress("reading", settings.partitions) as bar:
        found = reading.status(
            log,
            rules_of(settings),
            time.time_ns(),
            Path(address) if kind == "sqlite" else None,
            lambda done: bar.at(done, settings.partitions, "shards"),
            is_folded=not is_quick,
        )
    if output is Output.TEXT:
        width = shutil.get_terminal_size((80, 24)).columns
        for line in lines(found, settings.log_url):
            for part in wrapped(line, width) if len(line) > width else [line]:
                typer.echo(part)
    else:
        render_one(plain(found, settings.log_url), output)
    if CODES[found.worst] is not Exit.OK:
        raise typer.Exit(CODES[found.worst])


def plain(found: Status, url: str) -> dict[str, Any]:
    """The status for machines."""
    return {
        "log": url,
        "log_id": found.identity.log_id,
        "left_for": found.identity.left_for,
        "now_ns": found.now_ns,
        "worst": found.worst.value,
        "shards": [shard._asdict() for shard in found.shards],
        "stops": [stop._asdict() for stop in found.stops],
        "parts": [part._asdict() for part in found.parts],
    }


def lines(found: Status, url: str) -> Iterator[str]:
    """The status for people."""
    at = datetime.fromtimestamp(found.now_ns / NS_PER_S, UTC)
    yield f"{url}: {found.worst.value} at {at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"
    named = f"log {found.identity.log_id or 'without an id'}"
    left = found.identity.left_for
    yield f"{named}, left for log {left}" if left else named
    yield from table(found.shards, found.now_ns)
    for shard in found.shards:
        if shard.text:
            yield f"shard {shard.shard}: {shard.text} See `metaorder log doctor`."
    for stop in found.stops:
        where = "all" if len(stop.shards) == len(found.shards) else ",".join(map(str, stop.shards))
        text = f": {for_person(stop.text)}" if stop.text else ""
        yield f"{stop.kind} {stop.scope} {stop.scope_id}".rstrip() + f", shards {where}{text}"
    for part in found.parts:
        yield f"{part.name}: {part.health.value}" + (f", {part.text}" if part.text else "")


def table(shards: Sequence[ShardStatus], now_ns: int) -> Iterator[str]:
    """A line a shard, the owner's name cut; of many shards those that are well share a line."""
    shown = list(shards)
    if len(shards) > SHOWN_MAX:
        shown = [shard for shard in shards if shard.health is not Health.WELL]
    if shown:
        yield f"{'shard':>5}  {'owner':<{OWNER_CHARS}}  {'batch':>9}  {'sealed':>12}  {'waits':>7}"
    for shard in shown:
        owner = shard.owner or "-"
        if len(owner) > OWNER_CHARS:
            owner = owner[: OWNER_CHARS - 1] + "~"
        yield (
            f"{shard.shard:>5}  {owner:<{OWNER_CHARS}}  {shard.batch:>9}  "
            f"{ago(shard.sealed_ns, now_ns):>12}  {shard.waits:>7}  {shard.health.value}"
        )
    if len(shown) < len(shards):
        waits = sum(shard.waits for shard in shards if shard not in shown)
        yield f"{len(shards) - len(shown)} shards are well, {waits} inputs wait"


def ago(at_ns: int, now_ns: int) -> str:
    """The time since then, in the largest unit of which there are two."""
    if not at_ns:
        return "never"
    seconds = (now_ns - at_ns) / NS_PER_S
    for unit_s, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * unit_s:
            return f"{seconds / unit_s:,.0f} {name} ago" if seconds > 0 else "ahead"
    return f"{seconds:.1f} s ago" if seconds >= 0 else "ahead"
