"""One name, one idea: the glossary is used, former words are gone, and every name is a name.

A docstring begins with a noun or a verb, not with a question, and every package has one.

`FORMER` has the words that the project once had for a thing, each with the word to use today. They
may stand in the changelog, in the decisions of their time, and in the suffix `.shelf` of files.
`VAGUE` has the pronouns that hide a noun which is known. Both are looked for in docstrings,
comments, texts in the code, names of the code, the docs of schemas and the pages for people.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "glossary.md"
CODE = ("engine", "projections", "schemas", "infra")
GENERATED = "engine/log/codec/shapes.py"  # A mirror of the schemas without a word of its own.
EVENTS = "engine/core/events.py"  # Its docstrings are the docs of the schemas.
EXEMPT = (
    *("CHANGELOG.md", "infra/decisions/", "schemas/released/", "tests/test_glossary.py"),
    GENERATED,
)

FORMER: Mapping[str, str] = {
    r"(?<!\.)shel(f|ves|ved|ve|ving)": "finished store, evict, eviction",
    r"put(s|ting)? (it |them |a parent )?away": "evict",
    r"(take|takes|taken|took|taking) (it |them |a parent )?down": "reload; end a session",
    r"(?<!long-)(?!standing fill of)standing": "in force, open, carried facts",  # A break's text.
    r"recall(s|ed|ing)?": "cancel",
    r"transcendentals?": "exact math",
    r"reshard(s|ed|ing)?": "repartition",
    r"unrest": "why_not_closed",
    r"(a|its|no) rest": "closed shard; the remainder",
    r"(a|the|its|this|each|whose) recordings?": "shard log; recorded day",
    r"(an|the) unreadables?(?= (is|of|that|was|in|to)\b|[.,;:)])": "rejected input",
    r"following process": "follower",
}
VAGUE: Mapping[str, str] = {
    r"(some|any|every)(body|one)": "the noun: the client, the operator, each member",
    r"nobody|no one": "the noun: no worker, no reader, no client",
    r"who(m|ever|mever)": "the noun: the worker, the process that",
    r"lies there": "is in the log, is in the store",
    r"(said|say|says) (it )?again": "state again, repeat",
    r"what (it |the \w+ )?stands(?! for)": "what is in force, what is open",
    r"where (everything|all|it) stands": "the positions, the state",
}


# ------------------------------------------------------------------------------------ texts


class Text(NamedTuple):
    """Some words for people, and where they are."""

    place: str  # As in engine/topology.py:12.
    words: str


def files(*patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return [path for path in dict.fromkeys(found) if not _named(path).startswith(EXEMPT)]


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            assert isinstance(first.value, ast.Constant)
            yield first.value


def prose(source: str, place: str, *, is_test: bool = False) -> Iterator[Text]:
    """Docstrings, comments, names that are given, and texts of more than one word.

    What a test has in quotes is its example, so its texts are left out.
    """
    tree = ast.parse(source)
    shown = {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in shown or (not is_test and " " in node.value.strip()):
                for number, line in enumerate(node.value.splitlines()):
                    yield Text(f"{place}:{node.lineno + number}", line)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield Text(f"{place}:{node.lineno}", _spelled(node.name))
        elif isinstance(node, ast.arg):
            yield Text(f"{place}:{node.lineno}", _spelled(node.arg))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(f"{place}:{token.start[0]}", token.string)


def _spelled(name: str) -> str:
    """The words of a name: `MemoryShelf` and `memory_shelf` are both `memory shelf`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


@cache
def texts_of_code() -> tuple[Text, ...]:
    paths = files(*(f"{folder}/**/*.py" for folder in CODE))
    return tuple(text for path in paths for text in prose(path.read_text(), _named(path)))


@cache
def texts_of_tests() -> tuple[Text, ...]:
    found = (prose(path.read_text(), _named(path), is_test=True) for path in files("tests/**/*.py"))
    return tuple(text for texts in found for text in texts)


@cache
def texts_of_pages() -> tuple[Text, ...]:
    """Pages, views, schemas, and the files that configure the rest, line by line."""
    paths = files(
        *("*.md", "docs/*.md", ".github/**/*.md", ".github/**/*.yml", "examples/**/README.md"),
        *("projections/**/*.sql", "schemas/*/*.avsc"),
        *("Makefile", "*.toml", "*.yml", ".pre-commit-config.yaml", "infra/*", "examples/*.toml"),
        "engine/**/*.toml",
    )
    return tuple(
        Text(f"{_named(path)}:{number}", line)
        for path in paths
        if path.is_file() and path.suffix != ".py"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
    )


# ------------------------------------------------------------------------------ former words


def banned(words: Mapping[str, str], text: Text) -> list[str]:
    """Each banned word in a text, and the one to use instead."""
    if not _any_of(tuple(words)).search(text.words):
        return []
    return [
        f'{text.place}: "{hit[0]}"; use: {instead}'
        for pattern, instead in words.items()
        for hit in re.finditer(rf"\b(?:{pattern})\b", text.words, re.IGNORECASE)
    ]


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All in one, as nearly every text has none."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def all_banned(words: Mapping[str, str], texts: tuple[Text, ...]) -> list[str]:
    return [found for text in texts for found in banned(words, text)]


def test_former_words_are_gone_from_the_code() -> None:
    assert all_banned(FORMER, texts_of_code()) == []


def test_former_words_are_gone_from_the_tests() -> None:
    assert all_banned(FORMER, texts_of_tests()) == []


def test_former_words_are_gone_from_the_pages() -> None:
    assert all_banned(FORMER, texts_of_pages()) == []


def test_the_code_names_its_nouns() -> None:
    assert all_banned(VAGUE, texts_of_code()) == []


def test_the_pages_name_their_nouns() -> None:
    assert all_banned(VAGUE, texts_of_pages()) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('"""A parent on the shelf."""', 'x.py:1: "shelf"; use: finished store'),
        ("x = 1  # What was put away.", '"put away"; use: evict'),
        ("# It takes them down.", '"takes them down"; use: reload'),
        ("class DiskShelf:\n    pass", '"shelf"'),
        ("def f(shelved: int) -> None:\n    pass", '"shelved"'),
        ("def shelve_all() -> None:\n    pass", '"shelve"'),
        ('raise ValueError(f"{x} is recalled")', '"recalled"; use: cancel'),
        ('"""One.\n\nIt reads the recording."""', 'x.py:3: "the recording"; use: shard log'),
        ('"""Refuse the unreadable."""', '"the unreadable"; use: rejected input'),
    ],
)
def test_a_former_word_is_found_wherever_it_hides(source: str, words: str) -> None:
    (found,) = (hit for text in prose(source, "x.py") for hit in banned(FORMER, text))
    assert words in found


def test_a_hidden_noun_is_found() -> None:
    (found,) = banned(VAGUE, Text("x.md:4", "Whoever takes its lease folds the log."))
    assert found.startswith('x.md:4: "Whoever"; use: the noun: the worker')


@pytest.mark.parametrize(
    "source",
    [
        'SUFFIX = "7.shelf"',
        "# Files that end in .shelf go with their snapshot.",
        '"""An outstanding order, and the rest of the day."""',
        "recorded = recording_s = 1",
        '"""Bytes that are unreadable, and an unreadable record."""',
    ],
)
def test_what_only_looks_like_a_former_word_passes(source: str) -> None:
    assert [hit for text in prose(source, "x.py") for hit in banned(FORMER, text)] == []


# ----------------------------------------------------------------------------- first lines


QUESTION = re.compile(r"\s*(What|Where|Who|How|Which)\b")


def questions(source: str) -> list[str]:
    """First lines of docstrings that begin with a question word instead of a noun or a verb."""
    found = (str(node.value).strip().partition("\n")[0] for node in docstrings(ast.parse(source)))
    return [line for line in found if QUESTION.match(line)]


@pytest.mark.parametrize("folder", CODE)
def test_a_docstring_begins_with_a_noun_or_a_verb(folder: str) -> None:
    found = [
        f"{_named(path)}: {line}"
        for path in files(f"{folder}/**/*.py")
        if _named(path) != EVENTS
        for line in questions(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        '"""What is wrong in a log."""',
        'class Kind:\n    """How an event departs."""',
        'def chain() -> bytes:\n    """Where the proof ends.\n\n    The rest is free.\n    """',
        'async def seal() -> None:\n    """\n    Which batches are sealed.\n    """',
        'def owner() -> str:\n    """Who holds the lease."""',
    ],
)
def test_a_question_for_a_first_line_is_found(source: str) -> None:
    assert len(questions(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""Kind of change to the log.\n\nWhat a reader sees of it.\n"""',
        'def is_open() -> bool:\n    """Whether the parent is open."""',
        'def whole() -> None:\n    """Whole batches, in order."""',
        'x = "What is this?"',
    ],
)
def test_what_only_looks_like_a_question_passes(source: str) -> None:
    assert questions(source) == []


def packages_without_docstring(root: Path, folders: tuple[str, ...] = CODE) -> list[str]:
    """Packages, and folders of modules, that have no docstring."""
    modules = [path for folder in folders for path in sorted(root.glob(f"{folder}/**/*.py"))]
    inits = dict.fromkeys(path.parent / "__init__.py" for path in modules)
    return [
        str(path.parent.relative_to(root))
        for path in inits
        if not path.is_file() or not ast.get_docstring(ast.parse(path.read_text()))
    ]


def test_every_package_has_a_docstring() -> None:
    assert packages_without_docstring(ROOT) == []


def test_a_package_without_a_docstring_is_found(tmp_path: Path) -> None:
    for name, text in (("good", '"""A package."""\n'), ("mute", "x = 1\n"), ("blank", '""""""\n')):
        (tmp_path / "a" / name).mkdir(parents=True)
        (tmp_path / "a" / name / "__init__.py").write_text(text)
    (tmp_path / "a" / "bare").mkdir()
    (tmp_path / "a" / "bare" / "module.py").write_text("x = 1\n")
    found = packages_without_docstring(tmp_path, ("a",))
    assert found == ["a/bare", "a/blank", "a/mute"]


# --------------------------------------------------------------------------------- glossary


@cache
def terms() -> dict[str, str]:
    """Each word of the page and its sentence."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    return {word: text for word, text in rows if word not in ("word", "---")}


def is_used(term: str, text: str) -> bool:
    """Whether a text has all words of the term, in prose or in a name: `finished_store`."""
    words, plain = re.split(r"[ -]", term), re.sub(r"[_-]", " ", text)
    return all(re.search(rf"\b{re.escape(x)}(e?s|ed)?\b", plain, re.IGNORECASE) for x in words)


@pytest.mark.parametrize("term", terms())
def test_every_word_of_the_glossary_is_used_elsewhere(term: str) -> None:
    texts = (x for x in (*texts_of_code(), *texts_of_pages()) if PAGE.name not in x.place)
    assert any(is_used(term, x.words) for x in texts), "used nowhere: take it off the page"


def test_every_word_has_one_sentence_and_stands_once() -> None:
    rows = re.findall(r"^\| ([a-z][^|]*) \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(terms()) == sorted(row for row in rows if row != "word")
    for term, sentence in terms().items():
        assert sentence[0].isupper(), term
        assert sentence.endswith("."), term
        assert ". " not in sentence, f"{term} has more than one sentence"


def test_the_glossary_is_one_page() -> None:
    assert len(PAGE.read_text().splitlines()) <= 90


def test_a_word_is_found_as_words_and_as_a_name() -> None:
    assert is_used("finished store", _spelled("FinishedStore"))
    assert is_used("carry-forward", "carry_forward.decide")
    assert is_used("batch", "Two batches")
    assert not is_used("tranche", "a batch")


# ------------------------------------------------------------------------------------ names


OUTSIDE = ("ClOrdID", "ExecID", "CycleError")  # FIX and the standard library have them so.


@cache
def names() -> frozenset[str]:
    """Every name that the code, the schemas, the views and the settings have."""
    found: set[str] = {*OUTSIDE}
    for path in files(*(f"{folder}/**/*" for folder in (*CODE, "tests"))):
        if path.is_file():
            found.update((path.stem, path.name, *path.parent.relative_to(ROOT).parts))
            if path.suffix == ".py":
                found.update(_names_in(path.read_text()))
    for path in files("projections/**/*.sql", "schemas/*/*.avsc", "*.toml", "engine/**/*.toml"):
        found.update(re.findall(r"[\w-]+", path.read_text()))
    return frozenset(found)


def _names_in(source: str) -> Iterator[str]:
    """Names of the code itself, and texts of one word: a topic, a setting, a column."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and not re.search(r"\s", text.strip()):
            yield text
            yield from re.findall(r"[\w-]+", text)


def unknown_names(text: str) -> list[str]:
    """Names in backticks, or in CamelCase, that neither the code nor the glossary has."""
    quoted = re.findall(r"`([A-Za-z_][\w.-]*?)(?:\(\))?`", text)
    camel = re.findall(r"\b[A-Z][a-z]+[A-Z]\w+\b", re.sub(r"`[^`]*`", "", text))
    return [name for name in dict.fromkeys([*quoted, *camel]) if not _is_name(name)]


def _is_name(name: str) -> bool:
    if name in terms() or name in names() or name.endswith("__") or (ROOT / name).exists():
        return True
    if name.partition(".")[0] in (*CODE, "tests"):
        return _resolves(name)
    return all(part in names() for part in name.split("."))


def _resolves(name: str) -> bool:
    """Whether a dotted name is a package or module, or a name in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module.is_file():
            return set(parts[length:]) <= set(_names_in(module.read_text()))
    return False


PACKAGES = files(*(f"{folder}/**/__init__.py" for folder in CODE))


@pytest.mark.parametrize("path", PACKAGES, ids=_named)
def test_a_package_speaks_of_names_that_there_are(path: Path) -> None:
    """A word in *stars* is introduced as one of the glossary."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert unknown_names(text) == []
    assert [x for x in re.findall(r"(?<!\*)\*(\w[\w ]*)\*(?!\*)", text) if x not in terms()] == []


@pytest.mark.parametrize("folder", CODE)
def test_every_docstring_speaks_of_names_that_there_are(folder: str) -> None:
    found = [
        f"{_named(path)}:{node.lineno}: {name}"
        for path in files(f"{folder}/**/*.py")
        for node in docstrings(ast.parse(path.read_text()))
        for name in unknown_names(str(node.value))
    ]
    assert found == []


def test_a_name_that_is_gone_is_found() -> None:
    text = "`shard` asks `engine.seal` and `engine.runtime.shard`; a MemoryBasket is `Bask`."
    assert unknown_names(text) == ["engine.seal", "Bask", "MemoryBasket"]


def test_the_docs_of_schemas_are_read() -> None:
    docs = [json.loads(path.read_text())["doc"] for path in files("schemas/fills/*.avsc")]
    read = "\n".join(text.words for text in texts_of_pages())
    assert docs
    assert all(json.dumps(doc, ensure_ascii=False)[1:-1] in read for doc in docs)
