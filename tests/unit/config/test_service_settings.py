"""Schedules, ceilings, alerts and the service's own address are read exactly, and every fault names its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config import schedules
from config.errors import ConfigError
from config.load import load
from config.settings import Located, ReconcileSettings, Settings

MINIMAL = """
[company]
time_zone = "Europe/Berlin"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:SF_ID", client_secret = "env:SF_SECRET" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:A", consumer_secret = "env:B", token_id = "env:C", token_secret = "env:D" }
"""
SLA = '[jobs.reconcile]\nsla = "4h"\n'
FIRST_LINE = MINIMAL.count("\n") + 1
Read = Callable[[str], Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def run(more: str) -> Settings:
        path = tmp_path / "sync.toml"
        path.write_text(MINIMAL + more, encoding="utf-8")
        return load(path)

    return run


@pytest.mark.parametrize(
    ("text", "moment", "days"),
    [
        ("06:30", time(6, 30), {1, 2, 3, 4, 5, 6, 7}),
        ("daily 02:30", time(2, 30), {1, 2, 3, 4, 5, 6, 7}),
        ("weekdays 06:30", time(6, 30), {1, 2, 3, 4, 5}),
        ("weekends 23:59", time(23, 59), {6, 7}),
        ("mon,thu 06:30", time(6, 30), {1, 4}),
        ("Monday, Thursday  00:00", time(0, 0), {1, 4}),
        ("sunday 03:00", time(3, 0), {7}),
    ],
)
def test_a_time_of_the_day_is_read_with_its_weekdays(text: str, moment: time, days: set[int]) -> None:
    found = schedules.at(text)
    assert (found.at, found.days, found.every) == (moment, frozenset(days), None)


@pytest.mark.parametrize(
    "text", ["6:30", "24:00", "06:60", "foo 06:30", "mo 06:30", "mon-fri 06:30", "", 630, "06:30 mon"]
)
def test_what_is_no_time_of_the_day_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"\|.*Write"):
        schedules.at(text)


def test_without_a_word_every_job_has_its_usual_time(read: Read) -> None:
    settings = read(SLA)
    found = [settings.orders.schedule, settings.invoices.schedule, settings.status.schedule, settings.status.sweep]
    assert [each and each.text for each in found] == ["5m", "15m", "15m", "daily 02:30"]
    assert settings.reconcile.schedule == schedules.at("weekdays 06:30")
    assert settings.customers.schedule is None
    assert (settings.invoices.enabled, settings.status.receivables) == (False, True)
    assert (settings.guard.require_plan, settings.alerts.smtp, settings.alerts.webhook) == (False, None, None)
    assert (settings.service.host, settings.service.port, settings.service.freeze_days) == ("127.0.0.1", 9187, ())


def test_every_key_of_the_jobs_can_be_set(read: Read) -> None:
    settings = read(
        """[jobs.orders]
at = "mon,thu 06:30"
[jobs.invoices]
enabled = true
date = "first_open_period"
every = "1h"
stand_alone = "Type == 'Renewal'"
deal_field = "custbody_crm_opportunity"
[jobs.status]
receivables = false
every = "30m"
sweep = "sunday 03:00"
overlap = "20m"
[jobs.reconcile]
every = "6h"
sla = "4h"
approval_sla = "1d"
billing_grace = "0s"
unapplied_after = "14d"
send_to = ["controller@acme.example", "cfo@acme.example"]
"""
    )
    assert settings.orders.schedule == schedules.at("mon,thu 06:30")
    assert settings.invoices.date == "first_open_period"
    assert settings.invoices.stand_alone == Located(text="Type == 'Renewal'", where=f"sync.toml:{FIRST_LINE + 6}")
    assert settings.invoices.deal_field == "custbody_crm_opportunity"
    assert settings.status.sweep == schedules.at("sunday 03:00")
    assert settings.status.overlap == timedelta(minutes=20)
    assert settings.reconcile == ReconcileSettings(
        sla=timedelta(hours=4),
        output=settings.path.parent / "reports",
        approval_sla=timedelta(days=1),
        billing_grace=timedelta(0),
        unapplied_after=timedelta(days=14),
        schedule=schedules.every("6h"),
        send_to=("controller@acme.example", "cfo@acme.example"),
    )


def test_ceilings_alerts_and_the_service_can_be_set(read: Read, tmp_path: Path) -> None:
    settings = read(
        SLA
        + """[guard]
require_plan = true
new_orders_per_run = 50
hold_above = { USD = "500000", JPY = 75000000 }
amount_per_run = { EUR = "0.5" }
[owners]
data = "revops@acme.example"
finance = "the controller"
[alerts]
silent_after = "1h"
operators = ["ops@acme.example"]
owners = { cash = "ar@acme.example" }
webhook = "file:keys/hook"
budget_share = "0.5"
[alerts.smtp]
host = "smtp.acme.example"
sender = "tieout@acme.example"
port = 465
tls = "tls"
user = "tieout"
password = "env:SMTP"
[service]
host = "localhost"
port = 0
stop_within = "10s"
freeze_days = [-1, 1]
"""
    )
    assert settings.guard.hold_above == {"USD": Decimal("500000"), "JPY": Decimal("75000000")}
    assert settings.guard.amount_per_run == {"EUR": Decimal("0.5")}
    assert (settings.guard.require_plan, settings.guard.new_orders_per_run) == (True, 50)
    assert settings.alerts.owners == {"data": "revops@acme.example", "cash": "ar@acme.example"}
    assert settings.alerts.operators == ("ops@acme.example",)
    assert settings.alerts.webhook is not None
    assert settings.alerts.webhook.reference == f"file:{tmp_path / 'keys/hook'}"
    smtp = settings.alerts.smtp
    assert smtp is not None
    assert smtp.password is not None
    assert (smtp.host, smtp.port, smtp.tls, smtp.user) == ("smtp.acme.example", 465, "tls", "tieout")
    assert smtp.password.reference == "env:SMTP"
    assert settings.service.freeze_days == (-1, 1)
    assert (settings.service.port, settings.service.stop_within) == (0, timedelta(seconds=10))


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('[jobs.orders]\nevery = "5m"\nat = "06:30"', 2, "[jobs.orders] at: 'every' is set too. Keep one of the two"),
        ('[jobs.orders]\nevery = "0s"', 1, "every: the time must be longer than 0."),
        ('[jobs.orders]\nevery = "2d"', 1, 'every: a job runs at least once a day. For one day of the week write at ='),
        ('[jobs.orders]\nat = "6 am"', 1, "at: a time of day is expected, with or without weekdays."),
        ('[jobs.status]\nsweep = "1h"', 1, "sweep: a time of day is expected"),
        ('[jobs.status]\nsweep = "noday 01:00"', 1, "sweep: there is no weekday 'noday'."),
        ('[jobs.invoices]\ndate = "tomorrow"', 1, "date: this is no rule for an invoice's date. Write one of: order"),
        ('[jobs.invoices]\ndeal_field = "memo"', 1, "deal_field: the id of a custom body field is expected."),
        ('[jobs.reconcile]\nunapplied_after = "0s"', 1, "unapplied_after: the time must be longer than 0."),
        ('[jobs.reconcile]\nsend_to = "a@b.example"', 1, "send_to: a list of e-mail addresses is expected."),
        ('[reconcile]\nat = "06:30"\n[jobs.reconcile]\nevery = "1h"', 1, "'every' is set too"),
        ('[guard]\nhold_above = { usd = "5" }', 1, "[guard.hold_above] usd: this is no currency code."),
        ('[guard]\nhold_above = { USD = "-5" }', 1, "USD: an amount of zero or more is expected."),
        ("[guard]\nnew_orders_per_run = 0", 1, "new_orders_per_run: a whole number of at least 1 is expected."),
        ('[alerts]\nwebhook = "https://hooks.example/very-secret"', 1, "webhook: a secret must be a reference"),
        ('[alerts]\nowners = { data = "a@b.example\\nBcc: x@y.example" }', 1, "data: one e-mail address is expected."),
        ('[alerts]\nsilent_after = "0s"', 1, "silent_after: the time must be longer than 0."),
        ('[alerts]\nbudget_share = "80"', 1, "budget_share: a share above 0 and up to 1 is expected."),
        ('[alerts.smtp]\nhost = "h"', 0, "'sender' is missing in [alerts.smtp]."),
        ('[alerts.smtp]\nhost = "h"\nsender = "a@b.c"\nuser = "u"', 3, "user and password belong together."),
        ('[alerts.smtp]\nhost = "h"\nsender = "a@b.c"\ntls = "none"', 3, "only a server on this machine is allowed"),
        ('[alerts.smtp]\nhost = "smtp://h"\nsender = "a@b.c"', 1, "host: the name of a server is expected"),
        ('[service]\nhost = "0.0.0.0"', 1, "host: only an address on this machine is allowed here."),
        ("[service]\nport = 70000", 1, "port: a port between 0 and 65535 is expected."),
        ("[service]\nfreeze_days = [0]", 1, "freeze_days: a list of business days between -15 and 15 is expected."),
        ("[service]\nfreeze_days = [true]", 1, "freeze_days: a list of business days"),
        ('[service]\nprt = 1', 1, "[service] has an unknown key 'prt'. Did you mean 'port'?"),
    ],
)  # fmt: skip
def test_each_fault_of_the_service_is_told_with_its_line(text: str, line: int, expected: str, read: Read) -> None:
    with pytest.raises(ConfigError) as refused:
        read(text)
    found = [str(problem) for problem in refused.value.problems]
    hits = [fault for fault in found if expected in fault]
    assert hits, found
    assert hits[0].startswith(f"sync.toml:{FIRST_LINE + line}: ")
    assert "very-secret" not in " ".join(found)


def test_the_template_shows_every_key_that_the_loader_knows() -> None:
    """Commented keys count: the template is what an admin reads first."""
    root = Path(__file__).parents[3]
    template = (root / "config/templates/sync.toml").read_text(encoding="utf-8")
    words = [
        "silent_after",
        "operators",
        "owners",
        "webhook",
        "holds_after",
        "repeat_after",
        "certificate_before",
        "budget_share",
    ]
    words += [
        "host",
        "sender",
        "port",
        "tls",
        "user",
        "password",
        "timeout",
        "stop_within",
        "freeze_days",
        "sweep",
        "overlap",
        "receivables",
    ]
    words += ["deal_field", "stand_alone", "date", "approval_sla", "billing_grace", "unapplied_after", "send_to"]
    words += ["require_plan", "new_orders_per_run", "hold_above", "amount_per_run"]
    assert [word for word in words if f"{word} " not in template] == []


def test_the_template_still_loads_when_its_comments_become_keys(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    lines = (root / "config/templates/sync.toml").read_text(encoding="utf-8").split("\n")
    begin = lines.index("[alerts]")
    shown = [line.removeprefix("# ") if number >= begin else line for number, line in enumerate(lines)]
    (tmp_path / "mappings").mkdir()
    for name in ("customer.toml", "sales_order.toml"):
        (tmp_path / "mappings" / name).touch()
    (tmp_path / "sync.toml").write_text("\n".join(shown), encoding="utf-8")
    settings = load(tmp_path / "sync.toml")
    assert settings.alerts.smtp is not None
    assert settings.service.freeze_days == (-1, 1)
