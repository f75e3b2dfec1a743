"""The forms of the inventory by mouse or touch, where ipywidgets is installed. Saves what :func:`inventory.form` would."""
from __future__ import annotations

from html import escape

from .exercises.engine import Note
from .inventory import LETTERS, form, questions


def clickable(use: str, part: int):
    """Six questions of form "A" or "B", each with buttons for the answer and a slider for the confidence, and one "Save".

    Returns what to display; without ipywidgets, a note that says so. ValueError for a form or a part that does not
    exist. A question without a choice counts as left out. What you chose is in the store; do not save the widgets.
    """
    items = questions(use, part)
    try:
        import ipywidgets
    except ImportError:
        return Note("Clickable answers need ipywidgets", "Install it (pip install ipywidgets) and restart, or use form(...).")
    rows, choices, sure = [], [], []
    for number, item in enumerate(items, 1):
        options = "<br>".join(f"{letter}. {escape(o.text)}" for letter, o in zip(LETTERS, item.shuffled()))
        text = f"<p><strong>{number}.</strong> {escape(item.stem)}</p><p>{options}</p>"         # wraps, which labels do not
        choices.append(ipywidgets.RadioButtons(options=[*LETTERS], value=None, description=f"{number}. answer",
                                               orientation="horizontal", layout={"width": "auto"}))
        sure.append(ipywidgets.IntSlider(value=25, min=0, max=100, step=5, description=f"{number}. chance to be right, %",
                                         style={"description_width": "initial"}, layout={"width": "28em"}))
        rows += [ipywidgets.HTML(text), choices[-1], sure[-1]]
    save, said = ipywidgets.Button(description="Save these answers", layout={"width": "auto"}), ipywidgets.HTML()

    def saved(_):
        letters = "".join(choice.value or "-" for choice in choices)
        said.value = form(use, part, letters, [slider.value for slider in sure])._repr_html_()
    save.on_click(saved)
    return ipywidgets.VBox([*rows, save, said])
