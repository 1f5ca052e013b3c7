"""`python -m schemas --write | --check | --export DIR`: generate ids and Python, or check them."""

import argparse
import subprocess
import sys
from pathlib import Path

import schemas
from schemas import carried, generator, numbering

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


def write() -> list[str]:
    """Write every generated file; the problems of the schemas."""
    for path, text in carried.texts().items():
        path.write_text(text)
    numbering.write()
    found = generator.read()
    for path, module in TARGETS.items():
        path.write_text(formatted(module(found)))
    return unit_problems(found)


def check() -> list[str]:
    """The generated files that are not current, and the problems of the schemas."""
    found = generator.read()
    wanted = {path: formatted(module(found)) for path, module in TARGETS.items()} | carried.texts()
    wanted[numbering.FILE] = numbering.text(numbering.current(schemas.catalogue()))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    return unit_problems(found) + [
        f"{path.relative_to(ROOT)} is not current; run `python -m schemas --write`"
        for path in stale
    ]


def unit_problems(found: generator.Catalogue) -> list[str]:
    return [
        f"{name}: a number's name or doc states its unit"
        for _, schema in found.records.values()
        for name in generator.without_unit(schema)
    ]


def export(folder: str) -> list[str]:
    try:
        schemas.export(Path(folder))
    except FileExistsError:
        return [f"{folder} exists; name a new folder"]
    return []


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write the generated files")
    choice.add_argument("--check", action="store_true", help="fail if they are not current")
    choice.add_argument("--export", metavar="DIR", help="write each schema with its types in it")
    chosen = parser.parse_args()
    try:
        problems = write() if chosen.write else check() if chosen.check else export(chosen.export)
    except ValueError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201  What a person corrects.
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
