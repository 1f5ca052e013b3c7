"""Write the bill of materials, and ask for known vulnerabilities of what the lock names.

    python -m infra.dependency_audit --uv PATH [--bill out/sbom.cdx.json] [--service URL]

The bill (CycloneDX 1.5, by `uv export`) lists what the wheel needs to run, each package with its
version and the SHA-256 of its files. The audit (`uv audit`) covers the development tools too and
asks OSV. A vulnerability ends with 1. A service that cannot be asked proves nothing, which is said,
and ends with 0: an outage elsewhere is no fault of this project. Whatever else goes wrong ends
with 2.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.release import ROOT

AUDIT_MAX_S = 300.0
FOUND = 1  # Exit code of `uv audit` where a package has a known vulnerability.
# What uv says where the service does not answer, or answers with something else.
OUTAGES = ("Request failed", "HTTP status server error", "error decoding response body")
PREVIEWS = "audit-command,json-output,sbom-export"


class AuditError(Exception):
    """The bill or the audit could not be made, and no service elsewhere is the reason."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--uv", required=True, type=Path, help="The uv to run.")
    parser.add_argument("--bill", type=Path, default=ROOT / "out" / "sbom.cdx.json")
    parser.add_argument("--service", default="", help="URL of the service; default OSV.")
    options = parser.parse_args(words)
    try:
        count = write_bill(options.uv, options.bill)
        say(f"{options.bill}: {count} packages that the wheel needs to run")
        return audit(options.uv, options.service)
    except AuditError as error:
        say(f"error: {error}")
        return 2


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def write_bill(uv: Path, path: Path) -> int:
    """Write the bill and return its number of packages. Raises AuditError."""
    done = run(uv, "export", "--frozen", "--no-dev", "--format", "cyclonedx1.5")
    if done.returncode:
        raise AuditError(f"uv export ended with {done.returncode}: {done.stderr.strip()}")
    bill = json.loads(done.stdout)
    wrong = list(problems(bill, tomllib.loads((ROOT / "uv.lock").read_text())))
    if wrong:
        raise AuditError(f"the bill of materials is not that of uv.lock: {'; '.join(wrong)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bill, indent=1) + "\n")
    return len(bill["components"])


def problems(bill: dict[str, Any], lock: dict[str, Any]) -> list[str]:
    """Packages of the bill that are not as in the lock, or whose files are not named by a hash."""
    locked = {(package["name"], package["version"]) for package in lock["package"]}
    found = []
    for part in bill["components"]:
        name, version = part["name"], part["version"]
        files = part.get("externalReferences", [])
        if (name, version) not in locked:
            found.append(f"{name} {version} is not in the lock")
        if part.get("purl") != f"pkg:pypi/{name}@{version}":
            found.append(f"{name} {version} has the purl {part.get('purl')}")
        if not files or not all(file.get("hashes") for file in files):
            found.append(f"{name} {version} has a file without a hash")
    if not bill["components"]:
        found.append("it has no package")
    return found


def audit(uv: Path, service: str) -> int:
    """Ask for known vulnerabilities. Returns the exit code; raises AuditError."""
    url = ["--service-url", service] if service else []
    done = run(uv, "audit", "--frozen", "--output-format", "json", *url)
    if done.returncode in (0, FOUND) and done.stdout:
        return tell(json.loads(done.stdout))
    reason = done.stderr.strip()
    if any(words in reason for words in OUTAGES):
        say(f"NOT AUDITED: the service could not be asked, so nothing is known of it. {reason}")
        return 0
    raise AuditError(f"uv audit ended with {done.returncode}: {reason}")


def tell(found: dict[str, Any]) -> int:
    """Print the answer; 1 if it names anything."""
    asked = found["summary"]["audited_packages"]
    for each in found["vulnerabilities"]:
        package = each["dependency"]
        fixed = ", ".join(each["fix_versions"]) or "no release yet"
        say(f"{package['name']} {package['version']}: {each['display_id']}, {each['summary']}")
        say(f"    fixed in {fixed}; {each['link']}")
    for each in found["adverse_statuses"]:
        say(f"adverse status: {json.dumps(each)}")
    count = len(found["vulnerabilities"]) + len(found["adverse_statuses"])
    say(f"{asked} packages of uv.lock audited, {count} findings")
    return 1 if count else 0


def run(uv: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run uv in the project. Raises AuditError."""
    try:
        return subprocess.run(  # noqa: S603  The project's own uv.
            [str(uv), "--preview-features", PREVIEWS, "--no-progress", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=AUDIT_MAX_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AuditError(f"{uv}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
