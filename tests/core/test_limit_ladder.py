"""A ladder finds by limit and age what a walk over all parents finds."""

from unittest.mock import patch

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from engine.core.state import limit_ladder
from engine.core.state.limit_ladder import LimitLadder, Place, SortedKeys

CHANGES = st.lists(
    st.tuples(
        st.integers(0, 9),  # The parent.
        st.one_of(st.none(), st.tuples(st.integers(0, 5), st.sampled_from(("", "a", "b")))),
    ),
    max_size=60,
)


@pytest.fixture(autouse=True, scope="module")
def short_chunks() -> object:
    with patch.object(limit_ladder, "CHUNK_MAX", 2):
        yield


@settings(deadline=None)
@for_all(CHANGES, st.integers(0, 5), st.integers(0, 5), st.sampled_from(("", "a")))
def test_a_ladder_finds_what_a_walk_over_all_finds(
    changes: list[tuple[int, tuple[int, str] | None]], least_px: int, most_px: int, but: str
) -> None:
    ladder, naive = LimitLadder(), dict[str, Place]()
    for number, told in changes:
        parent_id = f"0-{number}"
        if told is None:
            ladder.remove(parent_id)
            naive.pop(parent_id, None)
        else:
            naive[parent_id] = Place(*told, number)
            ladder.put(parent_id, naive[parent_id])
    inside = {x: place for x, place in naive.items() if least_px <= place.px <= most_px}
    others = [x for x, place in inside.items() if not but or place.group != but]

    assert len(ladder) == len(naive)
    assert sorted(ladder.between(least_px, most_px)) == sorted(inside)
    assert [*ladder.oldest_first(least_px, most_px, but)] == sorted(
        others, key=lambda x: naive[x].seq
    )
    assert [*ladder.pxs] == sorted({place.px for place in naive.values()})
    assert sum(len(group) for rung in ladder.rungs.values() for group in rung.values()) == len(
        naive
    )


@for_all(st.lists(st.integers(0, 50), unique=True, max_size=20), st.data())
def test_keys_are_sorted_in_short_chunks_and_can_be_read_from_any_place(
    wanted: list[int], data: st.DataObject
) -> None:
    keys = SortedKeys[int]()
    for key in wanted:
        keys.add(key)
    gone = data.draw(st.lists(st.sampled_from(wanted), unique=True) if wanted else st.just([]))
    for key in gone:
        keys.remove(key)
    left = sorted({*wanted} - {*gone})

    assert [*keys] == left
    assert all(0 < len(chunk) <= limit_ladder.CHUNK_MAX for chunk in keys.chunks)
    for place in range(len(left)):
        assert [*keys.from_place(place)] == left[place:] + left[:place]
    assert [*keys.from_place(len(left))] == []
