"""The registry of a compose deployment holds the catalogue's own ids."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import schemas
from infra import registry


class FakeRegistry(BaseHTTPRequestHandler):
    """What a schema registry answers in import mode, and what it was told."""

    ids: dict[str, int]
    versions: dict[str, list[int]]
    modes: dict[str, str]

    def do_GET(self) -> None:
        subject = self.path.removeprefix("/subjects").strip("/").removesuffix("/versions")
        self.answer(self.versions[subject] if subject else list(self.ids))

    def do_PUT(self) -> None:
        self.modes[self.path.removeprefix("/mode/")] = self.body()["mode"]
        self.answer({})

    def do_POST(self) -> None:
        subject = self.path.split("/")[2]
        if self.modes.get(subject) != "IMPORT":
            self.send_error(422, "ids may be given in import mode only")
            return
        body = self.body()
        json.loads(body["schema"])
        self.ids[subject] = body["id"]
        versions = self.versions.setdefault(subject, [])
        assert body["version"] == len(versions) + 1
        versions.append(body["version"])
        self.answer({"id": body["id"]})

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def answer(self, found: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    FakeRegistry.ids, FakeRegistry.modes, FakeRegistry.versions = {}, {}, {}
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeRegistry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_registry_gets_the_ids_of_the_catalogue(url: str) -> None:
    every_id = {x for subject in schemas.catalogue() for x, _ in registry.shapes(subject)}
    assert registry.load(url) == len(every_id) >= len(schemas.catalogue())
    assert FakeRegistry.ids == dict(schemas.catalogue())
    assert set(FakeRegistry.modes.values()) == {"READONLY"}


def test_a_second_load_changes_nothing(url: str) -> None:
    registry.load(url)
    assert registry.load(url) == 0


def test_a_registry_that_does_not_answer_is_named() -> None:
    with pytest.raises(registry.RegistryError, match="is the registry up"):
        registry.load("http://127.0.0.1:9")


def test_other_schemes_are_refused() -> None:
    with pytest.raises(registry.RegistryError, match="expected a URL"):
        registry.load("file:///etc/passwd")
