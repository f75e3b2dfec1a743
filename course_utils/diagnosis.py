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
#: From this probability on a misconception is suspected. One wrong answer beside a right one gives .31: worth a look, since
#: a notebook read in vain costs an hour and a misconception kept costs more. Likely is one that was chosen twice as well.
SUSPECTED = 0.3


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
    """Confidence beside correctness: number of answers and, if any, share right, mean confidence, Brier score (0 is best).

    >>> sure_and_wrong = {"drift.c1": {"answer": "A", "confidence": 100}, "drift.c2": {"answer": "A", "confidence": 100}}
    >>> int(calibration(sure_and_wrong)["answers"])
    2
    """
    got = [(option.correct, sure) for _, option, sure in answered(responses, use)]
    if not got:
        return pd.Series({"answers": 0})
    right, sure = np.array(got, float).T
    return pd.Series({"answers": len(got), "right": right.mean(), "confidence": sure.mean(),
                      "Brier": ((right - sure) ** 2).mean()})


def gain(responses: dict | None = None) -> pd.DataFrame:
    """Share right in form A and in form B, and Hake's normalised gain (B - A) / (1 - A), by pair and in all pairs of which
    both were answered.

    The gain is undefined (NaN) where form A was perfect or a form is missing. (R. R. Hake, 1998.)
    """
    got = pd.DataFrame([(item.pair, item.use, option.correct) for item, option, _ in answered(responses)],
                       columns=["pair", "use", "right"])
    got = got[got.use.isin(["A", "B"])]
    table = got.pivot_table(index="pair", columns="use", values="right", sort=False).astype(float).reindex(columns=["A", "B"])
    table.loc["all"] = got[got.pair.isin(table.dropna().index)].groupby("use").right.mean().reindex(["A", "B"])
    return table.assign(gain=normalised(table)).rename_axis(columns=None)


def normalised(table: pd.DataFrame) -> pd.Series:
    """Of what was missing in column ``A``, a share, what column ``B`` has reached; NaN where nothing was missing."""
    return ((table.B - table.A) / (1 - table.A)).where(table.A < 1)


def route(responses: dict | None = None) -> pd.DataFrame:
    """All pairs, indexed by notebook, in the order in which this learner should take them, each with the reason.

    First the pairs with a misconception suspected, by how many are ``expected``; then those not asked, of which nothing is
    known; then the rest. Ties go by ``surest``, the highest confidence in a wrong answer, in percent.
    """
    held, surest = misconceptions(responses), {}
    for item, option, sure in answered(responses):
        surest[item.pair] = max(surest.get(item.pair, 0), 0 if option.correct else round(100 * sure))
    rows = []
    for p in PAIRS:
        mine = held[held.pair == p.key]
        named = mine[mine.probability > SUSPECTED]
        why = "; ".join(f"{'likely' if row.chosen > 1 else 'suspected'}: {row.misconception}"
                        for row in named.itertuples()) or ("not asked yet" if mine.empty else "nothing found")
        rows.append((p.number, p.title, mine.probability.sum(), surest.get(p.key, 0), why, bool(len(named)), mine.empty))
    table = pd.DataFrame(rows, columns=["notebook", "pair", "expected", "surest", "because", "named", "unknown"])
    table = table.sort_values(["named", "unknown", "expected", "surest", "notebook"], ascending=[False] * 4 + [True])
    table["expected"] = table.expected.round(1).astype(object).where(~table.unknown, "-")
    return table.drop(columns=["named", "unknown"]).set_index("notebook")


def portrait(responses: dict | None = None):
    """The confusion matrix as a picture with its text; without any answer, what to do.

    Of the 24 columns only two can be met in a row, the concept itself and its twin, so the picture shows these and a third
    for answers that are wrong in another way.
    """
    from . import plots
    from .exercises.engine import Note

    asked = pd.Series([item.calls_for for item, *_ in answered(responses) if item.calls_for], dtype=object).value_counts()
    if asked.empty:
        return Note("No answers yet", "Answer form A in notebook 00, and the matrix is drawn here.")
    matrix, twins = confusion(responses), dict(zip(CONCEPTS, (c.name for p in PAIRS for c in (p.right, p.left))))
    by_twin = [matrix.loc[c, twins[c]] for c in CONCEPTS]
    counts = pd.DataFrame({"right": np.diag(matrix), "its twin": by_twin}, index=CONCEPTS).astype(int)
    counts["wrong\notherwise"] = asked.reindex(CONCEPTS, fill_value=0) - counts.sum(axis=1)
    figure, axes = plots.subplots(height=4.6, columns=2)
    for axis, half in zip(axes, (counts[:12], counts[12:])):
        for (row, column), n in np.ndenumerate(half.to_numpy()):
            if n:
                axis.scatter(column, row, s=150, marker="osD"[column], color=(plots.BLUE, plots.RED, plots.GREY)[column])
                axis.text(column, row, n, ha="center", va="center", fontsize=8, color="white", fontweight="bold")
        axis.set(xlim=(-0.5, 2.5), ylim=(11.6, -0.6))
        axis.set_yticks(range(12), half.index, fontsize=8.5)
        axis.set_xticks(range(3), half.columns, fontsize=8.5)
        axis.xaxis.tick_top()
        axis.tick_params(length=0)
        axis.grid(False)
        axis.spines[["left", "bottom"]].set_visible(False)
        for edge in range(1, 12, 2):
            axis.axhline(edge + 0.5, color=plots.GREY, linewidth=0.4)
    axes[0].set_ylabel("the situation called for")
    right, swapped, otherwise = counts.sum()
    told = "; ".join(f"{twins[c]} where {c} was called for" for c in CONCEPTS if counts.loc[c, "its twin"]) or "no twin"
    return plots.show(figure, f"{asked.sum()} answers: {right} right, {swapped} by the twin of what was called for, "
                              f"{otherwise} wrong otherwise. Relied on: {told}.")
