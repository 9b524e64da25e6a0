"""Two accounts made one, as a person does in the screens.

Source: Salesforce help, "Merge Duplicate Accounts" and SOAP ``merge()``: the loser goes to the recycle bin and
names the record that lives on, everything that belonged to it is moved there.
"""

from __future__ import annotations

from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import ACCOUNT, OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.writes import live


def merge_accounts(org: Org, winner_id: str, loser_id: str, *, by: str) -> None:
    """Move every live child of the losing account to the winner and delete the loser.

    Raises:
        RecordError: one of them is missing or deleted, or both are the same.
    """
    winner, loser = live(org, ACCOUNT, winner_id), live(org, ACCOUNT, loser_id)
    if winner["Id"] == loser["Id"]:
        raise RecordError("INVALID_ID_FIELD", "cannot merge a record with itself", ["Id"])
    for child in OBJECTS.values():
        for field in child.references():
            if field.reference_to == ACCOUNT.name and field.children:
                for record in org.live_children(child.name, field.name, loser["Id"]):
                    own = child is ACCOUNT and record["Id"] == winner["Id"]
                    org.change(child, record, {field.name: None if own else winner["Id"]}, by=by)
    org.change(ACCOUNT, loser, {"IsDeleted": True, "MasterRecordId": winner["Id"]}, by=by)
    org.change(ACCOUNT, live(org, ACCOUNT, winner["Id"]), {}, by=by)
