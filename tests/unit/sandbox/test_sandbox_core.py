"""Clock, store, ids, credentials and exact JSON of the sandbox."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox import exact_json, ids
from sandbox.clock import SandboxClock
from sandbox.credentials import keep, make
from sandbox.dump import dump
from sandbox.errors import SandboxError
from sandbox.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_set_clock_moves_by_steps_only() -> None:
    clock = SandboxClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.step(90.5) == NOON + timedelta(seconds=90.5)
    with pytest.raises(ValueError, match="does not go back"):
        clock.step(-1)


def test_a_clock_goes_on_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    SandboxClock(NOON, path=path).step(60)
    assert SandboxClock(path=path).now() == NOON + timedelta(seconds=60)
    assert SandboxClock(NOON, path=path).now() == NOON + timedelta(seconds=60)
    later = NOON + timedelta(days=1)
    assert SandboxClock(later, path=path).now() == later


def test_an_unset_clock_runs_and_takes_steps(tmp_path: Path) -> None:
    clock = SandboxClock(path=tmp_path / "clock.json")
    before = clock.now()
    clock.step(3600)
    assert timedelta(hours=1) <= clock.now() - before < timedelta(hours=1, minutes=1)
    assert not SandboxClock(path=tmp_path / "clock.json").fixed


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        SandboxClock(NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("short", "long"), [("701E0000000JuFH", "701E0000000JuFHIA0"), ("003q000000KvQ1t", "003q000000KvQ1tAAF")]
)
def test_ids_get_their_check_characters(short: str, long: str) -> None:
    assert ids.canonical(short) == ids.canonical(long) == long


@pytest.mark.parametrize("text", ["", "701E0000000JuF", "701E0000000JuFHIA1", "701E0000000Ju-H", "701E0000000JuFé"])
def test_what_is_no_id_has_no_canonical_form(text: str) -> None:
    assert ids.canonical(text) is None


def test_made_ids_order_as_they_were_made() -> None:
    made = [ids.salesforce_id("006", number) for number in (1, 2, 9, 10, 61, 62, 3843, 3844, 10**9)]
    assert made == sorted(made)
    assert [ids.number_of(id_) for id_ in made] == [1, 2, 9, 10, 61, 62, 3843, 3844, 10**9]


def test_json_numbers_keep_every_digit() -> None:
    text = '{"a":1234567890123456.78,"b":[0.10,-5],"c":"é\\n","d":null,"e":true}'
    assert exact_json.dumps(exact_json.loads(text)) == text.replace("\\n", "\\n")
    for bad in (0.1, {"a": {1, 2}}, Decimal("NaN")):
        with pytest.raises(TypeError):
            exact_json.dumps(bad)


def test_a_transaction_keeps_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.put("thing", "1", {"n": Decimal("1.50")}, external_id="Ext-1")
    with pytest.raises(RuntimeError), store.transaction():
        store.put("thing", "1", {"n": Decimal(2)}, external_id="Ext-2")
        store.put("thing", "2", {})
        store.delete("thing", "1")
        raise RuntimeError
    assert store.all("thing") == [{"n": Decimal("1.50")}]
    assert (store.by_external_id("thing", "EXT-1"), store.by_external_id("thing", "ext-2")) == ("1", None)
    store.close()
    again = Store(tmp_path / "s.db")
    assert again.get("thing", "1") == {"n": Decimal("1.50")}
    assert again.by_external_id("thing", "ext-1") == "1"
    again.close()


def test_an_inner_transaction_that_fails_undoes_its_own_part_only() -> None:
    store = Store()
    with store.transaction():
        store.put("thing", "1", {"n": 1})
        with pytest.raises(RuntimeError), store.transaction():
            store.put("thing", "1", {"n": 2})
            store.put("thing", "2", {})
            raise RuntimeError
        store.put("thing", "3", {})
    assert store.ids("thing") == ["1", "3"]
    assert store.get("thing", "1") == {"n": 1}


def test_a_body_without_json_form_changes_nothing() -> None:
    store = Store()
    with pytest.raises(TypeError):
        store.put("thing", "1", {"n": 0.5})
    assert store.is_empty()


def test_effects_tell_what_was_committed_once_each() -> None:
    store = Store()
    store.put("thing", "1", {"n": 1})
    with store.effects() as effects:
        with store.transaction():
            store.put("thing", "1", {"n": 2})
            store.put("thing", "1", {"n": 1})
            store.put("thing", "2", {})
            store.put("_counter", "x", {})
            store.put("thing", "3", {})
            store.delete("thing", "3")
        store.delete("thing", "2")
    assert effects == [
        {"type": "thing", "id": "1", "op": "update"},
        {"type": "thing", "id": "2", "op": "insert"},
        {"type": "thing", "id": "2", "op": "delete"},
    ]
    store.put("thing", "4", {})
    assert len(effects) == 3


def test_listeners_hear_of_commits() -> None:
    store, heard = Store(), []
    store.on_commit(heard.extend)
    store.put("thing", "1", {"n": 1})
    store.delete("thing", "1")
    assert heard == [("thing", "1", {"n": 1}), ("thing", "1", None)]


def test_a_copy_handed_out_is_the_callers_own() -> None:
    store = Store()
    store.put("thing", "1", {"lines": [1]})
    copy = store.get("thing", "1")
    assert copy is not None
    copy["lines"].append(2)
    assert store.get("thing", "1") == {"lines": [1]}


def test_dump_reads_beside_an_open_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "netsuite.db")
    store.put("customer", "1", {"entityid": "C-1", "total": Decimal("10.00")})
    store.log({"ordinal": 1, "operation": "add customer"})
    assert list(dump(tmp_path, "netsuite", "CUSTOMER")) == ['{"entityid":"C-1","total":10.00}']
    assert list(dump(tmp_path, "netsuite", "salesOrder")) == []
    assert list(dump(tmp_path, "netsuite", "requests")) == ['{"ordinal":1,"operation":"add customer"}']
    with pytest.raises(SandboxError, match=r"no type 'shoe'.*customer"):
        list(dump(tmp_path, "netsuite", "shoe"))
    with pytest.raises(SandboxError, match="no system"):
        list(dump(tmp_path, "sap", "customer"))
    with pytest.raises(SandboxError, match="salesforce.db is missing"):
        list(dump(tmp_path, "salesforce", "Account"))
    store.close()


def test_credentials_follow_from_the_seed_and_stay_in_their_folder(tmp_path: Path) -> None:
    assert make(5) == make(5)
    assert make(5) != make(6)
    assert make() != make()
    first = keep(tmp_path)
    assert keep(tmp_path, seed=5) == first
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600
    assert first.netsuite.token_secret not in repr(first)
    assert ids.canonical(first.salesforce.organization) == first.salesforce.organization
