"""SOQL as the local Salesforce understands it; expectations come from Salesforce's SOQL reference."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.salesforce_org import LocalOrg


@pytest.fixture
def org() -> LocalOrg:
    org = LocalOrg()
    acme = org.add("Account", Name="Acme", CurrencyIsoCode="EUR", Description="first\nsecond")
    child = org.add("Account", Name="acme Child", ParentId=acme, Industry="Retail")
    org.add("Account", Name="O'Neil_100%", Phone="\\home")
    org.deal("Alpha", AccountId=acme, Amount=Decimal("100.50"), PO_Number__c="PO-1")
    org.deal("beta", AccountId=child, Amount=Decimal("20"))
    org.deal("Gamma", Amount=Decimal("7.25"), CurrencyIsoCode="EUR")
    org.deal("delta")
    return org


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'ALPHA'", ["Alpha"]),
        ("Name != 'alpha'", ["beta", "delta", "Gamma"]),
        ("Amount > 20", ["Alpha"]),
        ("Amount >= 20", ["Alpha", "beta"]),
        ("Amount < 20.0", ["Gamma"]),
        ("Amount = 100.5", ["Alpha"]),
        ("Amount = null", ["delta"]),
        ("Amount != null AND Amount != 20", ["Alpha", "Gamma"]),
        ("PO_Number__c != 'PO-1'", ["beta", "delta", "Gamma"]),
        ("Name IN ('alpha', 'Delta')", ["Alpha", "delta"]),
        ("Name NOT IN ('alpha', 'Delta')", ["beta", "Gamma"]),
        ("Name LIKE '%A'", ["Alpha", "beta", "delta", "Gamma"]),
        ("Name LIKE '_e%'", ["beta", "delta"]),
        ("NOT Name LIKE '_e%'", ["Alpha", "Gamma"]),
        ("(Name = 'Alpha' OR Name = 'beta') AND Amount > 50", ["Alpha"]),
        ("Name = 'Alpha' OR (Name = 'beta' AND Amount > 50)", ["Alpha"]),
        ("NOT (Name = 'Alpha' OR Amount = null)", ["beta", "Gamma"]),
        ("Account.Name = 'acme'", ["Alpha"]),
        ("Account.Parent.Name = 'Acme'", ["beta"]),
        ("Account.Name = null", ["delta", "Gamma"]),
        ("Opportunity.Name = 'Alpha'", ["Alpha"]),
        ("IsWon = false AND CurrencyIsoCode = 'EUR'", ["Gamma"]),
        ("CloseDate = 2026-11-30 AND Amount > 50", ["Alpha"]),
        ("CloseDate > 2026-11-30", []),
        ("CreatedDate = TODAY AND Name = 'Alpha'", ["Alpha"]),
        ("CreatedDate < TODAY", []),
        ("CreatedDate = LAST_N_DAYS:3 AND Name = 'Alpha'", ["Alpha"]),
        ("CreatedDate = YESTERDAY", []),
        ("CloseDate = NEXT_N_DAYS:8 AND Name = 'Alpha'", ["Alpha"]),
        ("CloseDate = NEXT_N_DAYS:7", []),
        ("CreatedDate >= 2026-11-22T13:00:00+01:00 AND Name = 'Alpha'", ["Alpha"]),
        ("CreatedDate > 2026-11-22T12:00:00Z", []),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'acme child')", ["beta"]),
        ("AccountId NOT IN (SELECT Id FROM Account WHERE Name = 'acme child')", ["Alpha", "delta", "Gamma"]),
    ],
)
def test_a_where_clause_selects_these_deals(org: LocalOrg, where: str, names: list[str]) -> None:
    assert org.rows(f"SELECT Name FROM Opportunity WHERE {where} ORDER BY Name") == names


@pytest.mark.parametrize(
    ("literal", "names"),
    [
        (r"'O\'Neil\_100\%'", ["O'Neil_100%"]),
        (r"'%\_%'", ["O'Neil_100%"]),
        (r"'%0\%'", ["O'Neil_100%"]),
        (r"'%acme%'", ["Acme", "acme Child"]),
    ],
)
def test_like_knows_escaped_wildcards_and_quotes(org: LocalOrg, literal: str, names: list[str]) -> None:
    assert org.rows(f"SELECT Name FROM Account WHERE Name LIKE {literal} ORDER BY Name") == names


def test_an_escaped_backslash_is_a_backslash(org: LocalOrg) -> None:
    assert org.rows(r"SELECT Name FROM Account WHERE Phone = '\\home'") == ["O'Neil_100%"]


def test_ids_compare_in_both_lengths_and_with_case(org: LocalOrg) -> None:
    id_ = org.rows("SELECT Id FROM Opportunity WHERE Name = 'Alpha'")[0]
    assert org.rows(f"SELECT Name FROM Opportunity WHERE Id = '{id_[:15]}'") == ["Alpha"]
    assert org.rows(f"SELECT Name FROM Opportunity WHERE Id IN ('{id_}') AND IsWon = true") == []
    assert org.rows(f"SELECT Name FROM Opportunity WHERE Id > '{id_}' ORDER BY Id LIMIT 1") == ["beta"]


def test_order_is_by_several_keys_with_nulls_first_unless_asked(org: LocalOrg) -> None:
    select = "SELECT Name FROM Opportunity ORDER BY"
    assert org.rows(f"{select} Amount") == ["delta", "Gamma", "beta", "Alpha"]
    assert org.rows(f"{select} Amount NULLS LAST") == ["Gamma", "beta", "Alpha", "delta"]
    assert org.rows(f"{select} Amount DESC NULLS LAST") == ["Alpha", "beta", "Gamma", "delta"]
    assert org.rows(f"{select} CurrencyIsoCode DESC, Name DESC") == ["delta", "beta", "Alpha", "Gamma"]


def test_limit_and_offset_cut_the_answer(org: LocalOrg) -> None:
    answer = org.query("SELECT Name FROM Opportunity ORDER BY Name LIMIT 2 OFFSET 1")
    assert [row["Name"] for row in answer["records"]] == ["beta", "delta"]
    assert answer["totalSize"] == 2


def test_answers_carry_attributes_first_canonical_names_and_null_parents(org: LocalOrg) -> None:
    record = org.query("SELECT name, account.owner.username, id FROM opportunity WHERE Name = 'delta'")["records"][0]
    assert list(record) == ["attributes", "Name", "Account", "Id"]
    assert record["Account"] is None
    assert record["attributes"] == {
        "type": "Opportunity",
        "url": f"/services/data/v67.0/sobjects/Opportunity/{record['Id']}",
    }


def test_parents_are_nested_with_their_own_attributes(org: LocalOrg) -> None:
    record = org.query("SELECT Account.Parent.Name, Account.Name FROM Opportunity WHERE Name = 'beta'")["records"][0]
    assert record["Account"]["Name"] == "acme Child"
    assert record["Account"]["Parent"]["Name"] == "Acme"
    assert record["Account"]["attributes"]["type"] == "Account"


def test_counts_and_sums_are_grouped_and_amounts_converted_to_the_orgs_currency(org: LocalOrg) -> None:
    answer = org.query(
        "SELECT CurrencyIsoCode, COUNT(Id), SUM(Amount) total, MIN(Amount), MAX(Name) FROM Opportunity"
        " GROUP BY CurrencyIsoCode ORDER BY CurrencyIsoCode"
    )
    assert answer["totalSize"] == 2
    first, second = ({k: v for k, v in row.items() if k != "attributes"} for row in answer["records"])
    assert first == {
        "CurrencyIsoCode": "EUR",
        "expr0": 1,
        "total": Decimal("7.88"),
        "expr1": Decimal("7.88"),
        "expr2": "Gamma",
    }
    assert second["expr0"] == 3
    assert second["total"] == Decimal("120.5")
    assert answer["records"][0]["attributes"] == {"type": "AggregateResult"}


def test_a_bare_count_is_the_total_size(org: LocalOrg) -> None:
    assert org.query("SELECT COUNT() FROM Opportunity WHERE Amount > 10") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


def test_an_aggregate_of_nothing_counts_zero_and_sums_null(org: LocalOrg) -> None:
    assert org.rows("SELECT COUNT(Id), SUM(Amount) FROM Opportunity WHERE Name = 'nobody'") == [
        {"expr0": 0, "expr1": None}
    ]


def test_children_come_nested_or_null(org: LocalOrg) -> None:
    rows = org.query("SELECT Name, (SELECT Name FROM Opportunities ORDER BY Name) FROM Account ORDER BY Name")[
        "records"
    ]
    assert rows[0]["Opportunities"]["totalSize"] == 1
    assert rows[0]["Opportunities"]["done"] is True
    assert rows[0]["Opportunities"]["records"][0]["Name"] == "Alpha"
    assert rows[2]["Opportunities"] is None


def test_fields_all_needs_a_limit(org: LocalOrg) -> None:
    assert "PO_Number__c" in org.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1")["records"][0]
    assert "PO_Number__c" not in org.query("SELECT FIELDS(STANDARD) FROM Opportunity LIMIT 1")["records"][0]
    assert org.refusal("SELECT FIELDS(ALL) FROM Opportunity")["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("soql", "code", "part"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Account ORDER BY Nope", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Account.Nope FROM Opportunity", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'"),
        ("SELECT Shop.Name FROM Opportunity", "INVALID_FIELD", "relationship 'Shop'"),
        ("SELECT Id FROM Shop", "INVALID_TYPE", "sObject type 'Shop' is not supported"),
        ("SELECT Id, (SELECT Id FROM Shops) FROM Account", "INVALID_TYPE", "relationship 'Shops'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id, FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT Id FROM Account LIMIT ten", "MALFORMED_QUERY", "'ten'"),
        ("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY", "'ALL'"),
        ("SELECT Id FROM Account FOR UPDATE", "MALFORMED_QUERY", "'FOR'"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "grouped or aggregated: Name"),
        ("SELECT SUM(Name) FROM Account", "INVALID_FIELD", "does not support aggregate operator SUM"),
        ("SELECT Id FROM Opportunity WHERE IsWon = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD", "must be of type currency"),
        ("SELECT Id FROM Opportunity WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-11-30T00:00:00Z", "INVALID_FIELD", "must be of type date"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-11-30", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-13-30T00:00:00Z", "INVALID_FIELD", "Invalid date"),
        ("SELECT Id FROM Opportunity WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Opportunity WHERE Amount LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        (r"SELECT Id FROM Account WHERE Name = 'a\x'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY", "no viable alternative"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)
def test_what_the_org_does_not_know_is_refused(org: LocalOrg, soql: str, code: str, part: str) -> None:
    refusal = org.refusal(soql)
    assert refusal["errorCode"] == code
    assert part in refusal["message"]


def test_deleted_records_show_in_query_all_only(org: LocalOrg) -> None:
    id_ = org.rows("SELECT Id FROM Opportunity WHERE Name = 'beta'")[0]
    assert org.send("DELETE", f"/sobjects/Opportunity/{id_}").status == 204
    assert "beta" not in org.rows("SELECT Name FROM Opportunity")
    assert org.rows("SELECT Name FROM Opportunity WHERE IsDeleted = true", deleted=True) == ["beta"]
    assert org.rows(f"SELECT Name FROM Opportunity WHERE Id = '{id_}'") == []


def test_a_keyset_walks_through_ties_without_loss_or_repeat(org: LocalOrg) -> None:
    org.clock.step(5)
    for number in range(5):
        org.deal(f"Late {number}")
    seen: list[str] = []
    after = "SystemModstamp >= 2026-11-01T00:00:00Z"
    while rows := org.rows(
        f"SELECT Id, SystemModstamp FROM Opportunity WHERE {after} ORDER BY SystemModstamp, Id LIMIT 2"
    ):
        seen += [row["Id"] for row in rows]
        stamp, id_ = rows[-1]["SystemModstamp"], rows[-1]["Id"]
        after = f"(SystemModstamp = {stamp} AND Id > '{id_}') OR SystemModstamp > {stamp}"
    assert len(seen) == len(set(seen)) == 9
