"""Figures for people, each with the one it is measured against."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

TARGETS = {
    "orders_per_s": "3,000",
    "quotes_per_s": "50,000",
    "ratio_to_bare": "0.3",
    "recover": "0.5",
    "verify": "0.2",
}


def show(found: Mapping[str, Any], console: Console) -> None:
    """All tables of a run."""
    machine = found["machine"]
    console.print(
        f"{machine['cpu_count']} cores, pinned: {machine['pinned']}, load {machine['load']}, "
        f"Python {machine['python']}"
    )
    for title, rows in (
        ("Through a log, a second", throughput_rows(found["throughput"])),
        ("Order to first route, 100 orders a second", latency_rows(found)),
        ("The guarantees beside decoding the same bytes", guarantee_rows(found["guarantees"])),
        ("What must not grow", growth_rows(found)),
        ("Where the time goes (small orders, embedded log)", profile_rows(found)),
    ):
        console.print(table(title, rows))
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
    """Units beside the bare loop's; the other figures of a row are in the JSON."""
    for row in rows:
        what = row["what"]
        yield {
            "what": f"{what}, {row['log']}",
            "engine": whole(row[f"{what}_per_s"]),
            "target": TARGETS[f"{what}_per_s"] if row["log"] == "embedded" else "",
            "events": whole(row["events_per_s"]),
            "bare loop": whole(row[f"bare_{what}_per_s"]),
            "ratio": f"{row['ratio_to_bare']:.2f}",
            "target ": TARGETS["ratio_to_bare"],
        }


def latency_rows(found: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    for row in found["latency"]:
        latency = row["ms"]
        yield {
            "what": f"{row['what']}, {row['log']}",
            "count": whole(latency["count"]),
            "p50 ms": f"{latency['p50_ms']:.2f}",
            "p99 ms": f"{latency['p99_ms']:.2f}",
            "to bare": f"{row['p50_to_bare']:.2f}",
        }


def guarantee_rows(rows: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    for row in rows:
        cores = row["cores"]
        yield {
            "what": f"{row['what']}, {cores} {'core' if cores == 1 else 'cores'}",
            "events a second": whole(row["events_per_s"]),
            "of decoding": f"{row['ratio_to_decoding']:.2f}",
            "target": TARGETS.get(row["what"], ""),
        }


def growth_rows(found: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    cost, heap, rows = found["child_cost"], found["heap"], found["projector"]
    yield {
        "what": f"us a child, at {whole(cost['late_children'])}",
        "value": f"{cost['late_us']:.0f}",
        "beside": f"{cost['early_us']:.0f} at {whole(cost['early_children'])}",
        "ratio": f"{cost['ratio']:.2f}",
        "target": "1.2",
    }
    yield {
        "what": f"heap kB, {whole(heap['orders_tenfold'])} orders, closed",
        "value": kilobytes(heap["heap_bytes_tenfold"]),
        "beside": f"{kilobytes(heap['heap_bytes_once'])} at {whole(heap['orders_once'])}",
        "ratio": f"{heap['ratio']:.2f}",
        "target": "1.2",
    }
    yield {
        "what": "the same before the close",
        "value": kilobytes(heap["heap_bytes_tenfold_before_close"]),
        "beside": f"{kilobytes(heap['heap_bytes_once_before_close'])}",
        "ratio": f"{heap['ratio_before_close']:.2f}",
        "target": "1.2",
    }
    yield {
        "what": "peak resident kB",
        "value": kilobytes(found["peak_rss_bytes"]),
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


def kilobytes(number: float) -> str:
    return whole(number / 1_000)


def whole(number: float) -> str:
    return f"{number:,.0f}"
