"""`metaorder venues`: the scorecards of venues, and the quality of their forecasts."""

from typing import Annotated, Any

import typer

import projections as project
from engine.audit import scorecards
from engine.audit.scorecards import Before
from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, OutputOption, ProjectionOption, loaded, readable
from engine.cli.render import Output, errors, from_dicts, render
from engine.core.units import PPM

CHANCES = (
    *(f"fill_{within_s}s" for within_s in scorecards.WITHIN_S),
    "hit",
    *(f"lots_{lots}" for lots in scorecards.HIDDEN_LOTS),
)


def venues(
    *,
    as_of: Annotated[
        str | None,
        typer.Option(help="Id of an event, such as a child's: the cards that it was decided by."),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option("--judge", help="How good forecasts were in the second half of the time."),
    ] = False,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show each venue's scorecard by tactic: fills, hits, hidden lots, markouts, latencies.

    Chances have their 95 % intervals and are not shrunk to other venues. Those of a fill within 10,
    60 and 300 seconds at rest are Kaplan and Meier's. Those of 1, 5 and 20 lots are that a venue
    has as much for a midpoint peg: within a minute for one that rests, at once for one that takes.
    A markout is the midpoint's move our way after a fill.
    """
    settings = loaded(config, projection=projection)
    before = None if as_of is None else before_of(as_of)
    with project.connect(readable(settings.projection)) as connection:
        if judge:
            judged = scorecards.judged(connection)
            takes = scorecards.calibration(connection)
            if output is Output.TEXT:
                render(from_dicts(rounded(judged)), output, "forecasts of the second half")
                render(from_dicts(rounded(takes)), output, "takes by decile of what was expected")
            else:
                render(from_dicts([*judged, *takes]), output)
            return
        found = scorecards.rows(scorecards.cards_of(connection, before))
    if not found:
        errors().print("no scorecard yet: no child has ended, or the log is of an older release")
        raise typer.Exit(Exit.ERROR)
    shown = [for_people(row) for row in found] if output is Output.TEXT else found
    render(from_dicts(shown), output, "scorecards, in percent")


def before_of(text: str) -> Before:
    """The event with an id, as (shard, seq)."""
    shard, _, seq = text.partition("-")
    if not (shard.isdecimal() and seq.isdecimal()):
        raise typer.BadParameter(
            f"{text!r} is no id of an event, expected SHARD-SEQ, such as 7-322"
        )
    return Before(int(shard), int(seq))


def for_people(row: dict[str, Any]) -> dict[str, Any]:
    """A row with each chance and its interval as one text, and fewer digits."""
    found = {name: row[name] for name in ("shard", "venue", "kind", "tactic")}
    found["samples"] = round(row["samples"])
    for name in CHANCES:
        found[name] = with_interval(*(row[f"{name}{x}_ppm"] for x in ("", "_low", "_high")))
    rest = {name: x for name, x in row.items() if name.endswith(("_bps", "_ms"))}
    return found | rounded([rest])[0]


def with_interval(chance: int | None, low: int | None, high: int | None) -> str | None:
    """A chance with its interval in percent, as 12 [8, 20]."""
    if low is None or high is None:
        return None
    middle = "?" if chance is None else f"{100 * chance / PPM:.0f}"
    return f"{middle} [{100 * low / PPM:.0f}, {100 * high / PPM:.0f}]"


def rounded(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with three digits after the point."""
    return [{k: round(v, 3) if isinstance(v, float) else v for k, v in x.items()} for x in found]
