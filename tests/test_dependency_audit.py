"""The audit of dependencies: findings fail it, an outage elsewhere does not, and is said."""

import http.server
import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra import dependency_audit

ROOT = Path(__file__).resolve().parent.parent
PLANTED = "GHSA-aaaa-bbbb-cccc"
ADVISORY = {
    "id": PLANTED,
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "a planted one",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "orjson"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0.0"}]}],
        }
    ],
}


@pytest.fixture
def uv() -> Path:
    found = sorted(ROOT.glob(".uv/*/bin/uv"))
    assert found, "there is no uv; run `make`"
    return found[-1]


class Service(http.server.BaseHTTPRequestHandler):
    """OSV, as far as uv asks it: which advisories a package has, and what one of them says."""

    status = 200
    garbage = b""
    vulnerable = ""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
        known = {"vulns": [{"id": PLANTED, "modified": ADVISORY["modified"]}]}
        answers = [known if x["package"]["name"] == self.vulnerable else {} for x in asked]
        self.answer({"results": answers})

    def do_GET(self) -> None:
        self.answer(ADVISORY)

    def answer(self, content: object) -> None:
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(self.garbage or json.dumps(content).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  As its base.
        """Say nothing."""


@contextmanager
def service(**settings: Any) -> Iterator[str]:  # noqa: ANN401  Attributes of the class.
    kind = type("Settled", (Service,), settings)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audited(uv: Path, folder: Path, url: str) -> int:
    words = ["--uv", str(uv), "--bill", str(folder / "sbom.json"), "--service", url]
    return dependency_audit.main(words)


def test_the_bill_names_each_package_with_its_files_and_the_audit_all_of_the_lock(
    uv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service() as url:
        assert audited(uv, tmp_path, url) == 0
    said = capsys.readouterr().out
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    bill = json.loads((tmp_path / "sbom.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    names = {part["name"] for part in bill["components"]}
    assert {"apsw", "confluent-kafka", "duckdb", "orjson"} <= names
    assert not {"pytest", "mypy", "metaorder"} & names
    assert f"{len(names)} packages that the wheel needs to run" in said
    assert f"{len(lock['package']) - 1} packages of uv.lock audited, 0 findings" in said


def test_a_known_vulnerability_fails_and_is_named_with_its_way_out(
    uv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(vulnerable="orjson") as url:
        assert audited(uv, tmp_path, url) == 1
    said = capsys.readouterr().out
    assert f"{PLANTED}, a planted one" in said
    assert "fixed in 99.0.0; https://osv.dev/" in said


OUTAGES = [
    pytest.param({"status": 503}, id="unavailable"),
    pytest.param({"garbage": b"<html>"}, id="the page of a proxy"),
    pytest.param(None, id="away"),
]


@pytest.mark.parametrize("settings", OUTAGES)
def test_an_outage_elsewhere_is_said_and_fails_nothing(
    uv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, Any] | None
) -> None:
    with service(**(settings or {})) as url:
        code = audited(uv, tmp_path, url if settings else "http://127.0.0.1:9/")
    assert code == 0
    assert "NOT AUDITED: the service could not be asked" in capsys.readouterr().out
    assert (tmp_path / "sbom.json").exists(), "the bill needs no service"


def test_a_fault_of_our_own_is_no_outage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audited(tmp_path / "no-uv", tmp_path, "http://127.0.0.1:9/") == 2
    assert "error: " in capsys.readouterr().out


def test_a_bill_that_is_not_of_the_lock_is_found() -> None:
    lock = {"package": [{"name": "a", "version": "1"}]}
    whole: dict[str, Any] = {"name": "a", "version": "1", "purl": "pkg:pypi/a@1",
             "externalReferences": [{"hashes": [{"alg": "SHA-256"}]}]}  # fmt: skip
    assert dependency_audit.problems({"components": [whole]}, lock) == []
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"version": "2", "purl": "pkg:pypi/a@2"}, "a 2 is not in the lock"),
        ({"purl": "pkg:npm/a@1"}, "a 1 has the purl pkg:npm/a@1"),
        ({"externalReferences": [{}]}, "a 1 has a file without a hash"),
        ({"externalReferences": []}, "a 1 has a file without a hash"),
    ]
    for change, text in wrong:
        assert dependency_audit.problems({"components": [whole | change]}, lock) == [text]
    assert dependency_audit.problems({"components": []}, lock) == ["it has no package"]
