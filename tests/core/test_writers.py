"""Which key of a writer is in force, and which requests are of an earlier day."""

import pytest
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    NOW_NS,
    OPEN_NS,
    SECOND,
    SOURCE,
    World,
    amend,
    an,
    cancel,
    day_closed,
    day_opened,
    make,
    order,
    policy,
    trading,
    writer_key,
)

from engine.core import events as e
from engine.core.controls import input_limits, writers

ONE, TWO, THREE = (writer_key(number=n).public_key for n in (1, 2, 3))


def in_force(world: World, topic: str = "orders", writer: str = SOURCE) -> str:
    return writers.key_in_force(world.state, topic, writer)


def test_a_key_is_answered_and_in_force_at_once() -> None:
    world = trading().when(writer_key())
    applied = an(e.ControlApplied, control="WriterKeySet", scope=e.ControlScope.SOURCE)
    world.then(applied)
    assert in_force(world) == ONE
    assert in_force(world, "controls") == ""
    assert in_force(world, writer="T2") == ""


def test_a_key_of_a_coming_day_replaces_the_earlier_one_when_that_day_opens() -> None:
    world = trading(writer_key(), writer_key(number=2, from_day=DAY + 1))
    assert in_force(world) == ONE
    world.at(CLOSE_NS, day_closed())
    assert in_force(world) == ONE, "between two days the closed one counts"
    world.at(CLOSE_NS + HOUR, day_opened(DAY + 1, CLOSE_NS + HOUR))
    assert in_force(world) == TWO


def test_of_two_keys_of_one_day_the_later_adopted_one_is_in_force() -> None:
    world = trading(writer_key(from_day=DAY), writer_key(number=2, from_day=DAY))
    assert in_force(world) == TWO
    world.given(writer_key(number=3, from_day=DAY - 1))
    assert in_force(world) == TWO, "an earlier day's is older, however late it was adopted"


def test_a_key_at_once_replaces_the_key_of_an_earlier_day_for_good() -> None:
    world = trading(writer_key(from_day=DAY - 1), writer_key(number=2))
    assert in_force(world) == TWO
    world.at(CLOSE_NS, day_closed())
    assert in_force(world) == TWO
    world.given(writer_key(number=3))
    assert in_force(world) == THREE, "between two days it is of the one that closed"
    assert world.folded().state == world.state


def test_a_key_at_once_gives_way_to_the_key_of_a_coming_day() -> None:
    world = trading(writer_key(from_day=DAY + 1), writer_key(number=2))
    assert in_force(world) == TWO
    world.at(CLOSE_NS, day_closed()).at(CLOSE_NS + HOUR, day_opened(DAY + 1, CLOSE_NS + HOUR))
    assert in_force(world) == ONE


def test_a_revoked_key_gives_way_to_the_one_before() -> None:
    world = trading(writer_key(), writer_key(number=2))
    world.given(writer_key(number=2, revoked=True))
    assert in_force(world) == ONE
    world.given(writer_key(revoked=True))
    assert in_force(world) == ""
    assert not world.state.controls.writer_keys


def test_a_key_that_is_set_again_has_its_new_terms() -> None:
    world = trading(writer_key(), writer_key(topics=("controls",)))
    assert in_force(world) == ""
    assert in_force(world, "controls") == ONE


def test_a_writer_keeps_eight_keys() -> None:
    world = trading(*(writer_key(number=n) for n in range(writers.KEYS_MAX + 1)))
    assert len(world.state.controls.writer_keys[SOURCE]) == writers.KEYS_MAX
    assert in_force(world) == writer_key(number=writers.KEYS_MAX).public_key


def test_the_policy_says_which_topics_are_signed() -> None:
    assert not writers.is_signed_topic(World().state, "orders")
    assert not writers.is_signed_topic(trading().state, "orders")
    world = trading(policy(signed_topics=("orders",)))
    assert writers.is_signed_topic(world.state, "orders")
    assert not writers.is_signed_topic(world.state, "controls")


def test_a_request_is_of_an_earlier_day_by_more_than_two_clocks_may_differ() -> None:
    state, asked = trading().state, order()
    assert not writers.is_of_earlier_day(World().state, asked, 1), "no day is open"
    state.day = day_opened(set_ns=OPEN_NS)
    assert not writers.is_of_earlier_day(state, asked, NOW_NS)
    assert not writers.is_of_earlier_day(state, asked, OPEN_NS - 5 * SECOND)
    assert writers.is_of_earlier_day(state, asked, OPEN_NS - 5 * SECOND - 1)
    assert writers.is_of_earlier_day(state, amend(), OPEN_NS - 5 * SECOND - 1)
    assert not writers.is_of_earlier_day(state, cancel(), 1), "cancels always pass"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (writer_key(), ""),
        (writer_key(from_day=DAY), ""),
        (writer_key(from_day=7), "from_day of WriterKeySet is 7, expected a day as yyyymmdd, or 0"),
        (writer_key(topics=("fills",)), "topics of WriterKeySet is ('fills',), expected some of"),
        (writer_key(topics=("orders", "orders")), "each once"),
        (writer_key(public_key="ab"), "expected 64 lower-case hexadecimal digits"),
        (make(e.WriterKeySet), "writer of WriterKeySet"),
    ],
)
def test_an_impossible_key_is_named(key: e.WriterKeySet, words: str) -> None:
    found = input_limits.flaw(key)
    assert words in found
    assert bool(words) == bool(found)
