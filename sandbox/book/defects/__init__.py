"""Recorded edits that spoil the clean book, each with what it must show.

``catalogue.KINDS`` lists every kind once; a kind is one function that picks a sound deal, changes the book
(phase ``before``), records an edit for later (phases ``middle`` and ``after``) or sends finance on an errand, and
notes what must show.
"""
