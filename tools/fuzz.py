"""Hand in hundreds of bad answers, several of every kind for every exercise, and count the verdicts.

    python tools/fuzz.py [SEED]

Exits with 1 if a bad answer is called correct, if a good one is not, or if an answer raises out of ``check``. That the
table is printed at all shows that none ended the process. What no check can stop, it leaves out: ``os._exit``, a crash
in C code, and an endless loop inside one call of C code.
"""
import copy
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from test_engine import ERRORS, VALUES, loop, raises, spoilt, stubborn_loop  # noqa: E402

from course_utils import check  # noqa: E402
from course_utils.exercises import REGISTRY, engine  # noqa: E402


def pick(choices, rng):
    choices = list(choices)
    return choices[rng.integers(len(choices))]


def right(exercise, rng):
    """The control: a right answer under another name."""
    return lambda *args: exercise.reference(*args)


def blank(exercise, rng):
    """As the notebook has it, before anything is written."""
    return pick([..., None, lambda *args: None, raises(NotImplementedError())], rng)


def named(exercise, rng):
    """One of the misconceptions that are written out as code."""
    return pick(exercise.wrong, rng)[0]


def another_type(exercise, rng):
    value = pick(VALUES.values(), rng)
    return lambda *args: value


def spoilt_somewhere(exercise, rng):
    """The right result, wrong in one place: a number moved, a truth turned round, a container longer."""
    return lambda *args: spoilt(exercise.reference(*args), rng)


def another_shape(exercise, rng):
    wrap = pick([lambda x: [x], lambda x: (x, x), lambda x: {"answer": x}, lambda x: [[x]], lambda x: np.array([[1.0]])], rng)
    return lambda *args: wrap(exercise.reference(*args))


def nan(exercise, rng):
    """NaN for every number in the right result."""
    def spread(value):
        if isinstance(value, dict):
            return {key: spread(v) for key, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [spread(v) for v in value]
        return np.full(np.shape(value), np.nan) if np.ndim(value) else float("nan")
    return lambda *args: spread(exercise.reference(*args)) or float("nan")


def error(exercise, rng):
    """sys.exit among them."""
    return pick([raises(pick(ERRORS, rng)), lambda *args: sys.exit(3)], rng)


def recursion(exercise, rng):
    def again(*args):
        return again(*args)
    return again


def endless(exercise, rng):
    return pick([loop, stubborn_loop], rng)


def fewer_arguments(exercise, rng):
    return pick([lambda: 0.0, lambda *, x: x, lambda a, b, c, d, e, f, g, h: a], rng)


def changes_its_input(exercise, rng):
    """The right result, but what was passed in is emptied, or holds other data."""
    def answer(*args):
        result = copy.deepcopy(exercise.reference(*args))
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg[...] = arg.ravel()[::-1].reshape(arg.shape) if arg.size and (arg != arg.ravel()[0]).any() else 1
            elif hasattr(arg, "iloc") and len(arg):
                arg.pop(arg.keys()[0])
            elif isinstance(arg, (list, dict, set)):
                arg.clear()
        return result
    return answer


def threads(exercise, rng):
    """A wrong result, and threads that go on."""
    def answer(*args):
        for _ in range(3):
            threading.Thread(target=STOP.wait, daemon=True).start()
        return "wrong"
    return answer


def patches_the_reference(exercise, rng):
    """Puts itself where the reference is, everywhere it is known by its name."""
    module = sys.modules[exercise.reference.__module__]

    def answer(*args):
        for name, thing in list(vars(module).items()):
            if callable(thing) and getattr(thing, "__module__", "") == module.__name__:
                setattr(module, name, answer)
        object.__setattr__(exercise, "reference", answer)
        object.__setattr__(exercise, "inputs", lambda rng: ())
        return "wrong"
    return answer


KINDS = {kind: ({"right": "correct", "blank": "not attempted"}.get(kind.__name__, "incorrect"))
         for kind in (right, blank, named, another_type, spoilt_somewhere, another_shape, nan, error, recursion, endless,
                      fewer_arguments, changes_its_input, threads, patches_the_reference)}
STOP = threading.Event()


def can_change(exercise) -> bool:
    return any(isinstance(arg, (np.ndarray, list, dict, set)) or hasattr(arg, "iloc") for arg in exercise.draw(0))


def verdicts(kinds, seed: int = 0, keys=None) -> list[tuple]:
    """(kind, exercise, verdict) of one answer of each kind for each exercise; a raised error is a verdict, too."""
    found = []
    for n, key in enumerate(keys or REGISTRY):
        for kind in kinds:
            exercise = REGISTRY[key]
            if kind is changes_its_input and not can_change(exercise):
                continue
            module, whole = sys.modules[exercise.reference.__module__], dict(vars(exercise))
            names, seconds = dict(vars(module)), engine.SECONDS
            engine.SECONDS = 0.3 if kind is endless else 60
            try:
                verdict = check(key, kind(exercise, np.random.default_rng([seed, n]))).status
            except BaseException as problem:
                verdict = f"raised {type(problem).__name__}"
            finally:
                engine.SECONDS = seconds
                vars(module).update(names)
                vars(exercise).update(whole)
            found.append((kind.__name__, key, verdict))
    return found


def main(seed: int = 0) -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["COURSE_HOME"] = home
        found = verdicts(KINDS, seed)
    STOP.set()
    counts, columns = Counter((kind, verdict) for kind, _, verdict in found), sorted({verdict for *_, verdict in found})
    print(f"{'kind of answer':24}" + "".join(f"{column:>16}" for column in columns))
    for kind in KINDS:
        print(f"{kind.__name__:24}" + "".join(f"{counts[kind.__name__, column]:16}" for column in columns))
    expected = {kind.__name__: verdict for kind, verdict in KINDS.items()}
    odd = [line for line in found if line[2] != expected[line[0]]]
    answers = len(found) - sum(kind == "right" for kind, *_ in found)
    print(f"{answers} bad or blank answers to {len(REGISTRY)} exercises; other verdicts than expected: {len(odd)}", *odd,
          sep="\n")
    return int(bool(odd))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
