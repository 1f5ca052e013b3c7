"""Load the catalogue into a schema registry: the same ids there as in `schemas/catalogue.json`.

    python -m infra.registry http://localhost:8081

The engine never asks a registry. Other people's consumers may, and must find under each id the
schema that the engine wrote with, in this release or an earlier one. So every subject is put in
import mode, where the caller gives the id, and back in read-only mode, so that no other schema is
added.
"""

import json
import sys
import urllib.error
import urllib.request

import schemas
from engine.log.port import EngineError

ANSWER_MAX_S = 30
CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class RegistryError(EngineError):
    """The registry refused, or did not answer."""


def load(url: str) -> int:
    """Put every id of the catalogue and of earlier releases into the registry; count the new."""
    if not url.startswith(("http://", "https://")):
        raise RegistryError(f"registry {url!r}: expected a URL such as http://localhost:8081")
    base = url.rstrip("/")
    present = set(_ask(base, "GET", "/subjects"))
    count = 0
    for subject in schemas.catalogue():
        versions = f"/subjects/{subject}/versions"
        known = len(_ask(base, "GET", versions)) if subject in present else 0
        new = list(enumerate(shapes(subject), start=1))[known:]
        if not new:
            continue
        _ask(base, "PUT", f"/mode/{subject}", {"mode": "IMPORT"})
        for version, (schema_id, text) in new:
            _ask(base, "POST", versions, {"schema": text, "id": schema_id, "version": version})
        _ask(base, "PUT", f"/mode/{subject}", {"mode": "READONLY"})
        count += len(new)
    return count


def shapes(subject: str) -> list[tuple[int, str]]:
    """Every id that the subject was written under, with its schema, the oldest first."""
    found: dict[int, str] = {}
    for version in schemas.released():
        schema_id = schemas.released_ids(version).get(subject)
        if schema_id is not None:
            found[schema_id] = json.dumps(schemas.released_schema(version, subject))
    found[schemas.catalogue()[subject]] = schemas.schema_text(subject)
    return list(found.items())


def _ask(base: str, method: str, path: str, body: object = None) -> list[object]:
    request = urllib.request.Request(  # noqa: S310  `load` lets only http and https in.
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": CONTENT_TYPE},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_MAX_S) as answer:  # noqa: S310  Same.
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        raise RegistryError(
            f"{method} {base}{path}: {error.code} {error.read(500).decode(errors='replace')}"
        ) from None
    except OSError as error:
        raise RegistryError(f"{base}: no answer ({error}); is the registry up?") from None
    return found if isinstance(found, list) else []


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)  # noqa: T201  Usage.
        return 2
    try:
        print(f"{load(sys.argv[1])} schemas are new in the registry")  # noqa: T201  The result.
    except RegistryError as error:
        print(error, file=sys.stderr)  # noqa: T201  The reason.
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
