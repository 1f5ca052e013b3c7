"""`metaorder verify`: prove a log, decision by decision."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from engine.audit import all_shards
from engine.audit import anchors as anchoring
from engine.audit import difference as differences
from engine.audit import release as releases
from engine.audit.all_shards import Task
from engine.audit.days import BATCHES_MAX
from engine.audit.difference import Difference
from engine.audit.verification import Bounds, Proof
from engine.cli import departures
from engine.cli.exits import Exit
from engine.cli.log import first_batch_problems
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    existing,
    loaded,
    require_same,
    shards_of,
)
from engine.cli.render import Output, errors, from_dicts, progress, render, render_one, say
from engine.cli.rules import rules_of
from engine.cli.verify_options import (
    AgainstOption,
    AnchorsOption,
    DayOption,
    FirstOption,
    JobsOption,
    KeyOption,
    LastOption,
    OpenedFromOption,
    ShardOption,
    ShowOption,
)
from engine.config import Config
from engine.core.units import NS_PER_S
from engine.log.port import CorruptLogError
from engine.runtime.hash_chain import run_chain

CHAIN_SHOWN = 8  # Characters of a chain in a table.
CONTINUED = {
    True: "It continues another log and follows from that log's close: every byte was compared.",
    False: "It continues another log. Its first batches are as they were sealed; only "
    "--opened-from proves that they follow from that log's close.",
}
SHOWN = ("shard", "batches", "decided", "events", "chain", "anchored", "difference")
SHOWN_DEPARTURES = 10


def verify(
    *,
    log_url: LogOption = None,
    day: DayOption = None,
    shard: ShardOption = None,
    first: FirstOption = 0,
    last: LastOption = BATCHES_MAX,
    against: AgainstOption = None,
    in_full: ShowOption = SHOWN_DEPARTURES,
    anchors: AnchorsOption = None,
    key: KeyOption = None,
    opened_from: OpenedFromOption = None,
    jobs: JobsOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Prove that the log is what was decided: seals, chain, and every decision made again.

    Seals, chain and outputs are proved for all batches, decisions for the chosen ones. Where
    a record is not as it was sealed, the exit code is 3 and the first difference of each shard is
    shown. With --against decisions are compared by their values and not proved: exit code 6 where
    some are different.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    if (anchors is None) != (not key):
        raise typer.BadParameter("--anchors and --key belong together: give both, or none")
    if against is not None and opened_from is not None:
        raise typer.BadParameter("--against reports and --opened-from proves: give one of them")
    shards = shards_of(shard, settings)
    bounds = Bounds(first, last, day)
    if against not in (None, releases.THIS):
        words = words_of(bounds, shard, in_full, anchors, key, jobs, output)
        raise typer.Exit(asked(str(against), words, settings))
    log_id = require_same(settings)
    stated = chains(anchors, key, log_id)
    in_full_or_none = None if against is None else in_full
    tasks = [
        _task(settings, number, bounds, stated.get(number, {}), in_full_or_none)
        for number in shards
    ]
    with progress("verifying") as bar:
        proofs = all_shards.verify_all(
            tasks,
            jobs or os.cpu_count() or 1,
            lambda now: bar.at(now.batches, now.batches_total, "batches"),
        )
    is_whole = len(shards) == settings.partitions
    problems = not_as_carried(settings, config, opened_from)
    show(
        proofs,
        problems,
        output,
        is_whole=is_whole,
        is_anchored=anchors is not None,
        in_full=in_full_or_none,
    )
    if problems or any(proof.difference for proof in proofs):
        raise typer.Exit(Exit.MISMATCH)
    if any(proof.batches for proof in proofs) and not any(proof.asked for proof in proofs):
        raise typer.BadParameter("no batch is of that day and within --from and --to")
    if any(proof.departures and proof.departures.different for proof in proofs):
        raise typer.Exit(Exit.DIFFERENT)


def not_as_carried(
    settings: Config, file: Path | None, opened_from: str | None
) -> list[str] | None:
    """Every difference from the close of the log before; None without --opened-from."""
    if opened_from is None:
        return None
    try:
        return first_batch_problems(settings.log_url, opened_from, file, settings.partitions)
    except CorruptLogError as error:
        return [str(error)]


def chains(
    anchors: Path | None, keys: list[Path] | None, log_id: str
) -> Mapping[int, Mapping[int, bytes]]:
    """The chains that the notary signed, by shard and batch."""
    if anchors is None:
        return {}
    found, _ = anchoring.read(anchors, [anchoring.public_key(path) for path in keys or ()])
    anchoring.require_of_log(found, log_id)
    return anchoring.chains(found)


def _task(
    settings: Config, number: int, bounds: Bounds, stated: Mapping[int, bytes], in_full: int | None
) -> Task:
    rules = rules_of(settings)
    return Task(
        settings.log_url,
        settings.partitions,
        number,
        rules,
        bounds,
        stated,
        in_full,
        settings.security(),
    )


def asked(text: str, words: list[str], settings: Config) -> int:
    """Let another release report on the same log, to the same streams. Returns its exit code."""
    release = releases.named(text)
    log_settings = {"log_url": settings.log_url, "partitions": str(settings.partitions)}
    return release.run(["verify", "--against", releases.THIS, *words], log_settings)


def words_of(
    bounds: Bounds,
    shard: list[int] | None,
    in_full: int,
    anchors: Path | None,
    keys: list[Path] | None,
    jobs: int | None,
    output: Output,
) -> list[str]:
    """The options for the command of another release."""
    given: list[tuple[str, object]] = [
        ("--from", bounds.first),
        ("--to", bounds.last),
        ("--show", in_full),
        ("--output", output.value),
        *(("--shard", number) for number in shard or ()),
        *(("--key", path) for path in keys or ()),
    ]
    given += [
        (name, value)
        for name, value in (("--day", bounds.day), ("--anchors", anchors), ("--jobs", jobs))
        if value is not None
    ]
    return [str(word) for pair in given for word in pair]


def show(
    proofs: list[Proof],
    problems: list[str] | None,
    output: Output,
    *,
    is_whole: bool,
    is_anchored: bool,
    in_full: int | None,
) -> None:
    """Print the proof of each shard, the differences, and how far the proof reaches.

    `problems` are those of --opened-from, None without it. `in_full` is None where decisions were
    proved, else the number of departures to show.
    """
    rows = [row_of(proof) for proof in proofs]
    found = [proof.difference for proof in proofs if proof.difference is not None]
    report = None if in_full is None else departures.report_of(proofs, in_full)
    for problem in problems or ():
        errors().print(escape(problem), soft_wrap=True)
    if output is Output.TEXT:
        short = [{**row, "chain": row["chain"][:CHAIN_SHOWN]} for row in rows]
        shown = SHOWN if report is None else departures.SHOWN
        render(from_dicts([{name: row[name] for name in shown} for row in short]), output)
        for difference in found:
            show_difference(difference)
        if report is not None:
            departures.show(report)
        for line in reach(proofs, is_anchored=is_anchored):
            say(line)
        if any(proof.is_continued for proof in proofs):
            say(CONTINUED[problems == []])
        return
    if output in (Output.JSONL, Output.CSV):
        render(from_dicts(rows if report is None else departures.rows_of(report)), output)
        return
    chain = run_chain([proof.chain for proof in proofs]).hex() if is_whole and not found else None
    whole = {
        "verified": not found and not problems,
        "chain": chain,
        "shards": rows,
        "differences": [differences.asdict(difference) for difference in found],
        **({} if problems is None else {"opening": {"problems": problems}}),
    }
    render_one(whole if report is None else {**whole, "against": report}, output)


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
        **({} if proof.departures is None else departures.counts_of(proof.departures)),
    }


def show_difference(difference: Difference) -> None:
    """Print a block for people: the place, what was done, and the inputs that led to it."""
    say(f"\nshard {difference.shard}: {difference.kind.value}")
    for name, value in differences.asdict(difference).items():
        if value in (None, "", []) or name in {"shard", "kind"}:
            continue
        for line in value if isinstance(value, list) else [value]:
            say(f"  {name:<9} {line}")


def reach(proofs: list[Proof], *, is_anchored: bool) -> list[str]:
    """In sentences: how far the proof reaches, and what it cannot prove."""
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
        "proved, their decisions were not made again."
        for by, count in sorted(foreign.items())
    ]
    if any(proof.difference for proof in proofs):
        lines.append(
            "This is not the log that was decided. Each shard was proved up to its difference; "
            "nothing after it was checked. Compare with a backup, and preserve this copy."
        )
    elif not is_anchored:
        lines.append(
            "The log is consistent with itself. Only signed anchors can prove that its newest "
            "batches were not cut off and that it was not written anew: see `metaorder notary`."
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
