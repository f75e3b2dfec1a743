"""One look for all figures: readable at notebook width, safe for colour-blind readers.

Colours are Okabe and Ito's palette (https://jfly.uni-koeln.de/color/). Orange is lighter than the contrast of 3:1 that
guidelines ask for; a darker one would look like the red to some readers. No figure of the course relies on colour alone:
lines differ in style or are labelled in place, and every figure comes with a sentence that says what it shows.
"""
from __future__ import annotations

import io
import textwrap

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#6b7280")

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


def subplots(rows: int = 1, height: float = 3.6, columns: int = 1, **kwargs):
    """``plt.subplots`` in the course's style, 8.5 inches wide and ``height`` inches high."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(STYLE)
    return plt.subplots(rows, columns, figsize=(8.5, height), **kwargs)


def show(figure, description: str) -> Figure:
    """Close ``figure``, print its description below it, and return what the cell displays.

    The description is the figure's alternative text: it says what a reader should see,
    with the numbers, so that nothing is lost to someone who cannot see it.
    """
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    print(textwrap.fill(f"Figure: {description}", 100))
    return Figure(buffer.getvalue(), description)


def timeline(x, panels: dict, events: dict, limit: float | None = None):
    """Step curves over days, one panel below the other, with named events marked in all of them.

    ``panels`` maps a title to ``(values, label of the y axis)``; ``events`` maps a day to a
    name. With ``limit`` the first panel has a logarithmic scale and an alarm line there.
    Returns the matplotlib figure, for :func:`show`.
    """
    figure, axes = subplots(len(panels), height=2.4 * len(panels), sharex=True)
    for axis, colour, (title, (values, label)) in zip(axes, (BLUE, RED, GREEN), panels.items(), strict=False):
        axis.step([*x, 2 * x[-1] - x[-2]], [*values, values[-1]], where="post", color=colour)
        axis.set(title=title, ylabel=label)
        for day in events:
            axis.axvline(day, color=GREY, linestyle="--", linewidth=1)
    for day, name in events.items():
        axes[0].text(day + 1, 0.05, name, transform=axes[0].get_xaxis_transform())
    if limit is not None:
        axes[0].axhline(limit, color=GREY, linestyle=":")
        axes[0].set_yscale("log")
        axes[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes[0].text(1, limit, f"alarm at {limit:g} ", transform=axes[0].get_yaxis_transform(), ha="right", va="top")
    axes[-1].set_xlabel("day")
    return figure
