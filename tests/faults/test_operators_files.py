"""Files that are edited at the wrong moment, saved by half, or hold the same key twice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from config.document import parse_document
from config.errors import ConfigError
from config.maps import template_files
from config.settled import files_of, settle
from connectors.errors import MappingError
from console.bootstrap import declared
from journal import tables
from mappings.conditions import compile_condition
from tests.fakes.crm import FakeCrm
from tests.fakes.run import sync
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world

CONFIG = """
[company]
time_zone = "America/New_York"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:SF_ID", client_secret = "env:SF_SECRET" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:A", consumer_secret = "env:B", token_id = "env:C", token_secret = "env:D" }
[jobs.customers]
mapping = "mappings/customer.toml"
[jobs.orders]
mapping = "mappings/sales_order.toml"
scope = "Type != 'Partner'"
[jobs.reconcile]
sla = "4h"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "mappings").mkdir()
    for name, text in template_files().items():
        if name.startswith("mappings/"):
            (tmp_path / name).write_text(text, encoding="utf-8")
    path = tmp_path / "sync.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


class EditedBetweenPages(FakeCrm):
    """While its first page is being worked on, somebody saves another mapping."""

    edit = None

    def changed(self, type_, fields, window, after=None):
        for page in super().changed(type_, fields, window, after):
            yield page
            if self.edit is not None and type_ == "Opportunity":
                self.edit()
                self.edit = None


def test_a_mapping_that_is_edited_during_a_run_counts_from_the_next_one(config, tmp_path):
    file = config.parent / "mappings" / "sales_order.toml"
    edited = file.read_text(encoding="utf-8").replace("[fields]\n", '[fields]\nmemo = { value = "edited" }\n', 1)
    clock = VirtualClock()
    crm = EditedBetweenPages(clock, page_size=2)
    crm.edit = lambda: file.write_text(edited, encoding="utf-8")
    found = declared(config)
    world = make_world(
        tmp_path,
        clock=clock,
        crm=crm,
        order_mapping=found.order_mapping,
        customer_mapping=found.customer_mapping,
        scope=found.scope,
    )
    crm.put_account(1, "Blue Harbor Inc.")
    for number in range(1, 6):
        crm.put_deal(number)
    sync(world)
    assert crm.edit is None
    assert {order.memo for order in world.erp.orders_.values()} == {f"Deal {number}" for number in range(1, 6)}
    with world.journal.begin() as tx:
        shas = set(tx.conn.execute(select(tables.intent.c.mapping_sha)).scalars()) - {None, ""}
    assert shas == {world.mapping_sha}
    newer = replace(world, order_mapping=declared(config).order_mapping)
    assert newer.mapping_sha != world.mapping_sha
    sync(newer)
    assert {order.memo for order in world.erp.orders_.values()} == {"edited"}
    world.journal.close()


def test_any_beginning_of_a_file_is_refused_or_read_whole(config):
    """Half of a TOML file may be valid TOML: what keeps it from counting is that the file must have come to rest."""
    whole = config.read_bytes()
    refused = 0
    for end in range(0, len(whole) - 1, 7):
        config.write_bytes(whole[:end])
        try:
            declared(config)
        except (ConfigError, MappingError) as error:
            refused += 1
            assert "sync.toml" in str(error)
    assert refused > len(whole) // 7 * 0.9
    config.write_bytes(whole)
    assert declared(config).settings.company.name is not None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_the_reader_fall_over(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("x") / "sync.toml"
    path.write_bytes(content)
    with pytest.raises((ConfigError, MappingError)):
        declared(path)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(config, before, ends):
    plain = declared(config)
    for path in files_of(config):
        path.write_bytes(before + path.read_text(encoding="utf-8").replace("\n", ends).encode())
    again = declared(config)
    assert again.order_mapping.content_sha == plain.order_mapping.content_sha
    assert again.settings.orders.scope.where == plain.settings.orders.scope.where


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = {" * 3000,
        "[a" + ".a" * 3000 + "]",
        "x" * 500_000,
        'a = """' + "b" * 10**6,
    ],
)
def test_a_file_made_to_exhaust_its_reader_is_refused_quickly(config, text):
    config.write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, MappingError)):
        declared(config)


def test_a_file_that_is_replaced_by_renaming_is_always_read_whole(config):
    versions = [CONFIG, CONFIG.replace("4h", "5h")]
    stop = threading.Event()

    def save():
        number = 0
        while not stop.is_set():
            new = config.with_suffix(".new")
            new.write_text(versions[number % 2], encoding="utf-8")
            new.replace(config)
            number += 1

    saver = threading.Thread(target=save)
    saver.start()
    try:
        seen = {declared(config).settings.reconcile.sla.total_seconds() for _ in range(40)}
    finally:
        stop.set()
        saver.join()
    assert seen <= {4 * 3600.0, 5 * 3600.0}


def test_a_file_that_was_just_saved_is_left_to_come_to_rest(config):
    times = iter([0.2, 0.9, 1.4])
    slept = []

    def age(_modified):
        return now

    now = next(times)

    def sleep(seconds):
        nonlocal now
        slept.append(round(seconds, 3))
        now = next(times)

    assert settle([config], age, sleep)
    assert slept == [0.8, 0.1]


def test_files_that_are_written_on_and_on_do_not_hold_the_service_for_ever(config):
    slept = []
    assert not settle([config], lambda _: 0.0, slept.append)
    assert sum(slept) <= 5


def test_a_missing_file_and_one_from_the_future_are_not_waited_for(config):
    assert settle([config.parent / "none.toml", config], lambda _: -5.0, pytest.fail)


@pytest.mark.parametrize(
    "text",
    ["a = 1\na = 2\n", "[t]\nx = 1\n[t]\ny = 1\n", "a = {b = 1, b = 2}\n", 'a = 1\n"a" = 2\n', "a.b = 1\na.b = 2\n"],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(text):
    with pytest.raises(ConfigError, match=r"map\.toml:\d+"):
        parse_document(text, "map.toml")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abAB01._'\"()[]{},<>=!+-*/%&|^~ \n\\:;@#$?`\x00é×", max_size=40))
def test_no_text_of_a_condition_does_more_than_compare(text):
    try:
        condition = compile_condition(text, "map.toml:1")
    except MappingError:
        return
    assert condition.evaluate({}) in (True, False)


HUNGRY = [
    "9 ** 9 ** 9 ** 9 == Amount", "'a' * 10000000000 == Name", "Amount == " + "9" * 100_000, "(" * 10_000,
    "not " * 3_000,
    "a" * 100_000, " and ".join(["A == 1"] * 5_000), "[" * 2_000 + "]" * 2_000, "Name == '" + "x" * 10**7 + "'",
    "-" * 5_000 + "1 == A", "A" + ".b" * 5_000, "lambda: 1", "().__class__.__base__.__subclasses__()",
]  # fmt: skip


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", HUNGRY)
def test_a_condition_made_to_exhaust_the_machine_is_refused_at_once(text):
    with pytest.raises(MappingError):
        compile_condition(text, "map.toml:1")
