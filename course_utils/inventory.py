"""The concept inventory: situations with four options, and what each wrong one gives away.

Also the two verbs by which a notebook makes the learner commit before seeing:
:func:`predict` and :func:`reveal`. Everything goes to the one store of the course.
"""
from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from . import store
from .exercises.engine import Note, same, show

LETTERS = "ABCD"


@dataclass(frozen=True)
class Option:
    """One answer. A wrong one names its misconception and the concept wrongly relied on."""

    text: str
    correct: bool = False
    misconception: str | None = None
    concept: str | None = None      # the name of a Concept, or None


@dataclass(frozen=True)
class Item:
    """A situation from practice. ``use`` is the form it belongs to: "A", "B" or "closing"."""

    id: str
    pair: str                       # a Pair's key
    use: str
    stem: str
    options: tuple[Option, ...]
    because: str = ""               # shown with the verdict: why the right option is right

    def shuffled(self) -> tuple[Option, ...]:
        """The options in the order shown: always the same for the same item."""
        options = list(self.options)
        random.Random(self.id).shuffle(options)
        return tuple(options)

    @property
    def answer(self) -> str:
        """The letter of the correct option, as shown."""
        return LETTERS[[o.correct for o in self.shuffled()].index(True)]

    @property
    def misconceptions(self) -> tuple[str, ...]:
        return tuple(o.misconception for o in self.options if o.misconception)


class _Items(Sequence):
    """All items of all pairs, read from ``course_utils/items`` when first used."""

    _all: tuple[Item, ...] | None = None

    def _read(self) -> tuple[Item, ...]:
        if _Items._all is None:
            package = import_module("course_utils.items")
            modules = sorted(m.name for m in iter_modules(package.__path__))
            _Items._all = tuple(item for m in modules for item in import_module(f"course_utils.items.{m}").ITEMS)
        return _Items._all

    def __getitem__(self, index):
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Item]:
        return iter(self._read())


ITEMS = _Items()


def _confidence_problem(confidence) -> str:
    number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    if number and 0 < confidence < 1:
        return f"confidence is in percent: 80, not 0.8; got {show(confidence)}"
    return "" if number and 0 <= confidence <= 100 else (
        f"confidence is a number from 0 (a guess) to 100 (certain); got {show(confidence)}")


def ask(id: str, answer=..., confidence=...) -> Note:
    """Show an inventory item, or take an answer ("A" to "D") with a confidence of 0-100 %.

    Raises KeyError, with the ids of the same pair, for an id that does not exist.
    """
    item = next((i for i in ITEMS if i.id == id), None)
    if item is None:
        raise KeyError(f"no item {id!r}; there are {', '.join(i.id for i in ITEMS)}")
    options = dict(zip(LETTERS, item.shuffled()))
    question = "\n".join([item.stem, *(f"{letter}. {o.text}" for letter, o in options.items())])
    if answer is ...:
        return Note(f"○ Not attempted: {id}",
                    f"{question}\nReplace the ... by a letter and a confidence (0 to 100), and run the cell.")
    chosen = options.get(answer.strip().upper()) if isinstance(answer, str) else None
    problem = "" if chosen else f'answer is one of "A", "B", "C", "D"; got {show(answer)}'
    problem = problem or _confidence_problem(confidence)
    if problem:
        return Note(f"○ Not attempted: {id}", f"{question}\n{problem}")

    letter = answer.strip().upper()
    saved = store.update(lambda data: data["answers"].update(
        {id: {"answer": letter, "confidence": confidence, "correct": chosen.correct}}))
    if chosen.correct:
        title, text = f"✓ Correct: {id}", f"{letter}. {chosen.text}\n{item.because}".rstrip()
    else:
        title, text = f"✗ Incorrect: {id}", (f"{letter}. {chosen.text}\nMisconception: {chosen.misconception}.\n"
                                             f"Better: {item.answer}. {options[item.answer].text}\n{item.because}").rstrip()
    return Note(title, text + (f"\n({saved})" if saved else ""), "correct" if chosen.correct else "incorrect")


def predict(key: str, answer=..., confidence=...) -> Note:
    """Commit to an answer before you see the result; :func:`reveal` will bring it back.

    ``answer`` is any value that JSON can hold; ``confidence`` is 0-100 %.
    """
    if answer is ...:
        return Note(f"○ No prediction yet: {key}", "Replace the ... and run the cell again, before you read on.")
    problem = _confidence_problem(confidence)
    if not isinstance(answer, (str, int, float, bool)):
        problem = f"a prediction is a number or a text; got {show(answer)}"
    if problem:
        return Note(f"○ No prediction yet: {key}", problem)
    saved = store.update(lambda data: data["predictions"].update({key: {"answer": answer, "confidence": confidence}}))
    return Note(f"Noted: {key}", f"You say {show(answer)}, with {confidence} % confidence." + (f"\n({saved})" if saved else ""))


def reveal(key: str, truth, within: float = 0.0) -> Note:
    """Hold the stored prediction against ``truth`` (a number counts as right if ``within`` of it)."""
    try:
        made = store.read()["predictions"].get(key)
    except (ValueError, OSError):
        made = None
    if made is None:
        return Note(f"You made no prediction for {key}", f"What happened: {show(truth)}.")
    said, sure = made["answer"], made["confidence"]
    numbers = all(isinstance(v, (int, float)) for v in (said, truth))
    right = abs(said - truth) <= within if numbers else same(said, truth)
    verdict = "as you predicted" if right else f"you said {show(said)}"
    return Note(f"What happened: {show(truth)}; {verdict}, with {sure} % confidence",
                kind="correct" if right else "incorrect")
