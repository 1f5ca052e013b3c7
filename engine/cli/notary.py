"""`metaorder notary`: sign the heads of the chains, and store them apart from the log."""

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.audit import anchors as anchoring
from engine.audit.notary import SIGN_EVERY_S, Notary
from engine.cli import lines
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, from_dicts, render
from engine.core.units import NS_PER_S

app = typer.Typer(help="Sign chain heads with a key that the log's writers do not have.")

AnchorsOption = Annotated[Path, typer.Option(metavar="FILE", help="File of signed heads.")]


@app.command()
def keygen(
    key: Annotated[Path, typer.Option(metavar="FILE", help="File for the private key.")],
) -> None:
    """Make a key pair: FILE is for the notary, FILE.pub for the auditors."""
    public = anchoring.make_key(key)
    typer.echo(f"private {key}\npublic {public}")


@app.command()
def run(
    *,
    anchors: AnchorsOption,
    key: Annotated[Path, typer.Option(metavar="FILE", help="The notary's private key.")],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two anchors.")] = (
        SIGN_EVERY_S
    ),
    once: Annotated[bool, typer.Option("--once", help="Sign the heads of now, and stop.")] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Follow the journals and sign their heads every minute and at each close, until stopped.

    Run it on another machine and as another user than the workers, with read access only.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    lines.to_stderr(settings.log_level)
    private = anchoring.private_key(key)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with configured_log(settings) as log:
        notary = Notary(log, anchors, private)
        try:
            if once:
                notary.sign_new()
                typer.echo(f"{notary.sign()} heads signed")
            else:
                notary.run(stopping.wait, every)
        finally:
            notary.close()


@app.command()
def show(
    *,
    anchors: AnchorsOption,
    key: Annotated[list[Path], typer.Option(metavar="FILE", help="Public key of the notary.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """List the signed heads; every signature and the order of the lines are checked."""
    found, _ = anchoring.read(anchors, [anchoring.public_key(path) for path in key])
    rows = [
        {
            "signed": datetime.fromtimestamp(anchor.signed_ns / NS_PER_S, UTC).isoformat(),
            "shard": head.shard,
            "batch": head.batch,
            "chain": head.chain.hex(),
        }
        for anchor in found
        for head in anchor.heads
    ]
    render(from_dicts(rows), output, "anchors")
