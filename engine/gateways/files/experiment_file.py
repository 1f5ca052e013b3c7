"""The policies of an experiment from a TOML file.

    [[policy]]                          [[policy]]
    name = "today"                      name = "patient"
                                        interval = "60s"
                                        tracking_band = "5%"

Each table is a run of the same day. It names itself and may change any field of the controls'
`[policy]` (`controls_file`), the seed of all chance, and what is assumed of the simulated venues:
`queue` and `impact`. A table that changes nothing is the day as `metaorder simulate` plays it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import field_validator

from engine.gateways.files import controls_file
from engine.gateways.files.controls_file import ControlTable
from engine.gateways.files.tables import Table, TableFileError, tables_of, validated
from engine.gateways.values import Code, Truth, Whole, Word

POLICY = "policy"
NAME_CHARS_MAX = 40


class Queue(StrEnum):
    """An assumption on the place of a resting child in its venue's queue."""

    PESSIMISTIC = "PESSIMISTIC"
    BASE = "BASE"
    OPTIMISTIC = "OPTIMISTIC"


class Conditions(Table):
    """The fields of a table that are none of the policy's own."""

    name: Code  # Also the folder of the run.
    seed: Whole | None = None
    queue: Word[Queue] = Queue.BASE
    impact: Truth = False

    def key(self) -> str:
        return self.name

    @field_validator("name")
    @classmethod
    def names_a_folder(cls, name: str) -> str:
        if len(name) > NAME_CHARS_MAX or name.startswith(".") or "/" in name or "\\" in name:
            raise ValueError(f"expected at most {NAME_CHARS_MAX} characters that name a folder")
        return name


class Variant(NamedTuple):
    """A run of the experiment: its conditions and all of its controls."""

    conditions: Conditions
    controls: Sequence[ControlTable]
    changes: Mapping[str, Any]  # Fields of the policy as the file has them.


def read(path: Path, controls_path: Path) -> list[Variant]:
    """The runs of a file, over the controls of another.

    Raises TableFileError that names every wrong field, two runs of one name, and controls without
    one policy to change.
    """
    base = tables_of(controls_path, tuple(controls_file.TABLES))
    policies = [table for name, table in base if name == POLICY]
    if len(policies) != 1:
        raise TableFileError(
            f"{controls_path}: found {len(policies)} tables of policy, expected one to change"
        )
    tables = [table for _, table in tables_of(path, (POLICY,))]
    wrong = [n for n, table in enumerate(tables, 1) if not isinstance(table, dict)]
    if wrong:
        raise TableFileError(f"{path}, policy {wrong[0]}: expected a table, [[policy]]")
    own = Conditions.model_fields
    said = [{k: v for k, v in table.items() if k in own} for table in tables]
    changes = [{k: v for k, v in table.items() if k not in own} for table in tables]
    conditions = validated(path, [(POLICY, x) for x in said], {POLICY: Conditions})
    changed = validated(
        path,
        [(POLICY, {**policies[0], **x}) for x in changes],
        {POLICY: controls_file.Policy},
        judge=controls_file.flaw,
    )
    names = [x.name for x in conditions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableFileError(f"{path}: two policies are named {twice[0]}; give each its own name")
    desk = controls_file.read(controls_path)
    return [
        Variant(each, tuple(_with(desk, policy)), change)
        for each, policy, change in zip(conditions, changed, changes, strict=True)
    ]


def _with(desk: Sequence[ControlTable], policy: ControlTable) -> list[ControlTable]:
    """The controls with another policy in the place of theirs."""
    return [policy if isinstance(x, controls_file.Policy) else x for x in desk]
