from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from config.document import TomlDocument, parse_document
from connectors.errors import MappingError
from mappings.model import Lookup, Mapping
from mappings.parse import parse

MappingOf = Callable[[str], Mapping]
BASE = """
source = "Opportunity"
target = "salesOrder"
[fields]
memo = { from = "Name", transform = "trim", default = "none" }
department = { from = "Dept__c", table = "depts", write = "create_only" }
location = { from = "Loc__c" }
[lines]
key = "Id"
item = { from = "Product2.ProductCode", lookup = "item.itemid", table = "items" }
quantity = { from = "Quantity" }
amount = { from = "TotalPrice" }
[tables.depts]
a = "A"
b = "B"
[tables.items]
"""


def over_base(text: str) -> Mapping:
    return parse(parse_document('extends = "base"\n' + text, "mine.toml"), bases)


def bases(name: str) -> TomlDocument:
    if name == "loop":
        return parse_document('extends = "loop"', "loop.toml")
    if name != "base":
        raise LookupError("Did you mean 'base'?")
    return parse_document(BASE, "base.toml")


def faults(text: str, parse_text: Callable[[str], Any] = over_base) -> list[str]:
    with pytest.raises(MappingError) as refused:
        parse_text(text)
    return [str(problem) for problem in refused.value.problems]


def rule(mapping: Mapping, target: str) -> Any:
    found = mapping.rule(target)
    assert found is not None
    return found


def test_an_override_is_laid_over_the_base_key_by_key() -> None:
    mapping = over_base('[fields]\nmemo = { from = "Subject__c", too_long = "error" }')
    memo = rule(mapping, "memo")
    assert (memo.source, memo.transforms, memo.default, memo.too_long) == ("Subject__c", ("trim",), "none", "error")
    assert memo.where == "mine.toml:3"
    assert rule(mapping, "location").where == "base.toml:7"


def test_a_constant_replaces_the_source_and_what_belongs_to_it() -> None:
    department = rule(over_base('[fields]\ndepartment = { value = "Sales" }'), "department")
    assert (department.source, department.constant, department.table) == (None, "Sales", None)
    assert department.write == "create_only"
    assert department.lookup == Lookup(kind="department", by="name")


def test_a_source_replaces_a_constant() -> None:
    text = 'target = "salesOrder"\n[fields]\nmemo = { value = "x" }'
    base = parse_document(text, "b.toml")
    mapping = parse(parse_document('extends = "b"\n[fields]\nmemo = { from = "Name" }', "m.toml"), lambda _: base)
    assert (rule(mapping, "memo").source, rule(mapping, "memo").constant) == ("Name", None)


def test_a_field_of_the_base_can_be_removed() -> None:
    assert over_base("[fields]\nlocation = { remove = true }").rule("location") is None


def test_tables_are_laid_over_entry_by_entry() -> None:
    table = over_base('[tables.depts]\nb = "B2"\nfrom = "x"\nvalue = "y"').tables["depts"]
    assert table.entries == {"a": "A", "b": "B2", "from": "x", "value": "y"}


def test_line_fields_may_stand_beside_the_settings_or_in_their_own_table() -> None:
    direct = over_base('[lines]\ndescription = { from = "Name" }')
    apart = over_base('[lines.fields]\ndescription = { from = "Name" }')
    assert direct.line_source_fields() == apart.line_source_fields()
    assert direct.lines is not None
    assert direct.lines.rule("description") is not None


def test_rules_of_base_and_override_all_apply(mapping_of: MappingOf) -> None:
    rules = '[[rules]]\nwhen = "A"\nhold = "a"\n[[rules]]\nwhen = "B"\nhold = "b"\nowner = "finance"\ncode = "B_HOLD"'
    found = over_base(rules).rules
    assert [(each.hold, each.owner, each.code) for each in found] == [
        ("a", "data", "RULE_HOLD"),
        ("b", "finance", "B_HOLD"),
    ]


def test_the_source_fields_include_rules_conditions_and_matching() -> None:
    mapping = over_base(
        '[fields]\nmemo = { when = "Type == \'New\'" }\n[match]\nstored_id = "Old_Id__c"\n'
        '[[rules]]\nwhen = "empty(PO__c)"\nhold = "x"'
    )
    assert mapping.source_fields() == {"Name", "Dept__c", "Loc__c", "Type", "Old_Id__c", "PO__c"}
    assert mapping.line_source_fields() == {"Id", "Product2.ProductCode", "Quantity", "TotalPrice"}


def test_the_version_changes_with_base_and_override_but_not_with_comments_places_or_examples() -> None:
    plain = over_base('[fields]\nmemo = { from = "A" }').content_sha
    moved = over_base('# why\n\n[fields]\n  memo = { from="A" }\n[[examples]]\ngiven = {}\nexpect = {}').content_sha
    other = over_base('[fields]\nmemo = { from = "B" }').content_sha
    rebased = parse(
        parse_document('extends = "base"\n[fields]\nmemo = { from = "A" }', "mine.toml"),
        lambda _: parse_document(BASE.replace('"B"', '"C"'), "base.toml"),
    ).content_sha
    assert plain == moved
    assert len({plain, other, rebased}) == 3


def test_the_texts_of_all_files_are_kept() -> None:
    assert over_base("").source_texts == {"mine.toml": 'extends = "base"\n', "base.toml": BASE}


def test_known_fields_get_their_usual_policies(mapping_of: MappingOf) -> None:
    mapping = mapping_of('extends = "order_to_cash/opportunity_to_sales_order"\n[fields]\nterms = { from = "T" }\n'
                         'department = { from = "D" }\notherRefNum = { from = "P" }')  # fmt: skip
    assert rule(mapping, "terms").unfound == "hold"
    assert rule(mapping, "department").unfound == "warn"
    assert rule(mapping, "entity").empty == "hold"
    assert (rule(mapping, "otherRefNum").max_length, rule(mapping, "otherRefNum").too_long) == (45, "error")
    assert (rule(mapping, "memo").max_length, rule(mapping, "memo").too_long) == (999, "truncate")
    assert rule(mapping, "salesRep").lookup == Lookup(kind="employee", by="email")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[feilds]", "mine.toml:2: unknown table 'feilds'. Did you mean 'fields'?"),
        ('[fields]\nmemo = { form = "Name" }', "mine.toml:3: unknown key 'form'. Did you mean 'from'?"),
        ('[fields]\nmemo = "Name"', "mine.toml:3: 'memo' does not say where its value comes from."),
        ("[fields]\nshipDate = { required = true }", "'shipDate' does not say where its value comes from."),
        ('[fields]\nmemo = { from = "A", value = "b" }', "mine.toml:3: 'memo' has both 'from' and 'value'."),
        ('[fields]\nmemo = { from = "a b" }', "'a b' is not a field path."),
        ('[fields]\nmemo = { from = 5 }', "'from' must be a text in quotes."),
        ('[fields]\nmemo = { table = "dept" }', "there is no value table 'dept'. Did you mean 'depts'?"),
        ('[fields]\nmemo = { transform = "uper" }', "unknown transform 'uper'. Did you mean 'upper'?"),
        ('[fields]\nmemo = { lookup = "term.nam" }', "unknown lookup 'term.nam'. Did you mean 'term.name'?"),
        ('[fields]\nlocation = { lookup = "term.name" }', "'location' refers to the list location, not term."),
        ('[fields]\nmemo = { missing = "warm" }', "unknown word 'warm' for 'missing'. Did you mean 'warn'?"),
        ('[fields]\nmemo = { write = "once" }', "unknown word 'once' for 'write'. Known: always, create_only."),
        ('[fields]\nmemo = { required = "yes" }', "'required' must be true or false."),
        ('[fields]\nmemo = { max_length = 0 }', "'max_length' must be a whole number above 0."),
        ("[fields]\nmemo = { default = 2026-11-03T10:00:00 }", "'default': a time without zone is not allowed."),
        ("[fields]\nmemo = { value = nan }", "'value': this is not a number."),
        ("[fields]\nmemo = { value = [1] }", "'value': this kind of value is not allowed."),
        ('[fields]\nmemo = { when = "Name = 1" }', "Write == to compare two values."),
        ("[fields]\nmmo = { remove = true }", "the base map has no field 'mmo' to remove. Did you mean 'memo'?"),
        ('[fields]\ndepartment = { value = "x", table = "depts" }', "'department': a constant needs no table."),
        ('[lines]\nkee = "Id"', "mine.toml:3: unknown key 'kee'. Did you mean 'key'?"),
        ('[lines]\nrate = { from = "UnitPrice" }', "'rate' of a line cannot be mapped."),
        ("[lines]\nquantity = { remove = true }", "the lines have no field 'quantity'."),
        ('[lines]\nitem = { missing = "skip" }', "'item' of a line can only hold the record when it is missing."),
        ('[lines]\nitem = { write = "create_only" }', "'item': 'write' is for body fields."),
        ('[lines]\nnegative = "discount_line"', 'negative = "discount_line" is not supported yet.'),
        ("[[rules]]\nwhen = \"A\"", "mine.toml:2: 'hold' is missing."),
        ('[[rules]]\nhold = "x"', "mine.toml:2: 'when' is missing."),
        ('[[rules]]\nwhen = "A ="\nhold = "x"', "mine.toml:3"),
        ('[rules]\nwhen = "A"', "mine.toml:2: 'rules' is a list of tables. Write [[rules]]."),
        ("[[examples]]\ngiven = {}", "mine.toml:2: an example needs 'expect'."),
        ('[[addresses]]\ncity = { from = "City" }', "an address needs a name of its own."),
        ('[[addresses]]\nname = "a"\ntown = { from = "City" }', "mine.toml:4: an address has no field 'town'."),
        ("[tables.depts]\na.b = 1", "the entry 'a' of [tables.depts] is not a single value."),
        ('[match]\nstored = "X"', "mine.toml:3: unknown key 'stored'. Did you mean 'stored_id'?"),
        ("tables = 5", "mine.toml:2: 'tables' must be a table. Write [tables]."),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_remedy(text: str, expected: str) -> None:
    assert any(expected in fault for fault in faults(text)), faults(text)


def test_all_faults_of_a_file_come_together_in_the_order_of_its_lines() -> None:
    found = faults('[[rules]]\nwhen = "A ="\nhold = "x"\n[fields]\nmemo = { form = "A" }\nx = 1')
    assert [fault.split(",")[0].split(": ")[0] for fault in found] == ["mine.toml:3", "mine.toml:6", "mine.toml:7"]


def test_a_misspelt_key_gives_one_fault_only() -> None:
    assert len(faults('[fields]\nshipDate = { form = "Name" }')) == 1


def test_an_unknown_base_is_one_fault(mapping_of: MappingOf) -> None:
    text = 'extends = "order_to_cash/opportunity_to_salesorder"\n[fields]\nmemo = { from = "Name" }'
    assert faults(text, mapping_of) == [
        "map.toml:1: there is no base map 'order_to_cash/opportunity_to_salesorder'. "
        "Did you mean 'order_to_cash/opportunity_to_sales_order'?"
    ]


def test_maps_that_extend_each_other_end() -> None:
    document = parse_document('extends = "loop"\ntarget = "salesOrder"', "mine.toml")
    with pytest.raises(MappingError, match="in a circle"):
        parse(document, bases)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file names neither a base map nor a target."),
        ('target = "salesorder"', "unknown target 'salesorder'. Did you mean 'salesOrder'?"),
    ],
)
def test_a_file_without_base_must_name_a_known_target(text: str, expected: str, mapping_of: MappingOf) -> None:
    assert expected in faults(text, mapping_of)[0]


def test_a_file_for_another_job_is_refused() -> None:
    document = parse_document('extends = "base"\n', "mine.toml")
    assert parse(document, bases, "salesOrder").target == "salesOrder"
    with pytest.raises(MappingError, match="mine.toml:1: this file maps to salesOrder, but its job writes customer"):
        parse(document, bases, "customer")


@pytest.mark.parametrize(
    "entry", ["[fields]\nentity", "[fields]\ncustbody_tieout_deal_id", "[lines]\ncustcol_tieout_line_id"]
)
def test_what_ties_a_record_to_salesforce_cannot_be_removed(entry: str, mapping_of: MappingOf) -> None:
    text = f'extends = "order_to_cash/opportunity_to_sales_order"\n{entry} = {{ remove = true }}'
    (fault,) = faults(text, mapping_of)
    assert fault.startswith("map.toml:3: ")
    assert "cannot be removed" in fault


def test_numbers_of_the_file_become_decimals() -> None:
    entry = "[fields]\nexchangeRate = { value = 1.10 }\nshipDate = { value = 2026-11-03 }\ncustbody_n = { value = 5 }"
    mapping = over_base(entry)
    assert rule(mapping, "exchangeRate").constant == Decimal("1.10")
    assert rule(mapping, "custbody_n").constant == Decimal(5)


def test_examples_may_name_paths_with_or_without_quotes() -> None:
    text = (
        '[[examples]]\ngiven = { Account.Name = "x", "Owner.Email" = "y" }\nexpect = { memo = "m", hold = "NO_LINES" }'
    )
    (example,) = over_base(text).examples
    assert example.given == {"Account.Name": "x", "Owner.Email": "y"}
    assert (example.expect, example.hold) == ({"memo": "m"}, "NO_LINES")
