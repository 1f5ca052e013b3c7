"""Run seeds, and show a failing one as small as it can be made.

python -m infra.faults --seeds 0-999
python -m infra.faults --seed 17 [--faults 2,5] [--arrivals 0,3,4]
"""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count

from rich.progress import track

from infra.faults import checks
from infra.faults.shrinking import Found, shrunk, tried
from infra.faults.world import World

CHUNK_SEEDS = 10
SHOWN_MAX = 10  # Failing seeds; one mistake fails many.
NONE = "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 if every check of every seed passes, else 1."""
    options = _parser().parse_args(arguments)
    logging.disable(logging.CRITICAL)  # Faults make warnings all the time.
    if options.seed is not None:
        return _replay(Found(options.seed, (), options.faults, options.arrivals))
    failed = 0
    for found in _search(range(options.first, options.first + options.count), options.processes):
        failed += 1
        if failed <= SHOWN_MAX:
            _show(shrunk(found) if failed == 1 else found)
    print(f"{options.count} seeds from {options.first} on, {failed} failed")  # noqa: T201  A command line.
    return 1 if failed else 0


def _search(seeds: range, processes: int) -> Iterator[Found]:
    """The failing seeds in order."""
    with ProcessPoolExecutor(processes) as pool:
        outcomes = pool.map(tried, seeds, chunksize=CHUNK_SEEDS)
        for outcome in track(outcomes, "simulating", total=len(seeds)):
            if outcome is not None:
                yield outcome


def _replay(found: Found) -> int:
    """Play one run and print its events."""
    for number, fault in enumerate(found.plan.faults):
        print(f"fault {number}: {fault}")  # noqa: T201
    played = World(found.plan, report=print).run()
    problems = checks.problems(played)
    struck = ", ".join(f"{kind} {n}" for kind, n in played.struck.items()) or "none"
    print(f"{played.steps} calls to the log; faults that struck: {struck}")  # noqa: T201
    print("\n".join(problems) or "everything holds")  # noqa: T201
    return 1 if problems else 0


def _show(found: Found) -> None:
    print(f"seed {found.seed} fails:", *found.problems[:5], sep="\n  ")  # noqa: T201
    print(f"replay it by: {found.command}", file=sys.stdout)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.faults")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="play one seed aloud")
    what.add_argument("--count", type=int, help="run so many seeds")
    parser.add_argument("--first", type=int, default=0, help="of these, from this one on")
    parser.add_argument("--faults", type=_numbers, help="only these of the seed's plan, or none")
    parser.add_argument("--arrivals", type=_numbers, help="only these messages, or none")
    parser.add_argument("--processes", type=int, default=cpu_count(), help="at once")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return () if text == NONE else tuple(int(number) for number in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
