"""Time of each stage in one replay under cProfile.

A function belongs to the module it is written in; a function in C belongs to its callers.
Of a core module, functions that `topology.EVOLVE` and `topology.FACT` reach are folding, the others
deciding. The profiler slows short functions most, so shares are a map, not a measurement.
"""

import cProfile
import pstats
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from engine import topology
from engine.log.port import Log
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.shard import Shard
from infra.bench.player import Script
from infra.bench.replay import Ends, load
from infra.bench.world import RULES

Function = tuple[str, int, str]  # File, line, name; as pstats has it.

BY_FILE = {
    "engine/runtime/hash_chain.py": "digest",
    "engine/runtime/shard.py": "loop",
    "engine/runtime/replica.py": "loop",
    "engine/runtime/open_batch.py": "loop",
    "engine/runtime/admission.py": "loop",
    "engine/log/codec/codec.py": "codec",
    "engine/log/codec/shapes.py": "codec",
}


def profile(script: Script, log: Log) -> dict[str, float]:
    """Share of the time by stage, the largest first; the shares sum to 1."""
    load(log, script)
    ends = Ends.claim(log, list(script.inputs), "profile")
    shard = Shard(0, RULES, DiskStore())
    profiler = cProfile.Profile()
    for cut in script.rounds:
        profiler.enable()
        sealed = shard.step(ends.read(cut.counts), cut.now_ns)
        if sealed is not None:
            ends.writer.commit(sealed.records)
        profiler.disable()
        ends.keep_alive()
    ends.close()
    return shares(pstats.Stats(profiler))


def shares(stats: pstats.Stats) -> dict[str, float]:
    """Own time of every function, by stage."""
    folds = set(folding())
    found: Counter[str] = Counter()
    for function, (_, __, own_s, ___, callers) in stats.stats.items():  # type: ignore[attr-defined]  # The types leave it out.
        if is_ours(function):
            found[stage_of(function, folds)] += own_s
            continue
        left_s = own_s
        for caller, (_, __, called_s, ___) in callers.items():
            if is_ours(caller):
                found[stage_of(caller, folds)] += called_s
                left_s -= called_s
        found["other"] += max(0.0, left_s)
    total_s = sum(found.values())
    return {stage: own_s / total_s for stage, own_s in found.most_common()}


def folding() -> Iterable[str]:
    """Names of the functions that the loop folds with, as "file:name"."""
    for table in (topology.EVOLVE, topology.FACT):
        for functions in table.values():
            for function in functions:
                code = function.__code__
                yield f"{code.co_filename}:{code.co_name}"


def is_ours(function: Function) -> bool:
    return "/engine/" in function[0]


def stage_of(function: Function, folds: set[str]) -> str:
    full_path, _, name = function
    path = "engine/" + full_path.rpartition("/engine/")[2]
    if path in BY_FILE:
        stage = BY_FILE[path]
        if stage != "codec":
            return stage
        is_decoding = name.startswith(("from_", "decode", "_read", "<"))
        return "decode" if is_decoding else "encode"
    if path.startswith("engine/core/"):
        if f"{full_path}:{name}" in folds:
            return "fold"
        return f"decide {Path(path).stem}"
    if path.startswith("engine/log/"):
        return "log: read and commit"
    return "other"
