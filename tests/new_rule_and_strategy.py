"""A new venue rule and a new strategy at work; a program of tests/test_recipe.py.

It runs on a tree that has both, which PYTHONPATH names, and prints what the reference file, the
router, the simulated venue, the close, the projection, the controls file and a plan make of them.
"""

import json
import sys
from pathlib import Path

import duckdb
import world

import projections
from engine.core import events as e
from engine.core.day import carry_forward
from engine.core.market import venue_rules
from engine.gateways.files import controls_file, reference_file
from engine.log import open_log

VENUE = (
    'effective_day = 2018-01-02\n[[venue]]\nvenue = "Z"\nmax_qty = 300\n[[venue]]\nvenue = "Y"\n'
)


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "reference.toml").write_text(VENUE)
    limited, free = (x.to_event() for x in reference_file.read(folder / "reference.toml"))
    assert isinstance(limited, e.VenueDefined)
    assert isinstance(free, e.VenueDefined)
    (carried,) = carry_forward.as_events(e.VenueCarried, [limited])
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=1) as log:
        projections.rebuild(log, str(folder / "p.duckdb"))
    with duckdb.connect(str(folder / "p.duckdb")) as connection:
        rules = connection.execute("select name from invariants").fetchall()

    controls = (Path(sys.argv[2]) / "examples" / "controls.toml").read_text()
    (folder / "controls.toml").write_text(controls.replace('"AUTO"', '"LATE"', 1))
    tables = [x.to_event("desk", 1) for x in controls_file.read(folder / "controls.toml")]
    (policy,) = [x for x in tables if isinstance(x, e.PolicySet)]
    day = world.trading(world.policy(strategy=policy.strategy)).when(world.order())
    found = {
        "fitted": [venue_rules.fitted_qty(x, 500, 100) for x in (limited, free)],
        "wrong": venue_rules.wrong_qty(limited, 400, 100),
        "carried": carry_forward.fact_of(carried) == limited,
        "has_invariant": ("child_maximum",) in rules,
        "strategy": day.the(e.PlanAdopted).strategy,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
