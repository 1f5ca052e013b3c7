"""The flags of one order, made from its ticket: a field of the ticket has a flag of its own.

A flag is the ticket's column with dashes, or a shorter word that people type more often. A yes-no
field that is `no` when absent is a switch; every other flag takes text, which the ticket parses.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic.fields import FieldInfo

from engine.gateways.orders.tickets import IDS, ORDER_FIELDS

SHORT: Final = {
    "client_id": "--client",
    "instrument_id": "--instrument",
    "order_qty": "--qty",
    "limit_px": "--limit",
    "decision_px": "--decision",
}
# The flag of each column of an order.
FLAGS: Final[Mapping[str, str]] = {
    column: SHORT.get(column, f"--{column.replace('_', '-')}") for column in ORDER_FIELDS
}

SourceOption = Annotated[
    str, typer.Option(FLAGS["source"], help=ORDER_FIELDS["source"].description)
]
ClOrdIdOption = Annotated[
    str | None, typer.Option(FLAGS["cl_ord_id"], help="The source's id of it; made if absent.")
]

Command = TypeVar("Command", bound=Callable[..., None])


def _parameter(column: str, field: FieldInfo) -> inspect.Parameter:
    is_switch = field.annotation is bool
    option = typer.Option(FLAGS[column], help=field.description)
    return inspect.Parameter(
        column,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if is_switch else None,
        annotation=Annotated[bool if is_switch else str | None, option],
    )


def with_order_flags(command: Command) -> Command:
    """Give a command the flags of an order in place of its `**flags`, which receive the values.

    The command states the ids itself, because it makes those that are absent.
    """
    shape = inspect.signature(command)
    own = [x for x in shape.parameters.values() if x.kind is not inspect.Parameter.VAR_KEYWORD]
    flags = [_parameter(name, field) for name, field in ORDER_FIELDS.items() if name not in IDS]
    described: Any = command
    described.__signature__ = shape.replace(parameters=[*own, *flags])
    return command
