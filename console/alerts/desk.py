"""Looks at the journal after each job and from time to time, and tells people what they should know."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from config.secrets import SecretError
from config.settings import Settings
from connectors.alerting import certificates
from connectors.errors import AuthenticationError, TransientError
from connectors.ports import Clock
from connectors.transport import RouteError
from console.alerts import digests, jobs, misses, systems
from console.alerts.message import Alert
from console.alerts.send import FAILURES, Channel, channels, explained
from console.alerts.stopped import stopped
from console.alerts.systems import ExpiryOf
from console.service.outcome import JobOutcome
from journal import alerts
from journal.alerts import AlertRow
from journal.database import Journal, Tx

log = structlog.get_logger(__name__)

RECONCILE = "reconcile"
CERTIFICATES, LOOKED = "certificates", "certificates_looked"
OUT_OF_ORDER = (TransientError, AuthenticationError, RouteError, SecretError, OSError)
"""Failures of a channel as such; another one concerns a single message, and the next may go through."""


class AlertDesk:
    """Opens, repeats and clears alerts, and delivers them.

    What is open and who was told stands in the journal: a restart tells nothing twice. A channel that fails is tried
    again at the next look and stops nothing.

    Args:
        settings: who is told what.
        journal: the state database.
        clock: decides what is late.
        ways: the channels, by default those that are configured.
        expiry_of: how a host's certificate is looked at.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        ways: Sequence[Channel] | None = None,
        expiry_of: ExpiryOf = certificates.of_host,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._channels = channels(settings, clock) if ways is None else ways
        self._expiry_of = expiry_of

    def after_job(self, job: str, ending: str, outcome: JobOutcome | None, error: Exception | None) -> None:
        """Take in how a job's slot ended, and look at everything; never raises."""
        self._safely(lambda: self._take_in(job, ending, outcome, error))
        self.tick()

    def tick(self) -> None:
        """Look at everything and tell what is due; never raises."""
        self._safely(self.look)

    def _safely(self, step: Callable[[], None]) -> None:
        """An alert that cannot be told must not stop the job of which it tells."""
        try:
            step()
        except Exception as error:  # noqa: BLE001
            places = traceback.format_tb(error.__traceback__)[-8:]
            log.error("alerts_failed", error=type(error).__name__, places=places)

    def _take_in(self, job: str, ending: str, outcome: JobOutcome | None, error: Exception | None) -> None:
        with self._journal.begin() as tx:
            jobs.note_end(tx, job, ending, error, self._clock.now())
            if outcome is not None and job == RECONCILE:
                systems.note_controls(tx, outcome.counts, self._clock.now())
            if outcome is not None and outcome.api_used is not None and outcome.api_limit is not None:
                alerts.mark(tx, "budget", {"used": str(outcome.api_used), "limit": str(outcome.api_limit)})

    def look(self) -> None:
        """Compare what is with what was told, and deliver what is due; nothing while another desk does so."""
        with alerts.alone(self._settings.state, self._journal) as mine:
            if not mine:
                return
            now = self._clock.now()
            known = self._certificates(now)
            with self._journal.begin() as tx:
                self._compare(tx, list(self._present(tx, known, now)), now)
                self._open_digests(tx, now)
                alerts.prune(tx, now)
            self._deliver()

    def _present(self, tx: Tx, known: Mapping[str, datetime], now: datetime) -> Iterator[Alert]:
        settings = self._settings
        yield from jobs.of_jobs(settings, tx, now)
        yield from jobs.of_standstill(settings, tx, now)
        yield from systems.budget(settings, tx)
        yield from systems.controls(settings, tx)
        yield from systems.approvals(settings, tx)
        yield from stopped(settings, tx)
        yield from systems.expiring(settings, known, now)

    def _compare(self, tx: Tx, present: Sequence[Alert], now: datetime) -> None:
        keys = {alert.key for alert in present}
        for alert in present:
            self._open(tx, alert, now)
        for row in alerts.open_alerts(tx):
            alert = Alert.from_json(row.text)
            if alert.kind != "holds" and row.key not in keys:
                self._clear(tx, row, alert, now)
            elif self._is_due_again(row, alert, now):
                alerts.remind(tx, row)

    def _open(self, tx: Tx, alert: Alert, now: datetime) -> None:
        current = alerts.find_open(tx, alert.key)
        since = alert.since or (current.opened_at if current else now)
        opened = alerts.open_alert(
            tx, alert.key, alert.kind, replace(alert, since=since).to_json(), now, due=not alert.silent
        )
        if opened and not alert.silent:
            log.warning("alert_opened", key=alert.key, subject=alert.subject)

    def _is_due_again(self, row: AlertRow, alert: Alert, now: datetime) -> bool:
        if row.due or alert.silent:
            return False
        if row.sent_at is None:
            return bool(self._channels)  # opened while there was nobody to tell
        return alert.repeats and now - row.sent_at >= self._settings.alerts.repeat_after

    def _clear(self, tx: Tx, row: AlertRow, alert: Alert, now: datetime) -> None:
        """What nobody was told needs no all-clear."""
        was_told = row.sent_at is not None or bool(row.delivered) or alert.silent
        alerts.clear(tx, row, alert.over(now).to_json(), now, tell=was_told and bool(alert.healed))
        log.info("alert_cleared", key=row.key)

    def _open_digests(self, tx: Tx, now: datetime) -> None:
        """A digest is over once it is told; one that is still due keeps the next from opening."""
        for digest in [*digests.take(self._settings, tx, now), *misses.take(self._settings, tx)]:
            alerts.open_alert(tx, digest.key, digest.kind, digest.to_json(), now)
            row = alerts.find_open(tx, digest.key)
            if row is not None:
                alerts.clear(tx, row, digest.to_json(), now, tell=True)

    def _deliver(self) -> None:
        """Tell what is due on every channel that has not taken it yet; one that is out of order rests till later."""
        resting: set[str] = set()
        with self._journal.begin() as tx:
            rows = alerts.due(tx)
        if not self._channels:
            with self._journal.begin() as tx:
                alerts.drop_due(tx)
            return
        for row in rows:
            taken = set(row.delivered)
            for channel in self._channels:
                if channel.name not in taken | resting and self._told(channel, row, resting):
                    taken.add(channel.name)
            everywhere = {channel.name for channel in self._channels} <= taken
            if everywhere or taken != row.delivered:
                with self._journal.begin() as tx:
                    alerts.delivered(tx, row, taken, self._clock.now(), everywhere=everywhere)

    def _told(self, channel: Channel, row: AlertRow, resting: set[str]) -> bool:
        try:
            channel.send(Alert.from_json(row.text), self._clock.now())
        except FAILURES as error:
            log.warning("alert_not_delivered", channel=channel.name, key=row.key, why=explained(error))
            if isinstance(error, OUT_OF_ORDER):
                resting.add(channel.name)
            return False
        return True

    def _certificates(self, now: datetime) -> Mapping[str, datetime]:
        """Return when certificates expire, looking at them once a day."""
        with self._journal.begin() as tx:
            looked: datetime | None = alerts.marked(tx, LOOKED)
            known: dict[str, datetime] = alerts.marked(tx, CERTIFICATES) or {}
        if looked is not None and now - looked < systems.LOOKED_EVERY:
            return known
        # What cannot be read today keeps yesterday's date.
        known |= systems.known_certificates(self._settings, self._expiry_of)
        known = {name: until for name, until in known.items() if name in systems.watched(self._settings)}
        with self._journal.begin() as tx:
            alerts.mark(tx, CERTIFICATES, known)
            alerts.mark(tx, LOOKED, now)
        return known
