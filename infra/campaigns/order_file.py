"""Submit one order file of many rows: how much memory and time does it take?

    python -m infra.campaigns.order_file [--rows 1000000] [--packed]

Every tenth row cannot be read. The command is the one that people use, on a new embedded log. One
line of JSON: rows, records sent, lines kept, the largest resident memory, and seconds.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from engine.cli.exits import Exit

HEADER = "source,cl_ord_id,client_id,instrument_id,side,order_qty,limit_px\n"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000, help="Rows of the file.")
    parser.add_argument("--packed", action="store_true", help="Pack the file with gzip.")
    options = parser.parse_args(words)
    with TemporaryDirectory() as folder:
        found = figures(Path(folder), options.rows, is_packed=options.packed)
    sys.stdout.write(json.dumps(found) + "\n")


def figures(folder: Path, rows: int, *, is_packed: bool) -> dict[str, object]:
    """Write the file, submit it in a process of its own, and measure that."""
    path = folder / ("orders.csv.gz" if is_packed else "orders.csv")
    with gzip.open(path, "wt") if is_packed else path.open("w") as file:
        write(file, rows)
    command = [sys.executable, "-m", "engine.cli", "orders", "submit", str(path), "-o", "json"]
    began_s = time.monotonic()
    done = subprocess.run(  # noqa: S603  Our own command.
        [*command, "--log", f"sqlite:{folder / 'log.db'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    took_s = time.monotonic() - began_s
    assert done.returncode == Exit.ERROR, f"every tenth row is wrong: {done.stderr[-2_000:]}"
    sent = json.loads(done.stdout)
    assert sent["submitted"] + sent["rejected_lines"] == rows, sent
    rejects = folder / f"{path.name}.rejected.jsonl"
    with rejects.open("rb") as kept:
        assert sum(1 for _ in kept) == sent["rejected_lines"]
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "rows": rows,
        "packed": is_packed,
        "submitted": sent["submitted"],
        "rejected_lines": sent["rejected_lines"],
        "peak_mb": round(peak_kib * 1_024 / 1e6, 1),
        "seconds": round(took_s, 1),
    }


def write(file: TextIO, rows: int) -> None:
    file.write(HEADER)
    for number in range(rows):
        qty = "many" if number % 10 == 9 else f"{100 + number % 900}"
        side, limit_px = ("buy", "157.25") if number % 2 else ("sell", "")
        file.write(f"OMS-1,A{number},C{number % 40:02},XXX,{side},{qty},{limit_px}\n")


if __name__ == "__main__":
    main()
