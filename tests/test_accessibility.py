"""For readers with a screen reader, with a keyboard only, or with other colours than most."""
import itertools
import re

import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb

from course_utils import build, plots
from course_utils.exercises.engine import Note

PALETTE = {name: np.array(to_rgb(getattr(plots, name))) for name in ("BLUE", "ORANGE", "GREEN", "RED", "PURPLE", "GREY")}
BOOKS = [build.target(source, solved) for source in build.sources() for solved in (False, True)]
named = {"ids": lambda f: f"{f.parent.name}-{f.stem[:2]}"}


def contrast(a, b):
    """The contrast ratio of WCAG 2.2."""
    def luminance(colour):
        linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast():
    assert contrast(np.zeros(3), np.ones(3)) == pytest.approx(21)
    for name, colour in PALETTE.items():
        assert contrast(colour, np.ones(3)) >= (2.2 if name == "ORANGE" else 3), name
    dark = np.array(to_rgb("#111111"))                            # JupyterLab's dark theme
    for colour in (*Note._colours.values(), "#6b7280"):           # the bar at a verdict's left; its text has the theme's colour
        assert min(contrast(np.array(to_rgb(colour)), paper) for paper in (np.ones(3), dark)) >= 3


@pytest.mark.parametrize("kind", ["protanomaly", "deuteranomaly", "tritanomaly"])
def test_no_two_colours_of_the_palette_look_alike_to_readers_who_see_only_two_of_the_three_primaries(kind):
    space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
    seen = {name: np.clip(cspace_convert(colour, space, "sRGB1"), 0, 1) for name, colour in PALETTE.items()}
    for a, b in itertools.combinations(seen, 2):
        assert deltaE(seen[a], seen[b], input_space="sRGB1") > 10, (a, b)        # 2 is just visible, side by side


@pytest.mark.parametrize("file", BOOKS, **named)
def test_headings_form_an_outline(file):
    text = "\n".join(c.source for c in nbformat.read(file, as_version=4).cells if c.cell_type == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.M)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in itertools.pairwise(levels))


@pytest.mark.parametrize("file", BOOKS, **named)
def test_pictures_have_a_description_and_tables_have_headers(file):
    for cell in nbformat.read(file, as_version=4).cells:
        assert cell.cell_type == "code" or "<img" not in cell.source
        assert not re.search(r"!\[\]\(", cell.source), "a picture without alternative text"
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                assert len(output.metadata["image/png"]["alt"]) > 40 and data["text/plain"].startswith("Figure: ")
            if "<table" in data.get("text/html", ""):
                assert "<th" in data["text/html"]
            assert not re.search(r"<script|<iframe|javascript:|\son\w+=", data.get("text/html", ""), re.I)
