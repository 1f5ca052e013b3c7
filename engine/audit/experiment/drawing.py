"""Plots as inline SVG: no script, no font and no file from elsewhere.

Every plot is as narrow as a telephone, so that a page sets several side by side where there is room
and its text is never scaled down. Colours are classes of the page (`page.py`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from engine.audit.experiment.figures import Interval
from engine.audit.experiment.measured import Schedule
from engine.audit.experiment.running import Point

WIDTH = 380
LABEL_WIDTH = 140  # Of the names beside rows.
RIGHT = 12
ROW = 22
AXIS = 26  # Height of the axis below.
PLOT_HEIGHT = 190
MINUTE_NS = 60_000_000_000
LABEL_CHARS = 21  # A longer name is cut, and whole in its tooltip.
TICKS = 5


class Row(NamedTuple):
    """A row of a plot of intervals."""

    name: str
    interval: Interval
    colour: int  # Number of its run.
    told: str


class Scale(NamedTuple):
    """Values from low to high on pixels from start to end."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, part))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def domain(values: Iterable[float], *more: float) -> tuple[float, float]:
    """The span of the values with some room; never empty."""
    every = [*values, *more] or [0.0]
    low, high = min(every), max(every)
    room = (high - low) * 0.06 or max(1.0, abs(high) * 0.1)
    return low - room, high + room


def ticks(low: float, high: float, most: int = TICKS) -> list[float]:
    """Round numbers inside a span: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first = math.ceil(low / step)
    return [n * step + 0.0 for n in range(first, math.floor(high / step) + 1)]


def svg(height: float, parts: Iterable[str], title: str) -> str:
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{body}</svg>"
    )


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def path(points: Sequence[tuple[float, float]], css: str, *, is_area: bool = False) -> str:
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}{"Z" if is_area else ""}" class="{css}"/>' if points else ""


def label(name: str, y: float) -> str:
    """A row's name; one that is too long is cut, and whole in its tooltip."""
    short = name if len(name) <= LABEL_CHARS else f"{name[: LABEL_CHARS - 1]}…"
    return (
        f'<text x="0" y="{y:.1f}" class="label">{escape(short)}<title>{escape(name)}</title></text>'
    )


def number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e5 else f"{value:.0e}"


def across(scale: Scale, height: float, unit: str = "") -> list[str]:
    """The axis below rows, with a line at each tick and a stronger one at zero."""
    found = []
    for value in ticks(scale.low, scale.high):
        x = scale.at(value)
        found.append(line(x, 0, x, height, "zero" if value == 0 else "grid"))
        found.append(text(x, height + 14, f"{number(value)}{unit}", "tick", "middle"))
    return found


# ------------------------------------------------------------------------------- intervals


def intervals(rows: Sequence[Row], span: tuple[float, float], title: str, unit: str = "") -> str:
    """A dot for each row with its interval; one that leaves the plot ends in an arrow."""
    height = ROW * len(rows)
    scale = Scale(*span, LABEL_WIDTH, WIDTH - RIGHT)
    parts = across(scale, height, unit)
    for n, row in enumerate(rows):
        y = ROW * n + ROW / 2
        parts.append(label(row.name, y + 4))
        parts.append(f"<g><title>{escape(f'{row.name}: {row.told}')}</title>")
        value, low, high = row.interval
        if low is not None and high is not None:
            parts.append(line(scale.at(low), y, scale.at(high), y, f"whisker c{row.colour}"))
            parts += [_arrow(scale, x, y, row.colour) for x in (low, high) if not scale.holds(x)]
        if value is not None and scale.holds(value):
            parts.append(
                f'<circle cx="{scale.at(value):.1f}" cy="{y}" r="4" class="dot c{row.colour}"/>'
            )
        parts.append("</g>")
    return svg(height + AXIS, parts, title)


def _arrow(scale: Scale, value: float, y: float, colour: int) -> str:
    x, to = scale.at(value), 6 if value < scale.low else -6
    return path([(x, y), (x + to, y - 4), (x + to, y + 4)], f"dot c{colour}", is_area=True)


# --------------------------------------------------------------------------- stacked parts


def stacked(
    rows: Sequence[tuple[str, Mapping[str, float]]], ways: Sequence[tuple[str, str]], title: str
) -> str:
    """A bar for each row, divided into parts of 1; `ways` are their names and classes."""
    height = ROW * len(rows)
    scale = Scale(0.0, 1.0, LABEL_WIDTH, WIDTH - RIGHT)
    parts = []
    for n, (name, shares) in enumerate(rows):
        y = ROW * n + 4
        parts.append(label(name, y + 11))
        passed = 0.0
        for way, css in ways:
            share = shares.get(way, 0.0)
            x, width = scale.at(passed), scale.at(passed + share) - scale.at(passed)
            if width > 0:
                parts.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 8}" '
                    f'class="{css}"><title>{escape(f"{name}, {way}: {share:.1%}")}</title></rect>'
                )
            passed += share
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = "end" if part == 1 else "middle"
        parts.append(text(scale.at(part), height + 14, f"{part:.0%}", "tick", anchor))
    return svg(height + AXIS, parts, title)


# ------------------------------------------------------------------------------ over time


def schedule(found: Schedule, colour: int, title: str) -> str:
    """The quantity that a parent's plan wanted by each time, its band, and what was done."""
    left, bottom = 44, PLOT_HEIGHT - AXIS
    first_ns = found.steps[0].at_ns
    minutes = [(step.at_ns - first_ns) / MINUTE_NS for step in found.steps]
    most = max(max(step.target_qty + step.band_qty, step.done_qty) for step in found.steps)
    across_time = Scale(0.0, max(minutes[-1], 1e-3), left, WIDTH - RIGHT)
    up = Scale(0.0, max(most, 1) * 1.05, bottom, 8)
    parts = _frame(across_time, up, bottom, "", " min")
    timed = list(zip(minutes, found.steps, strict=True))
    upper = _stairs([(at, step.target_qty + step.band_qty) for at, step in timed])
    lower = _stairs([(at, max(0, step.target_qty - step.band_qty)) for at, step in timed])
    target = _stairs([(at, step.target_qty) for at, step in timed])
    done = _stairs([(at, step.done_qty) for at, step in timed])

    def placed(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(across_time.at(x), up.at(y)) for x, y in points]

    parts.append(path(placed([*upper, *reversed(lower)]), f"band c{colour}", is_area=True))
    parts.append(path(placed(target), "target"))
    parts.append(path(placed(done), f"curve c{colour}"))
    return svg(PLOT_HEIGHT, parts, title)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A value holds until the next one."""
    found = [points[0]]
    for x, y in points[1:]:
        found += [(x, found[-1][1]), (x, y)]
    return found


def progress(points: Sequence[Point], colour: int, title: str) -> str:
    """The part of its quantity that an order had done by each part of its window."""
    left, bottom = 44, PLOT_HEIGHT - AXIS
    scale, up = Scale(0.0, 1.0, left, WIDTH - RIGHT), Scale(0.0, 1.0, bottom, 8)
    parts = _frame(scale, up, bottom, "%", "%")
    upper = [(scale.at(p.at), up.at(p.high)) for p in points]
    lower = [(scale.at(p.at), up.at(p.low)) for p in points]
    parts.append(path([*upper, *reversed(lower)], f"band c{colour}", is_area=True))
    parts.append(path([(scale.at(0), up.at(0)), (scale.at(1), up.at(1))], "target"))
    parts.append(path([(scale.at(p.at), up.at(p.mean)) for p in points], f"curve c{colour}"))
    return svg(PLOT_HEIGHT, parts, title)


def _frame(scale: Scale, up: Scale, bottom: float, up_unit: str, unit: str) -> list[str]:
    """Grid and numbers of both axes; in per cent where the unit is."""
    found = []
    for value in ticks(up.low, up.high):
        shown = f"{value:.0%}" if up_unit == "%" else number(value)
        found.append(line(scale.start, up.at(value), scale.end, up.at(value), "grid"))
        found.append(text(scale.start - 5, up.at(value) + 4, shown, "tick", "end"))
    for value in ticks(scale.low, scale.high):
        shown = f"{value:.0%}" if unit == "%" else f"{number(value)}{unit}"
        anchor = "end" if scale.at(value) > WIDTH - RIGHT - 16 else "middle"
        found.append(text(scale.at(value), bottom + 15, shown, "tick", anchor))
    return found
