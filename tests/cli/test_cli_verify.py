"""`metaorder verify` and `metaorder notary`, as compliance runs them."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from audit.stored_log import Stored
from pipeline import short_day

from engine.cli import rules
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.config import load
from engine.log import open_log
from engine.runtime.shard import Rules
from engine.simulation.driver import Simulation
from engine.simulation.script import Script, of_folder

SEED = 7
PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day that the command's own release and configuration decided."""
    folder = tmp_path_factory.mktemp("verified")
    made = short_day.make(folder / "day", rows=60, order_count=10)
    script = of_folder(made.data, made.inputs, made.controls, SEED)
    decide(script, folder / "log.db", rules.rules_of(load()))
    return folder / "log.db"


def decide(script: Script, path: Path, ours: Rules) -> None:
    with open_log(f"sqlite:{path}", partitions=ours.partitions) as log:
        Simulation(log, ours, script, seed=SEED).run()


@pytest.fixture
def log(day: Path, tmp_path: Path) -> Path:
    shutil.copy(day, tmp_path / "log.db")
    return tmp_path / "log.db"


def damage(log: Path) -> None:
    stored = Stored(log)
    row = stored.rows("fills")[0] if stored.rows("fills") else stored.rows("ingest")[0]
    with stored.connection:
        stored.connection.execute(
            "update record set timestamp_ms = timestamp_ms + 1 where id = ?", (row.id,)
        )


def test_a_whole_log_is_verified_on_all_cores(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["verify", "--log", f"sqlite:{log}", "-o", "json"]) == Exit.OK

    found = json.loads(capsys.readouterr().out)
    assert found["verified"] is True
    assert len(found["shards"]) == load().partitions
    assert all(shard["batches"] == shard["decided"] > 0 for shard in found["shards"])
    assert len(found["chain"]) == 64


def test_one_core_says_the_same_as_two(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for jobs in ("1", "2"):
        execute(["verify", "--log", f"sqlite:{log}", "--jobs", jobs, "-o", "json"])
        outputs.append(capsys.readouterr().out)

    assert outputs[0] == outputs[1]


def test_batches_of_another_release_are_counted_over_all_shards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = short_day.make(tmp_path / "day", rows=20, order_count=3)
    script = of_folder(made.data, made.inputs, made.controls, SEED)
    path = tmp_path / "log.db"
    decide(script, path, replace(rules.rules_of(load()), release="0.0.9"))
    proving = ["verify", "--jobs", "1", "--log", f"sqlite:{path}"]

    assert execute([*proving, "-o", "json"]) == Exit.OK
    shards = json.loads(capsys.readouterr().out)["shards"]
    assert all(shard["foreign"] == shard["batches"] > 0 == shard["decided"] for shard in shards)

    assert execute(proving) == Exit.OK
    count = sum(shard["foreign"] for shard in shards)
    assert f"{count} batches were decided by release 0.0.9" in capsys.readouterr().out


def test_a_changed_log_ends_with_exit_code_3_and_the_place(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(log)

    assert execute(["verify", "--log", f"sqlite:{log}"]) == Exit.MISMATCH

    shown = capsys.readouterr().out
    assert "timestamp_ms" in shown
    assert "This is not the log that was decided" in shown


def test_a_newest_seal_that_cannot_be_read_is_a_difference_and_no_error(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = Stored(log)
    last = stored.rows("journal")[-1]
    with stored.connection:
        stored.connection.execute("update record set value = ? where id = ?", (b"?", last.id))

    assert execute(["verify", "--log", f"sqlite:{log}"]) == Exit.MISMATCH

    assert f"offset {last.offset}" in capsys.readouterr().out


def test_a_log_is_proved_up_to_its_anchors(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, path = log.with_name("n.key"), log.with_name("anchors.jsonl")
    url = f"sqlite:{log}"
    assert execute(["notary", "keygen", "--key", str(key)]) == Exit.OK
    signing = ["notary", "run", "--once", "--log", url, "--anchors", str(path), "--key", str(key)]
    assert execute(signing) == Exit.OK
    capsys.readouterr()

    proving = ["verify", "--log", url, "--anchors", str(path), "--key", f"{key}.pub"]
    assert execute(proving) == Exit.OK

    assert "0 batches after it are consistent" in capsys.readouterr().out
    assert execute(["notary", "show", "--anchors", str(path), "--key", f"{key}.pub"]) == Exit.OK


def test_the_commands_of_the_page_for_compliance_run_as_they_stand(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = re.findall(r"^```bash proof\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    first, *commands = [shlex.split(line) for line in block[0].splitlines() if line]
    name, _, url = first[1].partition("=")
    path = tmp_path / url.removeprefix("sqlite:")
    path.parent.mkdir(parents=True)
    shutil.copy(day, path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, url)

    assert [command[1] for command in commands] == ["notary", "notary", "notary", "verify"]
    for command in commands:
        assert execute(command[1:]) == Exit.OK, command
    assert "proved up to batch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--anchors", "a.jsonl"], Exit.USAGE, "belong together"),
        (["--shard", "99"], Exit.USAGE, "expected 0 to 7"),
        (["--day", "20180103"], Exit.USAGE, "no batch is of that day"),
        (["--from", "99999"], Exit.USAGE, "no batch is of that day"),
        (["--log", "sqlite:/none/at/all.db"], Exit.MISSING, "no such log"),
    ],
)
def test_a_wrong_option_is_explained(
    log: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: Exit,
    reason: str,
) -> None:
    assert execute(["verify", "--log", f"sqlite:{log}", *arguments]) == code
    assert reason in " ".join(capsys.readouterr().err.replace("│", " ").split())
