"""Another release of this engine, really installed: its tree, changed, in a virtual environment.

The environment has its own interpreter and its own name and version of the package; the libraries
are those of the tests. Nothing is downloaded.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import schemas

ROOT = Path(__file__).parents[2]
COPIED = ("engine", "projections", "schemas")


class Change(NamedTuple):
    """One place of the source, as it is and as it becomes."""

    file: str
    was: str
    becomes: str


class OtherRelease(NamedTuple):
    """Another release, installed."""

    folder: Path  # The virtual environment.
    tree: Path
    version: str

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """One of its commands, in a process of its own."""
        return subprocess.run(  # noqa: S603  Our own code.
            [str(self.python), "-I", "-m", "engine.cli", *words],
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
        )


def installed(folder: Path, version: str, *changes: Change) -> OtherRelease:
    """A release with these changes, and nothing else that differs from this one."""
    tree = folder / "tree"
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name)  # Compiled as it is: that spares seconds.
    for change in changes:
        path = tree / change.file
        text = path.read_text()
        assert text.count(change.was) == 1, change
        path.write_text(text.replace(change.was, change.becomes))
    environment = empty(folder / "venv")
    packages = packages_of(environment)
    (packages / "release.pth").write_text(f"{tree}\n{sysconfig.get_path('purelib')}\n")
    about = packages / f"metaorder-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: metaorder\nVersion: {version}\n")
    return OtherRelease(environment, tree, version)


def grow(tree: Path, added: Mapping[str, Mapping[str, Any]]) -> None:
    """Give subjects one more field each, as a developer would: the .avsc, then generated files."""
    for subject, field in added.items():
        topic, name = schemas.topic_and_name(subject)
        avsc = tree / "schemas" / topic / f"{name}.avsc"
        schema = json.loads(avsc.read_text())
        schema["fields"].append(field)
        avsc.write_text(json.dumps(schema))
    generate(tree)


def generate(tree: Path) -> None:
    """Write the ids and the Python of a tree's schemas."""
    subprocess.run(
        [sys.executable, "-m", "schemas", "--write"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        check=True,
    )


def empty(folder: Path) -> Path:
    """A virtual environment with nothing in it."""
    venv.create(folder, symlinks=True)
    return folder


def packages_of(environment: Path) -> Path:
    paths = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", "venv", vars=paths))
