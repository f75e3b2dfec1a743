"""Inventory items for pair 11. Every wrong option carries one of three misconceptions:

CLEAN  a clean shadow means a safe release (it shows no outcome that the candidate would cause)
QUIET  no alarm means no harm (a small canary is quiet either way)
SMALL  a small share, or a discarded answer, makes anything safe to run
"""
from __future__ import annotations

from ..inventory import Item, Option

CLEAN = ("a clean shadow means a safe release", "Shadow deployment")
QUIET = ("no alarm means no harm", "Canary rollout")
SMALL = ("small or discarded means safe", None)


def _item(id, use, stem, right, clean, quiet, small, because):
    wrong = [Option(text, False, *held) for text, held in ((clean, CLEAN), (quiet, QUIET), (small, SMALL))]
    return Item(f"canary.{id}", "canary", use, stem, (Option(right, True), *wrong), because)


ITEMS = ()
