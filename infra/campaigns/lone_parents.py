"""Play large orders one at a time: how much of each is done by the end of its window, and how.

    python -m infra.campaigns.lone_parents [--market FOLDER] [--minutes 30] [--seed 7]

An order at market of 1, 5 or 10 % of what the tape prints in its window, of each urgency, in
windows that begin 30 minutes, 2.5 and 4.5 hours after the open. Each is a day of its own under the
example's policy, so that no other order uses up what is shown: what is not done is the strategy's
doing, or was not to be had at the best price. Venues lose and bust nothing, and the limits of the
example's firm do not apply.

One line of JSON for each: quantity, the part that was done in the window, the part of that which
took what was displayed, children, and the cost of what was done against the midpoint at arrival,
bps. Then one line with how many did less than 99 %.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine import config
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.core.units import NS_PER_S, PPM
from engine.gateways.files import controls_file
from engine.log import open_log
from engine.simulation.driver import Simulation
from engine.simulation.market.data import MarketData, load
from engine.simulation.script import TimedInput, of_folder
from engine.simulation.venues.behaviour import FAULTLESS
from engine.simulation.venues.venues import Venues

MARKET = Path("examples/us-equity-2018-01-02")
MINUTE_NS = 60 * NS_PER_S
BEGINS_MIN = (30, 150, 270)  # After the open.
PERCENTS = (1, 5, 10)
WHOLE_PPM = 990_000
BATCH_NS = 5 * NS_PER_S  # Of market data; a waking quote or a point ends a batch before that.
CLIENT = "C01"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--market", type=Path, default=MARKET, help="Market data folder.")
    parser.add_argument("--minutes", type=int, default=30, help="Length of each window.")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(words)
    data, short, count = load(options.market), 0, 0
    for found in figures(data, options.minutes, options.seed):
        count += 1
        short += found["done_ppm"] < WHOLE_PPM
        say(found)
    say({"orders": count, "done less than 99 %": short})


def say(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def figures(data: MarketData, minutes: int, seed: int) -> Iterator[dict[str, Any]]:
    """The figures of each window, size and urgency."""
    for begin_min in BEGINS_MIN:
        start_ns = data.facts.open_ns + begin_min * MINUTE_NS
        for percent in PERCENTS:
            for urgency in (e.Urgency.HIGH, e.Urgency.NORMAL, e.Urgency.LOW):
                order = order_of(data, start_ns, start_ns + minutes * MINUTE_NS, percent, urgency)
                about = {"minutes after the open": begin_min, "percent": percent}
                yield {**about, "urgency": urgency.value, **told(order, played(data, order, seed))}


def order_of(
    data: MarketData, start_ns: int, end_ns: int, percent: int, urgency: e.Urgency
) -> e.OrderSubmitted:
    """A buy of a part of what is printed in a window, in whole lots, one at least."""
    trades = (x for x in data.events if isinstance(x, e.TradeObserved))
    volume_qty = sum(x.last_qty for x in trades if start_ns <= x.received_ns < end_ns)
    lot_qty = data.facts.instrument.lot_qty
    return e.OrderSubmitted(
        source="campaign",
        cl_ord_id=f"{start_ns}-{percent}-{urgency.value}",
        client_id=CLIENT,
        instrument_id=data.facts.instrument.instrument_id,
        side=e.Side.BUY,
        order_qty=max(1, volume_qty * percent // 100 // lot_qty) * lot_qty,
        order_type=e.OrderType.MARKET,
        time_in_force=e.TimeInForce.DAY,
        urgency=urgency,
        benchmark=e.Benchmark.ARRIVAL,
        no_dark=False,
        must_complete=False,
        end_ns=end_ns,
        excluded_venues=(),
        capacity=e.Capacity.AGENCY,
        settlement="REGULAR",
        received_ns=start_ns,
    )


def played(data: MarketData, order: e.OrderSubmitted, seed: int) -> list[Any]:
    """The events of a day that has this order alone, up to two minutes after its window."""
    assert order.end_ns is not None, "an order of a window has its end"
    last_ns, found = order.end_ns + 2 * MINUTE_NS, list[Any]()
    day = replace(data, events=[x for x in data.events if x.received_ns < last_ns])
    timed = [TimedInput(order.received_ns, order, order.source)]
    script = of_folder(day, timed, controls_of(data), seed)
    rules = rules_of(config.load(partitions=1), open_batch_ns=BATCH_NS, seal_every_ns=BATCH_NS)
    with (
        tempfile.TemporaryDirectory(prefix="lone-") as folder,
        closing(open_log(f"sqlite:{Path(folder) / 'log.db'}", partitions=1)) as log,
    ):
        Simulation(
            log,
            rules,
            script,
            seed=seed,
            venues=Venues(seed, FAULTLESS),
            on_sealed=lambda sealed: found.extend(sealed.events),
        ).run()
    return found


def controls_of(data: MarketData) -> list[e.Input]:
    """The example's policy and mandates, without the limits of its firm, in the day's currency."""
    path = Path(str(files("engine.simulation").joinpath("controls.toml")))
    facts, found = data.facts, list[e.Input]()
    for table in controls_file.read(path):
        event = table.to_event("desk", facts.open_ns - MINUTE_NS)
        if isinstance(event, e.RiskLimitSet):
            if event.scope is not e.ControlScope.FIRM:
                continue
            event = replace(event, max_order_qty=10**12, max_order_notional_cur=None)
            event = replace(event, currency=facts.instrument.currency)
        found.append(event)
    return found


def told(order: e.OrderSubmitted, events: Sequence[Any]) -> dict[str, Any]:
    """The figures of an order; the events are those of its day."""
    routed = [x for x in events if isinstance(x, e.ChildRouted)]
    ioc = e.ChildTimeInForce.IOC
    takes = {f"0-{x.seq}" for x in routed if x.time_in_force is ioc and x.venue_qty}
    fills = [x for x in events if isinstance(x, e.FillBooked)]
    (accepted,) = (x for x in events if isinstance(x, e.OrderAccepted))
    done_qty = sum(x.last_qty for x in fills)
    taken_qty = sum(x.last_qty for x in fills if x.child_id in takes)
    mid_px = accepted.arrival_mid_px
    return {
        "order_qty": order.order_qty,
        "done_ppm": done_qty * PPM // order.order_qty,
        "taken_ppm": taken_qty * PPM // max(1, done_qty),
        "children": len(routed),
        "cost_bps": None if mid_px is None or not done_qty else cost_bps(fills, mid_px),
    }


def cost_bps(fills: Sequence[e.FillBooked], mid_px: int) -> float:
    """The cost of the fills of a buy against a midpoint, above zero if they are dearer."""
    paid = sum(x.last_qty * (x.last_px - mid_px) for x in fills)
    return round(paid / sum(x.last_qty for x in fills) / mid_px * 10_000, 2)


if __name__ == "__main__":
    main()
