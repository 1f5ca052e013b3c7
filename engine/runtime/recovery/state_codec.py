"""The objects of a state as bytes, and back.

They are pickled, as nothing else brings back a million objects within seconds, shared references
and the order of every dict included. Unpickling is bound to the classes of the state and of the
events: bytes can say what a state is, and can call, import or run nothing else.
"""

import hashlib
import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Any

from engine.core import events
from engine.core.state import finished_store, model, state


class UnusableError(Exception):
    """Why stored bytes are passed by; never more than that."""


def _kinds() -> Iterator[type]:
    """The classes of the state and of the events, each defined where it is named."""
    for module in (state, model, finished_store, events):
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                yield kind


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a record, in order; none of a class that is no record."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return tuple(getattr(kind, "_fields", ()))


KINDS: Mapping[tuple[str, str], type] = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (*_kinds(), OrderedDict)
    if _names(kind) or issubclass(kind, Enum | dict)
}
LAYOUT = hashlib.sha256(
    repr([(name, _names(kind)) for name, kind in sorted(KINDS.items(), key=str)]).encode()
).hexdigest()[:16]

Reduced = tuple[type, tuple[Any, ...]]


def _reducer(kind: type) -> Callable[[Any], Reduced]:
    """An instance as its class and the values of its fields, in order."""
    names = _names(kind)
    if len(names) == 1:
        (name,) = names
        return lambda found: (kind, (getattr(found, name),))
    values = attrgetter(*names)
    return lambda found: (kind, values(found))


def _maker(kind: type) -> Callable[..., object]:
    """Makes an instance of the values of its fields. No class: nothing can be set on one."""
    if kind.__module__ != events.__name__ or issubclass(kind, Enum):
        return partial(kind)
    names, twin = _names(kind), events.twin(kind)  # An event takes keywords; this is quicker.

    def make(*values: object) -> object:
        made = twin()
        for name, value in zip(names, values, strict=True):
            setattr(made, name, value)
        made.__class__ = kind  # Both have the same slots.
        found: object = made
        return found

    return make


REDUCERS = {kind: _reducer(kind) for kind in KINDS.values() if _names(kind)}


class Unpickler(pickle.Unpickler):
    """Knows the classes of a state, and nothing else."""

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        kind = KINDS.get((module, name))
        if kind is None:
            raise UnusableError(f"it asks for {module:.80}.{name:.80}, which no state holds")
        return _maker(kind)


def dumped(found: object, reducers: Mapping[type, Callable[[Any], Reduced]] = REDUCERS) -> bytes:
    """An object of a state as bytes, with all that it refers to."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5)
    pickler.dispatch_table = reducers
    pickler.dump(found)
    return out.getvalue()
