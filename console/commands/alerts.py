"""``tieout alerts``: a test message on every channel, what is open, and a look from outside the service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import typer

from config.errors import ConfigError, ConfigProblem
from config.load import load
from config.settings import Settings
from config.system import SystemClock
from connectors.ports import Clock
from console.alerts.addresses import operators
from console.alerts.desk import AlertDesk
from console.alerts.message import Alert
from console.alerts.send import FAILURES, channels, explained
from console.commands.run import clock_of
from console.exits import Exit
from console.output import Output
from console.state import opened_journal
from journal import alerts

SHOWN_FOR = timedelta(days=7)


def test(config: Path, output: Output) -> None:
    """Send a test message on every channel, to everybody who may be told something.

    Raises:
        ConfigError: no channel is configured.
    """
    settings, clock = load(config), SystemClock()
    ways = channels(settings, clock)
    if not ways:
        fix = "Fill [alerts.smtp] or webhook in [alerts]."
        raise ConfigError([ConfigProblem(str(config), "no way to tell an alert is configured.", fix)])
    results: list[dict[str, object]] = []
    for way in ways:
        why = None
        try:
            way.send(_message(settings), clock.now())
        except FAILURES as error:
            why = explained(error)
        output.line(f"{way.name}: sent" if why is None else f"{way.name}: {why}", None if why is None else "red")
        results.append({"channel": way.name, "sent": why is None, "why": why})
    output.json("alerts", {"test": results})
    if not all(result["sent"] for result in results):
        raise typer.Exit(int(Exit.REMOTE))


def _message(settings: Settings) -> Alert:
    everybody = dict.fromkeys([*operators(settings), *settings.alerts.owners.values()])
    return Alert(
        key="test",
        kind="test",
        subject="Test message",
        what="This is a test. Tieout's alerts reach you here.",
        todo="Nothing.",
        command="tieout alerts list",
        to=tuple(everybody),
    )


def show(config: Path, output: Output) -> None:
    """Print the alerts that are open, and those that ended in the last seven days."""
    _show(load(config), SystemClock(), output)


def _show(settings: Settings, clock: Clock, output: Output) -> None:
    with opened_journal(settings) as journal, journal.begin() as tx:
        rows = alerts.recent(tx, clock.now() - SHOWN_FOR)
    rows = [row for row in rows if not Alert.from_json(row.text).silent or row.cleared_at is not None]
    for row in rows:
        alert = Alert.from_json(row.text)
        state = "open" if row.cleared_at is None else f"over {row.cleared_at:%Y-%m-%d %H:%M} UTC"
        told = f"told {row.sent_at:%Y-%m-%d %H:%M} UTC" if row.sent_at else "not told yet" if row.due else "not told"
        output.line(f"{row.opened_at:%Y-%m-%d %H:%M} UTC  {state}  {told}  {alert.subject}")
    output.line(f"{sum(row.cleared_at is None for row in rows)} alerts are open.", style="bold")
    output.json("alerts", {"alerts": [_content(row) for row in rows]})


def _content(row: alerts.AlertRow) -> dict[str, object]:
    alert = Alert.from_json(row.text)
    return {
        "key": row.key,
        "kind": row.kind,
        "subject": alert.subject,
        "what": alert.what,
        "to": list(alert.to),
        "opened_at": row.opened_at,
        "sent_at": row.sent_at,
        "cleared_at": row.cleared_at,
        "due": row.due,
        "details": dict(alert.details),
    }


def look(config: Path, output: Output, *, follow: Path | None = None) -> None:
    """Look at everything once, as the service does: run by cron, it also notices that the service is gone."""
    settings, clock = load(config), clock_of(follow)
    with opened_journal(settings) as journal:
        AlertDesk(settings, journal, clock).look()
    _show(settings, clock, output)
