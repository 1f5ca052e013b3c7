"""The views: one SQL file each, its question on top, created in the order of this list.

A view may use the event tables and the views above it. What it shows is always computed from the
events as they are; nothing is stored twice.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import duckdb

ORDER = (
    # What all others stand on.
    "calendar_zone",
    "tape_setting",
    "quote_ages",
    "policies",
    "stage_events",
    "sealed_inputs",
    "venues",
    "instruments",
    "market_tape",
    "market_bars",
    "fills_net",
    "fills_shared",
    "allocations",
    "membership",
    "share_life",
    "member_life",
    "child_life",
    "parent_life",
    "parent_limits",
    "stops",
    "order_entries",
    "crossing_spans",
    "child_state",
    "order_state",
    "parent_state",
    # What people read.
    "blotter_orders",
    "blotter_parents",
    "blotter_children",
    "audit_reports",
    "audit_execution",
    "audit_parent",
    "audit_trail",
    "audit_child",
    "audit_fill",
    "audit_venues",
    "audit_members",
    "audit_parent_members",
    "audit_shares",
    "audit_headlines",
    "audit_ids",
    "child_benchmarks",
    "tca_child",
    "parent_benchmarks",
    "tca_parent",
    "order_benchmarks",
    "tca_order",
    "venue_scorecard",
    "control_receipts",
    # What must hold.
    "rule_quantities",
    "rule_once",
    "rule_allocations",
    "rule_children",
    "rule_routes",
    "rule_crosses",
    "rule_meetings",
    "rule_log",
    "invariants",
)


class View(NamedTuple):
    """A view, the question it answers, and its SQL."""

    name: str
    question: str
    sql: str


@cache
def views() -> tuple[View, ...]:
    """All views, each after those it uses."""
    return tuple(_read(name) for name in ORDER)


def _read(name: str) -> View:
    sql = files(__package__).joinpath("sql", f"{name}.sql").read_text()
    comment = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    return View(name, " ".join(comment), sql)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create or replace all views in one transaction."""
    connection.begin()
    for view in views():
        connection.execute(view.sql)
    connection.commit()
