"""The guards around the code: hooks before a commit, the pins of CI, and what `make` lists."""

import re
from pathlib import Path
from typing import Any

import kafka_broker
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
HOOKS = ROOT / ".pre-commit-config.yaml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


def hooks() -> list[dict[str, Any]]:
    (repository,) = yaml.safe_load(HOOKS.read_text())["repos"]
    assert repository["repo"] == "local"
    found: list[dict[str, Any]] = repository["hooks"]
    return found


def lint_steps() -> list[str]:
    """The commands of `make lint`, without the folder of the programs and what they are run on."""
    recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    steps = [line.strip() for line in recipe.splitlines()[1:]]
    return [re.sub(r"^\$\(BIN\)/|\s+(\.|\$\(CODE\))$", "", step) for step in steps]


def test_the_hooks_are_the_steps_of_lint() -> None:
    assert len(lint_steps()) == len(hooks()) > 0
    for step, hook in zip(lint_steps(), hooks(), strict=True):
        assert hook["name"] == step
        words = hook["entry"].removeprefix(".venv/bin/")
        assert words.startswith(step), f"{hook['id']} runs {words!r}, `make lint` {step!r}"


def test_a_hook_runs_from_the_environment_and_needs_no_network() -> None:
    for hook in hooks():
        assert hook["language"] == "system", hook["id"]
        assert (ROOT / hook["entry"].split()[0]).exists(), f"{hook['entry']}: run `make`"


def loose(workflow: str) -> list[str]:
    """The actions that are not pinned by the commit of a release."""
    lines = [line.strip().removeprefix("- ") for line in workflow.splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    return [line for line in uses if not PINNED.match(line)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    assert loose(path.read_text()) == []


def test_a_loose_action_is_found() -> None:
    pinned = f"- uses: actions/checkout@{'0' * 40}  # v1.2.3"
    assert loose(f"{pinned}\n  - uses: actions/checkout@v4") == ["uses: actions/checkout@v4"]


IMAGE = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")


def images() -> dict[str, str]:
    """Every image that is pulled, and the file that names it; ours are built."""
    dockerfile, compose = ROOT / "infra" / "Dockerfile", ROOT / "docker-compose.yml"
    found = dict.fromkeys(re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE), "image")
    services = yaml.safe_load(compose.read_text())["services"].values()
    pulled = (each["image"] for each in services if "build" not in each)
    return {**found, **dict.fromkeys(pulled, compose.name), kafka_broker.IMAGE: "kafka_broker.py"}


@pytest.mark.parametrize(("image", "file"), images().items())
def test_every_image_is_of_an_exact_version(image: str, file: str) -> None:
    assert IMAGE.fullmatch(image), f"{file}: {image} moves; name its release, or also its digest"


@pytest.mark.parametrize(
    "image", ["python:3.12-slim", "apache/kafka:latest", "kafka", "a:1.2.3@sha256:00"]
)
def test_an_image_that_moves_is_found(image: str) -> None:
    assert not IMAGE.fullmatch(image)


def test_make_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    assert phony == re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)
