"""``tieout pause``, ``tieout resume``, ``tieout freeze``: letting jobs stand still, and go on."""

from __future__ import annotations

import getpass
import os
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import ConfigError, ConfigProblem
from config.load import load
from config.settings import Settings
from console.commands.run import clock_of
from console.output import Output
from console.service import standstill
from console.service.roster import JOBS
from console.state import opened_journal
from journal import pauses

NAMES = (*JOBS, pauses.ALL)
SPAN = re.compile(r"(\d{1,4})([smhd])\Z")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def pause(config: Path, output: Output, name: str, *, until: str | None, reason: str, follow: Path | None) -> None:
    """Let a job stand still; its slots are noted as paused, and its next run covers the whole gap."""
    _check(name, NAMES)
    _put(config, output, name, until, reason, follow)


def freeze(config: Path, output: Output, *, until: str | None, reason: str, follow: Path | None) -> None:
    """Let everything stand still that writes into NetSuite or Salesforce; reconciliation goes on."""
    _put(config, output, pauses.FREEZE, until, reason, follow)


def resume(config: Path, output: Output, name: str, *, follow: Path | None) -> None:
    """End a pause, or with ``freeze`` a freeze; ``all`` ends every pause and the freeze."""
    _check(name, (*NAMES, pauses.FREEZE))
    settings = load(config)
    now = clock_of(follow).now()
    with opened_journal(settings) as journal, journal.begin() as tx:
        names = (*NAMES, pauses.FREEZE) if name == pauses.ALL else (name,)
        lifted = [each for each in names if pauses.lift(tx, each, user_name(), now)]
        still = standstill.lines(settings, tx, now)
    output.line(f"Resumed: {', '.join(lifted)}." if lifted else f"{name} was not paused.")
    for line in still:
        output.line(f"still standing: {line}")
    output.json("resume", {"resumed": lifted, "standing": still})


def _put(config: Path, output: Output, name: str, until: str | None, reason: str, follow: Path | None) -> None:
    if not reason.strip():
        raise _problem("--reason", "a reason is expected.", 'For example: --reason "month end"')
    settings = load(config)
    now = clock_of(follow).now()
    ends = None if until is None else moment(until, settings, now)
    with opened_journal(settings) as journal, journal.begin() as tx:
        found = pauses.put(tx, name, reason.strip(), user_name(), now, ends)
    output.line(f"{name}: {found.told()}")
    if ends is not None:
        local = ends.astimezone(ZoneInfo(settings.company.time_zone))
        output.line(f"It ends on {local:%Y-%m-%d %H:%M} {settings.company.time_zone}.")
    output.line("A run that is under way goes on to its end. `tieout status` shows what stands still.")
    output.json("freeze" if name == pauses.FREEZE else "pause", {"pause": found})


def moment(text: str, settings: Settings, now: datetime) -> datetime:
    """Return the end of a pause: after a span (``4h``), at a day's beginning, or at a moment; local without a zone.

    Raises:
        ConfigError: it is no moment, or lies in the past.
    """
    found = SPAN.match(text)
    ends = now + timedelta(**{UNITS[found[2]]: int(found[1])}) if found else _stamp(text, settings)
    if ends <= now:
        raise _problem("--until", f"{text} lies in the past.", "Write a later moment.")
    return ends


def _stamp(text: str, settings: Settings) -> datetime:
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        fix = "Write 2026-12-03 (its beginning), 2026-12-03T18:00, or a span such as 4h."
        raise _problem("--until", f"{text!r} is no moment.", fix) from error
    if DAY.match(text):
        local = datetime.combine(local.date(), time())
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(settings.company.time_zone))
    return local.astimezone(UTC)


def user_name() -> str:
    """Return who is at the keyboard, by the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _check(name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise _problem("tieout", f"there is no job {name!r}.", f"Jobs are: {', '.join(names)}.")


def _problem(where: str, what: str, fix: str) -> ConfigError:
    return ConfigError([ConfigProblem(where, what, fix)])
