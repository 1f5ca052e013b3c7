"""Write a market folder from observations: quotes.csv.gz, trades.csv.gz and instrument.toml.

The folder appears whole or not at all: everything is written beside it and moved into place. Rows
stay in the order of the source, as the loader puts them in time order. The same input makes the
same bytes.
"""

import gzip
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import orjson

from engine.gateways.imports.port import Account, ImportFailedError, Observation, Quote
from engine.gateways.imports.values import NS, stamp

QUOTE_HEADER = "ts,exchange,bid,bid_size,ask,ask_size\n"
TRADE_HEADER = "ts,exchange,price,size,cond,corr,id\n"
MARK = "# Made by `metaorder market import`"
INSTRUMENT_FILE = "instrument.toml"
PROGRESS_ROWS = 10_000


class Folder:
    """A folder in the making."""

    def __init__(self, out: Path, account: Account) -> None:
        """Raises ImportFailedError if something else is there."""
        self._out = out
        self._partial = out.with_name(f".{out.name}.partial")
        self._account = account
        self.day = ""
        if out.exists() and not _is_ours(out):
            raise ImportFailedError(
                f"{out} exists and was not made by an import, so it is not replaced. Give another "
                "--out."
            )

    def write(
        self,
        observations: Iterator[Observation],
        zone: str,
        day: str,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write the rows of one local day; without `day` it is that of the first row.

        Raises ImportFailedError if there are none.
        """
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        self.day = day
        local = _LocalDays(zone)
        with ExitStack() as stack:
            quotes = stack.enter_context(_Rows(self._partial / "quotes.csv.gz", QUOTE_HEADER))
            trades = stack.enter_context(_Rows(self._partial / "trades.csv.gz", TRADE_HEADER))
            for n, seen in enumerate(observations):
                self.day = self.day or local.of(seen.at_ns)
                if local.of(seen.at_ns) != self.day:
                    self._account.leave_out("row of another day")
                elif isinstance(seen, Quote):
                    quotes.put(stamp(seen.at_ns), *seen[1:])
                else:
                    trades.put(stamp(seen.at_ns), *seen[1:])
                if progress is not None and n % PROGRESS_ROWS == 0:
                    progress(n)
            self._account.quote_count, self._account.print_count = quotes.count, trades.count
        for rows in (quotes, trades):
            if not rows.count:
                rows.path.unlink()
        if not self._account.quote_count and not self._account.print_count:
            raise ImportFailedError(
                f"none of {self._account.line_count:,} lines became a quote or a print: "
                f"{_reasons(self._account)}"
            )

    def finish(self, instrument: Mapping[str, str | int], comments: Iterable[str]) -> None:
        """Write instrument.toml and move the folder into place."""
        lines = [MARK, *(f"# {comment}" for comment in comments)]
        text = "\n".join(lines) + "\n" + toml(instrument)
        (self._partial / INSTRUMENT_FILE).write_text(text, encoding="utf-8")
        shutil.rmtree(self._out, ignore_errors=True)
        self._partial.rename(self._out)

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._partial, ignore_errors=True)


class _Rows:
    """A packed file of rows."""

    def __init__(self, path: Path, header: str) -> None:
        self.path = path
        self.count = 0
        self._header = header

    def __enter__(self) -> Self:
        self._packed = gzip.GzipFile(self.path, "wb", compresslevel=5, mtime=0)
        self._file = io.TextIOWrapper(self._packed, encoding="utf-8", newline="\n")
        self._file.write(self._header)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, *cells: str) -> None:
        self.count += 1
        self._file.write(",".join(map(_cell, cells)) + "\n")


class _LocalDays:
    """The local day of a time, computed once a quarter of an hour."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._days: dict[int, str] = {}

    def of(self, at_ns: int) -> str:
        quarter = at_ns // (900 * NS)  # No zone's midnight lies inside a quarter of an hour.
        day = self._days.get(quarter)
        if day is None:
            at = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone)
            day = self._days[quarter] = at.date().isoformat()
        return day


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text.replace('"', "")


def _is_ours(out: Path) -> bool:
    path = out / INSTRUMENT_FILE
    if out.is_dir() and not any(out.iterdir()):
        return True
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(MARK)


def toml(instrument: Mapping[str, str | int]) -> str:
    """The lines of `instrument.toml`; a basic string of TOML has the escapes of JSON."""
    return "".join(f"{name} = {orjson.dumps(x).decode()}\n" for name, x in instrument.items())


def _reasons(account: Account) -> str:
    found = [f"{count:,} {reason}" for reason, count in account.left_out.most_common(5)]
    return "; ".join([*found, *account.bad_rows[:1]]) or "the files hold no rows"
