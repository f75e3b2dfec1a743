"""Checking what a learner wrote: correct, incorrect with the misconception named, or not attempted.

An exercise is a *reference* function, a maker of random inputs, and a list of *wrong*
functions, each of which is a misconception written out as code. The learner's function runs
on the same inputs as all of them. If it agrees with the reference everywhere it is correct;
if it agrees everywhere with a wrong one, that misconception is named; otherwise the first
input on which it differs is shown.

The idea of three outcomes with hints is Kaggle learntools' (``learntools/core/problem.py``);
naming the misconception by running it is this course's.
"""
from __future__ import annotations

import contextlib
import copy
import ctypes
import functools
import inspect
import os
import pkgutil
import reprlib
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module

import numpy as np

from .. import store
from ..concepts import PAIRS

SECONDS = 5.0          # for all calls of one check together
AGAIN = 0.001          # seconds between alarms once the time is over: a bare except swallows most of them
TRIALS = 30
MARKS = {"correct": "✓", "incorrect": "✗", "not attempted": "○"}
ERROR_CHARACTERS = 300


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise.

    reference : the solution. Its signature and docstring are the learner's task.
    inputs : ``inputs(rng) -> tuple`` of arguments, drawn afresh for every trial.
    wrong : ``(function, misconception)`` pairs. The function's docstring explains the
        misconception to whoever holds it.
    hints : from a nudge to nearly the answer.
    cases : arguments written by hand, tried before the random ones: what random inputs rarely hit.
    setting : makes a context for each call, which undoes what an answer may have switched in the whole process.
    """

    key: str
    reference: Callable
    inputs: Callable[[np.random.Generator], tuple]
    wrong: list[tuple[Callable, str]]
    hints: tuple[str, ...]
    rtol: float = 1e-6
    cases: tuple[tuple, ...] = ()
    setting: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext

    def draw(self, trial: int) -> tuple:
        """The arguments of one trial, made afresh: first the cases, then random inputs."""
        if trial < len(self.cases):
            return copy.deepcopy(self.cases[trial])
        return self.inputs(np.random.default_rng([2026, trial - len(self.cases)]))

    @property
    def trials(self) -> range:
        return range(len(self.cases) + TRIALS)

    @functools.cached_property
    def truth(self) -> list[list]:
        """What the reference returns in every trial, then the same for each wrong function."""
        return [[f(*self.draw(t)) for t in self.trials] for f in (self.reference, *(f for f, _ in self.wrong))]

    @property
    def name(self) -> str:
        return self.reference.__name__

    def source(self) -> str:
        """The reference as text: what ``solution`` prints and what solved notebooks contain."""
        return inspect.getsource(self.reference)

    def stub(self) -> str:
        """The task as text: the reference's signature and docstring, with ``...`` for a body."""
        signature = self.source().split('"""', 1)[0].rstrip()
        doc = textwrap.indent(inspect.cleandoc(self.reference.__doc__), "    ").replace("\n    \n", "\n\n")
        return f'{signature}\n    """{doc.strip()}\n    """\n    ...\n'


class _Registry(Mapping):
    """Key -> Exercise. The module behind a prefix is imported when first asked for."""

    def _load(self, prefix: str) -> dict[str, Exercise]:
        return {e.key: e for e in import_module(f"{__package__}.{prefix}").EXERCISES}

    def _prefixes(self) -> list[str]:
        package = import_module(__package__)
        order = ["start", *(p.key for p in PAIRS), "capstone"]
        return sorted((m.name for m in pkgutil.iter_modules(package.__path__) if m.name != "engine"), key=order.index)

    def __getitem__(self, key: str) -> Exercise:
        prefix = key.split(".")[0] if isinstance(key, str) else ""
        if prefix in self._prefixes() and key in (found := self._load(prefix)):
            return found[key]
        raise KeyError(f"no exercise {key!r}; there are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        for prefix in self._prefixes():
            yield from self._load(prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


REGISTRY = _Registry()


@dataclass(frozen=True)
class Note:
    """Text that is plain in a terminal and boxed in JupyterLab. No scripts, no colour-only meaning."""

    title: str
    message: str = ""
    kind: str = "note"

    _colours = {"correct": "#0a7d55", "incorrect": "#b3541e"}

    def __repr__(self) -> str:
        return f"{self.title}\n{textwrap.indent(self.message, '  ')}" if self.message else self.title

    def _repr_html_(self) -> str:
        colour = self._colours.get(self.kind, "#6b7280")
        body = (f'<div style="margin:.3em 0 0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere">'
                f'{escape(self.message)}</div>') if self.message else ""
        return (f'<div style="border-left:5px solid {colour};padding:.3em .8em;margin:.3em 0">'
                f'<strong>{escape(self.title)}</strong>{body}</div>')


@dataclass(frozen=True, repr=False)
class Result(Note):
    """What ``check`` found. ``status`` is "correct", "incorrect" or "not attempted"."""

    status: str = ""
    misconception: str | None = None


def _result(key, status, message, misconception=None) -> Result:
    return Result(f"{MARKS[status]} {status.capitalize()}: {key}", message, status, status, misconception)


# ---------------------------------------------------------------- running a learner's code

class TimeUp(BaseException):
    """Raised inside the learner's code when its time is over. No ``except Exception`` stops it."""


def limited(call: Callable, seconds: float):
    """``call()``, or TimeUp after ``seconds``; the kernel survives either way.

    ``call`` is a Python function. The alarm is sent again and again until it lands, so a bare ``except`` inside a loop only
    delays it. A loop inside one call of C code (say ``sum(itertools.count())``) cannot be interrupted from Python.
    """
    on_main = threading.current_thread() is threading.main_thread()
    return (_by_signal if on_main and hasattr(signal, "setitimer") else _by_thread)(call, seconds)


def _runs(call, frame) -> bool:
    """Whether ``call`` is on the stack: the alarm may go off only in there, never in the clean-up."""
    while frame is not None:
        if frame.f_code is call.__code__:
            return True
        frame = frame.f_back
    return False


def _by_signal(call, seconds):
    def ring(_, frame):
        if _runs(call, frame):
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _by_thread(call, seconds):
    """For Windows, and for threads other than the main one."""
    thread, done = threading.get_ident(), threading.Event()

    def watch():
        done.wait(seconds)
        while not done.wait(AGAIN) and _runs(call, sys._current_frames().get(thread)):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))

    threading.Thread(target=watch, daemon=True).start()
    try:
        return call()
    finally:
        done.set()


class _LearnerError(Exception):
    """The learner's function raised; the text says what."""


def _call(answer, args):
    try:
        value = answer(*args)
        with contextlib.suppress(Exception):  # a generator, say, cannot be copied
            value = copy.deepcopy(value)      # the next call may change what this one returned
        return value
    except (TimeUp, KeyboardInterrupt, NotImplementedError):
        raise
    except BaseException as error:  # SystemExit and its like must not end the kernel
        try:
            detail = str(error)[:ERROR_CHARACTERS]
        except BaseException:
            detail = "(an error whose text cannot be read)"
        raise _LearnerError(f"{type(error).__name__}: {detail}".rstrip(": ")) from None


# ---------------------------------------------------------------- comparing and showing values

def same(got, want, rtol: float = 1e-6) -> bool:
    """Whether an answer equals the wanted one: in kind and shape, and in value up to ``rtol``.

    Python's and numpy's numbers and texts are interchangeable, as are lists, tuples, arrays and
    Series of equal shape; NaN equals NaN; a bool is not a number.

    >>> same(np.float64(0.1 + 0.2), 0.3), same([1, 2], np.array([1.0, 2.0])), same(True, 1), same("1", 1)
    (True, True, False, False)
    """
    try:
        if isinstance(want, dict):
            return (isinstance(got, dict) and got.keys() == want.keys()
                    and all(same(got[k], v, rtol) for k, v in want.items()))
        for text in (str, bytes):                     # numpy's np.str_ is a str, np.bytes_ is a bytes
            if isinstance(want, text):
                return isinstance(got, text) and bool(got == want)
        if isinstance(want, (set, frozenset)) or want is None:
            return type(got) is type(want) and got == want
        if isinstance(got, (str, bytes, dict, set, frozenset)) or got is None:
            return False
        if isinstance(want, (list, tuple)) and not all(isinstance(w, (int, float, np.number)) for w in want):
            return len(got) == len(want) and all(same(g, w, rtol) for g, w in zip(got, want))   # numpy: (0.3, "a") is two texts
        got, want = np.asarray(got), np.asarray(want)
        if got.shape != want.shape or (got.dtype.kind == "b") != (want.dtype.kind == "b"):
            return False
        if want.dtype.kind in "biuf":
            return got.dtype.kind in "biuf" and bool(np.allclose(got, want, rtol=rtol, atol=1e-12, equal_nan=True))
        return got.dtype.kind == want.dtype.kind and bool((got == want).all())
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException:  # an answer whose own comparison fails is not the right answer
        return False


def _unchanged(arg, original) -> bool:
    return arg.equals(original) if type(arg) is type(original) and hasattr(arg, "equals") else same(arg, original)


_short = reprlib.Repr()
_short.maxstring = _short.maxother = 200
_short.maxdict = _short.maxlist = _short.maxtuple = 8


def show(value) -> str:
    """A short text for any value, however large or ill-behaved."""
    try:
        if hasattr(value, "shape") and getattr(value, "ndim", 0) == 1:
            items = [show(v) for v in list(value[:6] if isinstance(value, np.ndarray) else value.iloc[:6])]
            return f"[{', '.join(items)}{f', … {len(value)} values' if len(value) > 6 else ''}]"
        if hasattr(value, "shape") and getattr(value, "ndim", 0) > 1:
            return f"{type(value).__name__} of shape {tuple(value.shape)}"
        if isinstance(value, (float, np.floating)):
            return f"{value:.6g}"
        if isinstance(value, np.generic):
            return str(value.item())
        if isinstance(value, dict) and len(value) <= 8:
            return "{" + ", ".join(f"{k!r}: {show(v)}" for k, v in value.items()) + "}"
        return _short.repr(value)
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException:
        return f"a {type(value).__name__} that cannot be shown"


def _place(got, want) -> str:
    """Where two sequences first differ: shortened, they may look alike."""
    with contextlib.suppress(Exception):
        if len(want) > 6 and not isinstance(want, str):
            i = next(i for i, pair in enumerate(zip(got, want)) if not same(*pair))
            return f"\nFirst difference: [{i}] is {show(got[i])}, not {show(want[i])}."
    return ""


def _show_call(exercise, args) -> str:
    names = list(inspect.signature(exercise.reference).parameters)
    return f"{exercise.name}({', '.join(f'{n}={show(a)}' for n, a in zip(names, args))})"


# ---------------------------------------------------------------- the four verbs

def check(key: str, answer) -> Result:
    """Compare ``answer``, the function you wrote, with the exercise's reference.

    Never raises on account of the answer, and never changes anything but the progress file.
    An unknown key raises KeyError with the keys there are.
    """
    exercise = REGISTRY[key]
    result = _check(exercise, answer)
    if result.status != "not attempted" and (problem := store.record_exercise(key, result.status)):
        result = _result(key, result.status, f"{result.message}\n({problem})", result.misconception)
    return result


def _check(exercise: Exercise, answer) -> Result:
    key, blank = exercise.key, (None, ...)
    todo = _result(key, "not attempted", f"Replace the ... in {exercise.name} and run the cell again. "
                                         f'Stuck? hint("{key}"), then solution("{key}").')

    def incorrect(message, misconception=None):
        return _result(key, "incorrect", message, misconception)

    if any(answer is b for b in blank):
        return todo
    if not callable(answer) or isinstance(answer, type):
        return incorrect(f'check needs the function itself: check("{key}", {exercise.name}), without parentheses '
                         f"after its name. It was given {show(answer)}.")

    # All the truth is computed before any of the learner's code runs, and only once.
    wants, *wrongs = exercise.truth
    trials = exercise.trials
    originals, args = [exercise.draw(t) for t in trials], [exercise.draw(t) for t in trials]
    blanks, right, shown, places, agrees = [], [], [], [], [True] * len(wrongs)

    def run_all():  # comparing and showing run code of the answer too, so they share its time
        for trial in trials:
            with exercise.setting():
                got = _call(answer, args[trial])
            blanks.append(any(got is b for b in blank))
            agrees[:] = [a and same(got, w[trial], exercise.rtol) for a, w in zip(agrees, wrongs)]
            shown.append(show(got))
            right.append(same(got, wants[trial], exercise.rtol))
            places.append("" if right[-1] else _place(got, wants[trial]))

    try:  # what it prints is swallowed: from outside of what may be stopped, so that no alarm can leave it so
        with (open(os.devnull, "w", encoding="utf-8", errors="replace") as sink, contextlib.redirect_stdout(sink),
              contextlib.redirect_stderr(sink), np.errstate(all="ignore"), exercise.setting()):
            limited(run_all, SECONDS)
    except TimeUp:
        return incorrect(f"Stopped: still running after {SECONDS:.0f} seconds "
                         f"(at {_show_call(exercise, originals[len(right)])}). Does a loop never end?")
    except NotImplementedError:
        return todo
    except _LearnerError as error:
        return incorrect(f"Your function raised {error}\nfor {_show_call(exercise, originals[len(right)])}.")

    if all(blanks):
        code = getattr(answer, "__code__", None)
        begun = code and (code.co_names or code.co_nlocals > code.co_argcount)    # more than the ... that stood there
        return _result(key, "not attempted", f"{exercise.name} gave nothing back, whatever its input. Does it end in "
                                             "return?") if begun else todo
    for arg, original in zip(args, originals) if all(right) or not any(agrees) else ():     # a misconception says more
        if not all(map(_unchanged, arg, original)):
            return incorrect("Your function changes its input in place: whoever passed it in holds another one now. "
                             f"Work on a copy, or put back what you change.\nSeen at {_show_call(exercise, original)}.")
    if all(right):
        return _result(key, "correct", f"It agrees with the reference on {TRIALS} random inputs" +
                       (f" and {n} chosen one{'s' * (n > 1)}." if (n := len(exercise.cases)) else "."))
    first = right.index(False)
    example = (f"For {_show_call(exercise, originals[first])}\n"
               f"yours gave {shown[first]}, the reference gives {show(wants[first])}.{places[first]}")
    for (wrong, misconception), agreed in zip(exercise.wrong, agrees):
        if agreed:
            why = " ".join((wrong.__doc__ or "").split())
            return incorrect(f"Misconception: {misconception}.\n{why}\n{example}", misconception)
    return incorrect(example)


_hints_given: dict[str, int] = {}


def hint(key: str) -> Note:
    """The next hint of an exercise; after the last one, the last one again."""
    hints = REGISTRY[key].hints
    n = _hints_given[key] = min(_hints_given.get(key, 0) + 1, len(hints))
    return Note(f"Hint {n} of {len(hints)}: {key}", hints[n - 1])


def solution(key: str) -> Note:
    """The reference's own source."""
    return Note(f"One solution: {key}", REGISTRY[key].source())


def progress() -> Note:
    """What you have solved so far, from the file that all your notebooks share."""
    try:
        data = store.read()
    except (ValueError, OSError) as error:
        return Note("Your progress cannot be read", f"{error}\nNothing is deleted: a damaged file is set aside.")
    entries, notebooks = data["exercises"], {}
    for key in REGISTRY:                                     # one line for each notebook
        entry = entries.get(key)
        status = entry["status"] if entry else "not attempted"
        notebooks.setdefault(key.split(".")[0], []).append(
            f"{MARKS[status]} {key.split('.')[1]}" + (f" (attempts: {entry['tries']})" if entry else ""))
    lines = [f"{name}: {', '.join(found)}" for name, found in notebooks.items()]
    done = sum(entries.get(key, {}).get("status") == "correct" for key in REGISTRY)
    note = store.session_note()
    return Note(f"{done} of {len(REGISTRY)} exercises solved, {len(data['predictions'])} predictions made, "
                f"{len(data['answers'])} questions answered",
                "\n".join(lines + ([note] if note else [])))
