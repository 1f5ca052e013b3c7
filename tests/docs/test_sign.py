"""The signature of docs/upstream.md is the one that the engine takes."""

import re
from pathlib import Path
from typing import Any

from engine.audit import anchors
from engine.log import signatures
from engine.log.headers import sender_headers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "upstream.md"
CODE = re.compile(r"^```python sign\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_a_record_signed_as_the_page_says_is_taken(tmp_path: Path) -> None:
    found = CODE.search(PAGE.read_text())
    assert found, "docs/upstream.md shows no sign.py"
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102  The page's own code.
    public = anchors.public_key(anchors.make_key(tmp_path / "key")).public_bytes_raw().hex()
    headers = sender_headers("OMS-1", 7)
    made = names["signature"](tmp_path / "key", "orders", b"XXX", headers, b"value")

    signed = (*headers, ("signature", made))
    assert signatures.is_signed_by(public, "orders", b"XXX", signed, b"value")
    assert not signatures.is_signed_by(public, "controls", b"XXX", signed, b"value")
