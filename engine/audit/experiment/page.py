"""One HTML page of an experiment, which opens without a network."""

from collections.abc import Iterator, Sequence
from html import escape

from engine.audit.experiment import drawing
from engine.audit.experiment.comparison import POLICY, Experiment, Run, told
from engine.audit.experiment.drawing import Row
from engine.audit.experiment.figures import COSTS, FAMILIES, PLACES, WORK, Figure, Found, Interval

COLOURS = ("#2f6fde", "#d9822b", "#1f9d77", "#b5479d", "#7a6ff0", "#8a6d3b", "#c0392b", "#5d6d7e")
WAY_CLASSES = {  # Class of a part of a bar.
    "cross_share": "way-cross",
    "midpoint_share": "way-midpoint",
    "post_share": "way-post",
    "print_share": "way-print",
    "take_share": "way-take",
    "swept_share": "way-swept",
}
WAY_COLOURS = {
    "way-cross": "#1f9d77",
    "way-midpoint": "#7a6ff0",
    "way-post": "#2f6fde",
    "way-print": "#9aa5b1",
    "way-take": "#d9822b",
    "way-swept": "#c0392b",
}
KEY_FIGURES = (*COSTS[:5], *WORK)
BY_SIZE = (COSTS[1], COSTS[3])  # Arrival cost and tracking error.
STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #e3e7ec; --paper: #ffffff; --card: #f7f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf1; --soft: #9aa5b1; --line: #2c3440; --paper: #12161c; --card: #1a2028; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 1240px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 4px; }
h3 { font-size: 14px; margin: 0 0 8px; font-weight: 600; }
p { margin: 4px 0 12px; max-width: 78ch; color: var(--soft); }
.plots { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); }
figure { margin: 0; padding: 14px; background: var(--card); border-radius: 8px; min-width: 0; }
svg { width: 100%; max-width: 480px; display: block; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick { font-size: 11px; fill: var(--soft); }
.grid { stroke: var(--line); } .zero { stroke: var(--soft); }
.whisker { stroke-width: 2; } .curve { fill: none; stroke-width: 2; }
.band { fill-opacity: 0.18; }
.target { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 12px; font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px;
  margin-right: 6px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 0 5px 12px; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; vertical-align: top; }
th { white-space: normal; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 140px;
  padding: 5px 0; position: sticky; left: 0; background: var(--paper); }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
td small { display: block; color: var(--soft); font-size: 11px; }
td .sure { color: var(--ink); font-weight: 600; }
details { margin: 8px 0; } summary { cursor: pointer; padding: 4px 0; font-weight: 600; }
@media (max-width: 480px) { figure { padding: 10px; } body { padding: 16px 10px 48px; } }
"""


def html(whole: Experiment) -> str:
    """The page."""
    day = str(whole.day)
    title = f"Experiment of {day[:4]}-{day[4:6]}-{day[6:]}"
    body = "\n".join(_body(whole, title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}{_colours()}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _colours() -> str:
    runs = "".join(
        f".c{n}.dot, .c{n}.band {{ fill: {colour}; }} "
        f".c{n}.whisker, .c{n}.curve {{ stroke: {colour}; }} .k{n} {{ background: {colour}; }}\n"
        for n, colour in enumerate(COLOURS)
    )
    ways = "".join(
        f".{css} {{ fill: {colour}; background: {colour}; }}\n"
        for css, colour in WAY_COLOURS.items()
    )
    return runs + ways


def _body(whole: Experiment, title: str) -> Iterator[str]:
    first, blocks = whole.first, whole.blocks
    yield f"<h1>{title}</h1>"
    chance = (
        f"Intervals are 95 %, of {blocks.resamples:,} resamples of {blocks.count} blocks of "
        f"{blocks.block_ns // 60_000_000_000} minutes."
        if blocks.resamples
        else "All orders are of one block of time, so there are no intervals."
    )
    yield (
        f"<p>{len(first.ran.parts):,} small orders, {len(whole.runs)} ways to trade them. {chance} "
        f"Differences are from <b>{escape(first.ran.name)}</b>, paired by small order. A cost is "
        "positive. What a policy did not fill is swept at the end of the order's window at the far "
        "side of the last quote.</p>"
    )
    for run in whole.runs:
        if run.ran.violations:
            rules = ", ".join(f"{name} {count}" for name, count in run.ran.violations.items())
            yield f"<p><b>{escape(run.ran.name)} broke rules: {escape(rules)}.</b></p>"
    yield from _key_table(whole)
    yield from _differences(whole)
    yield from _places(whole)
    yield from _by_size(whole)
    yield from _schedules(whole)
    yield from _progress(whole)
    yield from _tables(whole)


def _legend(whole: Experiment) -> str:
    items = (
        f'<span><i class="k{_colour(n)}"></i>{escape(run.ran.name)}</span>'
        for n, run in enumerate(whole.runs)
    )
    return f'<div class="legend">{"".join(items)}</div>'


def _colour(number: int) -> int:
    return number % len(COLOURS)


def _panel(title: str, plot: str) -> str:
    return f"<figure><h3>{escape(title)}</h3>{plot}</figure>"


def _grid(panels: Sequence[str]) -> str:
    return f'<div class="plots">{"".join(panels)}</div>'


# --------------------------------------------------------------------------------- tables


def _key_table(whole: Experiment) -> Iterator[str]:
    yield "<h2>What each cost</h2>"
    yield (
        "<p>Below each figure its difference from the first; it is in bold where its interval does "
        "not hold 0.</p>"
    )
    yield _table(KEY_FIGURES, whole.runs)


def _table(figures: Sequence[Figure], runs: Sequence[Run]) -> str:
    """A row a figure, a column a run."""
    head = "".join(f"<th>{escape(run.ran.name)}</th>" for run in runs)
    rows = "".join(
        f"<tr><td>{escape(figure.title)}<small>{_unit(figure)}</small></td>"
        + "".join(f"<td>{_cell(figure, run.figures.get(figure.name))}</td>" for run in runs)
        + "</tr>"
        for figure in figures
        if any(figure.name in run.figures for run in runs)
    )
    return f'<div class="table"><table><thead><tr><th></th>{head}</tr></thead>{rows}</table></div>'


def _unit(figure: Figure) -> str:
    return escape(figure.unit)


def _cell(figure: Figure, found: Found | None) -> str:
    if found is None:
        return ""
    value = escape(told(figure, found.figure))
    if found.difference is None:
        return value
    is_sure = not _holds_zero(found.difference)
    sign = "+" if (found.difference.value or 0.0) > 0 else ""
    difference = f"{sign}{told(figure, found.difference)}"
    return f'{value}<small class="{"sure" if is_sure else ""}">{escape(difference)}</small>'


def _holds_zero(interval: Interval) -> bool:
    return interval.low is None or interval.high is None or interval.low <= 0.0 <= interval.high


def _tables(whole: Experiment) -> Iterator[str]:
    yield "<h2>Every figure</h2>"
    for family, figures in FAMILIES.items():
        table = _table(figures, whole.runs)
        yield f"<details><summary>{escape(family)}</summary>{table}</details>"
    for dimension, sizes in whole.sizes.items():
        yield f"<details><summary>by {escape(dimension)}</summary>"
        for group, count in sizes.items():
            runs = [_of_group(run, dimension, group) for run in whole.runs]
            yield f"<h3>{escape(group)}: {count:,} orders</h3>{_table(KEY_FIGURES, runs)}"
        yield "</details>"


def _of_group(run: Run, dimension: str, group: str) -> Run:
    return Run(run.ran, run.kind, run.about, run.groups[dimension].get(group, {}), {})


# ---------------------------------------------------------------------------------- plots


def _differences(whole: Experiment) -> Iterator[str]:
    if len(whole.runs) < 2:
        return
    yield f"<h2>Difference from {escape(whole.first.ran.name)}</h2>"
    yield "<p>To the left of 0 is better, but for what was done in time or in the dark.</p>"
    panels = (_difference(whole, figure) for figure in KEY_FIGURES)
    yield _grid([panel for panel in panels if panel])


def _difference(whole: Experiment, figure: Figure) -> str:
    """A panel; empty where nothing differs."""
    rows = []
    for n, run in enumerate(whole.runs):
        found = run.figures.get(figure.name)
        if found is not None and found.difference is not None:
            words = told(figure, found.difference)
            rows.append(Row(run.ran.name, _shown(figure, found.difference), _colour(n), words))
    if not any(_ends(rows)):
        return ""
    span = drawing.domain(_ends(rows), 0.0)
    unit = f", {figure.unit}" if figure.unit else ""
    return _panel(f"{figure.title}{unit}", drawing.intervals(rows, span, figure.title))


def _shown(figure: Figure, interval: Interval) -> Interval:
    """The interval in the unit in which it is shown."""
    times = 100 if figure.unit == "%" else 1
    return Interval(*(None if x is None else x * times for x in interval))


def _ends(rows: Sequence[Row]) -> list[float]:
    return [x for row in rows for x in row.interval if x is not None]


def _by_size(whole: Experiment) -> Iterator[str]:
    for figure in BY_SIZE:
        panels = {
            group: [
                Row(
                    run.ran.name,
                    _shown(figure, found.figure),
                    _colour(n),
                    told(figure, found.figure),
                )
                for n, run in enumerate(whole.runs)
                if (found := run.groups["size"].get(group, {}).get(figure.name)) is not None
            ]
            for group in whole.sizes.get("size", {})
        }
        values = [row.interval.value for rows in panels.values() for row in rows]
        if not values:
            continue
        yield f"<h2>By size of the order: {escape(figure.title)}</h2>"
        yield "<p>In bps, with 95 % intervals; round lots. An arrow leaves the plot.</p>"
        reach = [x for rows in panels.values() for row in rows for x in _near(row, values)]
        span = drawing.domain(reach, 0.0)
        yield _grid(
            [
                _panel(
                    f"{group}: {whole.sizes['size'][group]:,} orders",
                    drawing.intervals(rows, span, f"{figure.title}, {group}"),
                )
                for group, rows in panels.items()
                if rows
            ]
        )


def _near(row: Row, values: Sequence[float | None]) -> list[float]:
    """The row's ends that are no further out than the values are apart: the rest is an arrow."""
    known = [x for x in values if x is not None]
    low, high = min(known), max(known)
    room = high - low
    return [x for x in row.interval if x is not None and low - room <= x <= high + room]


def _places(whole: Experiment) -> Iterator[str]:
    yield "<h2>Where the quantity was filled</h2>"
    ways = [(figure.title, WAY_CLASSES[figure.name]) for figure in PLACES]
    rows = [
        (
            run.ran.name,
            {
                figure.title: run.figures[figure.name].figure.value or 0.0
                for figure in PLACES
                if figure.name in run.figures
            },
        )
        for run in whole.runs
    ]
    used = {title for _, shares in rows for title, share in shares.items() if share}
    legend = "".join(
        f'<span><i class="{css}"></i>{escape(title)}</span>' for title, css in ways if title in used
    )
    yield f'<div class="legend">{legend}</div>'
    yield _grid([_panel("Part of the wanted quantity", drawing.stacked(rows, ways, "Places"))])


def _schedules(whole: Experiment) -> Iterator[str]:
    panels = [
        _panel(
            f"{run.ran.name}: {run.ran.schedule.strategy} of {run.ran.schedule.whole_qty:,}",
            drawing.schedule(run.ran.schedule, _colour(n), f"Schedule of {run.ran.name}"),
        )
        for n, run in enumerate(whole.runs)
        if run.kind == POLICY and run.ran.schedule is not None
    ]
    if panels:
        yield "<h2>Schedule against done</h2>"
        yield (
            "<p>The parent of most quantity and time in each policy: dashed what its plan wanted "
            "by then, with its tracking band, and solid what was done; quantity by minute.</p>"
        )
        yield _grid(panels)


def _progress(whole: Experiment) -> Iterator[str]:
    yield "<h2>Done by part of the window</h2>"
    yield (
        "<p>Over all small orders, weighted by quantity: the mean, and the band that leaves out a "
        "tenth of the quantity on either side. Dashed are equal slices.</p>"
    )
    yield _grid(
        [
            _panel(run.ran.name, drawing.progress(run.ran.curve, _colour(n), run.ran.name))
            for n, run in enumerate(whole.runs)
            if run.ran.curve
        ]
    )
