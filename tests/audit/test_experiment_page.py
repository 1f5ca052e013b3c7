"""The page of an experiment: plots that hold their values, and names that stay text."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.audit.experiment import comparison, drawing, page
from engine.audit.experiment.comparison import BASELINE, POLICY, told
from engine.audit.experiment.drawing import Row, Scale
from engine.audit.experiment.figures import Figure, Interval
from engine.audit.experiment.measured import Schedule, Step
from engine.audit.experiment.parts import Part, Terms
from engine.audit.experiment.running import Point, Ran
from engine.core.events import Side

MINUTE_NS = 60_000_000_000
WILD = '<b>&"wild" a name that is longer than its place</b>'

values = st.floats(-1e6, 1e6)


@for_all(st.lists(values, max_size=9))
def test_a_span_holds_its_values_and_has_round_numbers_inside(found: list[float]) -> None:
    low, high = drawing.domain(found, 0.0)
    marks = drawing.ticks(low, high)

    assert all(low < x < high for x in [*found, 0.0])
    assert 2 <= len(marks) <= drawing.TICKS + 1
    assert all(low <= mark <= high for mark in marks)


@for_all(values, st.floats(-10, 10), st.floats(0.1, 10))
def test_no_value_leaves_its_plot(value: float, low: float, width: float) -> None:
    scale = Scale(low, low + width, 100.0, 300.0)

    assert 100.0 <= scale.at(value) <= 300.0
    assert scale.at(low) == 100.0


def test_an_interval_that_leaves_the_plot_ends_in_an_arrow() -> None:
    rows = [Row("in", Interval(1.0, 0.5, 1.5), 0, ""), Row("out", Interval(1.0, -9.0, 1.5), 1, "")]

    plot = ET.fromstring(drawing.intervals(rows, (0.0, 2.0), "t"))  # noqa: S314  Our own plot.

    assert [x.get("class") for x in plot.iter("path")] == ["dot c1"]
    assert len(list(plot.iter("circle"))) == 2


def test_a_step_of_a_schedule_holds_until_the_next() -> None:
    steps = (Step(0, 10, 0, 5), Step(2 * MINUTE_NS, 30, 20, 5))

    plot = ET.fromstring(  # noqa: S314  Our own plot.
        drawing.schedule(Schedule("P", "VWAP", 30, steps), 3, "t")
    )

    done = next(x for x in plot.iter("path") if x.get("class") == "curve c3")
    points = [point.split() for point in str(done.get("d")).removeprefix("M").split(" L")]
    assert len(points) == 3
    assert points[0][1] == points[1][1] != points[2][1]
    assert points[1][0] == points[2][0] != points[0][0]


@pytest.mark.parametrize(
    ("interval", "unit", "text"),
    [
        (Interval(1.234, 0.5, 2.0), "bps", "1.23 [0.50, 2.00]"),
        (Interval(0.5, 0.25, 1.0), "%", "50.0 [25.0, 100.0]"),
        (Interval(-0.0001, None, None), "bps", "0.00"),
        (Interval(None, None, None), "bps", ""),
        (None, "bps", ""),
    ],
)
def test_a_figure_is_told_with_its_interval(
    interval: Interval | None, unit: str, text: str
) -> None:
    assert told(Figure("x", "x", unit), interval) == text


def ran(name: str, cost: float, orders: list[Terms]) -> Ran:
    parts = {
        x.name: {"arrival_bps": Part(cost * n, 1.0), "take_share": Part(1, 1)}
        for n, x in enumerate(orders, 1)
    }
    return Ran(
        name=name,
        parts=parts,
        orders=orders,
        wanted=dict.fromkeys(parts, 100),
        curve=[Point(0.0, 0.0, 0.0, 0.0), Point(1.0, 1.0, 1.0, 1.0)],
        violations={"order_once": 2} if cost else {},
        schedule=Schedule("P", "VWAP", 30, (Step(0, 10, 0, 5), Step(MINUTE_NS, 30, 20, 5))),
    )


def orders(count: int) -> list[Terms]:
    return [
        Terms(
            *(f"OMS:{n}", "XXX", Side.BUY, 100, 100, None, "HIGH", "NONE", "IS"),
            *(n * 60 * MINUTE_NS, 0, 90 * MINUTE_NS, None, None, None),
        )
        for n in range(count)
    ]


def test_names_stay_text_and_a_broken_rule_is_said_on_top() -> None:
    runs: list[tuple[Ran, str, dict[str, str]]] = [
        (ran("first", 0.0, orders(3)), POLICY, {}),
        (ran(WILD, 2.0, orders(3)), BASELINE, {}),
    ]

    whole = page.html(comparison.experiment(20180102, runs, 60 * MINUTE_NS))

    start = whole.index("<body>")
    body = ET.fromstring(whole[start : whole.index("</html>")])  # noqa: S314  Our own page.
    assert WILD not in whole
    assert any(WILD in "".join(x.itertext()) for x in body.iter("th"))
    assert "broke rules: order_once 2" in "".join(body.itertext())


def test_a_day_of_one_block_says_that_it_has_no_intervals() -> None:
    runs: list[tuple[Ran, str, dict[str, str]]] = [(ran("first", 0.0, orders(1)), POLICY, {})]

    whole = page.html(comparison.experiment(20180102, runs, 60 * MINUTE_NS))

    assert "there are no intervals" in whole
