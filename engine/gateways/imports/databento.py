"""Databento CSV: the schemas mbp-1, mbp-10, tbbo, bbo-1s, bbo-1m, trades and ohlcv.

Columns, scales and flags as of databento.com/docs (under schemas: mbp-1, tbbo, trades, ohlcv;
under conventions: common-fields-enums-types) and of the encoder itself (the crate `dbn`,
encode/csv, flags.rs, publishers.rs):

- Prices count 1e-9 currency units, or are decimals with "pretty_px"; 9223372036854775807 or nothing
  is no price. Times are ns since 1970 UTC, or ISO 8601 with "pretty_ts". Sizes are shares.
- `ts_recv` is when Databento received the record, which is the folder's time. With the flag
  BAD_TS_RECV (8) the venue's own `ts_event` is taken instead. A bar has `ts_event` only, its start.
- Flag MAYBE_BAD_BOOK (4): a gap in the channel, the book may be wrong; the quote is left out.
- In mbp the book is the one after the record and action T is a print; in tbbo every record is a
  print and the book the one before it, so its quote is put 1 ns before the print. Both schemas have
  the same columns and rtype 1: the file's name or `--schema` tells them apart.
- `publisher_id` is dataset and venue; each becomes the venue's code on the US tapes where it has
  one, so that its fees are found, and D where the print is off-exchange.

There are no sale conditions and no trade ids: `sequence` numbers messages, and one message may
hold several prints.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.gateways.imports import bars, source, values
from engine.gateways.imports.port import (
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Quote,
    Reader,
)

UNDEF_PRICE = str(2**63 - 1)
UNDEF_TIMESTAMP = str(2**64 - 1)
BAD_TS_RECV = 1 << 3
MAYBE_BAD_BOOK = 1 << 2
BAR_SCHEMAS = ("ohlcv-1s", "ohlcv-1m", "ohlcv-1h")
SCHEMAS = ("mbp-1", "mbp-10", "tbbo", "bbo-1s", "bbo-1m", "trades", *BAR_SCHEMAS)
BOOK = ("bid_px_00", "bid_sz_00", "ask_px_00", "ask_sz_00")
RECORD = ("publisher_id", "instrument_id", "ts_event")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("mbp-1", "mbp-10", "tbbo"), (*RECORD, "ts_recv", "action", "price", "size", "flags", *BOOK)
    ),
    **dict.fromkeys(("bbo-1s", "bbo-1m"), (*RECORD, "ts_recv", "flags", *BOOK)),
    "trades": (*RECORD, "ts_recv", "price", "size", "flags"),
    **dict.fromkeys(BAR_SCHEMAS, (*RECORD, *bars.PRICES, "volume")),
}

# Venue codes of the US tapes by publisher (dbn, publishers.rs); D is off-exchange.
PUBLISHERS: Mapping[str, str] = {
    code: venue
    for venue, codes in {
        "A": "11 78", "B": "3 75 86 88", "C": "10 13 14 40 49 63 91",
        "D": "17 18 19 54 55 56 68 69 70 82 83 84 85 98 100 103 104 106",
        "H": "16 42 51 65", "J": "6 73", "K": "7 74", "L": "80", "M": "12 39 48 62",
        "N": "9 44 45 53 67 92", "P": "43 79", "Q": "2 46 47 52 66 81", "U": "15 77",
        "V": "38 41 50 64", "X": "4 76 87 89", "Y": "5 72", "Z": "71", "GLBX": "1", "IFEU": "57",
        "NDEX": "58", "EQUS": "59 60 90 93 94 95 96", "IFUS": "97", "IFLL": "99", "XEUR": "101",
        "XEEE": "102", "XCBF": "105", "OCEA": "107",
    }.items()
    for code in codes.split()
}  # fmt: skip


class Databento(Reader):
    """One instrument of one day."""

    _instrument_id = ""

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        for path in paths:
            header, rows = source.table(path)
            schema = self._schema(path, header)
            source.require(path, header, COLUMNS[schema])
            for line, cells in rows:
                self.account.line_count += 1
                try:
                    row = source.by_name(header, cells)
                    if self._is_ours(path, line, row):
                        yield from self._observed(schema, row)
                except BadFieldError as error:
                    self.account.refuse(path, line, error)

    def instrument(self) -> Mapping[str, str | int]:
        return {"quote_size_unit": "shares", "trade_size_unit": "shares", "conditions": "none"}

    def _schema(self, path: Path, header: Sequence[str]) -> str:
        named = next((part for part in path.name.split(".") if part in SCHEMAS), "")
        schema = self.request.schema or named or self._schema_of(header)
        if schema in SCHEMAS:
            return schema
        raise ImportFailedError(
            f"{path}, line 1: the columns do not tell the schema, found "
            f"{schema or ','.join(header)[:120]!r}; say it with --schema, one of "
            f"{', '.join(SCHEMAS)}. mbo has no best quote and cmbp-1 no venue: ask for mbp-1."
        )

    def _schema_of(self, header: Sequence[str]) -> str:
        """The schema, where the columns alone tell it."""
        if "order_id" in header or "bid_pb_00" in header or "bid_px_00" in header:
            return ""
        return "" if "open" in header else "trades"

    def _is_ours(self, path: Path, line: int, row: Mapping[str, str]) -> bool:
        symbol = row.get("symbol")
        if symbol is not None:
            if symbol != self.request.symbol:
                self.account.leave_out("another instrument")
            return symbol == self.request.symbol
        self._instrument_id = self._instrument_id or row["instrument_id"]
        if row["instrument_id"] != self._instrument_id:
            raise ImportFailedError(
                f"{path}, line {line}: instrument_id is {row['instrument_id']!r}, expected "
                f"{self._instrument_id!r} as before. A folder is one instrument: ask Databento for "
                "a column of symbols (map_symbols), or split the file."
            )
        return True

    def _observed(self, schema: str, row: Mapping[str, str]) -> Iterator[Observation]:
        publisher = row["publisher_id"]
        values.whole("publisher_id", publisher)
        venue = PUBLISHERS.get(publisher, f"P{publisher}")
        if publisher not in PUBLISHERS:
            self.account.note(f"publisher {publisher} is no venue of ours; its code is {venue}")
        if schema in BAR_SCHEMAS:
            bar = bars.Bar(
                _time("ts_event", row["ts_event"]),
                venue,
                tuple(_px(name, row[name]) for name in bars.PRICES),
                str(values.whole("volume", row["volume"])),
            )
            self.account.note(bars.GUESS)
            yield from bars.prints(bar, bars.span_of(schema.removeprefix("ohlcv-")), self.account)
            return
        flags = values.whole("flags", row["flags"])
        at_ns = self._at_ns(row, flags)
        is_print = schema in ("trades", "tbbo") or row.get("action") == "T"
        if is_print:
            size = str(values.whole("size", row["size"]))
            found = Print(at_ns, venue, _px("price", row["price"]), size)
        if schema != "trades":
            is_before = schema == "tbbo"
            quote = self._quote(at_ns - is_before, venue, row, flags)
            if quote is not None and is_before:
                yield quote
            if is_print:
                yield found
            if quote is not None and not is_before:
                yield quote
        elif is_print:
            yield found

    def _at_ns(self, row: Mapping[str, str], flags: int) -> int:
        if flags & BAD_TS_RECV or row["ts_recv"] in ("", "0", UNDEF_TIMESTAMP):
            self.account.note("where ts_recv is flagged as inaccurate, the venue's time was taken")
            return _time("ts_event", row["ts_event"])
        return _time("ts_recv", row["ts_recv"])

    def _quote(self, at_ns: int, venue: str, row: Mapping[str, str], flags: int) -> Quote | None:
        if flags & MAYBE_BAD_BOOK:
            self.account.leave_out("quote of a book that may be wrong (flag MAYBE_BAD_BOOK)")
            return None
        if venue == "D":
            self.account.leave_out("quote of an off-exchange publisher")
            return None
        bid, bid_size, ask, ask_size = (row[name] for name in BOOK)
        return Quote(
            at_ns,
            venue,
            _px("bid_px_00", bid),
            str(values.whole("bid_sz_00", bid_size)),
            _px("ask_px_00", ask),
            str(values.whole("ask_sz_00", ask_size)),
        )


def _px(name: str, text: str) -> str:
    if text in ("", UNDEF_PRICE):
        return ""
    return values.plain(values.decimal(name, text)) if "." in text else values.fixed(name, text, 9)


def _time(name: str, text: str) -> int:
    if text.isdigit():
        return values.epoch_ns(name, text)
    return values.iso_ns(name, text)
