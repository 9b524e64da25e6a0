"""Recorded edits that spoil the clean book, each with what it must show.

``catalogue.KINDS`` lists every kind once; a kind is one function that picks a sound deal, changes the book
(phase ``before``) or records an edit for after the first sync (phase ``after``), and notes what must show.
"""
