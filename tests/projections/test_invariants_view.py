"""Every rule of the invariants view is 0 on a good log, and sees the violation planted for it."""

from collections.abc import Callable, Iterator
from contextlib import closing

import duckdb
import pytest
from projection_world import Day, World

import projections
from engine.log.embedded import EmbeddedLog

# The day's ids: order 1 is 0-7, 2 is 0-10, 3 is 0-13, 4 is 0-28; the buying parent is 0-8; the
# cross 0-16; the children 0-24, 0-38 (peg) and 0-40; the fills 0-26 (busted), 0-30 and 0-42.
# Order 2 brings 300 instead of 200 and stays when the child 0-24 goes out to buy.
MORE_TO_SELL = (
    "update member_joined set member_qty = 300 where order_id = '0-10'; "
    "delete from parent_ended where parent_id = '0-11'"
)


def limit(number: str, seq: int = 6, also: str = "") -> str:
    """A limit of client c1 that the shard applies at a seq; the orders begin at 7."""
    return (
        "insert into risk_limit_set by name "
        f"select {900 + seq} as position, 'CLIENT' as scope, 'c1' as scope_id, {number}; "
        "insert into control_applied by name select 0 as shard, "
        f"{seq} as seq, 'controls:{900 + seq}' as cause, 'RiskLimitSet' as control, "
        "'CLIENT' as scope, 'c1' as scope_id, 100 as allotted_notional_cur, "
        f"0 as spent_notional_cur; {also}"
    )


def instruction(said: str, seq: int = 20, parent_id: str = "0-8") -> str:
    """The desk tells a parent something at a seq."""
    plain = {"pace": "'PLANNED'", "urgency": "null", "excluded_venues": "[]::varchar[]"}
    unsaid = [f"{x} as {name}" for name, x in plain.items() if not said.endswith(f" as {name}")]
    return (
        "insert into instruction_adopted by name "
        f"select 0 as shard, {seq} as seq, '{parent_id}' as parent_id, "
        + ", ".join([said, *unsaid])
    )


PLANTED = {
    "claims_sum": "update child_routed set claims = [{'tranche': 0, 'claim_qty': 1}]",
    "claim_window": "update parent_opened set end_ns = start_ns",
    "claim_wanted": "update member_joined set member_qty = 1",
    "claim_members": "update member_joined set tranche = 1",
    "order_conservation": "update order_expired set withdrawn_qty = withdrawn_qty - 1",
    "order_settled": "delete from order_expired where order_id = '0-7'",
    "order_membership": "delete from parent_ended where parent_id = '0-8'",
    "parent_conservation": "update parent_ended set returned_qty = returned_qty + 1",
    "parent_exposure": "update child_routed set child_qty = 700 where event_id = '0-24'",
    "slice_exposure": "update child_routed set child_qty = 400 where event_id = '0-24'",
    "parent_reconciled": "update parent_reconciled set error_qty = 1",
    "fill_once": "insert into fill_booked select * from fill_booked where event_id = '0-30'",
    "bust_once": "insert into fill_busted select * from fill_busted",
    "correction_once": "insert into fill_corrected select * from fill_corrected",
    "trade_reports_booked": "update execution_reported set exec_id = 'E9' where exec_id = 'E2'",
    "revisions_booked": "update execution_reported set exec_id = 'B9' where exec_id = 'B1'",
    "venue_count": (
        "update child_routed set reference_px = 1; update execution_reported set cum_qty = 10000"
    ),
    "execution_identity": (
        "insert into execution_reported select * replace (last_qty + 1 as last_qty) "
        "from execution_reported where exec_id = 'E2'"
    ),
    "silence_ended": "update child_cancel_requested set repeats = 1; delete from child_closed",
    "asks_bounded": "update child_cancel_requested set repeats = 9",
    "excess_flagged": "update fill_booked set overfill_qty = 1 where event_id = '0-42'",
    "order_once": (
        "insert into order_accepted select * replace (999 as seq, '0-999' as event_id) "
        "from order_accepted where event_id = '0-7'"
    ),
    "order_answered": "delete from order_accepted where event_id = '0-10'",
    "child_sent_once": (
        "insert into send_started select * replace (sender_number + 1000 as sender_number) "
        "from send_started"
    ),
    "share_sum": "update fill_allocated set error_qty = 1",
    "share_negative": (
        "update fill_allocated set order_ids = ['0-7', '0-13'], shares_qty = [101, -1] "
        "where fill_id = '0-42'"
    ),
    "share_above_member": "update member_joined set member_qty = 100 where order_id = '0-7'",
    "share_taken_back": "update fill_reallocated set cause = 'plan:'",
    "carried_shares": (
        "insert into order_carried by name select 0 as shard, 900 as seq, [] as memberships, "
        "10 as allocated_qty, 0 as crossed_qty, 5 as left_out_qty, 0 as beyond_avg_px"
    ),
    "carried_price": (
        "insert into order_carried by name select 0 as shard, 900 as seq, [] as memberships, "
        "10 as allocated_qty, 0 as crossed_qty, 10 as left_out_qty, 10 as beyond_avg_px"
    ),
    "share_exact": (
        "update fill_allocated set order_ids = ['0-7', '0-13', '0-28'], "
        "shares_qty = [107, 60, 33] "
        "where fill_id = '0-30'"
    ),
    "late_joiner": (
        "update fill_allocated set order_ids = ['0-28'], shares_qty = [100] where fill_id = '0-26'"
    ),
    "leaver": (
        "update fill_allocated set order_ids = ['0-28'], shares_qty = [100] where fill_id = '0-42'"
    ),
    "policy_before_parent": "delete from control_applied where control = 'PolicySet'",
    "child_outlives_parent": "delete from child_closed",
    "child_limit": "update child_routed set limit_px = 102000000000 where event_id = '0-38'",
    "child_on_tick": "update child_routed set limit_px = limit_px + 1",
    "child_lot": "update child_routed set child_qty = 250 where event_id = '0-24'",
    "child_minimum": "update child_routed set child_qty = 5 where event_id = '0-38'",
    "quote_age": "update child_routed set quote_age_ns = 30000000001",
    "through_best": "update child_routed set limit_px = ask_px + 10000000",
    "venue_halted": "update venue_status_observed set status = 'HALTED'",
    "venue_disconnected": "update session_status_observed set up = false",
    "kill_switch": "update kill_switch_set set engaged = true",
    "controls": "update mandate_set set active = false where client_id = 'c1'",
    "instrument_halted": (
        "insert into instrument_halted by name "
        "select 0 as shard, 20 as seq, 'AAPL' as instrument_id"
    ),
    "suspended": (
        "insert into suspension_set by name "
        "select 0 as shard, 20 as seq, 'VENUE' as scope, 'Q' as scope_id"
    ),
    "paused_parent": instruction("'PAUSED' as pace"),
    "excluded_by_desk": instruction("['N', 'Q'] as excluded_venues"),
    "instructed_members": instruction("'PAUSED' as pace", seq=9),
    "price_band": "update child_routed set reference_px = 90000000000",
    "quote_band": "update orders_crossed set good_px = ask_px + 2, band_px = 2",
    "quote_band_bounded": "update child_routed set good_px = ask_px, band_px = ask_px",
    "route_rate": (
        "update policy_set set parent_routes_max = 2; "
        "update child_routed set parent_id = '0-11', reference_px = limit_px, "
        "at_ns = (select min(at_ns) from child_routed)"
    ),
    "limit_order": limit("499 as max_order_qty"),
    "limit_at_work": (
        limit("500 as max_order_qty")
        + limit("10 as max_order_qty", 21, "update child_routed set reference_px = 1")
    ),
    "allotment_sum": limit("99 as max_day_notional_cur"),
    "allotment_spent": limit(
        "100 as max_day_notional_cur", also="update order_accepted set value_px = 1000000000"
    ),
    "position_limit": limit("499 as max_position_qty"),
    "position_at_work": (limit("500 as max_position_qty") + limit("400 as max_position_qty", 21)),
    "mandate_participation": (
        "update child_routed set reference_px = 1; update mandate_set set max_participation_ppm = 1"
    ),
    "order_held": (
        "insert into order_held by name select 0 as shard, 20 as seq, '0-7' as order_id"
    ),
    "slice_held": (
        "insert into slice_held by name "
        "select shard, seq, parent_id, 0 as slice_qty from slice_released"
    ),
    "sent_in_time": "update send_started set started_ns = 1",
    "venue_permitted": "update parent_opened set no_dark = true",
    "self_trade": (
        "update child_routed set venue = 'Q', side = 'SELL', limit_px = 99990000000 "
        "where event_id = '0-38'"
    ),
    "cross_sides": "update cross_allocated set cross_px = cross_px + 1 where side = 'BUY'",
    "cross_with_oneself": "update order_accepted set client_id = 'c1'",
    "cross_consent": "update order_accepted set crossing_consent = false",
    "cross_inside": "update orders_crossed set cross_px = ask_px + 1",
    "cross_limit": "update member_joined set parent_limit_px = 99000000000",
    "cross_quote_age": "update orders_crossed set quote_age_ns = 1000000001",
    "crossed_before_routed": MORE_TO_SELL,
    "seq_contiguous": "delete from scorecard_updated",
    "seals_contiguous": "update batch_sealed set next_seq = next_seq + 1 where batch = 3",
    "inputs_contiguous": "update batch_sealed set inputs = inputs[2:] where batch = 1",
    "chain_linked": "update batch_sealed set previous_chain = chain where batch = 3",
    "event_sealed": "update fill_booked set at_ns = at_ns + 1",
    "cause_sealed": "update order_accepted set cause = 'orders:99'",
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("good")
    with EmbeddedLog(folder / "log.db", 2) as log:
        world = World(log)
        Day(world)
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    with closing(duckdb.connect(str(folder / "p.duckdb"))) as connection:
        yield connection


@pytest.fixture(scope="module")
def homes(good: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The view of each rule; querying it alone is faster than querying all of them."""
    views = [view.name for view in projections.views() if view.name.startswith("rule_")]
    return {
        rule: view
        for view in views
        for (rule,) in good.execute(f"select name from {view}").fetchall()  # noqa: S608  Ours.
    }


@pytest.fixture
def planted(
    good: duckdb.DuckDBPyConnection, homes: dict[str, str]
) -> Iterator[Callable[[str, str], int]]:
    """Change what is in the log, and count how often a rule is broken then."""

    def plant(change: str, rule: str) -> int:
        good.execute(change)
        counted = f"select violations from {homes[rule]} where name = ?"  # noqa: S608  Ours.
        found: int = good.execute(counted, [rule]).fetchall()[0][0]
        return found

    good.begin()
    yield plant
    good.rollback()


def violations(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(connection.execute("select name, violations from invariants").fetchall())


def test_a_good_log_violates_nothing(good: duckdb.DuckDBPyConnection) -> None:
    assert {name: count for name, count in violations(good).items() if count} == {}


def test_every_rule_has_a_planted_violation(good: duckdb.DuckDBPyConnection) -> None:
    assert sorted(violations(good)) == sorted(PLANTED)


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_violation_is_counted(planted: Callable[[str, str], int], rule: str) -> None:
    assert planted(PLANTED[rule], rule) > 0


@pytest.mark.parametrize(
    "reason",
    [
        "update order_accepted set crossing_consent = false where event_id = '0-10'",
        "update order_accepted set client_id = 'c1' where event_id in ('0-7', '0-10', '0-13')",
        "update member_joined set parent_limit_px = 100000000001 where order_id = '0-10'",
        (
            "update member_joined set parent_limit_px = 99999999999 where order_id <> '0-10'; "
            "update member_left set parent_limit_px = 99999999999; "
            "update member_amended set parent_limit_px = 99999999999"
        ),
        "update child_routed set bid_px = ask_px",
        "update parent_opened set currency = 'EUR' where event_id = '0-11'",
        "update parent_opened set end_ns = 1 where event_id = '0-11'",
        "update child_routed set quote_age_ns = 1000000001",
        "update child_routed set time_in_force = 'IOC'",  # Its age is of one side alone.
        (
            "insert into order_change_pending by name "
            "select 0 as shard, 14 as seq, '0-10' as order_id, 'CANCEL' as change"
        ),
        "update kill_switch_set set engaged = true, scope = 'CLIENT', scope_id = 'c2'",
        instruction("'PAUSED' as pace", parent_id="0-11"),
        (
            "insert into child_routed by name select 0 as shard, 14 as seq, '0-14' as event_id, "
            "'0-11' as parent_id, 300 as child_qty, 'SELL' as side, 'X' as venue"
        ),
    ],
)
def test_interest_that_could_not_cross_is_no_missed_cross(
    planted: Callable[[str, str], int], reason: str
) -> None:
    assert planted(MORE_TO_SELL, "crossed_before_routed") == 3
    assert planted(reason, "crossed_before_routed") == 0


def test_a_client_that_joined_both_sides_in_the_childs_own_batch_may_miss_a_cross(
    planted: Callable[[str, str], int],
) -> None:
    """The engine leaves it out of one side, which may be the child's."""
    one_buyer = "update order_accepted set client_id = 'c1' where event_id in ('0-7', '0-13')"
    joins = (
        "insert into order_accepted by name select * replace ('0-36' as event_id, 36 as seq, "
        "'c1' as client_id) from order_accepted where event_id = '0-10'; "
        "insert into member_joined by name select * replace ('0-39' as event_id, 39 as seq, "
        "'0-36' as order_id) from member_joined where order_id = '0-10'"
    )
    assert planted(f"{MORE_TO_SELL}; {one_buyer}", "crossed_before_routed") == 3
    assert planted(joins, "crossed_before_routed") == 2  # All but 0-40, which goes out after.


def test_a_taking_child_shows_a_fresh_midpoint_where_any_quote_may_cross(
    planted: Callable[[str, str], int],
) -> None:
    taking = "update child_routed set time_in_force = 'IOC'"
    assert planted(f"{MORE_TO_SELL}; {taking}", "crossed_before_routed") == 0
    any_age = "update policy_set set cross_quote_age_ns = 30000000000"
    assert planted(any_age, "crossed_before_routed") == 3


@pytest.mark.parametrize(("client_id", "count"), [("c3", 3), ("c2", 0)])
def test_the_kill_switch_of_a_members_client_stops_its_parents_children(
    planted: Callable[[str, str], int], client_id: str, count: int
) -> None:
    engaged = "update kill_switch_set set engaged = true, scope = 'CLIENT'"
    assert planted(f"{engaged}, scope_id = '{client_id}'", "kill_switch") == count


@pytest.mark.parametrize(
    ("scope", "scope_id", "count"),
    [
        ("CONTROLS", "", 3),
        ("VENUE", "", 3),
        ("VENUE", "X", 1),
        ("VENUE", "X/AAPL", 1),
        ("SOURCE", "", 0),
    ],
)
def test_a_suspension_stops_what_it_might_have_forbidden_until_it_ends(
    planted: Callable[[str, str], int], scope: str, scope_id: str, count: int
) -> None:
    what = f"'{scope}' as scope, '{scope_id}' as scope_id"
    begins = f"insert into suspension_set by name select 0 as shard, 20 as seq, {what}"
    assert planted(begins, "suspended") == count
    ends = f"insert into suspension_ended by name select 0 as shard, 21 as seq, {what}"
    assert planted(ends, "suspended") == 0


def test_a_person_lifts_a_halt(planted: Callable[[str, str], int]) -> None:
    lifted = (
        "insert into control_applied by name select 0 as shard, 21 as seq, "
        "'SuspensionLifted' as control, 'INSTRUMENT' as scope, 'AAPL' as scope_id"
    )
    assert planted(f"{PLANTED['instrument_halted']}; {lifted}", "instrument_halted") == 0


def test_nothing_is_sent_to_a_venue_that_does_not_answer(
    planted: Callable[[str, str], int],
) -> None:
    silent = (
        "insert into suspension_set by name "
        "select 0 as shard, 20 as seq, 'VENUE' as scope, 'Q/*' as scope_id"
    )
    assert planted(silent, "suspended") == planted(PLANTED["suspended"], "suspended") > 0


def test_a_silence_that_is_a_break_has_ended(planted: Callable[[str, str], int]) -> None:
    assert planted(PLANTED["silence_ended"], "silence_ended") > 0
    flagged = (
        "insert into break_flagged by name select 0 as shard, 900 as seq, '0-900' as event_id, "
        "child_id, 'NO_ANSWER' as reason from child_cancel_requested"
    )
    assert planted(flagged, "silence_ended") == 0
    closed = "insert into break_closed by name select 0 as shard, 1 as seq, '0-900' as break_id"
    assert planted(closed, "silence_ended") > 0


def test_a_restricted_instrument_sends_nothing_until_it_is_listed_no_more(
    planted: Callable[[str, str], int],
) -> None:
    listed = "insert into restriction_set by name select {} as position, 'AAPL' as instrument_id, "
    applied = (
        "insert into control_applied by name select 0 as shard, {} as seq, "
        "'controls:{}' as cause, 'RestrictionSet' as control"
    )
    assert planted(f"{listed.format(90)} true as restricted", "controls") == 0  # Not applied yet.
    assert planted(applied.format(20, 90), "controls") > 0
    planted(f"{listed.format(91)} false as restricted", "controls")
    assert planted(applied.format(21, 91), "controls") == 0


def test_the_shares_of_a_carried_order_are_found_in_its_carried_children(
    planted: Callable[[str, str], int],
) -> None:
    child = (
        "insert into child_carried by name select 0 as shard, 899 as seq, 'c' as cause, "
        "'p' as parent_id, [{'fill_id': 'f', 'last_qty': 10, 'last_px': 1, 'order_ids': ['o'], "
        "'shares_qty': [10], 'error_qty': 0, 'executions': []}] as fills"
    )
    order = (
        "insert into order_carried by name select 0 as shard, 900 as seq, 'c' as cause, "
        "'o' as order_id, [{'parent_id': 'p', 'allocated_qty': 10, 'taken_qty': 0, 'stays': []}] "
        "as memberships, 10 as allocated_qty, 0 as crossed_qty, 0 as left_out_qty, "
        "0 as beyond_avg_px"
    )
    assert planted(f"{child}; {order}", "carried_shares") == 0
    assert planted("update order_carried set allocated_qty = 11", "carried_shares") == 1


def test_a_member_that_joined_after_a_child_was_sent_has_no_part_in_its_fills(
    planted: Callable[[str, str], int],
) -> None:
    now = "update fill_allocated set child_epoch = 0 where fill_id = '0-30'"
    assert planted(now, "late_joiner") == 1
    beyond = (
        "update fill_allocated set order_ids = order_ids[:2], shares_qty = shares_qty[:2], "
        "other_order_ids = order_ids[3:], other_shares_qty = shares_qty[3:] "
        "where fill_id = '0-30'"
    )
    assert planted(beyond, "late_joiner") == 0  # The others could not take it.


def test_quantity_in_the_error_account_has_a_flag_of_its_own(
    planted: Callable[[str, str], int],
) -> None:
    wrong = "update fill_allocated set child_epoch = 0, error_qty = 1 where fill_id = '0-30'"
    assert planted(wrong, "excess_flagged") == 1


def test_what_the_error_account_owes_has_a_flag_of_its_own(
    planted: Callable[[str, str], int],
) -> None:
    owed = "update fill_reallocated set error_qty = -1 where fill_id = '0-26'"
    assert planted(owed, "excess_flagged") == 1


def test_a_planted_late_trade_report_counts_once_a_report(
    planted: Callable[[str, str], int],
) -> None:
    resent = "insert into execution_reported select * from execution_reported"
    assert planted(resent, "trade_reports_booked") == 0  # A resend is no other trade.


def test_a_send_whose_record_was_written_again_is_one_send(
    planted: Callable[[str, str], int],
) -> None:
    assert planted("insert into send_started select * from send_started", "child_sent_once") == 0
