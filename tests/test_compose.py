"""The compose file, where no Docker engine can run it: it parses, and our services are ours.

A Docker client alone proves nothing: whether an engine answers is asked of the engine.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import config
from engine.cli import application
from engine.log import open_log
from engine.log.port import EngineError

ROOT = Path(__file__).resolve().parent.parent
ENGINE_IMAGE = "metaorder:local"
ANSWER_MAX_S = 10


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def cluster_env() -> dict[str, str]:
    lines = (ROOT / "infra" / "cluster.env").read_text().splitlines()
    return dict(x.split("=", 1) for x in lines if x and not x.startswith("#"))


def ours() -> dict[str, dict[str, Any]]:
    return {
        name: service
        for name, service in compose()["services"].items()
        if service.get("image") == ENGINE_IMAGE
    }


def unknown_variables(services: dict[str, dict[str, Any]]) -> list[str]:
    known = config.variables()
    return [
        f"{name}: {variable} is none of our configuration's; see engine/config.py"
        for name, service in services.items()
        for variable in service.get("environment", {})
        if variable not in known
    ]


def test_our_services_set_only_variables_that_the_configuration_knows() -> None:
    assert unknown_variables(ours()) == []


def test_a_variable_with_a_typing_error_is_found() -> None:
    assert unknown_variables({"worker": {"environment": {"METAORDER_LOGURL": "x"}}}) == [
        "worker: METAORDER_LOGURL is none of our configuration's; see engine/config.py"
    ]


@pytest.mark.parametrize("name", sorted(ours()))
def test_the_values_of_our_services_make_a_configuration(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in ours()[name].get("environment", {}).items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", str(value)))
    assert config.load().partitions == 8


def test_workers_have_slots_of_their_own() -> None:
    slots = [
        x["environment"].get("METAORDER_WORKER")
        for x in ours().values()
        if x.get("command") == ["worker"]
    ]
    assert len(slots) == len(set(slots)) == 2


@pytest.mark.parametrize("name", sorted(x for x in ours() if "entrypoint" not in ours()[x]))
def test_our_services_run_commands_that_exist(name: str) -> None:
    commands = application.command_names()
    assert " ".join(ours()[name]["command"]) in commands


def test_one_broker_by_default_and_three_in_the_cluster() -> None:
    services = compose()["services"]
    brokers = {k: v for k, v in services.items() if "KAFKA_NODE_ID" in v.get("environment", {})}
    assert [x for x in brokers if "profiles" not in brokers[x]] == ["kafka"]
    assert [x for x in brokers if brokers[x].get("profiles") == ["cluster"]] == [
        "kafka-2",
        "kafka-3",
    ]
    env = cluster_env()
    assert env["COMPOSE_PROFILES"] == "cluster"
    voters = [f"{v['environment']['KAFKA_NODE_ID']}@{k}:9093" for k, v in brokers.items()]
    assert env["KAFKA_VOTERS"].split(",") == voters
    assert (env["KAFKA_REPLICATION"], env["KAFKA_MIN_ISR"]) == ("3", "2")


def test_every_variable_of_the_compose_file_has_a_default_and_the_cluster_sets_it() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"\$\{(\w+)", text))
    with_default = set(re.findall(r"\$\{(\w+):-", text))
    assert named == with_default == set(cluster_env()) - {"COMPOSE_PROFILES"}


def test_services_wait_for_services_that_exist() -> None:
    services = compose()["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


def test_the_image_installs_from_the_lock_with_the_uv_of_the_makefile() -> None:
    dockerfile = (ROOT / "infra" / "Dockerfile").read_text()
    version = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert version
    assert f"uv=={version[1]}" in dockerfile
    assert "--locked" in dockerfile


def docker_answers() -> bool:
    client = shutil.which("docker")
    if client is None:
        return False
    try:
        run = subprocess.run(  # noqa: S603  A fixed command.
            [client, "info"], capture_output=True, timeout=ANSWER_MAX_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("env_file", [(), ("--env-file", "infra/cluster.env")])
def test_docker_accepts_the_file(env_file: tuple[str, ...]) -> None:
    if not docker_answers():
        pytest.skip("no Docker engine answers; the compose file was parsed, not run")
    client = shutil.which("docker")
    assert client
    run = subprocess.run(  # noqa: S603  A fixed command.
        [client, "compose", *env_file, "config", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_log_url_of_our_services_is_one_that_the_log_opens() -> None:
    for service in ours().values():
        url = service.get("environment", {}).get("METAORDER_LOG_URL")
        if url is not None:
            assert config.LOG_URL.fullmatch(url)
    with pytest.raises(EngineError, match="expected sqlite:PATH"):
        open_log("nothing")
