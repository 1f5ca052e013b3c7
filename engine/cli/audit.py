"""`metaorder audit`: the story of one order, parent, child, fill, cross or allocation.

People get a sentence, the tables behind it and the steps, in exchange time and decimal prices.
Machines get the rows of the views with their raw columns; `section` names the part of each row.
"""

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.text import Text

import projections as project
from engine.cli.exits import Exit
from engine.cli.layout import print_rows, wrapped
from engine.cli.options import ConfigOption, OutputOption, ProjectionOption, loaded, readable
from engine.cli.render import Output, Rows, errors, fetched, render_dicts, say
from engine.cli.sentences import for_person, rows_told
from engine.cli.units import Clock, for_people, moments

if TYPE_CHECKING:
    import duckdb

STEP_COLUMNS = ("at", "event", "event_id", "cause", "summary")


class Section(NamedTuple):
    """One part of a story; `details` are the columns that a narrow terminal has no room for."""

    name: str
    title: str
    query: str  # By the story's id.
    details: tuple[str, ...] = ("source", "cl_ord_id")


SHARES = Section(
    "shares",
    "The shares, by order",
    "select order_id, client_id, side, first_qty, share_qty, source, cl_ord_id "
    "from audit_shares where execution_id = ? order by parent_id, order_id",
)


def _steps(query: str) -> Section:
    return Section("steps", "The steps", query, ("summary",))


EXECUTION_STEPS = _steps("from audit_fill where execution_id = ? order by step")
STORIES: Mapping[str, Sequence[Section]] = {
    "order": (_steps("from audit_trail where order_id = ? order by step"),),
    "parent": (
        Section(
            "members",
            "The members",
            "select order_id, client_id, joined_ns, member_qty, crossed_qty, allocated_qty, "
            "until_ns, source, cl_ord_id from audit_parent_members where parent_id = ? "
            "order by joined_seq",
            ("until", "source", "cl_ord_id"),
        ),
        _steps(
            "select * exclude (about_order_id, shard, anchor_seq) from audit_parent "
            "where parent_id = ? order by step"
        ),
    ),
    "child": (
        Section(
            "quote",
            "The quote that the router saw, and the order that it made of it",
            "select bid_px, ask_px, quote_age_ns, venue_qty, child_type, limit_px, time_in_force, "
            "min_qty, send_before_ns, scorecard_version from child_routed where event_id = ?",
        ),
        Section(
            "venues",
            "The ways and venues that the router compared by expected cost; lower is better",
            "select verdict, venue, tactic, score_millibps, fill_ppm // 10_000 as fill_pct, "
            "filled_millibps, adverse_millibps, missed_millibps, reason, venues, name "
            "from audit_venues where child_id = ? order by place",
            ("name",),
        ),
        Section(
            "members",
            "The orders behind it",
            "select order_id, client_id, joined_ns, member_qty, open_qty, share_qty, source, "
            "cl_ord_id from audit_members where child_id = ? order by joined_ns, order_id",
        ),
        _steps("from audit_child where child_id = ? order by step"),
    ),
    "fill": (SHARES, EXECUTION_STEPS),
    "cross": (SHARES, EXECUTION_STEPS),
    "allocation": (SHARES, EXECUTION_STEPS),
}


class Subject(NamedTuple):
    """The kind of an id, with a sentence."""

    kind: str
    id: str
    story_id: str  # Of an allocation, its fill or cross.
    summary: str


def audit(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Id of an order, parent, child, fill, cross or allocation, such as 3-17; or the "
            "client's id of an order, as CL_ORD_ID or SOURCE/CL_ORD_ID.",
        ),
    ],
    *,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the story of any id: how it came about, why so, and what became of it."""
    settings = loaded(config, projection=projection)
    with project.connect(readable(settings.projection)) as connection:
        subjects = _subjects(connection, name)
        if len(subjects) == 1:
            _tell(connection, subjects[0], output)
            return
        reason = _why_none(connection, name) if not subjects else _which(name, subjects)
    if output is not Output.TEXT:
        render_dicts([], output)
    errors().print(Text(reason))
    raise typer.Exit(Exit.ERROR)


def _subjects(connection: "duckdb.DuckDBPyConnection", name: str) -> list[Subject]:
    """All things of this name: an engine's id names one thing, a client's may name several."""
    named = connection.execute(
        "select distinct kind, id from audit_ids where name = ? "
        "qualify precedence = min(precedence) over () order by id",
        [name],
    ).fetchall()
    query = "select kind, id, story_id, summary from audit_headlines where kind = ? and id = ?"
    return [
        Subject(*row) for pair in named for row in connection.execute(query, list(pair)).fetchall()
    ]


def _tell(connection: "duckdb.DuckDBPyConnection", subject: Subject, output: Output) -> None:
    sections = STORIES[subject.kind]
    parts = {
        section: fetched(connection.execute(section.query, [subject.story_id]))
        for section in sections
    }
    if output is Output.TEXT:
        (zone,) = connection.execute("select time_zone from calendar_zone").fetchall()[0]
        _print(subject, parts, zone)
        return
    rows = [{"section": x.name, **row} for x, part in parts.items() for row in part.dicts()]
    render_dicts(rows, output)


def _print(subject: Subject, parts: Mapping[Section, Rows], zone: str) -> None:
    width = shutil.get_terminal_size().columns
    clock = Clock(zone, [moment for part in parts.values() for moment in moments(part)])
    for line in [*wrapped(for_person(subject.summary), width), *wrapped(clock.note, width)]:
        say(line)
    for section, part in parts.items():
        if part.rows:
            say("\n".join(["", *wrapped(section.title, width)]))
            print_rows(
                _shown(section, for_people(rows_told(part, Output.TEXT), clock)),
                section.details,
                width,
            )


def _shown(section: Section, rows: Rows) -> Rows:
    """The columns for people; a step's own number and subject are the same on each line."""
    if section.name != "steps":
        return rows
    kept = [rows.columns.index(name) for name in STEP_COLUMNS]
    return Rows(STEP_COLUMNS, [tuple(row[n] for n in kept) for row in rows.rows])


def _which(name: str, subjects: Sequence[Subject]) -> str:
    lines = [f"{name} names {len(subjects)} orders; ask for one of them by its id:"]
    return "\n".join([*lines, *(for_person(subject.summary) for subject in subjects)])


def _why_none(connection: "duckdb.DuckDBPyConnection", name: str) -> str:
    """Why there is no story: no such id, or one of an event in the middle of a story."""
    query = "select event, parent_id from audit_parent where event_id = ?"
    for event, parent_id in connection.execute(query, [name]).fetchall():
        return f"{name} is a {event} of parent {parent_id}; run `metaorder audit {parent_id}`"
    return (
        f"no order, parent, child, fill, cross or allocation is named {name}; "
        "`metaorder blotter orders`, `parents` and `children` list ids"
    )
