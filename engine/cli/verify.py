"""`metaorder verify`: prove a log, decision by decision."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from engine.audit import anchors as anchoring
from engine.audit import difference as differences
from engine.audit import examination
from engine.audit.difference import Difference
from engine.audit.examination import Task
from engine.audit.verification import BATCHES_MAX, Bounds, Proof
from engine.cli.exits import Exit
from engine.cli.log import opening_problems
from engine.cli.options import ConfigOption, LogOption, OutputOption, existing, loaded
from engine.cli.render import Output, errors, from_dicts, progress, render, render_one
from engine.cli.rules import rules_of
from engine.config import Config

NS_PER_S = 1_000_000_000
CHAIN_SHOWN = 8  # Characters of a chain in a table.
CONTINUED = {
    True: "It begins with what the log that it goes on from carried: every byte was compared.",
    False: "It goes on from another log. Its first batches are as they were sealed; that they are "
    "what that log carried, --opened-from proves.",
}
SHOWN = ("shard", "batches", "decided", "events", "chain", "anchored", "difference")


def verify(
    *,
    log: LogOption = None,
    day: Annotated[
        int | None, typer.Option(metavar="YYYYMMDD", help="Decide this day again; default all.")
    ] = None,
    shard: Annotated[list[int] | None, typer.Option(help="These shards; default all.")] = None,
    first: Annotated[
        int, typer.Option("--from", min=0, metavar="BATCH", help="First batch to decide again.")
    ] = 0,
    last: Annotated[
        int,
        typer.Option(
            "--to",
            min=0,
            metavar="BATCH",
            show_default="the newest",
            help="Last batch to decide again.",
        ),
    ] = BATCHES_MAX,
    anchors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Signed chain heads, from the notary.")
    ] = None,
    key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Public key of the notary.")
    ] = None,
    opened_from: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The log that this one goes on from, to compare both."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Shards at a time; default one a core.")
    ] = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Prove that the log is what was decided: seals, chain, and every decision taken again.

    Seals, chain and outputs are proved of all batches, decisions of those asked for. Exit code 3
    and the first difference of each shard where something is not as it was sealed.
    """
    settings = loaded(config, log_url=log)
    existing(settings)
    if (anchors is None) != (not key):
        raise typer.BadParameter("--anchors and --key belong together: give both, or none")
    stated: Any = {}
    if anchors is not None:
        found, _ = anchoring.read(anchors, [anchoring.public_key(path) for path in key or ()])
        stated = anchoring.chains(found)
    shards = sorted(set(shard)) if shard else list(range(settings.partitions))
    for number in shards:
        if not 0 <= number < settings.partitions:
            raise typer.BadParameter(f"--shard {number}: expected 0 to {settings.partitions - 1}")
    bounds = Bounds(first, last, day)
    tasks = [_task(settings, number, bounds, stated.get(number, {})) for number in shards]
    with progress("verifying") as bar:
        proofs = examination.examine(
            tasks,
            jobs or os.cpu_count() or 1,
            lambda now: bar.at(now.batches, now.batches_total, "batches"),
        )
    otherwise: list[str] = []
    if opened_from is not None:
        url = settings.log_url
        otherwise = opening_problems(url, opened_from, config, settings.partitions)
    is_whole = len(shards) == settings.partitions
    show(proofs, output, is_whole=is_whole, is_anchored=anchors is not None)
    if output is Output.TEXT and any(proof.is_continued for proof in proofs):
        typer.echo(CONTINUED[opened_from is not None and not otherwise])
    for problem in otherwise:
        errors().print(escape(problem), soft_wrap=True)
    if otherwise or any(proof.difference for proof in proofs):
        raise typer.Exit(Exit.MISMATCH)
    if any(proof.batches for proof in proofs) and not any(proof.asked for proof in proofs):
        raise typer.BadParameter("no batch is of that day and within --from and --to")


def _task(settings: Config, number: int, bounds: Bounds, stated: dict[int, bytes]) -> Task:
    return Task(settings.log_url, settings.partitions, number, rules_of(settings), bounds, stated)


def show(proofs: list[Proof], output: Output, *, is_whole: bool, is_anchored: bool) -> None:
    """What was proved of each shard, what differs, and how far the proof reaches."""
    rows = [row_of(proof) for proof in proofs]
    found = [proof.difference for proof in proofs if proof.difference is not None]
    if output is Output.TEXT:
        short = [{**row, "chain": row["chain"][:CHAIN_SHOWN]} for row in rows]
        render(from_dicts([{name: row[name] for name in SHOWN} for row in short]), output)
        for difference in found:
            show_difference(difference)
        for line in reach(proofs, is_anchored=is_anchored):
            typer.echo(line)
        return
    if output in (Output.JSONL, Output.CSV):
        render(from_dicts(rows), output)
        return
    chain = examination.run_chain(proofs).hex() if is_whole and not found else None
    whole = {
        "verified": not found,
        "chain": chain,
        "shards": rows,
        "differences": [differences.asdict(difference) for difference in found],
    }
    render_one(whole, output)


def row_of(proof: Proof) -> dict[str, Any]:
    return {
        "shard": proof.shard,
        "batches": proof.batches,
        "decided": proof.decided,
        "foreign": sum(proof.foreign.values()),
        "events": proof.events,
        "inputs": proof.inputs,
        "unsealed": sum(proof.unsealed.values()),
        "chain": proof.chain.hex(),
        "anchored": proof.anchored if proof.anchored >= 0 else None,
        "difference": proof.difference.kind.value if proof.difference else "none",
    }


def show_difference(difference: Difference) -> None:
    """A block for people: where, what was done, and what led to it."""
    typer.echo(f"\nshard {difference.shard}: {difference.kind.value}")
    for name, value in differences.asdict(difference).items():
        if value in (None, "", []) or name in {"shard", "kind"}:
            continue
        for line in value if isinstance(value, list) else [value]:
            typer.echo(f"  {name:<9} {line}")


def reach(proofs: list[Proof], *, is_anchored: bool) -> list[str]:
    """In sentences: how far the proof reaches, and what it cannot say."""
    lines = [
        f"shard {proof.shard}: {count} records of {topic} wait for a batch."
        for proof in proofs
        for topic, count in proof.unsealed.items()
    ]
    foreign: Counter[str] = Counter()
    for proof in proofs:
        foreign.update(proof.foreign)
    lines += [
        f"{count} batches were decided by release {by}: their seals, digests and chain were "
        "proved, their decisions not taken again."
        for by, count in sorted(foreign.items())
    ]
    if any(proof.difference for proof in proofs):
        lines.append(
            "This is not the log that was decided. Each shard was proved up to its difference; "
            "nothing after it was looked at. Compare with a backup, and keep this copy."
        )
    elif not is_anchored:
        lines.append(
            "The log is consistent with itself. That its newest batches were not cut off, or all "
            "of it written anew, only signed anchors can prove: see `metaorder notary`."
        )
        return lines
    for proof in proofs:
        if proof.difference is not None:
            continue
        if proof.anchored < 0:
            if proof.batches:
                lines.append(f"shard {proof.shard}: no anchor yet; consistent with itself only.")
            continue
        when = datetime.fromtimestamp(proof.anchored_ns // NS_PER_S, UTC)
        after = proof.head - proof.anchored
        lines.append(
            f"shard {proof.shard}: proved up to batch {proof.anchored} ({when:%Y-%m-%d %H:%M:%S} "
            f"UTC); {after} batches after it are consistent with themselves only."
        )
    return lines
