"""The generated events are frozen facts."""

import dataclasses
from typing import Any

import pytest

from engine.core import events

KINDS = [kind for kind in vars(events).values() if dataclasses.is_dataclass(kind)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_frozen_once_it_is_filled(kind: type[Any]) -> None:
    fields = dataclasses.fields(kind)
    found = kind(**{field.name: field.name for field in fields})
    assert type(found) is kind
    assert all(getattr(found, field.name) == field.name for field in fields)
    assert found == dataclasses.replace(found)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(found, fields[0].name, "changed")
