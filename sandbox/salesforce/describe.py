"""Describe answers: the org's objects and their fields, with the keys of the real API."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field, ObjectType
from sandbox.salesforce.security import Access

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}
READ_ONLY = ("Organization", "RecordType")
UNGROUPED = (*NUMBER_TYPES, "datetime", "textarea")
MASTER_RECORD_TYPE = "012000000000000AAA"


def describe_global(base: str) -> dict[str, Any]:
    """Return every object in short (``GET /sobjects``)."""
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_short(kind, base) for kind in OBJECTS.values()]}


def basic_information(kind: ObjectType, base: str) -> dict[str, Any]:
    """Return an object in short (``GET /sobjects/X``)."""
    return {"objectDescribe": _short(kind, base), "recentItems": []}


def describe(kind: ObjectType, base: str, access: Access) -> dict[str, Any]:
    """Return an object with the fields that the user may see (``GET /sobjects/X/describe``)."""
    return {
        **_short(kind, base),
        "urls": {**_urls(kind, base), **_screens(kind)},
        "fields": [
            _field(field, editable=access.editable(kind, field))
            for field in kind.fields.values()
            if access.readable(kind, field)
        ],
        "childRelationships": _children(kind),
        "recordTypeInfos": [
            {
                "name": "Master",
                "available": True,
                "recordTypeId": MASTER_RECORD_TYPE,
                "defaultRecordTypeMapping": True,
            }
        ],
        "listviewable": None,
        "lookupLayoutable": None,
        "searchLayoutable": None,
    }


def _short(kind: ObjectType, base: str) -> dict[str, Any]:
    writable = kind.name not in READ_ONLY
    return {
        "name": kind.name,
        "label": kind.label,
        "custom": kind.custom,
        "keyPrefix": kind.prefix,
        "labelPlural": kind.plural,
        "layoutable": True,
        "activateable": False,
        "updateable": writable,
        "urls": _urls(kind, base),
        "searchable": True,
        "createable": writable,
        "customSetting": False,
        "deletable": writable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "mergeable": kind.name in ("Account", "Contact"),
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "undeletable": writable,
        "triggerable": True,
    }


def _urls(kind: ObjectType, base: str) -> dict[str, str]:
    path = f"{base}/sobjects/{kind.name}"
    return {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"}


def _screens(kind: ObjectType) -> dict[str, str]:
    page = f"/lightning/r/{kind.name}/{{ID}}"
    new = f"/lightning/o/{kind.name}/new"
    return {"uiEditTemplate": f"{page}/edit", "uiDetailTemplate": f"{page}/view", "uiNewRecord": new}


def _children(kind: ObjectType) -> list[dict[str, Any]]:
    return [
        {
            "field": field.name,
            "deprecatedAndHidden": False,
            "relationshipName": field.children,
            "cascadeDelete": kind.name == "Opportunity",
            "childSObject": child.name,
        }
        for child in OBJECTS.values()
        for field in child.references()
        if field.reference_to == kind.name and field.children
    ]


def _field(field: Field, *, editable: bool) -> dict[str, Any]:
    return {**_CONSTANT, **_nature(field), **_origin(field), **_rights(field, editable)}


def _nature(field: Field) -> dict[str, Any]:
    number = field.type in NUMBER_TYPES
    text = field.type in TEXT_TYPES
    length = 18 if field.type in ("id", "reference") else field.length
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c").replace("_", " "),
        "type": field.type,
        "length": length,
        "byteLength": length * 3 if text else length,
        "precision": field.digits if number and field.type != "int" else 0,
        "scale": field.scale if number else 0,
        "digits": field.digits if field.type == "int" else 0,
        "soapType": SOAP_TYPES.get(field.type, "xsd:double" if number else "xsd:string"),
        "custom": field.custom,
        "nameField": field.name == "Name",
        "idLookup": field.type == "id" or field.external_id,
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship or None,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
            for value in field.picklist
        ],
        "restrictedPicklist": field.restricted,
        "defaultValue": field.default,
    }


def _origin(field: Field) -> dict[str, Any]:
    return {
        "calculated": bool(field.formula),
        "calculatedFormula": field.formula or None,
        "unique": field.unique,
        "externalId": field.external_id,
        "autoNumber": bool(field.auto_number),
    }


def _rights(field: Field, editable: bool) -> dict[str, Any]:
    return {
        "createable": field.createable and editable,
        "updateable": field.updateable and editable,
        "nillable": field.nillable,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and not field.formula and field.type not in UNGROUPED,
        "defaultedOnCreate": (field.computed and not field.formula) or field.type == "boolean",
    }


_CONSTANT: dict[str, Any] = {
    "defaultValueFormula": None,
    "controllerName": None,
    "caseSensitive": False,
    "inlineHelpText": None,
    "deprecatedAndHidden": False,
    "relationshipOrder": None,
    "namePointing": False,
    "htmlFormatted": False,
    "dependentPicklist": False,
    "writeRequiresMasterRead": False,
}
