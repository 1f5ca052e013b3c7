"""A release is tagged from its changelog, and only when everything is there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import release

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-30

### Added

- A thing that a user notices.

## [1.1.0] - 2026-11-01

- Something earlier.
"""
SECTION = "### Added\n\n- A thing that a user notices."


def commit(root: Path) -> None:
    release.git(root, "add", "--all")
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    release.git(root, *who, "commit", "--quiet", "--allow-empty", "--message", "Change")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of which release 1.2.0 may be tagged."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    for folder in (tmp_path / "schemas", tmp_path / "schemas" / "released" / "1.2.0"):
        (folder / "fills").mkdir(parents=True)
        (folder / "fills" / "FillBooked.avsc").write_text("{}")
        (folder / "catalogue.json").write_text('{"fills-FillBooked": 1}')
    release.git(tmp_path, "init", "--quiet")
    release.git(tmp_path, "config", "user.name", "Test")
    release.git(tmp_path, "config", "user.email", "test@example.org")
    commit(tmp_path)
    return tmp_path


def test_a_release_is_tagged_with_its_section_of_the_changelog(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["--check"], root) == 0
    assert release.git(root, "tag", "--list") == ""
    assert release.main([], root) == 0
    assert "git push origin v1.2.0" in capsys.readouterr().out
    assert release.git(root, "cat-file", "-t", "v1.2.0") == "tag\n"
    message = release.git(root, "tag", "--list", "--format=%(contents)", "v1.2.0")
    assert message.strip() == f"metaorder 1.2.0\n\n{SECTION}"


def version(root: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.0.dev0"\n')


def no_section(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(CHANGELOG.replace("1.2.0", "1.1.9"))


def no_date(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(CHANGELOG.replace(" - 2026-11-30", ""))


def wrong_date(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(CHANGELOG.replace("2026-11-30", "2026-11-31"))


def empty(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(CHANGELOG.replace(SECTION, ""))


def unreleased(root: Path) -> None:
    text = CHANGELOG.replace("## [Unreleased]", "## [Unreleased]\n\n- More.")
    (root / "CHANGELOG.md").write_text(text)


def no_schemas(root: Path) -> None:
    shutil.rmtree(root / "schemas" / "released" / "1.2.0")


def changed_schema(root: Path) -> None:
    (root / "schemas" / "fills" / "FillBooked.avsc").write_text('{"name": "FillBooked"}')


def new_schema(root: Path) -> None:
    (root / "schemas" / "fills" / "FillBusted.avsc").write_text("{}")


def changed_ids(root: Path) -> None:
    (root / "schemas" / "catalogue.json").write_text('{"fills-FillBooked": 2}')


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (version, "version 1.2.0.dev0, expected a release"),
        (no_section, "no section [1.2.0]; write"),
        (no_date, "has no date, expected"),
        (wrong_date, "has 2026-11-31, expected"),
        (empty, "is empty; say what a user notices"),
        (unreleased, "move it to the section [1.2.0]"),
        (no_schemas, "schemas/released/1.2.0: is not there; run"),
        (changed_schema, "released/1.2.0/fills/FillBooked.avsc: is not what"),
        (new_schema, "released/1.2.0/fills/FillBusted.avsc: is not what"),
        (changed_ids, "released/1.2.0/catalogue.json: is not what"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_tagged(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    spoil(root)
    commit(root)
    assert release.main([], root) == 1
    (found,) = capsys.readouterr().err.splitlines()
    assert words in found
    assert release.git(root, "tag", "--list") == ""


def test_a_changed_tree_is_not_tagged(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "new.txt").write_text("new")
    assert release.main(["--check"], root) == 1
    assert "1 changes, as in '?? new.txt'" in capsys.readouterr().out


def test_a_release_is_tagged_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main([], root) == 0
    assert release.main([], root) == 1
    assert "v1.2.0: is there already" in capsys.readouterr().err


def test_what_git_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(release.ReleaseError, match="not a git repository"):
        release.git(tmp_path, "status")


def test_the_released_versions_of_this_project_have_their_sections() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    for folder in (ROOT / "schemas" / "released").iterdir():
        assert release.notes(changelog, folder.name)
