"""The demo's month through the commands alone: sync, the clerk's work, people's edits, sync, reconcile."""

from __future__ import annotations


def first_sync(stage):
    """Bring the deals over; return the holds that a person now has."""
    stage.json("sync")
    holds = stage.json("holds")["holds"]
    stage.step("1h")
    stage.json("sync")
    return holds


def clerk(stage, phase):
    """Let the finance clerk do a phase of the book's work through NetSuite's own API."""
    book = ["--book", stage.book] if "/" in stage.book else []
    return stage.tieout("sandbox", "clerk", phase, "--dir", str(stage.sandbox), *book, check=0).stdout


def edit(stage, phase):
    """Apply what people edit by hand in that phase."""
    return stage.control("edits", {"phase": phase})["applied"]


def billed(stage):
    """Finance approves; Tieout bills what finance has not billed by hand."""
    stage.step("1d")
    clerk(stage, "approve")
    return stage.json("sync")


def collected(stage):
    """A fortnight later payments and credits have come in, and people changed deals; the status comes back."""
    stage.step("14d")
    clerk(stage, "collect")
    edit(stage, "middle")
    stage.step("10m")
    return stage.json("sync")


def late(stage):
    """After the last sync finance and sales go on working; nobody syncs before the period is reconciled."""
    clerk(stage, "late")
    stage.step("5h")
    edit(stage, "after")
