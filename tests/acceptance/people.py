"""What people do in both systems while Tieout is running: through the public APIs, not through Tieout's connectors."""

from __future__ import annotations

import json

import requests

API = "services/data/v67.0/sobjects"


class Person:
    """Someone signed in to the stage's Salesforce."""

    def __init__(self, stage):
        self.stage = stage
        ready = stage.ready["salesforce"]
        form = {"grant_type": "client_credentials", **{key: ready[key] for key in ("client_id", "client_secret")}}
        answer = requests.post(f"{ready['base_url']}/services/oauth2/token", data=form, timeout=30)
        answer.raise_for_status()
        self._base = f"{ready['base_url']}/{API}"
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def edit(self, type_, id_, **values):
        """Change fields of a record."""
        address = f"{self._base}/{type_}/{id_}"
        requests.patch(address, json=values, headers=self._headers, timeout=30).raise_for_status()

    def add(self, type_, **values):
        """Make a record and return its id."""
        answer = requests.post(f"{self._base}/{type_}", json=values, headers=self._headers, timeout=30)
        answer.raise_for_status()
        return answer.json()["id"]

    def deals(self):
        """Return the ids of all opportunities by their name."""
        return {deal["Name"]: deal["Id"] for deal in self.stage.dump("salesforce", "Opportunity")}


class Clerk:
    """The finance clerk of the sandbox, given one piece of work after another."""

    def __init__(self, stage):
        self.stage = stage
        self._given = 0

    def does(self, *actions):
        """Do these actions in NetSuite, in this order."""
        self._given += 1
        book = self.stage.folder / f"work-{self._given}"
        book.mkdir()
        plan = {"version": 1, "actions": [{"phase": "approve", **action} for action in actions]}
        (book / "clerk.json").write_text(json.dumps(plan))
        # Each piece is a plan of its own; the clerk remembers by the number of an action within one plan.
        (self.stage.sandbox / "clerk.done").unlink(missing_ok=True)
        where = ["--dir", str(self.stage.sandbox), "--book", str(book)]
        return self.stage.tieout("sandbox", "clerk", "approve", *where, check=0).stdout
