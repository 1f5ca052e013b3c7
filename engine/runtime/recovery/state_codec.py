"""The objects of a state as bytes, and back.

They are pickled, as nothing else brings back a million objects within seconds, shared references
and the order of every dict included. Unpickling is bound to the classes of the state and of the
events: bytes can describe a state, and can call, import or run nothing else.

`dumped` is for a whole state, whose file has a digest of its own; `packed` is for one item of a
finished store, and adds a checksum. There an order that several parents share is an item of its
own, and in a parent its id stands for it.
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
from zlib import crc32

from engine.core import events
from engine.core.state import finished_store, limit_ladder, model, state
from engine.core.state.finished_store import SharedOrder
from engine.core.state.model import Order

CHECKSUM_BYTES = 4


class UnusableError(Exception):
    """Why stored bytes cannot be used; the log is folded instead."""


def _kinds() -> Iterator[type]:
    """The classes of the state and of the events, each defined where it is named."""
    for module in (state, model, limit_ladder, finished_store, events):
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                yield kind


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass or named tuple, in order; none of another class."""
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
    """Reduces an instance to its class and the values of its fields, in order."""
    names = _names(kind)
    if len(names) == 1:
        (name,) = names
        return lambda found: (kind, (getattr(found, name),))
    values = attrgetter(*names)
    return lambda found: (kind, values(found))


def _maker(kind: type) -> Callable[..., object]:
    """Makes an instance from the values of its fields.

    It is not the class itself, so that bytes cannot set anything on a class.
    """
    if kind.__module__ != events.__name__ or issubclass(kind, Enum):
        return partial(kind)
    names, twin = _names(kind), events.twin(kind)  # Quicker than an event's keywords.

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
    """Makes the classes of a state, and no others."""

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


# ------------------------------------------------------------------ items of a finished store


_reduce_order = REDUCERS[Order]


def _reduce_member_order(order: Order) -> Reduced:
    """An order of one parent alone is written with it, a shared one as its id."""
    return (SharedOrder, (order.order_id,)) if order.is_shared else _reduce_order(order)


PARENT_REDUCERS: Mapping[type, Callable[[Any], Reduced]] = {
    **REDUCERS,
    Order: _reduce_member_order,
}


def packed(item: object, reducers: Mapping[type, Callable[[Any], Reduced]]) -> bytes:
    content = dumped(item, reducers)
    return crc32(content).to_bytes(CHECKSUM_BYTES) + content


def unpacked(content: bytes, shared_order: Callable[[str], object] | None) -> object:
    """The item that was packed; `shared_order` gives the order of an id that stands for one.

    Raises UnusableError if the bytes do not have their checksum.
    """
    body = content[CHECKSUM_BYTES:]
    if crc32(body).to_bytes(CHECKSUM_BYTES) != content[:CHECKSUM_BYTES]:
        raise UnusableError("its bytes do not have their checksum")
    return _ItemUnpickler(body, shared_order).load()


class _ItemUnpickler(Unpickler):
    """Puts shared orders where their ids are."""

    def __init__(self, content: bytes, shared_order: Callable[[str], object] | None) -> None:
        super().__init__(io.BytesIO(content))
        self._shared_order = shared_order

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if self._shared_order is not None and name == SharedOrder.__name__:
            return self._shared_order
        return super().find_class(module, name)
