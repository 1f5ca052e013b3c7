"""Another release of this engine, where it is installed, as a process of its own.

It runs by its own interpreter, in isolation (`-I`): neither PYTHONPATH nor the folder that somebody
stands in may put this release's code in the place of the one that was named. It gets this log and
no other setting of ours, as it may not know them. What it prints is the result.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.config import PREFIX
from engine.log.port import EngineError

THIS = "this"
WAY_OUT = (
    f"Give `{THIS}`, or the virtual environment of another release, its python or its metaorder."
)
ASKED_S = 60.0  # It only starts and says what it is.
ASKING = """
import json
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

try:
    found = version("metaorder")
except PackageNotFoundError:
    found = None
knows = bool(found and find_spec("engine.audit") and find_spec("engine.audit.reconsideration"))
print(json.dumps({"metaorder": found, "knows": knows}))
"""


class ReleaseError(EngineError):
    """What was named is no release that can be asked."""


class Release(NamedTuple):
    """An installed release that knows `verify --against`."""

    python: Path
    version: str

    def run(self, words: Sequence[str], settings: Mapping[str, str]) -> int:
        """Run its command with our streams; its exit code.

        Raises ReleaseError where its process was ended from outside.
        """
        command = [str(self.python), "-I", "-m", "engine.cli", *words]
        ran = subprocess.run(command, env=environment(settings), check=False)  # noqa: S603  As named.
        if ran.returncode < 0:
            raise ReleaseError(
                f"release {self.version} was ended from outside, by signal {-ran.returncode}; run "
                "it again with --jobs 1 to see whether memory is short."
            )
        return ran.returncode


def named(text: str) -> Release:
    """The release of a virtual environment, an interpreter or a command.

    Raises ReleaseError if there is none, or if it came before `verify --against`.
    """
    python = interpreter(Path(text).expanduser())
    try:
        asked = subprocess.run(  # noqa: S603  What the user named.
            [str(python), "-I", "-c", ASKING],
            env=environment({}),
            capture_output=True,
            text=True,
            check=False,
            timeout=ASKED_S,
        )
        said = json.loads(asked.stdout)
        version, knows = said["metaorder"], said["knows"]
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(
            f"--against {text}: {python} gave no answer within {ASKED_S:.0f} s. {WAY_OUT}"
        ) from error
    except OSError as error:
        raise ReleaseError(
            f"--against {text}: {python} cannot be run ({error.strerror}). {WAY_OUT}"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise ReleaseError(f"--against {text}: {python} is no Python. {WAY_OUT}") from error
    if version is None:
        raise ReleaseError(
            f"--against {text}: {python} has no metaorder installed. Install the release's wheel "
            f"there. {WAY_OUT}"
        )
    if not knows:
        raise ReleaseError(
            f"--against {text}: release {version} is too old to know `verify --against`. Name a "
            "later one; what it decided itself its own `metaorder verify` proves."
        )
    return Release(python, version)


def interpreter(place: Path) -> Path:
    """The Python of a virtual environment, or beside a command that was installed into one."""
    if place.is_dir():
        python = place / "bin" / "python"
        if not python.exists():
            raise ReleaseError(
                f"--against {place}: a folder without bin/python is no virtual environment. "
                f"{WAY_OUT}"
            )
        return python.absolute()
    if not place.exists():
        raise ReleaseError(f"--against {place}: no such file or folder. {WAY_OUT}")
    if place.name == "metaorder":
        python = place.resolve().parent / "python"  # A link to it may stand anywhere.
        if not python.exists():
            raise ReleaseError(
                f"--against {place}: there is no python beside this command. {WAY_OUT}"
            )
        return python
    return place.absolute()  # Not resolved: a link is how an environment names its Python.


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Our environment without our settings, and these instead, by their names."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{f"{PREFIX}{name.upper()}": value for name, value in settings.items()}}
