"""A claim is a sentence that executes: prose that stops being printed once it is false."""
from __future__ import annotations


class ClaimFailed(AssertionError):
    """The sentence does not hold for the value that was measured."""


def claim(sentence: str, value, *, at_least=None, at_most=None, about=None, within=None,
          measured: bool = False, digits: int = 3) -> None:
    """Print the sentence with its value and bound, or raise ClaimFailed.

    ``value`` is a number with at least one bound (``at_least``, ``at_most``, or ``about``
    together with ``within``, an absolute tolerance), or a bool without bounds. With
    ``measured=True`` (wall-clock times, anything sampled by a model) the value is not
    printed, because it differs from machine to machine; ``claim.last`` always holds it.

    >>> claim("Two and two make about four", 2 + 2, about=4, within=0.1)
    ✓ Two and two make about four: 4 (about 4, within 0.1)
    >>> claim("The loop is slower than the array", 37.2, at_least=2, measured=True)
    ✓ The loop is slower than the array: holds (at least 2)
    >>> claim("Costs fell", 1.5, at_most=1)
    Traceback (most recent call last):
    course_utils.claims.ClaimFailed: Costs fell: got 1.5, needed at most 1
    """
    claim.last = value
    bounds = []
    if at_least is not None:
        bounds.append((value >= at_least, f"at least {at_least:g}"))
    if at_most is not None:
        bounds.append((value <= at_most, f"at most {at_most:g}"))
    if (about is None) != (within is None):
        raise TypeError("about= and within= go together")
    if about is not None:
        bounds.append((abs(value - about) <= within, f"about {about:.4g}, within {within:g}"))
    is_bool = type(value).__name__ in ("bool", "bool_")
    if is_bool == bool(bounds):
        raise TypeError("a claim needs a number with a bound, or a bool without one")
    if is_bool:
        if not value:
            raise ClaimFailed(f"{sentence}: false")
        print(f"✓ {sentence}: holds")
        return
    rule = ", ".join(text for _, text in bounds)
    shown = f"{float(value):,.{digits}g}" if abs(value) < 10 ** digits else f"{float(value):,.0f}"
    if not all(bool(holds) for holds, _ in bounds):
        raise ClaimFailed(f"{sentence}: got {shown}, needed {rule}")
    print(f"✓ {sentence}: {'holds' if measured else shown} ({rule})")


claim.last = None
