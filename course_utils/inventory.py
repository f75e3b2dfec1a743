"""The concept inventory: situations with four options, and what each wrong one gives away.

Forms "A" (before the course) and "B" (after it) ask about the same misconceptions in different
situations. Also the two verbs by which a notebook makes the learner commit before seeing:
:func:`predict` and :func:`reveal`. Everything goes to the one store of the course; what it says
about a learner is worked out in :mod:`course_utils.diagnosis`.
"""
from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules

from . import store
from .concepts import PAIRS
from .exercises.engine import Note, same, show

LETTERS = "ABCD"
CONCEPTS = tuple(c.name for p in PAIRS for c in (p.left, p.right))


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
    calls_for: str | None = None    # the concept of the pair that this situation calls for; None if for both or neither

    def shuffled(self) -> tuple[Option, ...]:
        """The options in the order shown: always the same for the same item.

        The salt is one of those with which each letter is right equally often in a form.
        """
        options = list(self.options)
        random.Random(f"{self.id}/5675").shuffle(options)
        return tuple(options)

    def question(self, number: str = "", indent: str = "") -> str:
        """The situation and its options as text."""
        return "\n".join([number + self.stem, *(f"{indent}{letter}. {o.text}"
                                                for letter, o in zip(LETTERS, self.shuffled()))])

    @property
    def answer(self) -> str:
        """The letter of the correct option, as shown."""
        return LETTERS[[o.correct for o in self.shuffled()].index(True)]

    @property
    def misconceptions(self) -> tuple[str, ...]:
        return tuple(o.misconception for o in self.options if o.misconception)


TWIN = "twin"


def item_maker(pair: str, *held: tuple[str, str | None]):
    """The maker of a pair's items: wrong options come in the order of ``held``, its (misconception, concept) pairs.

    A concept that is TWIN is the one of the pair that the item does not call for. ``relied`` gives an item concepts of its own.
    """
    names = [c.name for p in PAIRS if p.key == pair for c in (p.left, p.right)]

    def make(id, use, stem, right, *wrong_and_because, calls_for=None, relied=None):
        *wrong, because = wrong_and_because
        concepts = [next((n for n in names if n != calls_for), None) if c == TWIN else c
                    for c in relied or [concept for _, concept in held]]
        options = [Option(text, False, name, c) for text, (name, _), c in zip(wrong, held, concepts, strict=True)]
        return Item(f"{pair}.{id}", pair, use, stem, (Option(right, True), *options), because, calls_for)
    return make


class _Items(Sequence):
    """All items of all pairs, read from ``course_utils/items`` when first used."""

    @cached_property
    def _read(self) -> tuple[Item, ...]:
        package = import_module("course_utils.items")
        modules = sorted(m.name for m in iter_modules(package.__path__))
        return tuple(item for m in modules for item in import_module(f"course_utils.items.{m}").ITEMS)

    def __getitem__(self, index):
        return self._read[index]

    def __len__(self) -> int:
        return len(self._read)


ITEMS = _Items()


def _confidence_problem(confidence) -> str:
    number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    if number and 0 < confidence < 1:
        return f"confidence is in percent: 80, not 0.8; got {show(confidence)}"
    return "" if number and 0 <= confidence <= 100 else (
        f"confidence is a number from 0 to 100, the chance in percent that you are right; got {show(confidence)}")


def ask(id: str, answer=..., confidence=...) -> Note:
    """Show an inventory item, or take an answer ("A" to "D") with a confidence of 0-100 %.

    Raises KeyError, with the ids of the same pair, for an id that does not exist.
    """
    item = next((i for i in ITEMS if i.id == id), None)
    if item is None:
        raise KeyError(f"no item {id!r}; there are {', '.join(i.id for i in ITEMS)}")
    options, question = dict(zip(LETTERS, item.shuffled())), item.question()
    if answer is ...:
        return Note(f"○ Not attempted: {id}",
                    f"{question}\nReplace the ... by a letter and a confidence (0 to 100), and run the cell.")
    letter = answer.strip().upper() if isinstance(answer, str) else ""
    chosen = options.get(letter)
    problem = _confidence_problem(confidence) if chosen else f'answer is one of "A", "B", "C", "D"; got {show(answer)}'
    if problem:
        return Note(f"○ Not attempted: {id}", f"{question}\n{problem}")

    saved = store.update(lambda data: data["answers"].update(
        {id: {"answer": letter, "confidence": confidence, "correct": chosen.correct}}))
    if chosen.correct:
        title, text = f"✓ Correct: {id}", f"{letter}. {chosen.text}\n{item.because}".rstrip()
    else:
        title, text = f"✗ Incorrect: {id}", (f"{letter}. {chosen.text}\nMisconception: {chosen.misconception}.\n"
                                             f"Better: {item.answer}. {options[item.answer].text}\n{item.because}").rstrip()
    return Note(title, text + (f"\n({saved})" if saved else ""), "correct" if chosen.correct else "incorrect")


PART = 6                            # questions shown at a time


def parts_of(use: str) -> list[list[Item]]:
    """All parts of a form, each the items in the order asked."""
    order = {p.key: p.number for p in PAIRS}
    items = sorted((i for i in ITEMS if i.use == use and i.pair in order),
                   key=lambda i: (i.id.split(".")[1], order[i.pair]))
    return [items[start:start + PART] for start in range(0, len(items), PART)]


def questions(use: str, part: int) -> list[Item]:
    """The items of one part of form "A" or "B", in the order asked. ValueError for a form or a part that does not exist."""
    parts = parts_of(use)
    if use not in ("A", "B") or part not in range(1, len(parts) + 1):
        raise ValueError(f'there are the forms "A" and "B", with parts 1 to {len(parts) or PART}; '
                         f"got {show(use)}, {show(part)}")
    return parts[part - 1]


def form(use: str, part: int, answers: str = ..., confidence=...) -> Note:
    """Six questions of form "A" or "B", or your answers to them.

    ``answers`` is one letter for each question, in order, with "-" for one you leave out: "BCA-DA", or a list of letters.
    It also takes back an answer given before. ``confidence`` is the chance that a letter is right, 0 to 100 %, one number
    for all or a list of six. Form A keeps the right answers to itself, since form B asks about the same ideas; form B shows
    them for what was answered. ValueError for a form or a part that does not exist.
    """
    chosen, name = questions(use, part), f"form {use}, part {part}"
    shown = "\n\n".join(i.question(f"{n}. ", "   ") for n, i in enumerate(chosen, 1))
    answers = "".join(map(str, answers)) if isinstance(answers, (list, tuple)) else answers
    letters = re.sub(r"[\s,]", "", answers).upper() if isinstance(answers, str) else ""
    sure = list(confidence) if isinstance(confidence, (list, tuple)) else [confidence] * len(chosen)
    problem = next(filter(None, map(_confidence_problem, sure)), "")
    if answers is ...:
        problem = f"Replace the ... by {len(chosen)} letters and a confidence, and run the cell."
    elif len(letters) != len(chosen) or not set(letters) <= {*LETTERS, "-"}:
        problem = f'answers is {len(chosen)} letters from A to D, "-" for a question left out; got {show(answers)}'
    elif len(sure) != len(chosen):
        problem = f"confidence is one number, or one for each of the {len(chosen)} questions; got {len(sure)}"
    if problem:
        return Note(f"○ Not attempted: {name}", f"{problem}\n\n{shown}")

    taken = {i.id: {"answer": letter, "confidence": c, "correct": letter == i.answer}
             for i, letter, c in zip(chosen, letters, sure) if letter != "-"}
    left_out = {i.id for i in chosen} - set(taken)

    def change(data):
        data["answers"] = {id: given for id, given in data["answers"].items() if id not in left_out} | taken
    saved = store.update(change)
    text = f"{len(taken)} of {len(chosen)} questions answered."
    if use == "B":
        text += "".join(f"\n{'✓' if letter == i.answer else '✗'} {n}. {i.answer}. {i.because}"
                        for n, (i, letter) in enumerate(zip(chosen, letters), 1) if letter != "-")
    return Note(f"Noted: {name}", text + (f"\n({saved})" if saved else ""))


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
    if isinstance(said, str) and isinstance(truth, (int, float)) and re.fullmatch(r"-?\d+(\.\d+)?\s*%?", said.strip()):
        said = float(said.strip(" %"))
    numbers = all(isinstance(v, (int, float)) for v in (said, truth))
    right = abs(said - truth) <= within if numbers else same(said, truth)
    verdict = "as you predicted" if right else f"you said {show(said)}"
    return Note(f"What happened: {show(truth)}; {verdict}, with {sure} % confidence",
                kind="correct" if right else "incorrect")


def answered(responses: dict | None, use: str | None = None) -> Iterator[tuple[Item, Option, float]]:
    """Item, chosen option and confidence from 0 to 1 of each answer that makes sense, in the order of the items."""
    responses = store.read()["answers"] if responses is None else responses
    for item in ITEMS:
        given = responses.get(item.id)
        if given and given.get("answer") in [*LETTERS] and use in (None, item.use):
            yield item, item.shuffled()[LETTERS.index(given["answer"])], given["confidence"] / 100


def misconceptions_of(pair: str) -> list[str]:
    """The names of a pair's misconceptions, in alphabetical order."""
    return sorted({m for i in ITEMS if i.pair == pair for m in i.misconceptions})


def confusion(responses: dict | None = None):
    """The learner's confusion matrix of the 24 concepts: what a situation called for (rows), what was relied on (columns).

    ``responses`` are answers as :func:`ask` stores them; without, the learner's own. Returns a DataFrame. A right answer
    counts on the diagonal, one that relies on the other concept of the pair beside it. Wrong answers of other kinds are
    only counted: in ``.attrs["misused"]`` those that rely on what was called for, wrongly understood; in
    ``.attrs["neither"]`` the rest. Situations that call for no single concept are left out.

    >>> matrix = confusion({"drift.c1": {"answer": "A", "confidence": 60}})
    >>> matrix.shape, float(matrix.to_numpy().sum()) + matrix.attrs["neither"] + matrix.attrs["misused"]
    ((24, 24), 1.0)
    """
    import pandas as pd

    matrix = pd.DataFrame(0.0, index=pd.Index(CONCEPTS, name="called for"), columns=pd.Index(CONCEPTS, name="relied on"))
    matrix.attrs.update(misused=0, neither=0)
    for item, option, _ in answered(responses):
        if item.calls_for:
            relied_on = item.calls_for if option.correct else option.concept
            if not option.correct and relied_on in (None, item.calls_for):
                matrix.attrs["misused" if relied_on else "neither"] += 1
            else:
                matrix.loc[item.calls_for, relied_on] += 1
    return matrix
