"""Tag a release: the version of pyproject.toml, with its section of the changelog as the message.

    python -m infra.release --check     say what is missing, and tag nothing
    python -m infra.release             tag the commit that is checked out

Five things must hold, as none of them can be mended under a tag that others have fetched:

- The version is a release's: 0.3.0, not 0.3.0.dev0.
- `CHANGELOG.md` has a dated section for it with some text, and none is left under Unreleased.
- `schemas/released/<version>` holds the present schemas, as every later release reads them.
- The tree is clean, so that the tag names what was tested.
- The tag does not exist yet.

The tag is annotated and stays here: `git push origin v<version>` publishes it.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from engine.log.port import EngineError

ROOT = Path(__file__).resolve().parent.parent
VERSION = re.compile(r"\d+\.\d+\.\d+")
SECTION = re.compile(
    r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\S+))?\n(?P<text>.*?)(?=^## \[|\Z)",
    re.MULTILINE | re.DOTALL,
)
UNRELEASED = "Unreleased"


class ReleaseError(EngineError):
    """The checkout cannot be tagged; the message names everything that is missing."""


def version_of(root: Path) -> str:
    """The version in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def notes(changelog: str, version: str) -> str:
    """The text of a version's section; empty if it has none."""
    sections = (found for found in SECTION.finditer(changelog) if found["name"] == version)
    return next((found["text"].strip() for found in sections), "")


def problems(root: Path) -> list[str]:
    """Everything that forbids to tag what is checked out, each with what to do."""
    version = version_of(root)
    if not VERSION.fullmatch(version):
        advice = "set it, run `.uv/*/bin/uv lock`, and commit both"
        return [f"pyproject.toml: version {version}, expected a release such as 0.3.0; {advice}"]
    return [
        *_changelog_problems((root / "CHANGELOG.md").read_text(), version),
        *_schema_problems(root / "schemas", version),
        *_tree_problems(root, version),
    ]


def _changelog_problems(changelog: str, version: str) -> Iterator[str]:
    sections = {found["name"]: found for found in SECTION.finditer(changelog)}
    if notes(changelog, UNRELEASED):
        yield f"CHANGELOG.md: there is text under Unreleased; move it to the section [{version}]"
    section = sections.get(version)
    if section is None:
        yield f"CHANGELOG.md: no section [{version}]; write `## [{version}] - YYYY-MM-DD`"
        return
    try:
        date.fromisoformat(section["date"] or "")
    except ValueError:
        found = section["date"] or "no date"
        yield f"CHANGELOG.md: section [{version}] has {found}, expected ` - YYYY-MM-DD` after it"
    if not section["text"].strip():
        yield f"CHANGELOG.md: section [{version}] is empty; say what a user notices"


def _schema_problems(schemas: Path, version: str) -> Iterator[str]:
    released = schemas / "released" / version
    advice = f"run `python -m schemas.compatibility --archive {version}` and commit it"
    if not released.is_dir():
        yield f"schemas/released/{version}: is not there; {advice}"
        return
    present, kept = _shapes(schemas), _shapes(released)
    for name in sorted(present.keys() | kept.keys()):
        if present.get(name) != kept.get(name):
            yield (
                f"schemas/released/{version}/{name}: is not what schemas/{name} is; "
                f"remove the folder, as nothing was released from it yet, and {advice}"
            )


def _shapes(folder: Path) -> dict[str, bytes]:
    """Each schema of a folder, and its ids."""
    paths = [folder / "catalogue.json", *folder.glob("*/*.avsc")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def _tree_problems(root: Path, version: str) -> Iterator[str]:
    changed = git(root, "status", "--porcelain").splitlines()
    if changed:
        yield f"the tree: {len(changed)} changes, as in {changed[0]!r}; commit them, or stash them"
    if git(root, "tag", "--list", f"v{version}"):
        yield f"tag v{version}: is there already; a release is never tagged again, take the next"


def tag(root: Path) -> str:
    """Tag what is checked out. Raises ReleaseError with everything that is missing."""
    found = problems(root)
    if found:
        raise ReleaseError("\n".join(found))
    version = version_of(root)
    message = f"metaorder {version}\n\n{notes((root / 'CHANGELOG.md').read_text(), version)}\n"
    # Git would take the headings of the changelog, which begin with #, for comments.
    git(root, "tag", "--annotate", f"v{version}", "--cleanup=whitespace", "--file=-", text=message)
    return f"v{version}"


def git(root: Path, *words: str, text: str | None = None) -> str:
    """The output of a git command. Raises ReleaseError with its reason."""
    done = subprocess.run(  # noqa: S603  Our own words.
        ["git", "-C", str(root), *words],  # noqa: S607  Git is where the developer has it.
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def main(words: list[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.release", description="Tag a release.")
    parser.add_argument("--check", action="store_true", help="say what is missing; tag nothing")
    try:
        if parser.parse_args(words).check:
            found = problems(root)
            sys.stdout.write("\n".join([*found, ""]) if found else "ready to be tagged\n")
            return 1 if found else 0
        name = tag(root)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{name} is tagged here; `git push origin {name}` publishes it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
