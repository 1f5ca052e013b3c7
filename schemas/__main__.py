"""`python -m schemas --write | --check`: generate the mirrored Python, or check it is current."""

import argparse
import subprocess
import sys
from pathlib import Path

from schemas import generator

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    ROOT / "engine" / "core" / "events.py": generator.events_module,
    ROOT / "engine" / "log" / "codec" / "shapes.py": generator.shapes_module,
}


def formatted(text: str) -> str:
    """The text as ruff would leave it, so that generated files pass the format check."""
    run = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "events.py", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write the generated files")
    choice.add_argument("--check", action="store_true", help="fail if they are not current")
    arguments = parser.parse_args()
    found = generator.read()
    stale = []
    for path, module in TARGETS.items():
        text = formatted(module(found))
        if arguments.write:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(ROOT)))
    unspoken = [
        name for _, schema in found.records.values() for name in generator.without_unit(schema)
    ]
    for name in unspoken:
        print(f"{name}: a number's name or doc states its unit", file=sys.stderr)  # noqa: T201
    for name in stale:
        print(f"{name} is not current; run `python -m schemas --write`", file=sys.stderr)  # noqa: T201
    return 1 if stale or unspoken else 0


if __name__ == "__main__":
    sys.exit(main())
