"""Another release of this engine, really installed: its tree, changed, in a virtual environment.

The environment has its own interpreter and its own name and version of the package; the libraries
are those of the tests. Nothing is downloaded.
"""

import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("engine", "projections", "schemas")


class Change(NamedTuple):
    """One place of the source, as it is and as it becomes."""

    file: str
    was: str
    becomes: str


class OtherRelease(NamedTuple):
    """Where it is installed."""

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
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
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


def empty(folder: Path) -> Path:
    """A virtual environment with nothing in it."""
    venv.create(folder, symlinks=True)
    return folder


def packages_of(environment: Path) -> Path:
    paths = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", "venv", vars=paths))
