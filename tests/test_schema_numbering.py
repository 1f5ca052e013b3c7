"""A shape has one id: its own as long as it stays, the next free one when it changes."""

from copy import deepcopy

import pytest

import schemas
from schemas import Schema, numbering


def shape(*names: str) -> Schema:
    fields = [{"name": name, "type": "long", "doc": "A count."} for name in names]
    return {"type": "record", "name": "R", "fields": fields}


ONE, TWO, THREE = shape("a"), shape("a", "b"), shape("a", "b", "c")


def numbered(
    present: dict[str, Schema], ids: dict[str, int], **released: dict[int, Schema]
) -> dict[str, int]:
    """Ids of subjects named t-A, t-B; releases are given as A={id: schema}."""
    known = {f"t-{name}": shapes for name, shapes in released.items()}
    given = {number for shapes in known.values() for number in shapes}
    return numbering.numbered(present, ids, {**{x: {} for x in present}, **known}, given)


def test_the_catalogue_is_current() -> None:
    ids = schemas.catalogue()
    assert numbering.current(ids) == dict(ids)
    assert numbering.FILE.read_text() == numbering.text(ids)


def test_a_shape_that_stays_keeps_its_id() -> None:
    assert numbered({"t-A": ONE}, {"t-A": 1}, A={1: ONE}) == {"t-A": 1}


def test_other_words_are_no_other_shape() -> None:
    reworded = deepcopy(ONE)
    reworded["fields"][0]["doc"] = "Another word."
    assert numbered({"t-A": reworded}, {"t-A": 1}, A={1: ONE}) == {"t-A": 1}


def test_a_changed_shape_takes_the_next_free_id() -> None:
    found = numbered({"t-A": TWO, "t-B": ONE}, {"t-A": 1, "t-B": 2}, A={1: ONE}, B={2: ONE})
    assert found == {"t-B": 2, "t-A": 3}
    assert list(found) == ["t-B", "t-A"]


def test_a_new_subject_takes_the_next_free_id() -> None:
    assert numbered({"t-A": ONE, "t-B": ONE}, {"t-A": 1}, A={1: ONE}) == {"t-A": 1, "t-B": 2}


def test_a_shape_in_development_keeps_its_one_new_id() -> None:
    assert numbered({"t-A": THREE}, {"t-A": 3}, A={1: ONE}) == {"t-A": 3}
    assert numbered({"t-B": TWO}, {"t-B": 4}) == {"t-B": 4}


def test_two_new_subjects_that_a_merge_gave_one_id_take_two() -> None:
    assert numbered({"t-A": ONE, "t-B": TWO}, {"t-A": 4, "t-B": 4}, C={3: ONE}) == {
        "t-A": 4,
        "t-B": 5,
    }


def test_a_shape_that_is_changed_back_has_its_released_id_again() -> None:
    assert numbered({"t-A": ONE}, {"t-A": 3}, A={1: ONE}) == {"t-A": 1}


def test_an_id_of_a_release_is_never_given_again() -> None:
    """Not even one that the present catalogue does not name."""
    assert numbered({"t-A": TWO}, {"t-A": 1}, A={9: THREE, 1: ONE}) == {"t-A": 10}


def test_two_changes_take_two_ids() -> None:
    ids = {"t-A": 1, "t-B": 2}
    found = numbered({"t-B": TWO, "t-A": TWO}, ids, A={1: ONE}, B={2: ONE})
    assert found == {"t-A": 3, "t-B": 4}


def test_the_seal_cannot_take_another_shape() -> None:
    seal = "journal-BatchSealed"
    with pytest.raises(ValueError, match="found another shape than was released"):
        numbering.numbered({seal: TWO}, {seal: 1}, {seal: {1: ONE}}, {1})


def test_a_subject_without_its_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"orders-OrderLost: .*restore the file"):
        numbering.current({**schemas.catalogue(), "orders-OrderLost": 999})
