"""``tieout db``: the state database's schema, backups, and whether it is whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from config.errors import ConfigError, ConfigProblem
from config.load import load
from config.settings import Settings
from config.system import SystemClock
from console.commands.pause import user_name
from console.exits import Exit
from console.output import Output
from console.state import in_use, opened_journal
from journal import backup as backups
from journal import checkup, epoch, schema
from journal import restore as restoring
from journal.checkup import Check


def upgrade(config: Path, output: Output) -> None:
    """Open the database, which brings its schema up to date, and say what that did."""
    with opened_journal(load(config)) as journal:
        done, place = journal.upgraded, journal.place
    if done is None:
        output.line(f"{place}: the schema is up to date ({schema.HEAD}).")
    elif done.found is None:
        output.line(f"{place}: created with schema {schema.HEAD}.")
    else:
        kept = f" The backup of before: {done.backup}" if done.backup else " It was empty."
        output.line(f"{place}: upgraded from schema {done.found} to {schema.HEAD}.{kept}")
    output.json(
        "db upgrade",
        {
            "database": place,
            "schema": schema.HEAD,
            "before": schema.HEAD if done is None else done.found,
            "backup": None if done is None or done.backup is None else str(done.backup),
        },
    )


def backup(config: Path, output: Output, file: Path | None) -> None:
    """Write a backup."""
    settings, now = load(config), SystemClock().now()
    wanted = file or backups.free(Path(f"{settings.state}.backup-{now:%Y%m%d-%H%M%S}"))
    with opened_journal(settings) as journal:
        size, place = backups.make(journal.engine, wanted, now), journal.place
    output.line(
        f"{place}: backed up to {wanted}, {size / 1e6:.1f} MB. tieout db restore {wanted} --yes brings it back."
    )
    output.json("db backup", {"database": place, "file": str(wanted), "bytes": size, "at": now})


def verify(config: Path, output: Output, file: Path | None) -> None:
    """Look at the live state, or at a backup, and print what was checked and found."""
    settings = load(config)
    if file is None:
        with opened_journal(settings) as journal:
            place, found = journal.place, checkup.check_live(journal)
            with journal.begin() as tx:
                recovery = epoch.notice(tx, settings.state)
    else:
        backups.require_file(file)
        place, found, recovery = str(file), checkup.check_file(file), None
    for one in found:
        mark = "BAD " if one.bad else "warn" if one.warns else "ok  "
        output.line(f"{mark} {one.checked}: {one.found}", "red" if one.bad else None)
    bad = sum(one.bad for one in found)
    if recovery is not None:
        output.line(recovery)
    output.line(f"{place}: {_verdict(bad, is_backup=file is not None)}", style="bold")
    output.json(
        "db verify",
        {"database": place, "whole": not bad, "checks": [_content(one) for one in found], "recovery": recovery},
    )
    if bad:
        raise typer.Exit(int(Exit.FINDINGS))


def _verdict(bad: int, *, is_backup: bool) -> str:
    if not bad:
        return "whole."
    if is_backup:
        return "not whole: nothing to bring back. Make another one: tieout db backup FILE"
    return "not whole. Keep it for a look at it, and bring the newest backup back: tieout db restore FILE --yes"


def _content(one: Check) -> dict[str, object]:
    return {"name": one.name, "checked": one.checked, "found": one.found, "ok": not one.bad, "warns": one.warns}


def restore(config: Path, output: Output, file: Path, *, yes: bool) -> None:
    """Put a backup in the place of the live state.

    Raises:
        ConfigError: ``--yes`` is missing.
        JournalError: somebody uses the state, or the file is no backup.
    """
    settings, now = load(config), SystemClock().now()
    restoring.require_backup(file)
    made = backups.made_at(file)
    of = f"made {made:%Y-%m-%d %H:%M} UTC" if made else "of an unknown time"
    if not yes:
        fix = "Add --yes. What is replaced is kept beside the state."
        raise ConfigError([ConfigProblem("tieout db restore", f"this replaces the live state by a backup {of}.", fix)])
    kept = _replaced(settings, file, now)
    output.line(f"The state is now the backup {of}. What it replaced lies in {kept}.")
    output.line("The next run looks for every document in NetSuite before it creates any. Start the service again.")
    output.json("db restore", {"file": str(file), "made_at": made, "replaced": None if kept is None else str(kept)})


def _replaced(settings: Settings, file: Path, now: datetime) -> Path | None:
    if settings.database is None:
        with in_use(settings.state, alone=True):
            return restoring.onto_file(settings.state, file, now)
    with opened_journal(settings) as journal:
        return restoring.onto_postgresql(journal, file, settings.state, now)


def recover(config: Path, output: Output, reason: str) -> None:
    """Begin a recovery by hand.

    Raises:
        ConfigError: no reason is given.
    """
    if not reason.strip():
        fix = 'For example: --reason "snapshot of the machine restored"'
        raise ConfigError([ConfigProblem("--reason", "a reason is expected.", fix)])
    settings = load(config)
    with opened_journal(settings) as journal:
        journal.actor = user_name()
        with journal.begin() as tx:
            epoch.begin_recovery(tx, f"{reason.strip()} (said by {journal.actor})", SystemClock().now())
            found = epoch.notice(tx, settings.state)
    output.line(str(found))
    output.json("db recover", {"recovery": found})
