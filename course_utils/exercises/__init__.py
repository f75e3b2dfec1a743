"""The exercises: one module per notebook, collected in ``REGISTRY``.

A module defines ``EXERCISES``, a list of :class:`~course_utils.exercises.engine.Exercise`.
Its name is the prefix of its keys: ``drift.psi`` lives in ``exercises/drift.py``.
"""
from .engine import REGISTRY, Exercise

__all__ = ["REGISTRY", "Exercise"]
