"""Records of the local Salesforce made and changed by external id; unique values; what people may take away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.errors import BookError
from sandbox.faults import Rule
from sandbox.http import Request
from sandbox.salesforce import edits, writes
from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org
from tests.fakes.salesforce_org import DATA, LocalOrg

FINANCIAL = "Tieout_Financial__c"
MANY = f"/composite/sobjects/{FINANCIAL}/Tieout_Key__c"


@pytest.fixture
def org() -> LocalOrg:
    return LocalOrg()


def row(key: str | None, **values: Any) -> dict[str, Any]:
    named = {} if key is None else {"Tieout_Key__c": key}
    return {"attributes": {"type": FINANCIAL}, **named, **values}


def many(org: LocalOrg, *rows: dict[str, Any], all_or_none: bool = False, **more: Any) -> list[Any]:
    status, answer = org.call("PATCH", MANY, {"allOrNone": all_or_none, "records": list(rows)}, **more)
    assert status == 200, answer
    return list(answer)


def codes(results: list[Any]) -> list[str]:
    return [result["errors"][0]["statusCode"] if result["errors"] else "" for result in results]


def test_rows_are_made_and_then_changed_and_the_answer_tells_which(org: LocalOrg) -> None:
    first = many(org, row("inv-1", Tieout_Amount__c=10), row("inv-2", Tieout_Amount__c=20))
    assert [result["created"] for result in first] == [True, True]
    assert all(result["id"].startswith("a02") and len(result["id"]) == 18 for result in first)
    org.clock.step(10)
    again = many(org, row("INV-2", Tieout_Amount__c=25), row("inv-3"))
    assert [result["created"] for result in again] == [False, True]
    assert again[0]["id"] == first[1]["id"]
    found = org.rows(f"SELECT Tieout_Key__c, Tieout_Amount__c FROM {FINANCIAL} ORDER BY Tieout_Key__c")
    assert [(row["Tieout_Key__c"], row["Tieout_Amount__c"]) for row in found] == [
        ("inv-1", 10),
        ("inv-2", 25),
        ("inv-3", None),
    ]


def test_a_refused_row_stops_no_other_unless_all_or_none_is_wanted(org: LocalOrg) -> None:
    bad = row("b", Tieout_Account__c="001Tt00000000099AA")
    results = many(org, row("a"), bad, row("c", Tieout_Type__c="x" * 41), row(None), row("d", Nope__c=1))
    assert codes(results) == ["", "MALFORMED_ID", "STRING_TOO_LONG", "MISSING_ARGUMENT", "INVALID_FIELD"]
    assert [result["created"] for result in results] == [True, False, False, False, False]
    rolled = many(org, row("e"), bad, all_or_none=True)
    assert codes(rolled) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"]
    assert org.rows(f"SELECT Tieout_Key__c FROM {FINANCIAL}") == ["a"]


def test_a_key_twice_in_one_call_and_a_record_id_beside_it_are_refused(org: LocalOrg) -> None:
    results = many(org, row("a"), row("A"), {**row("b"), "id": "a02Tt0000000001AAA"})
    assert codes(results) == ["", "DUPLICATE_VALUE", "INVALID_FIELD"]


def test_more_than_200_rows_and_unknown_keys_are_refused_as_a_whole(org: LocalOrg) -> None:
    status, answer = org.call("PATCH", MANY, {"records": [row(str(number)) for number in range(201)]})
    assert (status, answer[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    for path in (f"{FINANCIAL}/Tieout_Number__c", f"{FINANCIAL}/Nope__c", "Nope__c/Tieout_Key__c"):
        status, answer = org.call("PATCH", f"/composite/sobjects/{path}", {"records": [row("a")]})
        assert (status, answer[0]["errorCode"]) == (404, "NOT_FOUND")


def test_a_row_of_another_type_than_the_address_names_is_refused(org: LocalOrg) -> None:
    wrong = {"attributes": {"type": "Tieout_Account_Balance__c"}, "Tieout_Key__c": "a"}
    assert codes(many(org, wrong)) == ["INVALID_TYPE"]


def test_one_record_is_upserted_under_an_encoded_key(org: LocalOrg) -> None:
    def send(method: str, raw: str, body: bytes = b"") -> Any:
        headers = {"authorization": f"Bearer {org.token}"}
        return org.app(Request(method=method, path="decoded", raw_path=f"{DATA}{raw}", headers=headers, body=body))

    path = f"/sobjects/{FINANCIAL}/Tieout_Key__c/inv%2F1%20%C3%A9"
    assert [send("PATCH", path, b'{"Tieout_Amount__c": 5}').status for _ in range(2)] == [201, 200]
    assert org.rows(f"SELECT Tieout_Key__c FROM {FINANCIAL}") == ["inv/1 é"]
    assert send("GET", path).status == 200
    assert send("GET", path + "x").status == 404
    assert send("PATCH", path, b'{"Tieout_Key__c": "other"}').status == 400


def test_a_value_that_another_live_record_has_is_refused_by_every_way_in(org: LocalOrg) -> None:
    held = org.add(FINANCIAL, Tieout_Key__c="one")
    other = org.add(FINANCIAL, Tieout_Key__c="two")
    status, answer = org.call("POST", f"/sobjects/{FINANCIAL}", {"Tieout_Key__c": "ONE"})
    assert (status, answer[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert answer[0]["message"].endswith(f"Tieout_Key__c duplicates value on record with id: {held[:15]}")
    assert org.call("PATCH", f"/sobjects/{FINANCIAL}/{other}", {"Tieout_Key__c": "one"})[0] == 400
    assert org.call("PATCH", f"/sobjects/{FINANCIAL}/{held}", {"Tieout_Key__c": "one"})[0] == 204


def test_a_deleted_record_frees_its_key_and_cannot_come_back_while_it_is_taken(org: LocalOrg) -> None:
    held = org.add(FINANCIAL, Tieout_Key__c="one")
    org.call("DELETE", f"/sobjects/{FINANCIAL}/{held}")
    [made] = many(org, row("one"))
    assert made["created"] and made["id"] != held
    with pytest.raises(RecordError, match="DUPLICATE_VALUE"):
        writes.undelete(org.org, OBJECTS[FINANCIAL], held, by=INTEGRATION_USER_ID)


def test_a_changed_or_rolled_back_key_is_not_found_any_more(org: LocalOrg) -> None:
    held = org.add(FINANCIAL, Tieout_Key__c="old")
    org.call("PATCH", f"/sobjects/{FINANCIAL}/{held}", {"Tieout_Key__c": "new"})
    many(org, row("gone"), row("x", Tieout_Account__c="nonsense"), all_or_none=True)
    assert [result["created"] for result in many(org, row("old"), row("gone"), row("new"))] == [True, True, False]


def test_records_are_numbered_and_belong_to_the_integration_user(org: LocalOrg) -> None:
    [made] = many(org, row("one", CurrencyIsoCode="GBP"))
    body = org.get(FINANCIAL, made["id"])
    assert (body["Name"], body["OwnerId"], body["CurrencyIsoCode"]) == ("FIN-000001", INTEGRATION_USER_ID, "GBP")
    assert codes(many(org, row("two", Name="mine"))) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]


def test_related_names_are_read_through_the_lookup(org: LocalOrg) -> None:
    account = org.add("Account", Name="Acme")
    deal = org.deal(AccountId=account)
    many(org, row("one", Tieout_Account__c=account, Tieout_Opportunity__c=deal))
    [found] = org.query(f"SELECT Tieout_Account__r.Name, Tieout_Opportunity__r.Name FROM {FINANCIAL}")["records"]
    assert found["Tieout_Account__r"]["Name"] == "Acme"
    assert found["Tieout_Opportunity__r"]["Name"] == "Deal"
    [parent] = org.query("SELECT Id, (SELECT Tieout_Key__c FROM Tieout_Financials__r) FROM Account")["records"]
    assert parent["Tieout_Financials__r"]["records"][0]["Tieout_Key__c"] == "one"


def test_a_deleted_deal_leaves_its_documents_without_it(org: LocalOrg) -> None:
    deal = org.deal()
    [made] = many(org, row("one", Tieout_Opportunity__c=deal))
    org.call("DELETE", f"/sobjects/Opportunity/{deal}")
    body = org.get(FINANCIAL, made["id"])
    assert (body["Tieout_Opportunity__c"], body["IsDeleted"]) == (None, False)
    assert codes(many(org, row("one", Tieout_Opportunity__c=deal))) == ["ENTITY_IS_DELETED"]


# calculated fields


def test_overdue_moves_with_the_day_and_without_a_write(org: LocalOrg) -> None:
    deal = org.deal(Tieout_Balance__c=Decimal("10"), Tieout_Due_Date__c="2026-11-22")
    ask = "SELECT Tieout_Days_Overdue__c, Tieout_Overdue__c, SystemModstamp FROM Opportunity"
    [today] = org.rows(ask)
    org.clock.step(3 * 86400)
    [later] = org.rows(ask)
    assert (today["Tieout_Days_Overdue__c"], today["Tieout_Overdue__c"]) == (0, False)
    assert (later["Tieout_Days_Overdue__c"], later["Tieout_Overdue__c"]) == (3, True)
    assert later["SystemModstamp"] == today["SystemModstamp"]
    assert org.rows("SELECT Id FROM Opportunity WHERE Tieout_Overdue__c = true") == [deal]
    assert org.rows(f"SELECT Id FROM Opportunity WHERE Id = '{deal}' AND Tieout_Days_Overdue__c > 2") == [deal]
    assert org.call("GET", f"/sobjects/Opportunity/{deal}")[1]["Tieout_Days_Overdue__c"] == 3


@pytest.mark.parametrize(
    "values",
    [
        {"Tieout_Due_Date__c": "2026-01-01"},
        {"Tieout_Balance__c": Decimal(5)},
        {"Tieout_Balance__c": Decimal(0), "Tieout_Due_Date__c": "2026-01-01"},
        {"Tieout_Balance__c": Decimal(-5), "Tieout_Due_Date__c": "2026-01-01"},
    ],
)
def test_without_an_open_balance_or_a_due_date_nothing_is_overdue(org: LocalOrg, values: dict[str, Any]) -> None:
    org.add(FINANCIAL, Tieout_Key__c="one", **values)
    [found] = org.rows(f"SELECT Tieout_Days_Overdue__c, Tieout_Overdue__c FROM {FINANCIAL}")
    assert found == {"Tieout_Days_Overdue__c": 0, "Tieout_Overdue__c": False}


def test_nobody_writes_a_calculated_field(org: LocalOrg) -> None:
    assert codes(many(org, row("one", Tieout_Days_Overdue__c=3))) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]


def test_describe_tells_keys_and_formulas(org: LocalOrg) -> None:
    _, answer = org.call("GET", f"/sobjects/{FINANCIAL}/describe")
    assert (answer["custom"], answer["keyPrefix"], answer["label"]) == (True, "a02", "Tieout Financial")
    fields = {field["name"]: field for field in answer["fields"]}
    key, days = fields["Tieout_Key__c"], fields["Tieout_Days_Overdue__c"]
    assert (key["externalId"], key["unique"], key["idLookup"], key["calculated"]) == (True, True, True, False)
    assert (days["calculated"], days["updateable"], days["createable"], days["scale"]) == (True, False, False, 0)
    assert days["calculatedFormula"].startswith("IF(AND(Tieout_Balance__c > 0")
    assert fields["Name"]["autoNumber"] is True
    assert sum(field["externalId"] for field in answer["fields"]) == 1


def test_a_store_of_an_older_sandbox_gains_the_new_fields(org: LocalOrg) -> None:
    deal = org.deal()
    body = {name: value for name, value in org.get("Opportunity", deal).items() if not name.startswith("Tieout_")}
    org.store.put("Opportunity", deal, body)
    completed = Org(org.store, org.clock)
    assert (completed.get("Opportunity", deal) or {})["Tieout_Paid__c"] is None


# people


def edit(org: LocalOrg, **entry: Any) -> None:
    with org.store.transaction():
        edits.apply(org.org, {"op": "update", **entry})


def test_a_person_overtypes_a_figure_and_a_document(org: LocalOrg) -> None:
    deal = org.deal()
    org.add(FINANCIAL, Tieout_Key__c="one")
    edit(org, type="Opportunity", match={"Id": deal}, set={"Tieout_Paid__c": Decimal("9.99")})
    edit(org, type=FINANCIAL, match={"Tieout_Key__c": "one"}, set={"Tieout_Status__c": "Paid"})
    assert org.get("Opportunity", deal)["Tieout_Paid__c"] == Decimal("9.99")
    assert org.rows(f"SELECT Tieout_Status__c FROM {FINANCIAL}") == ["Paid"]


def test_a_merge_moves_everything_and_marks_the_loser(org: LocalOrg) -> None:
    winner, loser = org.add("Account", Name="Winner"), org.add("Account", Name="Loser")
    deal = org.deal(AccountId=loser)
    contact = org.add("Contact", LastName="One", AccountId=loser)
    daughter = org.add("Account", Name="Daughter", ParentId=loser)
    document = org.add(FINANCIAL, Tieout_Key__c="one", Tieout_Account__c=loser)
    balance = org.add("Tieout_Account_Balance__c", Tieout_Key__c="b", Tieout_Account__c=loser)
    org.clock.step(5)
    edit(org, op="merge", type="Account", match={"Id": loser}, set={"MasterRecordId": {"Name": "Winner"}})
    gone = org.get("Account", loser)
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, winner)
    assert org.get("Opportunity", deal)["AccountId"] == winner
    assert org.get("Contact", contact)["AccountId"] == winner
    assert org.get("Account", daughter)["ParentId"] == winner
    assert org.get(FINANCIAL, document)["Tieout_Account__c"] == winner
    assert org.get("Tieout_Account_Balance__c", balance)["Tieout_Account__c"] == winner
    assert org.get("Opportunity", deal)["SystemModstamp"] == gone["SystemModstamp"] > gone["CreatedDate"]


def test_a_merge_under_a_daughter_leaves_it_without_a_parent(org: LocalOrg) -> None:
    parent = org.add("Account", Name="Parent")
    child = org.add("Account", Name="Child", ParentId=parent)
    edit(org, op="merge", type="Account", match={"Id": parent}, set={"MasterRecordId": child})
    assert org.get("Account", child)["ParentId"] is None


@pytest.mark.parametrize(
    ("type_", "values"),
    [("Account", {"MasterRecordId": {"Name": "Nobody"}}), ("Account", {}), ("Account", {"MasterRecordId": {"Id": ""}})],
)
def test_a_merge_without_one_winner_is_refused(org: LocalOrg, type_: str, values: dict[str, Any]) -> None:
    loser = org.add("Account", Name="Loser")
    with pytest.raises(BookError):
        edit(org, op="merge", type=type_, match={"Id": loser}, set=values)
    assert org.get("Account", loser)["IsDeleted"] is False


# field-level security


def hide(org: LocalOrg, field: str, **switches: bool) -> None:
    edit(org, type="FieldPermissions", match={"Field": field}, set=switches or {"PermissionsRead": False})


def described(org: LocalOrg, name: str = "Opportunity", **more: Any) -> dict[str, Any]:
    _, answer = org.call("GET", f"/sobjects/{name}/describe", **more)
    return {field["name"]: field for field in answer["fields"]}


def test_a_hidden_field_is_nowhere_and_cannot_be_written(org: LocalOrg) -> None:
    deal = org.deal()
    hide(org, "Opportunity.Tieout_Paid__c")
    assert "Tieout_Paid__c" not in described(org)
    assert "No such column" in org.refusal("SELECT Tieout_Paid__c FROM Opportunity")["message"]
    assert "Tieout_Paid__c" not in org.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1")["records"][0]
    assert "Tieout_Paid__c" not in org.call("GET", f"/sobjects/Opportunity/{deal}")[1]
    status, answer = org.call("PATCH", f"/sobjects/Opportunity/{deal}", {"Tieout_Paid__c": 1})
    assert (status, answer[0]["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    record = {"attributes": {"type": "Opportunity"}, "id": deal, "Tieout_Paid__c": 1, "Tieout_Balance__c": 1}
    _, [result] = org.call("PATCH", "/composite/sobjects", {"records": [record]})
    assert codes([result]) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
    assert result["errors"][0]["fields"] == ["Tieout_Paid__c"]
    edit(org, type="Opportunity", match={"Id": deal}, set={"Tieout_Paid__c": Decimal(3)})
    assert org.get("Opportunity", deal)["Tieout_Paid__c"] == 3


def test_a_read_only_field_is_shown_but_not_written_until_the_right_is_back(org: LocalOrg) -> None:
    org.add(FINANCIAL, Tieout_Key__c="one")
    hide(org, f"{FINANCIAL}.Tieout_Status__c", PermissionsEdit=False)
    assert described(org, FINANCIAL)["Tieout_Status__c"]["updateable"] is False
    assert codes(many(org, row("one", Tieout_Status__c="Paid"))) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
    hide(org, f"{FINANCIAL}.Tieout_Status__c", PermissionsEdit=True)
    assert codes(many(org, row("one", Tieout_Status__c="Paid"))) == [""]


def test_a_hidden_key_field_cannot_be_upserted_by(org: LocalOrg) -> None:
    hide(org, f"{FINANCIAL}.Tieout_Key__c")
    assert org.call("PATCH", MANY, {"records": [row("one")]})[0] == 404


def test_a_fault_rule_hides_a_field_while_it_is_in_force(org: LocalOrg) -> None:
    rule = Rule(action="hide_fields", body={"opportunity": ["tieout_paid__c", "nope"]}, times=None)
    assert "Tieout_Paid__c" not in described(org, fault=rule)
    assert "Tieout_Paid__c" in described(org)


@pytest.mark.parametrize("field", ["Opportunity.Nope", "Nope.Name", "Opportunity", ""])
def test_a_permission_of_an_unknown_field_is_refused(org: LocalOrg, field: str) -> None:
    with pytest.raises(BookError):
        hide(org, field)
