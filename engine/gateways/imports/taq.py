"""NYSE Daily TAQ: trade files (EQY_US_ALL_TRADE_*) and quote files (SPLITS_US_ALL_BBO_*).

Daily TAQ Client Specification, versions 2.2 to 3.3 (nyse.com/publicdocs/nyse/data/
Daily_TAQ_Client_Spec_v3.3.pdf); github.com, kxsystems/kdb-taq lists the columns. The header names
them, with or without underscores, and the fields are separated by `|`:

- `Time` is New York time as HHMMSS and 3, 6 or 9 digits of the second's fraction; the day is in the
  file's name. A last line that begins with END has the count of records.
- Prices are decimals in USD, trade volumes shares. Quote sizes are round lots until October 2025;
  of a later day the unit must be said, as the plans changed round lots in November 2025.
- `Sale_Condition` is in the CTA's letters where `Source_of_Trade` is C, in the UTP's where it is N.
- `Trade_Correction_Indicator` is written as it is; the loader counts 00, 01 and 02.
- `Trade_Id` is unique by exchange and, off-exchange (D), by reporting facility.
- A quote with a `Quote_Condition` other than A, B, H, O, R, W (Holden and Jacobsen 2014), Y
  (one-sided) or blank is not firm: its venue has no quote until the next one. A cancelled or
  corrected quote (`Quote_Cancel_Correction`) is left out.

The NBBO of the file is not used: the engine makes its own from the quotes of the venues.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from engine.gateways.imports import source, values
from engine.gateways.imports.port import (
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Quote,
    Reader,
)

ZONE = "America/New_York"
ROUND_LOTS_UNTIL = date(2025, 11, 1)
DAY = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?!\d)", re.ASCII)
TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\d{3}|\d{6}|\d{9})", re.ASCII)
TRADE = ("time", "exchange", "symbol", "salecondition", "tradevolume", "tradeprice")
TRADE_MORE = ("tradecorrectionindicator", "tradeid", "sourceoftrade", "tradereportingfacility")
QUOTE = ("time", "exchange", "symbol", "bidprice", "bidsize", "offerprice", "offersize")
QUOTE_MORE = ("quotecondition", "quotecancelcorrection")
FIRM = frozenset(("", "A", "B", "H", "O", "R", "W", "Y"))
OFF_EXCHANGE = "D"
TAPES = {"C": "cta", "N": "utp"}
PX_ZERO = re.compile(r"0*\.?0*", re.ASCII)


class Layout(NamedTuple):
    """The places of a file's fields; -1 for one that it lacks."""

    day: date
    width: int
    places: Mapping[str, int]

    def check(self, row: Sequence[str]) -> None:
        if len(row) < self.width:
            raise BadFieldError("row", "|".join(row), f"{self.width} fields at least")

    def of(self, row: Sequence[str], name: str) -> str:
        place = self.places[name]
        return row[place].strip() if place >= 0 else ""


class Taq(Reader):
    """One symbol of one day, out of files that hold thousands."""

    zone = ZONE
    _tapes: Counter[str]
    _day: date | None = None

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        self._tapes = Counter()
        for path in paths:
            rows = source.lines(path)
            first = next(rows, None)
            if first is None:
                raise ImportFailedError(f"{path} is empty; expected a header line and rows")
            layout, is_trades = _layout(path, first[1], self.request.day)
            self._day = layout.day
            yield from self._rows(path, rows, layout, is_trades=is_trades)

    def instrument(self) -> Mapping[str, str | int]:
        tape = self._tapes.most_common(1)[0][0] if self._tapes else "C"
        if len(self._tapes) > 1:
            self.account.note(f"trades came from {dict(self._tapes)}; the larger tape was taken")
        return {
            "quote_size_unit": self._quote_size_unit(),
            "trade_size_unit": "shares",
            "conditions": TAPES.get(tape, "cta"),
            "currency": "USD",
        }

    def _quote_size_unit(self) -> str:
        if self.request.quote_size_unit:
            return self.request.quote_size_unit
        if self._day is None or self._day < ROUND_LOTS_UNTIL:
            return "lots"
        raise ImportFailedError(
            f"the unit of quote sizes on {self._day} is not known: the plans changed round lots in "
            "November 2025. Say --quote-size-unit lots or shares, by the specification of the day."
        )

    def _rows(
        self, path: Path, rows: Iterator[tuple[int, str]], layout: Layout, *, is_trades: bool
    ) -> Iterator[Observation]:
        symbol_at, symbol = layout.places["symbol"], self.request.symbol
        count = said = 0
        for line, text in rows:
            row = text.split("|")
            if row[0] == "END":
                said = int(row[symbol_at]) if row[symbol_at].isdigit() else count
                continue
            count += 1
            self.account.line_count += 1
            if len(row) > symbol_at and row[symbol_at].strip() != symbol:
                self.account.leave_out("another symbol")
                continue
            try:
                layout.check(row)
                found = self._trade(layout, row) if is_trades else self._quote(layout, row)
            except BadFieldError as error:
                self.account.refuse(path, line, error)
                continue
            if found is not None:
                yield found
        if said != count:
            end = f"its END line says {said:,}" if said else "it has no END line"
            self.account.note(f"{path.name} holds {count:,} records, {end}: it may be cut off")

    def _trade(self, layout: Layout, row: Sequence[str]) -> Print:
        at_ns = _time(layout, row)
        source_of_trade = layout.of(row, "sourceoftrade")
        if source_of_trade:
            self._tapes[source_of_trade] += 1
        trade_id = layout.of(row, "tradeid")
        facility = layout.of(row, "tradereportingfacility")
        return Print(
            at_ns,
            layout.of(row, "exchange"),
            values.plain(values.decimal("Trade_Price", layout.of(row, "tradeprice"))),
            str(values.whole("Trade_Volume", layout.of(row, "tradevolume"))),
            # Blanks inside are kept: they are levels without a code.
            row[layout.places["salecondition"]].strip(),
            layout.of(row, "tradecorrectionindicator"),
            f"{facility}{trade_id}" if trade_id else "",
        )

    def _quote(self, layout: Layout, row: Sequence[str]) -> Quote | None:
        at_ns = _time(layout, row)
        venue = layout.of(row, "exchange")
        if layout.of(row, "quotecancelcorrection"):
            self.account.leave_out("cancelled or corrected quote")
            return None
        if venue == OFF_EXCHANGE:
            self.account.leave_out("quote of the FINRA display facility")
            return None
        condition = layout.of(row, "quotecondition")
        if condition not in FIRM:
            self.account.note(f"quotes of condition {condition} are not firm: no quote stands")
            return Quote(at_ns, venue, "", "", "", "")
        bid = _side("Bid_Price", layout.of(row, "bidprice"), layout.of(row, "bidsize"))
        ask = _side("Offer_Price", layout.of(row, "offerprice"), layout.of(row, "offersize"))
        return Quote(at_ns, venue, *bid, *ask)


def _layout(path: Path, header: str, day: date | None) -> tuple[Layout, bool]:
    """The layout, and whether it is a file of trades. Raises ImportFailedError."""
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in header.split("|")]
    is_trades = "tradeprice" in names
    wanted = TRADE if is_trades else QUOTE
    if "bestbidprice" in names:
        raise ImportFailedError(
            f"{path}: this is an NBBO file, which names no quotes of single venues; give the files "
            "SPLITS_US_ALL_BBO_* of the day"
        )
    source.require(path, names, wanted)
    more = TRADE_MORE if is_trades else QUOTE_MORE
    places = {name: names.index(name) if name in names else -1 for name in (*wanted, *more)}
    return Layout(day or _day_of(path), max(places.values()) + 1, places), is_trades


def _day_of(path: Path) -> date:
    match = DAY.search(path.name)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        match = None
    raise ImportFailedError(
        f"{path}: the name does not tell the day, expected one such as EQY_US_ALL_TRADE_20180102; "
        "say it with --day 2018-01-02"
    )


def _time(layout: Layout, row: Sequence[str]) -> int:
    text = layout.of(row, "time")
    match = TIME.fullmatch(text)
    if match:
        hour, minute, second, fraction = match.groups()
        if int(hour) < 24 and int(minute) < 60 and int(second) < 60:
            seconds = int(hour) * 3_600 + int(minute) * 60 + int(second)
            rest_ns = int(fraction.ljust(9, "0"))
            return values.clock_ns(layout.day, ZONE, seconds * values.NS + rest_ns)
    raise BadFieldError("Time", text, "HHMMSS and 3, 6 or 9 digits, such as 093000123456789")


def _side(name: str, price: str, size: str) -> tuple[str, str]:
    if PX_ZERO.fullmatch(price):
        return "", ""
    return values.plain(values.decimal(name, price)), str(values.whole(f"{name} size", size))
