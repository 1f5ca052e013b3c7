"""Output of `metaorder verify --against`: the departures of a release from the record."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from engine.audit import departures as counting
from engine.audit.departures import DepartureCounts
from engine.audit.difference import shown
from engine.audit.verification import Proof
from engine.cli.render import Output, from_dicts, render, say
from engine.core.units import NS_PER_S

SHOWN = ("shard", "batches", "decided", "same", "different", "difference")
WIDTH = 9  # Of a name in a block.


def report_of(proofs: Sequence[Proof], in_full: int) -> dict[str, Any]:
    """The report on all shards, as plain values."""
    found = counting.total(
        [proof.departures for proof in proofs if proof.departures is not None], in_full
    )
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return counting.report(found, version("metaorder"), python)


def counts_of(counts: DepartureCounts) -> dict[str, int]:
    """The columns of a shard's row besides its proof."""
    return {"same": counts.same, "different": counts.different, "raised": counts.raised}


def rows_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a field of each departure, or one a departure without fields."""
    rows = []
    for departure in report["departures"]:
        whole = {
            "field": "",
            "recorded": departure["recorded"],
            "decided": departure["decided"],
        }
        where = {
            name: departure[name]
            for name in ("shard", "batch", "now_ns", "seq", "stage", "event", "kind")
        }
        rows += [
            {**where, **each, "input": departure["input"]}
            for each in departure["fields"] or [whole]
        ]
    return rows


def show(report: Mapping[str, Any]) -> None:
    """Print counts as tables, the first departures as blocks, then sentences."""
    if not report["is_same"]:
        odd = [row for row in report["events"] if row["batches"]]
        for title, rows in (
            ("by stage", [row for row in report["stages"] if row["batches"]]),
            ("by event", odd),
            ("by field", report["fields"]),
        ):
            if rows:
                render(from_dicts(rows), Output.TEXT, title)
    for departure in report["departures"]:
        show_departure(departure)
    say()
    for line in sentences(report):
        say(line)


def show_departure(departure: Mapping[str, Any]) -> None:
    when = datetime.fromtimestamp(departure["now_ns"] // NS_PER_S, UTC)
    where = f"shard {departure['shard']}, batch {departure['batch']}"
    if departure["seq"] is not None:
        where += f", seq {departure['seq']}"
    what = f"{departure['event']} {departure['kind']}".strip()
    say(f"\n{where} ({when:%Y-%m-%d %H:%M:%S} UTC): {what}")
    for each in departure["fields"]:
        say(f"  {each['field']}")
        say(f"    recorded  {shown(each['recorded'])}")
        say(f"    decided   {shown(each['decided'])}")
    for name in ("recorded", "decided", "input"):
        if departure[name]:
            say(f"  {name:<{WIDTH}} {shown(departure[name])}")


def sentences(report: Mapping[str, Any]) -> list[str]:
    """The comparison and its result, in sentences."""
    counts = report["batches"]
    by = f"release {report['release']} on Python {report['python']}"
    lines = [
        f"{count} batches that release {recorder} recorded were decided by {by}."
        for recorder, count in report["recorded_by"].items()
    ]
    lines.append(
        f"Each was decided from the state recorded before it: {counts['same']} the same, "
        f"{counts['different']} differently."
    )
    if counts["raised"]:
        lines.append(
            f"On {counts['raised']} batches it raised an error: a worker would reject the input "
            "and halt its instrument. Their events are not counted."
        )
    lines += [
        f"{each['field']} is known to {each['known_by']} only, and was not compared."
        for each in report["unknown_fields"]
    ]
    shown = len(report["departures"])
    if shown < report["departures_total"]:
        lines.append(
            f"{shown} of {report['departures_total']} departures are shown in full; --show N shows "
            "more."
        )
    return lines
