"""A CRM whose commits become visible late: a row keeps the stamp of its save and shows up minutes after it.

That is what long transactions do in Salesforce. Every save is a version with a stamp (whole seconds) and a moment
from which readers see it; until then they see the version before, or nothing.
"""

from __future__ import annotations

from datetime import timedelta

from connectors.records import Page, Position, Record, RecordRef, salesforce_id
from tests.fakes.crm import FakeCrm, meets


class PageLost(Exception):
    """The answer to a page did not arrive."""


class LateCrm(FakeCrm):
    """Like :class:`FakeCrm`, with saves that commit late.

    ``delay`` is how long the next saves stay invisible. ``lose_page`` n: the n-th page from now does not arrive.
    ``between`` is called between two pages. ``live``: a page shows the rows as they are when it is asked for, so that
    one saved meanwhile has left the window; else all pages are as of the first. ``short_ids``: ids come in their
    15-character form.
    """

    def __init__(self, clock, page_size=3):
        super().__init__(clock, page_size)
        self.versions = {}
        self.delay = timedelta(0)
        self.lose_page = None
        self.between = lambda: None
        self.live = True
        self.short_ids = False
        self.pages = 0

    # what tests do

    def put(self, type_, id_, deleted=False, **fields):
        id_ = salesforce_id(id_)
        versions = self.versions.setdefault((type_, id_), [])
        before = versions[-1]["fields"] if versions else {}
        named = {name.replace("__dot__", "."): value for name, value in fields.items()}
        stamp = self._stamp()
        versions.append(
            {
                "fields": {**before, **named, "Id": id_},
                "modified": stamp,
                "deleted": deleted,
                "visible": stamp + self.delay,
            }
        )
        self.records[type_][id_] = versions[-1]
        return id_

    def pending(self, type_, id_):
        """Say whether a save of this row is not committed yet: its lock keeps others from saving it."""
        versions = self.versions.get((type_, id_), [])
        return bool(versions) and versions[-1]["visible"] > self.clock.now()

    def seen(self, type_):
        """Return the rows that a reader sees now, by id."""
        now = self.clock.now()
        found = {}
        for (kind, id_), versions in self.versions.items():
            visible = [version for version in versions if version["visible"] <= now]
            if kind == type_ and visible:
                found[id_] = visible[-1]
        return found

    # the ports

    def changed(self, type_, fields, window, after=None):
        first = self.seen(type_)
        while True:
            self.pages += 1
            if self.lose_page is not None:
                self.lose_page -= 1
                if self.lose_page < 0:
                    self.lose_page = None
                    raise PageLost
            rows = self.seen(type_) if self.live else first
            inside = sorted((row["modified"], id_) for id_, row in rows.items() if _is_in(row, window))
            page = [entry for entry in inside if after is None or entry > (after.stamp, after.id)][: self.page_size]
            if not page:
                return
            after = Position(*page[-1])
            yield Page([self._show(type_, id_, rows[id_], fields) for _, id_ in page], after)
            self.between()

    def by_ids(self, type_, fields, ids):
        rows = self.seen(type_)
        wanted = [salesforce_id(id_) for id_ in ids]
        return [self._show(type_, id_, rows[id_], fields) for id_ in wanted if id_ in rows]

    def children(self, type_, fields, parent_field, parent_ids):
        parents = {salesforce_id(id_) for id_ in parent_ids}
        return [
            self._show(type_, id_, row, fields)
            for id_, row in sorted(self.seen(type_).items())
            if row["fields"][parent_field] in parents and not row["deleted"]
        ]

    def scan(self, type_, fields, where=(), *, include_deleted=False):
        if type_ in self.rows:
            yield from super().scan(type_, fields, where, include_deleted=include_deleted)
            return
        for id_, row in sorted(self.seen(type_).items()):
            if (include_deleted or not row["deleted"]) and all(meets(row["fields"].get(c.field), c) for c in where):
                yield self._show(type_, id_, row, fields)

    def _show(self, type_, id_, row, fields):
        values = {name: row["fields"].get(name) for name in fields}
        if self.short_ids:
            id_ = id_[:15]
            values |= {name: values[name][:15] for name in ("OpportunityId",) if values.get(name)}
        return Record(
            ref=RecordRef(connection=self.connection, type=type_, id=id_),
            fields=values,
            modified=row["modified"],
            deleted=row["deleted"],
        )


def _is_in(row, window):
    return (window.low is None or row["modified"] >= window.low) and row["modified"] <= window.high
