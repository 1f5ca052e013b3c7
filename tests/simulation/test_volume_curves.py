"""Volume curves: the median of past days, auctions apart, dated after all of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.controls import input_limits
from engine.core.events import TradeObserved, VolumeCurveDefined
from engine.gateways.files import reference_file
from engine.simulation.market import volume_curves
from engine.simulation.market.data import MarketData
from engine.simulation.market.volume_curves import DayVolume, VolumeCurveError, curve, day_volume

HOUR_NS = 3_600_000_000_000
DAY_NS = 13 * HOUR_NS // 2


def a_day(day: int, *volumes_qty: int, name: str = "XXX", trading_ns: int = DAY_NS) -> DayVolume:
    return DayVolume(day, name, trading_ns, volumes_qty)


def printed(
    data: MarketData, prints: Sequence[tuple[int, int, str]], *, eligible: bool = True
) -> MarketData:
    """The folder with these prints alone: a time from the open, a quantity, conditions."""
    trades = [
        TradeObserved(
            venue="N",
            instrument_id="XXX",
            last_px=157_000_000_000,
            last_qty=qty,
            eligible=eligible,
            conditions=conditions,
            event_ns=data.facts.open_ns + after_ns,
            received_ns=data.facts.open_ns + after_ns,
        )
        for after_ns, qty, conditions in prints
    ]
    return MarketData(data.facts, trades)


# ------------------------------------------------------------------------------ a day


def test_prints_fall_in_the_bucket_of_their_trading_time(equity_day: MarketData) -> None:
    data = printed(equity_day, [(0, 5, ""), (DAY_NS // 2 - 1, 7, ""), (DAY_NS // 2, 11, "I")])

    assert day_volume(data, 2) == a_day(20180102, 12, 11)


def test_auctions_and_what_lies_outside_the_session_are_left_out(equity_day: MarketData) -> None:
    auctions = [(0, 100, "O"), (HOUR_NS, 100, "5"), (DAY_NS - 1, 100, "6"), (HOUR_NS, 100, " X")]
    outside = [(-1, 100, ""), (DAY_NS, 100, "")]
    data = printed(equity_day, [*auctions, *outside, (HOUR_NS, 3, "")])

    assert sum(day_volume(data, 4).volumes_qty) == 3


def test_prints_that_do_not_count_are_left_out(equity_day: MarketData) -> None:
    data = printed(equity_day, [(HOUR_NS, 100, "")], eligible=False)

    assert day_volume(data, 1).volumes_qty == (0,)


def test_a_lunch_break_takes_no_part_of_the_curve(equity_day: MarketData) -> None:
    open_ns = equity_day.facts.open_ns
    sessions = ((open_ns, open_ns + HOUR_NS), (open_ns + 2 * HOUR_NS, open_ns + 3 * HOUR_NS))
    facts = replace(equity_day.facts, sessions=sessions)
    prints = [(HOUR_NS - 1, 2, ""), (HOUR_NS, 50, ""), (2 * HOUR_NS, 3, "")]
    found = day_volume(MarketData(facts, printed(equity_day, prints).events), 2)

    assert found == a_day(20180102, 2, 3, trading_ns=2 * HOUR_NS)


def test_the_example_day_has_the_u_of_a_us_stock(equity_day: MarketData) -> None:
    found = day_volume(equity_day, 13).volumes_qty

    assert found[0] > 2 * found[6]
    assert found[12] > 2 * found[6]


# ------------------------------------------------------------------------------ the curve


def test_a_block_on_one_day_does_not_bend_the_curve() -> None:
    quiet = [a_day(20180100 + day, 30, 10, 20) for day in (2, 3, 4)]
    block = a_day(20180105, 30, 1_000_000, 20)

    assert curve([*quiet, block]).volumes_qty == curve(quiet).volumes_qty == (30, 10, 20)


def test_a_days_shares_count_and_not_its_size() -> None:
    made = curve([a_day(20180102, 3, 1), a_day(20180103, 3_000, 1_000), a_day(20180104, 75, 25)])

    assert made.volumes_qty == (75, 25)


def test_a_curve_is_dated_after_its_days_and_names_them() -> None:
    made = curve([a_day(20180131, 3, 1), a_day(20180102, 1, 1)])

    assert made.observed_days == (20180102, 20180131)
    assert made.effective_day == 20180201
    assert curve([a_day(20180102, 1)], 20180105).effective_day == 20180105


def test_a_bucket_states_how_far_the_days_are_from_it() -> None:
    shares = [(10, 90), (20, 80), (20, 80), (24, 76), (30, 70)]
    days = [a_day(20180102 + number, *share) for number, share in enumerate(shares)]

    # The median distances are 4 points of 20 and of 80; normal errors have 1.4826 times that.
    assert curve(days).errors_ppm == (296_520, 74_130)
    assert curve(days[:1]).errors_ppm == ()


def test_a_bucket_in_which_most_days_have_nothing_is_off_by_all_of_it() -> None:
    days = [a_day(20180102, 0, 5), a_day(20180103, 0, 5), a_day(20180104, 1, 5)]
    assert curve(days).errors_ppm == (1_000_000, 0)


@pytest.mark.parametrize("effective_day", [20180102, 20180101])
def test_no_curve_is_in_force_on_a_day_that_it_knows(effective_day: int) -> None:
    with pytest.raises(VolumeCurveError, match=r"2018-01-02, expected a later day"):
        curve([a_day(20180102, 1)], effective_day)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], "found no day"),
        ([a_day(20180102, 1), a_day(20180102, 2)], "XXX on 2018-01-02 twice"),
        ([a_day(20180102, 1), a_day(20180103, 2, name="YYY")], "expected days of one instrument"),
        ([a_day(20180102, 1), a_day(20180103, 2, trading_ns=HOUR_NS)], "leave half-days out"),
        ([a_day(20180102, 0)], "found no volume of XXX on 2018-01-02"),
    ],
)
def test_days_that_do_not_belong_together_are_refused(days: list[DayVolume], words: str) -> None:
    with pytest.raises(VolumeCurveError, match=words):
        curve(days)


@for_all(
    st.integers(1, 30).flatmap(
        lambda buckets: st.lists(
            st.lists(st.integers(0, 10**9), min_size=buckets, max_size=buckets).filter(any),
            min_size=1,
            max_size=12,
        )
    )
)
def test_every_curve_is_one_that_the_engine_takes(volumes: list[list[int]]) -> None:
    days = [a_day(20180101 + number, *each) for number, each in enumerate(volumes)]
    made = curve(days)

    assert input_limits.first_flaw(made) is None
    assert all(qty >= 1 for qty in made.volumes_qty)
    assert len(made.errors_ppm) == (len(made.volumes_qty) if len(days) > 1 else 0)
    assert all(0 <= error <= 3_000_000 for error in made.errors_ppm)
    assert made == curve(days[::-1])  # The order of the folders says nothing.
    usual_qty = int(median(sum(each) for each in volumes))
    assert sum(made.volumes_qty) <= usual_qty + len(made.volumes_qty)


@for_all(st.lists(st.integers(1, 10**6), min_size=1, max_size=26), st.integers(1, 9))
def test_equal_days_make_their_own_curve(volumes: list[int], days: int) -> None:
    made = curve([a_day(20180101 + number, *volumes) for number in range(days)])

    for found, was in zip(made.volumes_qty, volumes, strict=True):
        assert abs(found - was) <= 1 + sum(volumes) * len(volumes) // volume_curves.SHARE


def test_the_table_of_a_curve_loads_as_it_was_made(tmp_path: Path) -> None:
    made = curve([a_day(20180102, 3, 1, 2), a_day(20180103, 1, 1, 1)])
    file = tmp_path / "curve.toml"
    file.write_text(volume_curves.as_toml(made))
    (loaded,) = [table.to_event() for table in reference_file.read(file)]

    assert isinstance(loaded, VolumeCurveDefined)
    assert loaded == made
