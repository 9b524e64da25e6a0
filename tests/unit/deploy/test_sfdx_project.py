"""The shipped Salesforce package, the local org and the agreed list of fields are one and the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import Field

ROOT = Path(__file__).parents[3] / "deploy" / "salesforce"
MAIN = ROOT / "force-app" / "main" / "default"
NS = "{http://soap.sforce.com/2006/04/metadata}"
FINANCIAL, BALANCE = "Tieout_Financial__c", "Tieout_Account_Balance__c"

MONEY = ("Currency", 18, 2)
AGREED: dict[str, dict[str, tuple[Any, ...]]] = {
    "Opportunity": {
        "Tieout_Sales_Order__c": ("Text", 45),
        "Tieout_Sales_Order_Id__c": ("Text", 45),
        "Tieout_Order_Status__c": ("Text", 80),
        "Tieout_Sync_State__c": ("Text", 40),
        "Tieout_Sync_Error__c": ("LongTextArea", 1000),
        "Tieout_Invoiced__c": MONEY,
        "Tieout_Invoiced_Net__c": MONEY,
        "Tieout_Paid__c": MONEY,
        "Tieout_Credited__c": MONEY,
        "Tieout_Balance__c": MONEY,
        "Tieout_Invoice_Status__c": ("Text", 40),
        "Tieout_Payment_Status__c": ("Text", 40),
        "Tieout_Due_Date__c": ("Date",),
        "Tieout_Last_Payment_Date__c": ("Date",),
        "Tieout_Status_Version__c": ("Number", 18, 0),
        "Tieout_Days_Overdue__c": ("Number", 18, 0),
        "Tieout_Overdue__c": ("Checkbox",),
    },
    BALANCE: {
        "Tieout_Key__c": ("Text", 80),
        "Tieout_Account__c": ("Lookup", "Account"),
        "Tieout_Customer__c": ("Text", 80),
        "Tieout_Balance__c": MONEY,
        "Tieout_Overdue__c": MONEY,
        "Tieout_Unapplied__c": MONEY,
        "Tieout_Credit_Limit__c": MONEY,
        "Tieout_Credit_Hold__c": ("Text", 10),
    },
    FINANCIAL: {
        "Tieout_Key__c": ("Text", 80),
        "Tieout_Account__c": ("Lookup", "Account"),
        "Tieout_Opportunity__c": ("Lookup", "Opportunity"),
        "Tieout_Type__c": ("Text", 40),
        "Tieout_Number__c": ("Text", 80),
        "Tieout_NetSuite_Id__c": ("Text", 40),
        "Tieout_Date__c": ("Date",),
        "Tieout_Due_Date__c": ("Date",),
        "Tieout_Status__c": ("Text", 60),
        "Tieout_Amount__c": MONEY,
        "Tieout_Net__c": MONEY,
        "Tieout_Balance__c": MONEY,
        "Tieout_Invoice_Number__c": ("Text", 80),
        "Tieout_Link__c": ("Url",),
        "Tieout_Days_Overdue__c": ("Number", 18, 0),
        "Tieout_Overdue__c": ("Checkbox",),
    },
}
FORMULAS = {(name, field) for name in ("Opportunity", FINANCIAL) for field in AGREED[name] if "Overdue" in field}
METADATA_TYPES = {
    "string": "Text",
    "textarea": "LongTextArea",
    "currency": "Currency",
    "double": "Number",
    "date": "Date",
    "boolean": "Checkbox",
    "reference": "Lookup",
    "url": "Url",
}


def parsed(path: Path) -> dict[str, str]:
    return {child.tag.removeprefix(NS): child.text or "" for child in ElementTree.parse(path).getroot()}


def shipped(name: str) -> dict[str, dict[str, str]]:
    files = sorted((MAIN / "objects" / name / "fields").glob("*.field-meta.xml"))
    fields = {path.name.removesuffix(".field-meta.xml"): parsed(path) for path in files}
    assert all(field["fullName"] == stem for stem, field in fields.items())
    return fields


def shape(field: dict[str, str]) -> tuple[Any, ...]:
    numbers = [int(field[key]) for key in ("length", "precision", "scale") if key in field]
    return (field["type"], *numbers, *([field["referenceTo"]] if "referenceTo" in field else []))


def local_shape(field: Field) -> tuple[Any, ...]:
    type_ = METADATA_TYPES[field.type]
    more: dict[str, tuple[Any, ...]] = {
        "Text": (field.length,),
        "LongTextArea": (field.length,),
        "Currency": (field.digits, field.scale),
        "Number": (field.digits, field.scale),
        "Lookup": (field.reference_to,),
    }
    return (type_, *more.get(type_, ()))


def of_tieout(name: str) -> dict[str, Field]:
    kind = OBJECTS[name]
    return {field.name: field for field in kind.fields.values() if field.name.startswith("Tieout_")}


@pytest.mark.parametrize("name", sorted(AGREED))
def test_the_package_has_the_agreed_fields(name: str) -> None:
    assert {field: shape(found) for field, found in shipped(name).items()} == AGREED[name]


@pytest.mark.parametrize("name", sorted(AGREED))
def test_the_local_org_has_the_agreed_fields(name: str) -> None:
    assert {field: local_shape(found) for field, found in of_tieout(name).items()} == AGREED[name]


@pytest.mark.parametrize("name", sorted(AGREED))
def test_keys_formulas_and_relationships_agree(name: str) -> None:
    local = of_tieout(name)
    for field, found in shipped(name).items():
        ours = local[field]
        assert found["externalId"] == ("true" if ours.external_id else "false")
        assert (found.get("unique") == "true") == ours.unique == (field == "Tieout_Key__c")
        assert found.get("formula", "") == ours.formula
        assert bool(ours.formula) == ((name, field) in FORMULAS)
        assert found.get("required", "false") == "false", "a required field cannot be in a permission set"
        if ours.type == "reference":
            assert f"{found['relationshipName']}__r" == ours.children
            assert ours.relationship == field.replace("__c", "__r")
            assert found["deleteConstraint"] == "SetNull"


@pytest.mark.parametrize("name", [BALANCE, FINANCIAL])
def test_the_objects_agree(name: str) -> None:
    folder, kind = MAIN / "objects" / name, OBJECTS[name]
    found = parsed(folder / f"{name}.object-meta.xml")
    assert (found["label"], found["pluralLabel"]) == (kind.label, kind.plural)
    [named] = ElementTree.parse(folder / f"{name}.object-meta.xml").getroot().iter(f"{NS}nameField")
    parts = {child.tag.removeprefix(NS): child.text for child in named}
    assert (parts["type"], parts["displayFormat"]) == ("AutoNumber", kind.fields["Name"].auto_number)
    assert (MAIN / "tabs" / f"{name}.tab-meta.xml").exists()
    for path in (folder / "listViews").glob("*.xml"):
        used = {element.text for tag in ("columns", "field") for element in ElementTree.parse(path).iter(NS + tag)}
        assert used - {"NAME"} <= set(AGREED[name])


@pytest.mark.parametrize(("set_", "writes"), [("Tieout_Integration", True), ("Tieout_Viewer", False)])
def test_a_permission_set_names_every_field_and_writes_no_formula(set_: str, writes: bool) -> None:
    root = ElementTree.parse(MAIN / "permissionsets" / f"{set_}.permissionset-meta.xml").getroot()
    given = [
        {child.tag.removeprefix(NS): child.text for child in entry} for entry in root.iter(NS + "fieldPermissions")
    ]
    assert len(given) == len({entry["field"] for entry in given})
    ours = {str(entry["field"]): entry["editable"] == "true" for entry in given if ".Tieout_" in str(entry["field"])}
    assert ours == {
        f"{name}.{field}": writes and (name, field) not in FORMULAS for name in AGREED for field in AGREED[name]
    }
    assert all(entry["readable"] == "true" for entry in given)
    assert not [entry for entry in given if ".Tieout_" not in str(entry["field"]) and entry["editable"] == "true"]


def test_the_integration_user_may_make_documents_and_not_delete_anything() -> None:
    root = ElementTree.parse(MAIN / "permissionsets" / "Tieout_Integration.permissionset-meta.xml").getroot()
    given = {
        str(entry.findtext(NS + "object")): {child.tag.removeprefix(NS): child.text == "true" for child in entry}
        for entry in root.iter(NS + "objectPermissions")
    }
    assert [name for name, rights in sorted(given.items()) if rights["allowCreate"]] == [BALANCE, FINANCIAL]
    assert [name for name, rights in sorted(given.items()) if rights["allowEdit"]] == [
        "Opportunity",
        BALANCE,
        FINANCIAL,
    ]
    assert not [name for name, rights in given.items() if rights["allowDelete"] or rights["modifyAllRecords"]]


def test_the_project_deploys_one_folder_at_the_api_version_that_tieout_uses() -> None:
    project = json.loads((ROOT / "sfdx-project.json").read_text(encoding="utf-8"))
    assert [entry["path"] for entry in project["packageDirectories"]] == ["force-app"]
    assert project["sourceApiVersion"] == "67.0"
    assert sorted({path.suffix for path in MAIN.rglob("*") if path.is_file()}) == [".xml"]
