"""Twelve Confusions: the small package behind the notebooks.

Everything a notebook needs at its top comes from here::

    from course_utils import load, claim, check, hint, solution, progress, pair

Importing the package costs next to nothing: each name is fetched when first used.
"""
from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "load": "data", "claim": "claims", "ClaimFailed": "claims", "pair": "concepts",
    "check": "exercises.engine", "hint": "exercises.engine", "solution": "exercises.engine",
    "progress": "exercises.engine",
    "predict": "inventory", "reveal": "inventory", "ask": "inventory",
    "worksheet": "workspace", "World": "world",
}
__all__ = sorted(_HOME)  # noqa: PLE0605 - the names are resolved by __getattr__


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"course_utils has no {name!r}; it offers {', '.join(__all__)}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
