"""The wheel, built and installed in an environment of its own, plays the README's day.

What the tests run is the checkout. A wheel that lacks a schema, a view or a dependency is broken
all the same, and only an installation of it shows that.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
import test_readme as readme

ROOT = Path(__file__).resolve().parent.parent
STEP_MAX_S = 300  # Guess: all packages, downloaded by a slow link.
DEMO_MAX_S = 1800  # Guess: a machine that is ten times slower than ours, which takes 60 s.


class Installed(NamedTuple):
    """A wheel, and the environment that holds it and the locked dependencies alone."""

    wheel: Path
    environment: Path

    def printed(self, *words: str, cwd: Path, columns: int = 200) -> str:
        """Output of a command of the environment; asserts that it exits 0."""
        settings = {
            "COLUMNS": str(columns),
            "METAORDER_PROJECTION": "out/demo/projection.duckdb",
            "METAORDER_LOG_URL": "sqlite:out/demo/log.db",
        }
        command = [str(self.environment / "bin" / words[0]), *words[1:]]
        done = run(command, cwd, settings, DEMO_MAX_S)
        assert done.returncode == 0, done.stderr
        return done.stdout


def run(
    command: list[str], cwd: Path, settings: dict[str, str], max_s: int
) -> subprocess.CompletedProcess[str]:
    mine = ("METAORDER_", "PYTHON", "VIRTUAL_ENV")
    env = {name: text for name, text in os.environ.items() if not name.startswith(mine)}
    return subprocess.run(  # noqa: S603  Our own commands.
        command,
        cwd=cwd,
        env=env | settings,
        capture_output=True,
        text=True,
        timeout=max_s,
        check=False,
    )


def uv(*words: str, environment: Path | None = None) -> None:
    """A step of uv from its cache, which `make` has filled; from the network where it has not."""
    found = sorted(ROOT.glob(".uv/*/bin/uv"))
    assert found, "there is no uv; run `make`"
    settings = {} if environment is None else {"UV_PROJECT_ENVIRONMENT": str(environment)}
    done = run([str(found[-1]), "--offline", *words], ROOT, settings, STEP_MAX_S)
    if done.returncode:
        done = run([str(found[-1]), *words], ROOT, settings, STEP_MAX_S)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    environment = folder / "venv"
    uv("build", "--wheel", "--out-dir", str(folder))
    python = str(Path(sys.executable).resolve())
    locked = ("--locked", "--no-dev", "--no-install-project", "--python", python)
    uv("sync", *locked, environment=environment)
    (wheel,) = folder.glob("*.whl")
    uv("pip", "install", "--no-deps", "--python", str(environment / "bin" / "python"), str(wheel))
    return Installed(wheel, environment)


def tracked(*patterns: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_the_wheel_has_the_packages_with_their_data_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    packages = ("engine", "projections", "schemas")
    data = ("py", "sql", "avsc", "json", "toml")
    assert names == tracked(*(f"{x}/**/*.{kind}" for x in packages for kind in data))


@pytest.mark.slow
def test_the_demo_and_all_commands_of_the_readme_print_what_it_says(
    installed: Installed, tmp_path: Path
) -> None:
    where = installed.printed("python", "-c", "import engine; print(engine.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.environment)
    (tmp_path / "examples").symlink_to(ROOT / "examples")

    shown = installed.printed("metaorder", "demo", cwd=tmp_path, columns=readme.DEMO_COLUMNS)

    page = readme.block_of("What you see")
    assert readme.without_chain(shown) == readme.without_chain(page), "paste the demo's output anew"
    commands, table = readme.commands_of("A first query")
    assert [x[0] for x in commands] == ["sql", "blotter", "audit", "tca", "sql"]
    answers = [installed.printed("metaorder", *x, cwd=tmp_path) for x in commands]
    assert all(answers)
    assert answers[0] == table, "paste what the demo's first query prints anew"
    commands, proof = readme.commands_of("Prove a day")
    assert [x[0] for x in commands] == ["notary", "notary", "verify"]
    *_, verified = [installed.printed("metaorder", *x, cwd=tmp_path) for x in commands]
    assert readme.without_chain(verified) == readme.without_chain(proof), "paste it anew"
