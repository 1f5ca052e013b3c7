"""Give each subject the id of its shape: the one it has, or the next free one.

An id means one shape for ever, because logs are kept for ever. So a subject keeps its id until its
shape differs from the one that was released under it; then it takes one new id, which it keeps
while it is developed, up to the next release. A shape that is changed back has its released id
again. A free id is above every id that this catalogue or a release has given.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import schemas
from schemas import Schema, compatibility

HERE = Path(__file__).resolve().parent
FILE = HERE / schemas.CATALOGUE
NO_TOPICS = (schemas.RELEASED, schemas.TYPES)


def current(ids: Mapping[str, int]) -> dict[str, int]:
    """The catalogue as the .avsc files make it from the ids so far.

    Raises ValueError for a subject whose .avsc is gone, or that must keep its shape.
    """
    files = subjects()
    gone = [subject for subject in ids if subject not in files]
    if gone:
        raise ValueError(
            f"{', '.join(gone)}: in the catalogue, but no .avsc; logs hold these records, so "
            "restore the file"
        )
    releases = [(schemas.released_ids(x), x) for x in reversed(schemas.released())]
    given = {number for ids, _ in releases for number in ids.values()}
    shapes = {
        subject: {
            ids[subject]: schemas.released_schema(version, subject)
            for ids, version in releases
            if subject in ids
        }
        for subject in files
    }
    return numbered({x: schemas.schema(x) for x in files}, ids, shapes, given)


def numbered(
    present: Mapping[str, Schema],
    ids: Mapping[str, int],
    released: Mapping[str, Mapping[int, Schema]],
    given: set[int],
) -> dict[str, int]:
    """Id of each present subject, in order of id.

    `ids` are those of the catalogue so far, `released` the shapes of each subject by their id, the
    newest release first, `given` every id that a release has. Raises ValueError for a subject that
    must keep its shape.
    """
    next_id = max([*ids.values(), *given], default=0) + 1
    found: dict[str, int] = {}
    for subject in sorted(present, key=lambda x: (ids.get(x, next_id), x)):
        shape = compatibility.shape(present[subject])
        former = released[subject]
        same = [n for n, old in former.items() if compatibility.shape(old) == shape]
        if same:
            found[subject] = same[0]
        elif subject in ids and ids[subject] not in {*given, *found.values()}:
            found[subject] = ids[subject]  # In development since the last release.
        elif subject in compatibility.FOREVER and former:
            raise ValueError(
                f"{subject}: found another shape than was released, expected none; the chain of "
                "seals is over its bytes, so say what is new in another record"
            )
        else:
            found[subject] = next_id
            next_id += 1
    return dict(sorted(found.items(), key=lambda item: item[1]))


def subjects() -> list[str]:
    """Every subject that has an .avsc."""
    return sorted(
        f"{file.parent.name}-{file.stem}"
        for file in HERE.glob("*/*.avsc")
        if file.parent.name not in NO_TOPICS
    )


def text(ids: Mapping[str, int]) -> str:
    """The text of catalogue.json."""
    return json.dumps(ids, indent=2) + "\n"


def write() -> None:
    """Bring catalogue.json up to date. Raises ValueError as `current` does."""
    FILE.write_text(text(current(schemas.catalogue())))
    for known in (schemas.catalogue, schemas.topics, schemas.earlier):
        known.cache_clear()
