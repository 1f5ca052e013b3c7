"""Make an event from another one that has fields of the same names.

A field that no rule judges is copied by its name. So a field that is added to both schemas goes
from the one event to the other without a line of code. The envelope is never copied, because the
shard stamps each event with its own.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

ENVELOPE: Final = ("seq", "at_ns", "cause")
Target = TypeVar("Target")


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of an event, but for the envelope."""
    return tuple(field.name for field in fields(kind) if field.name not in ENVELOPE)


def copier(source: type[Any], target: type[Target], *judged: str) -> Callable[..., Target]:
    """A function that makes a `target` from a `source` and, by name, the fields in `judged`.

    Raises TypeError for a field of the target that is neither judged nor in the source.
    """
    copied = tuple(name for name in field_names(target) if name not in judged)
    missing = sorted(set(copied) - set(field_names(source)))
    if missing:
        raise TypeError(
            f"{target.__name__} has {', '.join(missing)}, which {source.__name__} has not; "
            "add the field there, or judge it"
        )
    values_of = attrgetter(*copied)

    def made(original: object, **given: Any) -> Target:  # noqa: ANN401  Fields of any type.
        given.update(zip(copied, values_of(original), strict=True))
        return target(**given)

    return made
