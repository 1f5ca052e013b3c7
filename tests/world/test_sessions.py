"""Days with breaks, over midnight, that end early, and round the clock: what the schedules do."""

from itertools import pairwise
from pathlib import Path

import pytest
from trading_days import (
    CRYPTO,
    HALF,
    HOUR,
    LOT,
    MINUTE,
    OVERNIGHT,
    SECOND,
    TOKYO,
    Day,
    folder_of,
    played,
    utc_ns,
)

import projections
from engine.core import events as e
from engine.core.events import Strategy
from engine.log import open_log
from engine.simulation.market.instrument import InstrumentError

DAYS = {"tokyo": TOKYO, "overnight": OVERNIGHT, "half day": HALF, "crypto": CRYPTO}
QTY = 9_000
INTERVAL = 30 * SECOND  # Of the policy.
LUNCH = (utc_ns("2025-11-28T02:30:00"), utc_ns("2025-11-28T03:30:00"))
CLOCK = (Strategy.TWAP, Strategy.VWAP, Strategy.IS)


def traded_seconds(day: Day, first_ns: int, last_ns: int) -> int:
    """The naive twin of trading time: the whole seconds that lie in a session, counted."""
    return sum(
        len(range(max(first_ns, opened), min(last_ns, closed), SECOND))
        for opened, closed in day.spans
    )


def is_in_session(day: Day, at_ns: int) -> bool:
    return any(opened <= at_ns < closed for opened, closed in day.spans)


def sent_after(release: e.SliceReleased) -> int:
    """What is executed or at venues once the slice is on its way."""
    return release.done_qty + release.open_qty + release.slice_qty


@pytest.mark.parametrize("name", DAYS)
def test_a_straight_line_is_even_over_trading_time_within_a_lot(tmp_path: Path, name: str) -> None:
    """Without patience: with it a slice also has what is due while it waits."""
    day = DAYS[name]
    every_ns = (30 if name in ("crypto", "overnight") else 10) * SECOND
    run = played(tmp_path, day, every_ns=every_ns, patience_ns=0)

    (plan,) = run.of(e.PlanAdopted)
    whole = traded_seconds(day, plan.start_ns, plan.end_ns)
    releases = run.of(e.SliceReleased)
    assert len(releases) > 50
    for release in releases[:-1]:
        ahead_ns = min(release.at_ns + INTERVAL, plan.end_ns)
        due = QTY * traded_seconds(day, plan.start_ns, ahead_ns) / whole
        if release.at_ns + 2 * INTERVAL < plan.end_ns:  # Then the clean-up begins.
            assert abs(sent_after(release) - due) <= LOT, release
    for opened, closed in day.spans:
        part = QTY * traded_seconds(day, max(plan.start_ns, opened), closed) / whole
        assert abs(run.filled_qty(opened, closed + MINUTE) - part) <= 2 * LOT
    assert run.filled_qty(*(day.spans[0][0], day.spans[-1][1] + MINUTE)) == QTY


@pytest.mark.parametrize("strategy", CLOCK)
@pytest.mark.parametrize("name", ["tokyo", "overnight"])
def test_nothing_is_released_or_routed_outside_the_sessions(
    tmp_path: Path, name: str, strategy: Strategy
) -> None:
    day = DAYS[name]
    run = played(tmp_path, day, strategy, every_ns=30 * SECOND)

    for kind in (e.ParentReleased, e.SliceReleased, e.ChildRouted):
        found = run.of(kind)
        assert found
        assert [x for x in found if not is_in_session(day, x.at_ns)] == []


def test_no_schedule_runs_over_the_break(tmp_path: Path) -> None:
    """Seen: 5,200 of 9,000 in ten minutes, because the schedule ran over the break."""
    run = played(tmp_path, TOKYO)

    (plan,) = run.of(e.PlanAdopted)
    even = QTY * 10 * MINUTE // (5 * HOUR + 30 * MINUTE)
    before, after = (LUNCH[0] - 10 * MINUTE, LUNCH[0]), (LUNCH[1], LUNCH[1] + 10 * MINUTE)
    for first, last in (before, after):
        assert abs(run.filled_qty(first, last) - even) <= 2 * LOT
    assert run.filled_qty(LUNCH[0] + MINUTE, LUNCH[1]) == 0
    assert plan.end_ns == run.data.facts.close_ns


def test_what_rests_at_a_sessions_end_is_cancelled_and_the_break_is_told(tmp_path: Path) -> None:
    run = played(tmp_path, TOKYO)

    (paused,) = run.of(e.ParentPaused)
    assert (paused.at_ns, paused.until_ns) == LUNCH
    assert paused.reason is e.PauseReason.SESSION_BREAK
    assert 0 < paused.parent_qty < QTY
    asked = run.of(e.ChildCancelRequested, reason=e.CancelReason.SESSION_BREAK)
    assert {x.at_ns for x in asked} <= {LUNCH[0]}


def test_an_order_of_the_break_waits_for_the_next_session(tmp_path: Path) -> None:
    run = played(tmp_path, TOKYO, orders=[{"received_ns": LUNCH[0] + 10 * MINUTE}])

    (paused,) = run.of(e.ParentPaused)
    (released,) = run.of(e.ParentReleased)
    assert (paused.at_ns, paused.until_ns) == (LUNCH[0] + 10 * MINUTE, LUNCH[1])
    assert released.at_ns == LUNCH[1]
    assert run.filled_qty(LUNCH[1], run.data.facts.close_ns + MINUTE) == QTY


def test_opposite_orders_of_the_break_cross_after_it(tmp_path: Path) -> None:
    at_ns = LUNCH[0] + 10 * MINUTE
    run = played(
        tmp_path,
        TOKYO,
        orders=[
            {"received_ns": at_ns, "crossing_consent": True},
            {"received_ns": at_ns, "side": e.Side.SELL, "client_id": "C02"},
        ],
    )

    assert [x.at_ns for x in run.of(e.OrdersCrossed)] == [LUNCH[1]]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"immediacy": e.Immediacy.IOC, "must_complete": False}, e.RejectReason.SESSION_CLOSED),
        ({"end_ns": LUNCH[1] - MINUTE}, e.RejectReason.WINDOW_INVALID),
        ({"start_ns": LUNCH[0] + MINUTE, "end_ns": LUNCH[1]}, e.RejectReason.WINDOW_INVALID),
    ],
)
def test_what_cannot_wait_for_the_next_session_is_refused(
    tmp_path: Path, said: dict[str, object], reason: e.RejectReason
) -> None:
    run = played(tmp_path, TOKYO, orders=[{"received_ns": LUNCH[0] + 10 * MINUTE, **said}])

    assert [x.reason for x in run.of(e.OrderRejected)] == [reason]


def test_a_window_that_ends_in_the_break_is_done_before_it(tmp_path: Path) -> None:
    run = played(tmp_path, TOKYO, orders=[{"end_ns": LUNCH[0] + 20 * MINUTE}])

    (accepted,) = run.of(e.OrderAccepted)
    assert accepted.end_ns == LUNCH[0]
    assert run.filled_qty(run.data.facts.open_ns, LUNCH[0] + MINUTE) == QTY


def test_a_window_that_begins_in_the_break_begins_after_it(tmp_path: Path) -> None:
    run = played(tmp_path, TOKYO, orders=[{"start_ns": LUNCH[0] + 20 * MINUTE}])

    (released,) = run.of(e.ParentReleased)
    assert released.at_ns == LUNCH[1]


def test_implementation_shortfall_counts_its_horizon_in_trading_time(tmp_path: Path) -> None:
    said = {"urgency": e.Urgency.NORMAL, "received_ns": LUNCH[0] - 10 * MINUTE}
    run = played(tmp_path, TOKYO, Strategy.IS, orders=[said])

    (plan,) = run.of(e.PlanAdopted)  # Half an hour by the policy, of which ten minutes are left.
    assert traded_seconds(TOKYO, plan.start_ns, plan.end_ns) in (1_799, 1_800)
    assert plan.end_ns > LUNCH[1] + 19 * MINUTE


@pytest.mark.parametrize("name", DAYS)
def test_every_rule_holds_over_the_log_of_such_a_day(tmp_path: Path, name: str) -> None:
    played(tmp_path, DAYS[name], every_ns=5 * MINUTE)
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=1) as log:
        projections.rebuild(log, tmp_path / "p.duckdb", log_url="sqlite:log.db")

    with projections.connect(tmp_path / "p.duckdb") as found:
        assert found.execute("select count(*) from child_routed").fetchall() != [(0,)]
        assert found.execute("select name from invariants where violations > 0").fetchall() == []


def test_a_folder_holds_the_rows_of_its_trading_day(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "day", OVERNIGHT, 60 * SECOND)
    facts = data.facts

    assert facts.sessions == tuple(OVERNIGHT.spans)
    assert (facts.open_ns, facts.close_ns) == (OVERNIGHT.spans[0][0], OVERNIGHT.spans[-1][1])
    assert facts.session_quote_count == facts.quote_count
    assert not facts.bad_rows


# ------------------------------------------------------------------------------ the file

WRONG = [
    ("sessions = []", "sessions: found"),
    ('sessions = ["09:00-11:30"]', "session 1 is '09:00-11:30', expected a list of tables"),
    ('sessions = [{ open = "09:00" }]', "close of session 1 is 'None', expected a local time"),
    ('sessions = [{ open = "9", close = "11:30" }]', "open of session 1 is '9'"),
    ('sessions = [{ open = "09:00", close = "11:30", lunch = 1 }]', "session 1 has 'lunch'"),
    ('sessions = [{ open = "18:00", close = "17:00" }]', "over midnight say open_day = -1"),
    ('sessions = [{ open = "18:00", open_day = -2, close = "17:00" }]', "open_day of session 1"),
    (
        'sessions = [{ open = "12:30", close = "15:00" }, { open = "09:00", close = "11:30" }]',
        "session 2 opens at 09:00 and the one before closes at 15:00",
    ),
    (
        'sessions = [{ open = "09:00", close = "11:30" }, { open = "11:30", close = "15:00" }]',
        "expected a break between them",
    ),
    (
        'sessions = [{ open = "18:00", open_day = -1, close = "18:30" }]\nday = 2025-11-28',
        "expected 24 hours at most",
    ),
    ('sessions = [{ open = "18:00", open_day = -1, close = "17:00" }]', "found no day"),
    ('sessions = [{ open = "09:00", close = "15:00" }]\nopen = "09:00"', "sessions and open"),
    ('open = "18:00"\nclose = "17:00"', "open_day = -1"),
    ('open = "24:00"', "open is '24:00'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_sessions_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InstrumentError) as refused:
        folder_of(tmp_path / "day", Day(text + "\n", HALF.sessions), HOUR)
    assert message in str(refused.value)
    assert "instrument.toml" in str(refused.value)


def test_sessions_touch_no_other(tmp_path: Path) -> None:
    """Rows outside the 24 hours of the trading day are another day's, and are named."""
    data = folder_of(tmp_path / "day", OVERNIGHT, HOUR)
    spans = data.facts.sessions

    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert data.facts.instrument.day_ns(data.facts.instrument.day) == (  # type: ignore[arg-type]
        spans[0][0],
        spans[0][0] + 24 * HOUR,
    )
