"""Check a schema's change by Avro's rules of resolution, both ways, against every release.

    python -m schemas.compatibility --archive 0.2.0     keep the present schemas as released

Logs are kept for ever, and the writers and readers of a topic are never upgraded at the same
moment. So each released schema and the present one must read each other's bytes (FULL_TRANSITIVE
in a registry's words): a field is added or removed only if it has a default, a type never changes,
and a symbol is added only to an enum that has a default. Another shape has another id, so that a
reader knows which schema the bytes follow. `released/<version>/` holds what was released
and is never edited.

Source: Apache Avro 1.12 specification, "Schema Resolution".
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import schemas
from schemas import Schema

HERE = Path(__file__).resolve().parent
NAMED = ("record", "enum", "fixed")
PROMOTIONS: Mapping[str, tuple[str, ...]] = {  # Writer's type to what may read it.
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
SHAPING = ("type", "name", "fields", "symbols", "items", "values", "size")
FOREVER = ("journal-BatchSealed",)  # A new fact takes another record.
Avro = Any  # A schema is any JSON: a name, a union's list, or an object.
Names = dict[str, Schema]


def both_ways(old: Schema, new: Schema) -> list[str]:
    """Why the two cannot read each other's bytes; empty if they can."""
    return [
        *(f"new reads old: {x}" for x in problems(reader=new, writer=old)),
        *(f"old reads new: {x}" for x in problems(reader=old, writer=new)),
    ]


def problems(*, reader: Schema, writer: Schema) -> list[str]:
    """Why `reader` cannot read what `writer` wrote."""
    names = (_names(reader), _names(writer))
    return list(_resolve(reader, writer, names, str(reader["name"])))


def _names(schema: Schema) -> Names:
    found: Names = {}

    def walk(node: Avro) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, dict):
            if node.get("type") in NAMED:
                found[_short(node["name"])] = node
            for part in (node.get("type"), node.get("items"), node.get("values")):
                walk(part)
            for field in node.get("fields", ()):
                walk(field["type"])

    walk(schema)
    return found


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _whole(node: Avro, names: Names) -> Avro:
    """The definition behind a name, the type inside a plain wrapper, or the node itself."""
    if isinstance(node, str):
        return names.get(_short(node), node)
    if isinstance(node, dict) and not isinstance(node["type"], str):
        return _whole(node["type"], names)
    if isinstance(node, dict) and node["type"] not in (*NAMED, "array", "map"):
        return node["type"]  # A primitive with attributes.
    return node


def _resolve(reader: Avro, writer: Avro, names: tuple[Names, Names], path: str) -> Iterator[str]:
    reader, writer = _whole(reader, names[0]), _whole(writer, names[1])
    if isinstance(writer, list):
        for branch in writer:
            yield from _resolve(reader, branch, names, path)
    elif isinstance(reader, list):
        tries = [list(_resolve(branch, writer, names, path)) for branch in reader]
        if all(tries):
            yield f"{path}: no branch of {_shown(reader)} reads {_shown(writer)}"
    elif isinstance(reader, str) or isinstance(writer, str):
        if reader != writer and not (
            isinstance(writer, str) and reader in PROMOTIONS.get(writer, ())
        ):
            yield f"{path}: {_shown(reader)} does not read {_shown(writer)}"
    elif reader["type"] != writer["type"]:
        yield f"{path}: {_shown(reader)} does not read {_shown(writer)}"
    else:
        yield from _resolve_alike(reader, writer, names, path)


def _resolve_alike(
    reader: Schema, writer: Schema, names: tuple[Names, Names], path: str
) -> Iterator[str]:
    kind = reader["type"]
    if kind == "array":
        yield from _resolve(reader["items"], writer["items"], names, f"{path}[]")
        return
    if kind == "map":
        yield from _resolve(reader["values"], writer["values"], names, f"{path}{{}}")
        return
    known = {_short(reader["name"]), *map(_short, reader.get("aliases", ()))}
    if _short(writer["name"]) not in known:
        yield f"{path}: {_shown(reader)} does not read {_shown(writer)}"
    elif kind == "record":
        yield from _resolve_fields(reader, writer, names, path)
    elif kind == "enum":
        missing = [x for x in writer["symbols"] if x not in reader["symbols"]]
        if missing and "default" not in reader:
            yield f"{path}: no symbol {', '.join(missing)} and no default symbol"
    elif reader["size"] != writer["size"]:
        yield f"{path}: size {reader['size']} does not read size {writer['size']}"


def _resolve_fields(
    reader: Schema, writer: Schema, names: tuple[Names, Names], path: str
) -> Iterator[str]:
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        spellings = (field["name"], *field.get("aliases", ()))
        match = next((written[x] for x in spellings if x in written), None)
        field_path = f"{path}.{field['name']}"
        if match is not None:
            yield from _resolve(field["type"], match["type"], names, field_path)
        elif "default" not in field:
            yield f"{field_path}: was not written and has no default"


def field_paths(schema: Schema) -> frozenset[str]:
    """Every field of a record, those of nested records too, as `Name.field.field`."""
    names = _names(schema)

    def walk(node: Avro, path: str) -> Iterator[str]:
        whole = _whole(node, names)
        if isinstance(whole, list):
            for branch in whole:
                yield from walk(branch, path)
        elif isinstance(whole, dict) and whole["type"] in ("array", "map"):
            yield from walk(whole.get("items", whole.get("values")), path)
        elif isinstance(whole, dict) and whole["type"] == "record":
            for field in whole["fields"]:
                yield f"{path}.{field['name']}"
                yield from walk(field["type"], f"{path}.{field['name']}")

    return frozenset(walk(schema, _short(str(schema["name"]))))


def _shown(node: Avro) -> str:
    if isinstance(node, list):
        return f"[{', '.join(map(_shown, node))}]"
    return node if isinstance(node, str) else f"{node['type']} {node.get('name', '')}".strip()


# --------------------------------------------------------------------- ids, released versions


def id_problems(old: Mapping[str, int], new: Mapping[str, int]) -> list[str]:
    """Why bytes written with the ids of `old` would be read wrongly with those of `new`."""
    subject_of = {number: subject for subject, number in old.items()}
    found = [
        f"{subject}: id {number} belongs to {subject_of[number]}; take the next free one"
        for subject, number in new.items()
        if subject_of.get(number, subject) != subject
    ]
    found += [
        f"{subject}: is gone, was released with id {number}; logs hold it, so keep it"
        for subject, number in old.items()
        if subject not in new
    ]
    found += [
        f"{subject}: has id {new[subject]} now, was released with id {old[subject]}; the chain of "
        "seals is over its bytes, so its shape never changes"
        for subject in FOREVER
        if subject in old and new.get(subject, old[subject]) != old[subject]
    ]
    twice = {x for x in new.values() if list(new.values()).count(x) > 1}
    return found + [f"id {number} is given twice" for number in sorted(twice)]


def shape(schema: Schema) -> Avro:
    """The part of a schema that decides the bytes: Avro's parsing form, but for namespaces."""

    def walk(node: Avro) -> Avro:
        if isinstance(node, list):
            return [walk(part) for part in node]
        if isinstance(node, dict):
            kept = {name: walk(node[name]) for name in SHAPING if name in node}
            return kept["type"] if set(kept) == {"type"} else kept
        return _short(node) if isinstance(node, str) else node

    return walk(schema)


def shape_problems(subject: str, old: Schema, new: Schema) -> list[str]:
    """Why two schemas of a subject cannot have one id."""
    if shape(old) == shape(new):
        return []
    return [f"{subject}: was released in another shape under its id; take the next free one"]


def archive(version: str, home: Path = HERE / schemas.RELEASED) -> Path:
    """Keep the present schemas as those of a release. Raises FileExistsError if it is there."""
    folder = home / version
    schemas.export(folder)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.compatibility", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--archive", metavar="VERSION", required=True)
    version = parser.parse_args().archive
    try:
        sys.stdout.write(f"{archive(version)}\n")
    except FileExistsError:
        sys.stderr.write(f"{version} was released; what was released is never edited\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
