"""One look for all figures: readable at notebook width, safe for colour-blind readers.

Colours are Okabe and Ito's palette (https://jfly.uni-koeln.de/color/). No figure of the course
relies on colour alone: lines differ in style or are labelled in place, and every figure comes
with a sentence that says what it shows.
"""
from __future__ import annotations

import io

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#6b7280")

STYLE = {
    "figure.dpi": 110, "figure.figsize": (8.5, 3.6), "figure.constrained_layout.use": True,
    "font.size": 10.5, "axes.titlesize": 11.5, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "lines.linewidth": 1.8, "legend.frameon": False, "svg.hashsalt": "course",
}


class Figure:
    """A picture together with its description, for eyes, screen readers and plain terminals."""

    def __init__(self, png: bytes, description: str):
        self.png, self.description = png, description

    def __repr__(self) -> str:
        return f"Figure: {self.description}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png, "text/plain": repr(self)}, {"image/png": {"alt": self.description}}


def subplots(rows: int = 1, height: float = 3.6, **kwargs):
    """``plt.subplots`` in the course's style, 8.5 inches wide and ``height`` inches high."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(STYLE)
    return plt.subplots(rows, 1, figsize=(8.5, height), **kwargs)


def show(figure, description: str) -> Figure:
    """Close ``figure``, print its description below it, and return what the cell displays.

    The description is the figure's alternative text: it says what a reader should see,
    with the numbers, so that nothing is lost to someone who cannot see it.
    """
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    print(f"Figure: {description}")
    return Figure(buffer.getvalue(), description)
