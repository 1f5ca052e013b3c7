"""Figures for people, and what each is measured against."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

TARGETS = {
    "orders_per_s": "3,000",
    "quotes_per_s": "50,000",
    "ratio_to_bare": "0.3",
}


def show(found: Mapping[str, Any], console: Console) -> None:
    """All tables of a run."""
    machine = found["machine"]
    console.print(
        f"{machine['cpu_count']} cores, pinned: {machine['pinned']}, load {machine['load']}, "
        f"Python {machine['python']}"
    )
    console.print(table("Through a log", throughput_rows(found["throughput"])))
    console.print(table("Order to first route, 100 orders a second", latency_rows(found)))
    console.print(table("What must not grow", growth_rows(found)))
    console.print(table("Where the time goes (small orders, embedded log)", profile_rows(found)))
    for text in found["not_run"]:
        console.print(f"[yellow]not run:[/yellow] {text}")


def table(title: str, rows: Iterable[Mapping[str, str]]) -> Table:
    """Rows of equal columns; numbers to the right."""
    found = Table(title=title, title_justify="left")
    listed = list(rows)
    for number, column in enumerate(listed[0] if listed else ()):
        found.add_column(column, justify="left" if number == 0 else "right")
    for row in listed:
        found.add_row(*row.values())
    return found


def throughput_rows(rows: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    for row in rows:
        what = row["what"]
        yield {
            "what": f"{what} on the {row['log']} log",
            "a second": whole(row[f"{what}_per_s"]),
            "target": TARGETS[f"{what}_per_s"] if row["log"] == "embedded" else "",
            "events a second": whole(row["events_per_s"]),
            "bare loop": whole(row[f"bare_{what}_per_s"]),
            "of the bare loop": f"{row['ratio_to_bare']:.2f}",
            "target ": TARGETS["ratio_to_bare"],
            "records": whole(row["records"]),
            "bytes": whole(row["bytes"]),
        }


def latency_rows(found: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    for row in found["latency"]:
        latency = row["ms"]
        yield {
            "what": f"{row['what']} on the {row['log']} log",
            "p50 ms": f"{latency['p50_ms']:.2f}",
            "p99 ms": f"{latency['p99_ms']:.2f}",
            "p50 of the bare transaction's": f"{row['p50_to_bare']:.2f}",
            "count": whole(latency["count"]),
        }


def growth_rows(found: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    cost, heap, rows = found["child_cost"], found["heap"], found["projector"]
    yield {
        "what": f"us a child at {whole(cost['late_children'])} children",
        "value": f"{cost['late_us']:.0f}",
        "beside": f"{cost['early_us']:.0f} at {whole(cost['early_children'])}",
        "ratio": f"{cost['ratio']:.2f}",
        "target": "1.2",
    }
    yield {
        "what": f"live heap bytes after {whole(heap['orders_tenfold'])} orders, day closed",
        "value": whole(heap["heap_bytes_tenfold"]),
        "beside": f"{whole(heap['heap_bytes_once'])} after {whole(heap['orders_once'])}",
        "ratio": f"{heap['ratio']:.2f}",
        "target": "1.2",
    }
    yield {
        "what": "resident bytes of this process at its peak",
        "value": whole(found["peak_rss_bytes"]),
        "beside": "",
        "ratio": "",
        "target": "",
    }
    yield {
        "what": "projector rows a second",
        "value": whole(rows["rows_per_s"]),
        "beside": f"{whole(rows['rows'])} rows",
        "ratio": "",
        "target": "",
    }


def profile_rows(found: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    for stage, share in found["profile"].items():
        if share >= 0.005:
            yield {"stage": stage, "share of the time": f"{share:.1%}"}


def whole(number: float) -> str:
    return f"{number:,.0f}"
