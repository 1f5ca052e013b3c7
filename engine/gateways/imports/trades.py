"""A table of trades alone: a time, a price and a size, under their usual names.

Columns, in any order and case: a time (`ts`, `time`, `timestamp`, ...: ISO 8601 or an epoch number
of seconds, ms, us or ns, told by its length), `price` or `px`, `size`, `qty`, `quantity`, `amount`
or `volume`; and, if they are there, `exchange` or `venue`, `cond` or `conditions`, `id` or
`trade_id`. Conditions need their vocabulary (`--conditions`): the same letters differ by tape.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.gateways.imports import source, values
from engine.gateways.imports.bars import TIMES
from engine.gateways.imports.port import (
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Reader,
)

WANTED = {
    "ts": TIMES,
    "price": ("price", "px"),
    "size": ("size", "qty", "quantity", "amount", "volume"),
}
OPTIONAL = {
    "venue": ("exchange", "venue"),
    "conditions": ("cond", "conditions"),
    "id": ("id", "trade_id"),
}


class Trades(Reader):
    """Trades of one instrument."""

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        units = values.Units(self.request.increment)
        for path in paths:
            header, rows = source.table(path)
            names = source.columns(path, header, WANTED)
            for wish, usual in OPTIONAL.items():
                names[wish] = next((x for x in header if x.strip().lower() in usual), "")
            if names["conditions"] and not self.request.conditions:
                raise ImportFailedError(
                    f"{path}, line 1: column {names['conditions']} holds sale conditions; say "
                    "whose with --conditions: cta, utp, numeric, or none to leave them unread"
                )
            for line, cells in rows:
                self.account.line_count += 1
                try:
                    row = source.by_name(header, cells)
                    yield self._print(units, {x: row.get(y, "") for x, y in names.items()})
                except BadFieldError as error:
                    self.account.refuse(path, line, error)

    def instrument(self) -> Mapping[str, str | int]:
        return {
            "quote_size_unit": "shares",
            "trade_size_unit": "shares",
            "conditions": self.request.conditions or "none",
        }

    def _print(self, units: values.Units, row: Mapping[str, str]) -> Print:
        return Print(
            values.any_ns("ts", row["ts"], self.request.zone),
            row["venue"] or self.request.venue or "TAPE",
            units.px("price", row["price"]),
            units.size("size", row["size"]),
            row["conditions"],
            trade_id=row["id"],
        )
