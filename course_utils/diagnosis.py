"""What a learner's answers to the inventory say: what they believe, how well they know it, where to begin.

Which concepts they swap says :func:`course_utils.inventory.confusion`. Each function takes ``responses``, the answers
as :func:`course_utils.inventory.ask` stores them (``{item id: {"answer": "B", "confidence": 80, ...}}``), and reads the
learner's own without it.
"""
from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from .concepts import PAIRS
from .inventory import CONCEPTS, LETTERS, Option, answered, confusion, misconceptions_of

#: A learner slips in one answer of ten and then guesses; before any answer, each misconception is held by one in four.
SLIP, HELD = 0.1, 0.25
#: From this probability on a misconception is reported. Below one half, since a notebook read in vain costs an hour and
#: a misconception kept costs more; two answers a pair, as in form A, cannot do much better.
LIKELY = 0.3


def _beliefs(answers: list[Option], names: list[str], slip: float, held: float) -> np.ndarray:
    """P(misconception held | answers), for a learner as in :func:`misconceptions`: all subsets are tried."""
    total, marginal = 0.0, np.zeros(len(names))
    for size in range(len(names) + 1):
        for subset in combinations(range(len(names)), size):
            believed = {names[i] for i in subset}
            p = held**size * (1 - held) ** (len(names) - size)
            for option in answers:
                follows = (option.misconception in believed) / size if size else option.correct
                p *= (1 - slip) * follows + slip / len(LETTERS)
            total += p
            marginal[list(subset)] += p
    return marginal / total


def misconceptions(responses: dict | None = None, use: str | None = None, slip: float = SLIP,
                   held: float = HELD) -> pd.DataFrame:
    """How probable it is that the learner holds each misconception, the likeliest first; only pairs with an answer.

    By Bayes' rule, for a learner who follows one of the misconceptions they hold of a pair, the right option if they
    hold none, and who in a share ``slip`` of the answers guesses. ``held`` is the share that holds a misconception
    beforehand. ``use`` restricts to a form.
    """
    by_pair: dict[str, list[Option]] = {}
    for item, option, _ in answered(responses, use):
        by_pair.setdefault(item.pair, []).append(option)
    rows = []
    for pair, options in by_pair.items():
        names = misconceptions_of(pair)
        for name, p in zip(names, _beliefs(options, names, slip, held)):
            rows.append((pair, name, sum(o.misconception == name for o in options), len(options), p))
    table = pd.DataFrame(rows, columns=["pair", "misconception", "chosen", "answers", "probability"])
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def calibration(responses: dict | None = None, use: str | None = None) -> pd.Series:
    """Confidence beside correctness: number of answers, share right, mean confidence, Brier score (0 best, .25 a coin).

    >>> sure_and_wrong = {"drift.c1": {"answer": "A", "confidence": 100}, "drift.c2": {"answer": "A", "confidence": 100}}
    >>> int(calibration(sure_and_wrong)["answers"])
    2
    """
    got = [(option.correct, sure) for _, option, sure in answered(responses, use)]
    right, sure = np.array(got, float).reshape(-1, 2).T
    mean = (lambda x: x.mean()) if got else (lambda x: np.nan)
    return pd.Series({"answers": len(got), "right": mean(right), "confidence": mean(sure), "Brier": mean((right - sure) ** 2)})


def gain(responses: dict | None = None) -> pd.DataFrame:
    """Share right in form A and in form B, and Hake's normalised gain (B - A) / (1 - A), by pair and in all.

    The gain is undefined (NaN) where form A was perfect or a form is missing. (R. R. Hake, 1998.)
    """
    got = pd.DataFrame([(item.pair, item.use, option.correct) for item, option, _ in answered(responses)],
                       columns=["pair", "use", "right"])
    got = got[got.use.isin(["A", "B"])]
    table = got.pivot_table(index="pair", columns="use", values="right", aggfunc="mean", sort=False).astype(float)
    table.loc["all"] = got.groupby("use").right.mean()
    table = table.reindex(columns=["A", "B"])
    table["gain"] = ((table.B - table.A) / (1 - table.A)).where(table.A < 1)
    return table.rename_axis(columns=None)


def route(responses: dict | None = None) -> pd.DataFrame:
    """All pairs, in the order in which this learner should take their notebooks, each with the reason.

    First by the expected number of misconceptions, then by how sure the learner was where they were wrong; pairs
    without an answer stand where an unknown learner would.
    """
    held = misconceptions(responses)
    wrong = {}
    for item, option, sure in answered(responses):
        wrong[item.pair] = wrong.get(item.pair, 0.0) + (not option.correct) * sure
    rows = []
    for p in PAIRS:
        mine = held[held.pair == p.key]
        likely = mine[mine.probability > LIKELY]
        why = ("not asked yet" if mine.empty else "; ".join(likely.misconception) if len(likely) else "nothing found")
        expected = mine.probability.sum() if len(mine) else HELD * len(misconceptions_of(p.key))
        rows.append((p.number, p.title, expected, wrong.get(p.key, 0.0), why))
    table = pd.DataFrame(rows, columns=["notebook", "pair", "expected", "sure and wrong", "because"])
    return table.sort_values(["expected", "sure and wrong", "notebook"], ascending=[False, False, True], ignore_index=True)


def portrait(responses: dict | None = None):
    """The confusion matrix as a picture with its text; without any answer, what to do."""
    from . import plots
    from .exercises.engine import Note

    matrix = confusion(responses)
    swaps = sorted(((matrix.loc[a, b], a, b) for a in CONCEPTS for b in CONCEPTS if a != b and matrix.loc[a, b]),
                   key=lambda swap: -swap[0])
    if not matrix.to_numpy().any() and not matrix.attrs["neither"]:
        return Note("No answers yet", "Answer form A in notebook 00, and the matrix is drawn here.")
    figure, axis = plots.subplots(height=7.6)
    axis.imshow(matrix, cmap="Greys", vmin=0, vmax=max(3.0, matrix.to_numpy().max()), aspect="auto")
    for (i, j), value in np.ndenumerate(matrix.to_numpy()):
        if value:
            axis.text(j, i, f"{value:.1f}".removesuffix(".0"), ha="center", va="center", fontsize=7,
                      color="white" if value > 2 else "black", fontweight="bold" if i != j else None)
    for edge in range(0, len(CONCEPTS) + 1, 2):
        axis.axhline(edge - 0.5, color=plots.GREY, linewidth=0.4)
        axis.axvline(edge - 0.5, color=plots.GREY, linewidth=0.4)
    axis.set_xticks(range(len(CONCEPTS)), CONCEPTS, rotation=90, fontsize=7.5)
    axis.set_yticks(range(len(CONCEPTS)), CONCEPTS, fontsize=7.5)
    axis.grid(False)
    axis.set(title="Which concept a situation called for, and which was relied on", xlabel="relied on", ylabel="called for")
    told = "; ".join(f"{b} where {a} was called for ({n:.0f})" for n, a, b in swaps) or "no concept for its twin"
    return plots.show(figure, f"24 concepts against 24. On the diagonal lie the right answers ({np.trace(matrix):.0f}). "
                              f"Relied on: {told}. Wrong by something else: {matrix.attrs['neither']}.")
