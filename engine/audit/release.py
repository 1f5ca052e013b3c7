"""Another installed release of this engine, run as a process of its own.

It runs with its own interpreter, in isolation (`-I`): neither PYTHONPATH nor the working directory
may put the code of this release in place of the other's. It gets the log and no other setting of
this process, as it may not know them. Its output is the result.
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
ASKED_S = 60.0  # It only starts and prints its version.
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


class UnusableReleaseError(EngineError):
    """The name is not that of a release that can run `verify --against`."""


class Release(NamedTuple):
    """An installed release that knows `verify --against`."""

    python: Path
    version: str

    def run(self, words: Sequence[str], settings: Mapping[str, str]) -> int:
        """Run its command with the streams of this process. Returns its exit code.

        Raises UnusableReleaseError where its process was killed.
        """
        command = [str(self.python), "-I", "-m", "engine.cli", *words]
        ran = subprocess.run(command, env=environment(settings), check=False)  # noqa: S603  As named.
        if ran.returncode < 0:
            raise UnusableReleaseError(
                f"release {self.version} was killed by signal {-ran.returncode}. Run it again with "
                "--jobs 1; if that succeeds, memory was short."
            )
        return ran.returncode


def named(text: str) -> Release:
    """The release of a virtual environment, an interpreter or a command.

    Raises UnusableReleaseError if there is none, or if it came before `verify --against`.
    """
    python = interpreter(Path(text).expanduser())
    try:
        asked = subprocess.run(  # noqa: S603  The user named it.
            [str(python), "-I", "-c", ASKING],
            env=environment({}),
            capture_output=True,
            text=True,
            check=False,
            timeout=ASKED_S,
        )
        answer = json.loads(asked.stdout)
        version, knows = answer["metaorder"], answer["knows"]
    except subprocess.TimeoutExpired as error:
        raise UnusableReleaseError(
            f"--against {text}: {python} gave no answer within {ASKED_S:.0f} s. {WAY_OUT}"
        ) from error
    except OSError as error:
        raise UnusableReleaseError(
            f"--against {text}: {python} cannot be run ({error.strerror}). {WAY_OUT}"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise UnusableReleaseError(f"--against {text}: {python} is no Python. {WAY_OUT}") from error
    if version is None:
        raise UnusableReleaseError(
            f"--against {text}: {python} has no metaorder installed. Install the release's wheel "
            f"there. {WAY_OUT}"
        )
    if not knows:
        raise UnusableReleaseError(
            f"--against {text}: release {version} is too old to know `verify --against`. Name a "
            "later one; its own decisions are proved by its own `metaorder verify`."
        )
    return Release(python, version)


def interpreter(path: Path) -> Path:
    """The Python of a virtual environment, or beside a command that was installed into one."""
    if path.is_dir():
        python = path / "bin" / "python"
        if not python.exists():
            raise UnusableReleaseError(
                f"--against {path}: a folder without bin/python is no virtual environment. "
                f"{WAY_OUT}"
            )
        return python.absolute()
    if not path.exists():
        raise UnusableReleaseError(f"--against {path}: no such file or folder. {WAY_OUT}")
    if path.name == "metaorder":
        python = path.resolve().parent / "python"  # A link to it may be anywhere.
        if not python.exists():
            raise UnusableReleaseError(
                f"--against {path}: there is no python beside this command. {WAY_OUT}"
            )
        return python
    return path.absolute()  # Not resolved: a link is how an environment names its Python.


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with these settings in place of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{f"{PREFIX}{name.upper()}": value for name, value in settings.items()}}
