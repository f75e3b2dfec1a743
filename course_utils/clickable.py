"""Answers by mouse or touch, where ipywidgets is installed. The same as :func:`course_utils.inventory.ask`, no more."""
from __future__ import annotations

from .exercises.engine import Note
from .inventory import ITEMS, LETTERS, ask


def clickable(*ids: str):
    """The questions with these ids, each with buttons for the answer, a slider for the confidence and "Save".

    Returns what to display; without ipywidgets, a note that says so. KeyError for an unknown id. Nothing of it
    is worth keeping in a saved notebook: what you chose is in the store.
    """
    known = {i.id: i for i in ITEMS}
    if unknown := [id for id in ids if id not in known]:
        raise KeyError(f"no item {unknown[0]!r}; there are {', '.join(known)}")
    try:
        import ipywidgets
    except ImportError:
        return Note("Clickable answers need ipywidgets",
                    "Install it (pip install ipywidgets) and restart, or answer with ask(...) and form(...).")
    return ipywidgets.VBox([_question(ipywidgets, known[id]) for id in ids])


def _question(widgets, item):
    stem = widgets.Label(item.stem)
    answer = widgets.RadioButtons(options=[(f"{letter}. {o.text}", letter) for letter, o in zip(LETTERS, item.shuffled())],
                                  value=None, layout={"width": "max-content"})
    sure = widgets.IntSlider(value=50, min=0, max=100, description="confidence")
    save, verdict = widgets.Button(description="Save", tooltip=f"save the answer to {item.id}"), widgets.Output()

    def saved(_):
        with verdict:
            verdict.clear_output()
            print(ask(item.id, answer.value or "-", sure.value))
    save.on_click(saved)
    return widgets.VBox([stem, answer, sure, save, verdict])
