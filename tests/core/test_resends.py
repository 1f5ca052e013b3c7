"""The marks by which a control that is sent again is known."""

import pytest
from world import DAY, day_opened, given, kill

from engine.core.controls import resends
from engine.core.day import carry_forward
from engine.core.events import ControlNumbersCarried


def test_the_sender_that_was_silent_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resends, "SENDERS_MAX", 2)
    state = given().state
    for source, number in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        resends.on_control(state, source, number)
    assert state.controls.numbers == {"a": 3, "c": 4}


def test_a_number_of_a_former_release_that_went_back_lowers_nothing() -> None:
    state = given().state
    resends.on_control(state, "a", 7)
    resends.on_control(state, "a", 5)
    assert state.controls.numbers == {"a": 7}
    assert not resends.ignored(state, kill(), "a", 8)


def test_a_close_without_numbered_controls_carries_no_numbers() -> None:
    carried = carry_forward.facts_in_force(given(kill()).state)
    assert not any(isinstance(event, ControlNumbersCarried) for event in carried)


def test_a_second_opening_in_a_log_of_a_former_release_changes_nothing() -> None:
    state = given(day_opened(), day_opened(DAY + 1)).state
    assert state.day is not None
    assert state.day.day == DAY
