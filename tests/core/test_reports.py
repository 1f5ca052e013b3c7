"""A report counts once and for its own venue; a report of an unknown child or type is a break."""

from reported import LIMIT_PX, exposure, resting
from world import (
    DAY,
    OTHER_LIT,
    an,
    bust,
    cancel,
    cancel_rejected,
    correction,
    fill_report,
    not_sent,
    report,
)

from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ExecType,
    FillBooked,
    FillBusted,
)


def test_a_report_from_another_venue_does_not_count() -> None:
    world = resting().given(cancel())
    child = world.child()
    unknown = an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD)
    world.when(not_sent(child, venue=OTHER_LIT)).then(unknown)
    world.when(cancel_rejected(child, venue=OTHER_LIT)).then()  # The same break.
    world.when(fill_report(child, 100, venue=OTHER_LIT)).then(unknown)
    assert exposure(world) == 500


def test_a_resent_report_changes_nothing() -> None:
    world = resting()
    child = world.child()
    for one in (
        report(child),
        fill_report(child, 100),
        fill_report(child, 50, "E2"),
        correction(child, 60),
        bust(child, "E2"),
        fill_report(child, 0, "bad"),
        report(child, ExecType.OTHER),
        fill_report(child, 7, "lost", child_id="nobody"),
        bust(child, "unheard"),
        correction(child, -1, exec_id="bad c"),
        cancel_rejected(child),
        report(child, ExecType.CANCELED),
    ):
        world.given(one)
        before = repr((world.state.parents, world.state.orders, world.state.breaks))
        world.resend().then()
        assert repr((world.state.parents, world.state.orders, world.state.breaks)) == before


def test_the_same_id_is_another_report_on_another_day_or_venue_or_of_another_type() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 100, "E1"))
    world.when(fill_report(child, 90, "E1", session_day=DAY + 1)).then_some(FillBooked)
    world.when(bust(child, "E1", exec_id="E1")).then_some(FillBusted)
    world.when(fill_report(child, 100, "E1")).then()


def test_a_type_that_is_not_known_is_a_break() -> None:
    world = resting()
    world.when(report(world.child(), ExecType.OTHER)).then(
        an(BreakFlagged, reason=BreakReason.INVALID_REPORT)
    )


def test_a_fill_of_a_child_that_we_do_not_know_is_a_break() -> None:
    world = resting()
    world.when(fill_report(world.child(), 70, child_id="0-999")).then(
        an(
            BreakFlagged,
            reason=BreakReason.UNKNOWN_CHILD,
            child_id="0-999",
            break_qty=70,
            break_px=LIMIT_PX,
        )
    )
    assert world.state.fills == {}
