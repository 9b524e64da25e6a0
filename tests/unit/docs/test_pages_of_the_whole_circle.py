"""The pages on Salesforce's fields, the service's figures, the alerts and the workbook say what the program does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.receivables import INVOICE_STATUS_NAMES, POSTED
from console.alerts.systems import CONTROLS
from console.service.health import Health
from console.service.metrics import Metrics
from console.service.outcome import JobOutcome, Worked
from console.service.roster import roster
from console.service.ticker import Ticker
from journal import slots
from reconcile.report import BUCKETS
from reconcile.workbook import SHEETS
from sync import account_rows, rollup
from sync.world import ACCOUNT_BALANCE, DEAL, FINANCIAL, RECEIVABLE_FIELDS, STATUS_FIELDS, STATUS_VERSION
from tests.fakes.time_and_chance import VirtualClock
from tests.unit.console.service_world import MONDAY, Service
from tests.unit.docs import pages

PROJECT = pages.ROOT / "deploy" / "salesforce" / "force-app" / "main" / "default" / "objects"
SPACE = {"m": "http://soap.sforce.com/2006/04/metadata"}
FIELDS = pages.text_of("reference/salesforce-fields.md")
METRICS = pages.text_of("reference/metrics.md")
ALERTS = pages.text_of("how-to/alerts.md")
WORKBOOK = pages.text_of("how-to/read-the-workbook.md")


# Salesforce


@pytest.mark.parametrize(
    ("heading", "folder"),
    [("Opportunity", DEAL), (ACCOUNT_BALANCE, ACCOUNT_BALANCE), (FINANCIAL, FINANCIAL)],
)
def test_the_page_of_salesforce_fields_lists_the_fields_of_the_shipped_project(heading: str, folder: str) -> None:
    listed = pages.rows(pages.section(FIELDS, f"## {heading}"))
    assert {pages.bare(name): kind for name, kind, _ in listed} == dict(shipped(PROJECT / folder / "fields"))


def shipped(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the fields of a folder with their type in the words of the page."""
    for path in sorted(folder.glob("*.xml")):
        root = ElementTree.parse(path).getroot()  # noqa: S314  a file of the repository
        told = {child.tag.partition("}")[2]: child.text or "" for child in root}
        kind = told["type"]
        if kind in ("Text", "LongTextArea"):
            kind += f"({told['length']})"
        elif kind == "Lookup":
            kind += f"({told['referenceTo']})"
        yield told["fullName"], f"{'formula: ' if 'formula' in told else ''}{kind}{_key(told)}"


def _key(told: Mapping[str, str]) -> str:
    return ", external id" if told.get("externalId") == "true" else ""


def test_the_page_of_salesforce_fields_lists_what_the_sync_writes_onto_deals() -> None:
    listed = pages.rows(pages.section(FIELDS, "## Opportunity"))
    assert [pages.bare(name) for name, kind, _ in listed if not kind.startswith("formula")] == [
        *STATUS_FIELDS,
        *RECEIVABLE_FIELDS,
        STATUS_VERSION,
    ]


def test_the_page_of_salesforce_fields_lists_every_status() -> None:
    invoiced = [row[0] for row in pages.rows(pages.section(FIELDS, "### Invoice status"))]
    paid = [row[0] for row in pages.rows(pages.section(FIELDS, "### Payment status"))]
    assert invoiced == [rollup.NOT_INVOICED, rollup.PARTLY_INVOICED, rollup.FULLY_INVOICED, rollup.OTHER_CURRENCY]
    settled = [rollup.UNPAID, rollup.PARTLY_PAID, rollup.FULLY_PAID, rollup.WRITTEN_OFF, rollup.ALL_CREDITED]
    assert paid == [rollup.NOT_INVOICED, *settled]
    counted = pages.section(FIELDS, "### Which invoices count")
    assert all(INVOICE_STATUS_NAMES[letter] in counted for letter in POSTED)


def test_the_page_of_salesforce_fields_lists_every_type_and_status_of_a_row() -> None:
    cells = {pages.bare(row[0]): row[2].rstrip(".") for row in pages.rows(pages.section(FIELDS, f"## {FINANCIAL}"))}
    types = ["Invoice", *account_rows.KINDS.values(), *account_rows.LEFT_OVER.values(), "Refund"]
    assert sorted(cells["Tieout_Type__c"].split(", ")) == sorted(types)
    source = Path(account_rows.__file__).read_text(encoding="utf-8")
    told = cells["Tieout_Status__c"].partition("else ")[2].split(", ")
    assert told
    assert [word for word in told if f'"{word}"' not in source] == []
    assert account_rows.GONE in told


# metrics and health


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    opened = Service(tmp_path, VirtualClock(MONDAY))
    yield opened
    opened.journal.close()


def test_the_page_of_metrics_names_every_figure_with_its_type(service: Service) -> None:
    metrics = Metrics(
        service.settings, service.journal, roster(service.settings, service.jobs.mapping()), VirtualClock(MONDAY)
    )
    outcome = JobOutcome(counts={"orders.created": 1, "exceptions.open": 1}, api_used=1, api_limit=2)
    metrics.note(Worked(job="orders", slot_at=MONDAY, ending=slots.DONE, outcome=outcome))
    page = text_string_to_metric_families(metrics.page().decode())
    families = [family for family in page if not family.name.endswith("_created")]
    given = {family.name + ("_total" if family.type == "counter" else ""): family for family in families}
    listed = {pages.bare(row[0]): row for row in pages.rows(pages.section(METRICS, "## Metrics"))}
    assert {name: row[1] for name, row in listed.items()} == {name: family.type for name, family in given.items()}
    labels = {name: {key for one in family.samples for key in one.labels} - {"le"} for name, family in given.items()}
    documented = {name: set(pages.names(row[2])) for name, row in listed.items()}
    assert {name: documented[name] for name, found in labels.items() if found} == {n: f for n, f in labels.items() if f}


def test_the_page_of_health_names_every_key(service: Service) -> None:
    clock = VirtualClock(MONDAY)
    ticker = Ticker(tick=lambda: None, clock=clock)
    health = Health(
        settings=service.settings,
        journal=service.journal,
        lanes=service.lanes,
        ticker=ticker,
        clock=clock,
        started_at=MONDAY - timedelta(hours=1),
    )
    report = health.report()
    listed = {pages.bare(row[0]): row[1] for row in pages.rows(pages.section(METRICS, "## Health"))}
    assert list(listed) == list(report)
    assert set(pages.names(listed["jobs"])) == set(report["jobs"]["orders"])


def test_the_page_of_health_names_every_outcome_of_a_slot() -> None:
    part = pages.all_rows(pages.section(METRICS, "## Health"))
    assert tuple(pages.bare(row[0]) for row in part)[-len(slots.OUTCOMES) :] == slots.OUTCOMES


# alerts


def test_the_page_of_alerts_names_every_kind() -> None:
    folder = pages.ROOT / "console" / "alerts"
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    kinds = {*re.findall(r'kind="(\w+)"', sources), *(code.lower() for code in CONTROLS)}
    assert sorted(pages.bare(row[0]) for row in pages.rows(pages.section(ALERTS, "## What is told"))) == sorted(kinds)


# the workbook


def test_the_page_of_the_workbook_names_every_sheet_in_order() -> None:
    listed = [row[0] for row in pages.rows(pages.section(WORKBOOK, "## The other sheets"))]
    assert ["Summary", *listed] == list(SHEETS)


def test_the_ageing_has_the_buckets_that_the_pages_name() -> None:
    for text in (WORKBOOK, pages.text_of("glossary.md")):
        assert ", ".join(BUCKETS) in text


# decisions


def test_the_list_of_decisions_has_each_page_with_its_title() -> None:
    listed = [row[1] for row in pages.rows(pages.text_of("adr/README.md"))]
    files = sorted((pages.DOCS / "adr").glob("0*.md"))
    titles = [path.read_text(encoding="utf-8").splitlines()[0].split(". ", 1)[1] for path in files]
    assert listed == titles
