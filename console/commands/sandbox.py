"""``tieout sandbox``: serve, dump, step, clerk."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import typer

from config.errors import ConfigError, ConfigProblem
from console.output import Output
from sandbox import control_client
from sandbox.dump import dump as dump_lines
from sandbox.errors import SandboxError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def serve(
    directory: Path,
    book: str,
    salesforce_port: int,
    netsuite_port: int,
    seed: int | None,
    now: str | None,
    latency: float,
) -> None:
    """Start both servers and block until a signal comes."""
    # Imported late: dump and step start much faster without the servers.
    from sandbox.serve import serve as serve_until_stopped

    try:
        serve_until_stopped(
            directory,
            book,
            salesforce_port=salesforce_port,
            netsuite_port=netsuite_port,
            seed=seed,
            now=_instant(now),
            latency=latency,
            announce=typer.echo,
        )
    except SandboxError as error:
        raise _problem("tieout sandbox serve", str(error)) from error


def dump(directory: Path, system: str, type_: str) -> None:
    """Print what a server holds."""
    try:
        for line in dump_lines(directory, system, type_):
            typer.echo(line)
    except SandboxError as error:
        raise _problem("tieout sandbox dump", str(error)) from error


def step(directory: Path, duration: str, output: Output) -> None:
    """Advance the clock of the running servers."""
    found = re.fullmatch(r"(\d+)([smhd])", duration)
    if found is None:
        raise _problem("tieout sandbox step", f"{duration!r} is no duration.", "Write 90s, 5m, 2h or 1d.")
    try:
        now = control_client.step(directory, int(found.group(1)) * SECONDS[found.group(2)])
    except SandboxError as error:
        raise _problem("tieout sandbox step", str(error)) from error
    output.line(f"The sandbox's clock is now {now}.")
    output.json("sandbox step", {"now": now})


def clerk(directory: Path, phase: str, book: Path | None, output: Output) -> None:
    """Have the finance clerk do one phase of the book's plan, each action once."""
    # Imported late: dump and step start much faster without it.
    from sandbox.clerk import carry_out

    try:
        report = carry_out(directory, phase, book)
    except SandboxError as error:
        raise _problem("tieout sandbox clerk", str(error)) from error
    done = ", ".join(f"{count} {op}" for op, count in sorted(report.counts.items())) or "nothing"
    output.line(f"The clerk did in phase {phase}: {done}.")
    if report.earlier:
        output.line(f"Done before: {report.earlier}.")
    if report.refused:
        output.line(f"Refused by NetSuite, as planned: {report.refused}.")
    output.json(
        "sandbox clerk",
        {
            "phase": phase,
            "counts": dict(report.counts),
            "documents": list(report.documents),
            "earlier": report.earlier,
            "refused": report.refused,
        },
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _problem("--now", f"{text!r} is no instant.", "Write it as 2026-11-22T12:00:00Z.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _problem(where: str, what: str, fix: str = "") -> ConfigError:
    return ConfigError([ConfigProblem(where, what, fix)])
