"""The teaching kit: ``make kit`` writes ``instructor/`` from the notebooks, the exercises and the items.

For each notebook a page for whoever teaches it and a deck of slides; one page with three ways to run the course; the keys of
forms A and B. Only ``instructor/notes.toml`` is written by hand: timings, questions for the room, where rooms get stuck.
What is shown as a result is read from the executed notebooks in ``solutions/``, so rebuild those first.

    python tools/kit.py            write everything
    python tools/kit.py --check    write nothing; say what is stale, and fail if anything is
"""
import argparse
import base64
import hashlib
import inspect
import io
import re
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import nbformat

from course_utils import build
from course_utils.concepts import PAIRS
from course_utils.exercises.engine import REGISTRY
from course_utils.inventory import ITEMS, LETTERS, parts_of
from course_utils.workspace import root

MADE = "<!-- Made by `make kit`. Edit instructor/notes.toml, or the notebook's source, and run it again. -->"
KINDS = {"tell": "Tell", "predict": "Predict", "run": "Run", "discuss": "Discuss", "exercise": "Exercise", "vote": "Vote",
         "take": "Take to work"}
PREDICT = re.compile(r'^predict\("([^"]+)"', re.M)
BOLD_QUESTION = re.compile(r"\*\*((?:[^*]|\*(?!\*))+\?)\*\*")
WIDEST = 96                # letters in a line of output on a slide
COLOURS = 64               # of a picture on a slide: a quarter of the size, and no difference that one sees


@dataclass
class Prediction:
    key: str
    question: str          # the bold sentence
    asked: str             # the paragraph that it stands in
    truth: str             # as the solved notebook printed it
    section: str           # the heading under which it is revealed


class Lesson:
    """One notebook as its teacher needs it."""

    def __init__(self, source: Path, notes: dict):
        self.stem, self.number, self.notes = source.stem, source.name[:2], notes
        self.cells = nbformat.read(build.target(source, solved=True), as_version=4).cells
        self.pair = next((p for p in PAIRS if f"{p.number:02d}" == self.number), None)

    @cached_property
    def title(self) -> str:
        return self.cells[0].source.splitlines()[0].removeprefix("# ")

    @cached_property
    def aims(self) -> str:
        return re.sub(r" About \d+ minutes\.$", "", plain(re.sub(r"^# .*$|^\[!\[.*$", "", self.cells[0].source, flags=re.M)))

    @cached_property
    def headings(self) -> list[str]:
        return [h for cell in self.cells if cell.cell_type == "markdown" for h in headings_of(cell)]

    @cached_property
    def exercises(self) -> list[str]:
        return [cell.metadata.exercise for cell in self.cells if "exercise" in cell.metadata]

    @cached_property
    def closing(self) -> list:
        return [item for item in ITEMS if item.use == "closing" and any(f'ask("{item.id}"' in c.source for c in self.cells)]

    @cached_property
    def worksheets(self) -> list[str]:
        code = "\n".join(c.source for c in self.cells if c.cell_type == "code")
        return re.findall(r'worksheet\("(\w+)"\)', code)

    @cached_property
    def predictions(self) -> list[Prediction]:
        found = []
        for at, cell in enumerate(self.cells):
            for key in PREDICT.findall(cell.source) if cell.cell_type == "code" else ():
                text = next(c.source for c in reversed(self.cells[:at])
                            if c.cell_type == "markdown" and BOLD_QUESTION.search(c.source))
                asked = next(p for p in text.split("\n\n") if BOLD_QUESTION.search(p))
                question = BOLD_QUESTION.search(asked)[1]
                after = next(i for i, c in enumerate(self.cells) if f'reveal("{key}"' in c.source)
                truth = re.search(r"What happened: (.*)\.\s*$", printed(self.cells[after], notes=True), re.M)[1]
                section = [h for c in self.cells[:after] if c.cell_type == "markdown" for h in headings_of(c)][-1]
                asked = re.sub(r"\s*(Then\s+)?\*\*exercise \d\*\*.*", "", asked, flags=re.S)
                found.append(Prediction(key, plain(question), plain(asked), truth.strip("'"), section))
        return found

    @cached_property
    def incident(self) -> list:
        """The cells from the first heading up to the first prediction, exercises left out."""
        start = next(i for i, c in enumerate(self.cells) if c.cell_type == "markdown" and headings_of(c))
        end = next(i for i, c in enumerate(self.cells) if c.cell_type == "code" and PREDICT.search(c.source))
        return [c for c in self.cells[start:end + 1] if "exercise" not in c.metadata]

    @cached_property
    def pictures(self) -> list[tuple[str, str, str]]:
        """Heading, description and base64 of each picture."""
        found, heading = [], ""
        for cell in self.cells:
            if cell.cell_type == "markdown":
                heading = [heading, *headings_of(cell)][-1]
            for output in cell.get("outputs", ()):
                if "image/png" in output.get("data", {}):
                    found.append((heading, output.metadata["image/png"]["alt"], output.data["image/png"]))
        return found


def lessons() -> list[Lesson]:
    notes = read_notes()
    return [Lesson(source, notes[source.name[:2]]) for source in build.sources()]


def read_notes() -> dict:
    return tomllib.loads((root() / "instructor" / "notes.toml").read_text(encoding="utf-8"))


def headings_of(cell) -> list[str]:
    return re.findall(r"^## (.*)$", re.sub(r"^```.*?^```", "", cell.source, flags=re.S | re.M), re.M)


def plain(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


def printed(cell, notes: bool = False) -> str:
    """What a cell printed, tables included; the boxes of ``pair``, ``check`` and so on only with ``notes``."""
    texts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if "text" in output:
            texts.append(output.text)
        elif "image/png" not in data and (notes or "border-left:5px" not in data.get("text/html", "")):
            texts.append(data.get("text/plain", ""))
    text = "\n".join(t.strip("\n") for t in texts)
    return re.sub(r"^Figure: .*?(\n\n|\Z)", "", text, flags=re.S | re.M).rstrip()


def task_of(key: str) -> str:
    """The first paragraph of an exercise's task."""
    return plain(inspect.cleandoc(REGISTRY[key].reference.__doc__).split("\n\n")[0])


def wrong_answers(key: str) -> dict[str, list[str]]:
    """Misconception -> what to say to it, of all wrong answers of an exercise."""
    found: dict[str, list[str]] = {}
    for function, misconception in REGISTRY[key].wrong:
        say, known = plain(function.__doc__), found.setdefault(misconception, [])
        if say not in known:
            known.append(say)
    return found


def what(lesson: Lesson, kind: str, what: str | int, note: str) -> str:
    """A row of a plan in words."""
    if kind == "exercise":
        return f"{lesson.exercises.index(what) + 1}, `{what.split('.')[1]}`"
    if kind == "predict":
        return next(p.question for p in lesson.predictions if p.key == what)
    if kind == "discuss":
        return lesson.notes["discuss"][what - 1][0]
    if kind == "vote":
        names = ", ".join(item.id.split(".")[1] for item in lesson.closing)
        return f"Closing questions {names}: vote, talk to a neighbour, vote again"
    if kind == "take":
        return " and ".join(f"[`{name}`](../worksheets/{name}.md)" for name in lesson.worksheets)
    return f"\"{what}\"" + (f": {note}" if note else "") if kind == "run" else what


# ------------------------------------------------------------------------------------------------------------ pages

def page(lesson: Lesson) -> str:
    """The guide to one notebook."""
    notes, lines = lesson.notes, [MADE, "", f"# {lesson.title}", ""]
    links = f"[Slides](slides/{lesson.stem}.html) · [notebook](../notebooks/{lesson.stem}.ipynb) · "
    links += f"[solved](../solutions/{lesson.stem}.ipynb)"
    if lesson.pair:
        p = lesson.pair
        lines += [f"**The question that separates them:** {p.question}", "",
                  f"**The mistake:** {p.mistake} **It costs:** {p.consequence}", ""]
    lines += [f"**Aims:** {lesson.aims}", "", f"**Before you teach it:** {notes['prepare']}", "", links, "",
              "## 50 or 90 minutes", "",
              "| | | 50 | 90 |", "|---|---|--:|--:|"]
    for kind, about, short, long, *note in notes["plan"]:
        text = what(lesson, kind, about, *(note or [""]))
        lines.append(f"| {KINDS[kind]} | {cell_text(text)} | {short or '–'} | {long or '–'} |")
    lines += [f"| | | **{total(lesson, 2)}** | **{total(lesson, 3)}** |", ""]
    left = [key for key in lesson.exercises if key not in [row[1] for row in notes["plan"]]]
    if left:
        lines += ["Homework in either case: " + ", ".join(f"exercise {lesson.exercises.index(key) + 1}, `{key.split('.')[1]}`"
                                                          for key in left) + ".", ""]

    lines += ["## Predict, discuss, run", ""]
    for p in lesson.predictions:
        lines += [f"**{p.question}** What happened, under \"{p.section}\": **{p.truth}**.", ""]
    lines += [f"*What to expect.* {notes['expect']}", ""]
    for question, answer in notes["discuss"]:
        lines += [f"- **{question}** {answer}"]
    lines += ["", "**Where people get stuck**", ""] + [f"- *{where}.* {advice}" for where, advice in notes["stuck"]] + [""]

    lines += ["## Exercises", ""]
    for number, key in enumerate(lesson.exercises, 1):
        answers = wrong_answers(key)
        lines += [f"**{number}. `{key}`** {task_of(key)}", "",
                  "<details><summary>One solution</summary>", "", "```python", REGISTRY[key].source().strip(), "```", "",
                  "</details>", "",
                  f"<details><summary>{len(answers)} misconceptions that the check names, and what to say</summary>", "",
                  "| misconception | what to say |", "|---|---|"]
        lines += [f"| {cell_text(name)} | {cell_text(' Or: '.join(says))} |" for name, says in answers.items()]
        lines += ["", "</details>", ""]

    if lesson.closing:
        lines += ["## Closing questions", ""]
    for item in lesson.closing:
        lines += [f"**{item.id.split('.')[1]}.** {item.stem}", "", *options(item)]
    lines += ["## The incident, as they read it", "", "<details><summary>Text and output</summary>", ""]
    for cell in lesson.incident[:-1]:
        lines += [re.sub(r"^## (.*)$", r"**\1**", cell.source, flags=re.M), ""] if cell.cell_type == "markdown" else (
            ["```text", printed(cell), "```", ""] if printed(cell) else [])
    return "\n".join([*lines, "</details>"]).rstrip() + "\n"


def total(lesson: Lesson, column: int) -> int:
    return sum(row[column] for row in lesson.notes["plan"])


def cell_text(text: str) -> str:
    return text.replace("|", "\\|")


def options(item) -> list[str]:
    """The options as the learner sees them, each wrong one with what it gives away, and why the right one is right."""
    lines = []
    for letter, option in zip(LETTERS, item.shuffled()):
        if option.correct:
            lines.append(f"- **{letter}. {option.text}** (right)")
        else:
            relied = f"; relies on {option.concept[0].lower()}{option.concept[1:]}" if option.concept else ""
            lines.append(f"- {letter}. {option.text} *({option.misconception}{relied})*")
    return [*lines, "", f"*Why {item.answer}:* {item.because}", ""]


def forms() -> str:
    """The keys of forms A and B, in the order in which notebook 00 asks."""
    number = {p.key: p.number for p in PAIRS}
    lines = [MADE, "", "# Forms A and B: the keys", "", read_notes()["texts"]["forms"]]
    for use in "AB":
        for part, items in enumerate(parts_of(use), 1):
            lines += [f"## Form {use}, part {part}", ""]
            for at, item in enumerate(items, 1):
                lines += [f"**{at}.** (notebook {number[item.pair]:02d}) {item.stem}", "", *options(item)]
    return "\n".join(lines).rstrip() + "\n"


def clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def overview(all_lessons: list[Lesson]) -> str:
    """instructor/README.md: how to run the course."""
    by_number, notes = {lesson.number: lesson for lesson in all_lessons}, read_notes()
    lines = [MADE, "", "# Teaching the course", "", notes["texts"]["opening"]]
    lines += ["| | page | slides | exercises |", "|---|---|---|--:|"]
    for x in all_lessons:
        name = x.title.split(" · ")[-1]
        lines.append(f"| {x.number} | [{name}]({x.stem}.md) | [slides](slides/{x.stem}.html) | {len(x.exercises)} |")
    for course in notes["courses"].values():
        lines += ["", f"## {course['title']}", "", course["for"]]
        weekly = len(course["sessions"]) > 3                        # a row for each session, or a table with a clock
        lines += ["", "| | minutes | |", "|---|--:|---|"] if weekly else []
        for name, _, rows in course["sessions"]:
            if weekly:
                minutes, texts = (f"{r[1]}" for r in rows), (row_text(by_number, r) for r in rows)
                lines.append(f"| {name} | {' + '.join(minutes)} | {', then '.join(texts)} |")
                continue
            lines += ["", f"**{name}**"] if len(course["sessions"]) > 1 else []
            lines += ["", "| | minutes | |", "|---|--:|---|"]
            at = 0
            for row in rows:
                lines.append(f"| {clock(at)} | {row[1]} | {row_text(by_number, row)} |")
                at += row[1]
            lines.append(f"| {clock(at)} | | end |")
    return "\n".join([*lines, "", "## The class's own confusions", "", notes["texts"]["report"]]).rstrip() + "\n"


def row_text(by_number: dict, row: list) -> str:
    lesson = by_number.get(row[0])
    return f"[{lesson.number} · {lesson.title.split(' · ')[-1]}]({lesson.stem}.md)" if lesson else row[0]


# ----------------------------------------------------------------------------------------------------------- slides

def inline(text: str) -> str:
    """Bold, emphasis, code and links of Markdown as HTML; a link keeps its text only."""
    code = re.findall(r"`([^`]+)`", text)
    text = escape(re.sub(r"`[^`]+`", "\0", text), quote=False)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*((?:[^*]|\*(?!\*))+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*([^*\s][^*]*)\*", r"<em>\1</em>", text)
    return re.sub("\0", lambda _: f"<code>{escape(code.pop(0), quote=False)}</code>", text)


def prose(text: str) -> str:
    """Paragraphs and lists of Markdown as HTML."""
    blocks = []
    for block in text.strip().split("\n\n"):
        if block.startswith("- "):
            blocks.append("<ul>" + "".join(f"<li>{inline(plain(item))}</li>" for item in block[2:].split("\n- ")) + "</ul>")
        elif block:
            blocks.append(f"<p>{inline(plain(block))}</p>")
    return "\n".join(blocks)


def listing(text: str, share: float = 1.0) -> str:
    """Output as printed, in letters as large as fit; ``share`` is the part of the slide's height that it may take."""
    rows = [part for line in text.splitlines() for part in textwrap.wrap(line, WIDEST, subsequent_indent="    ") or [""]
            ] if any(len(line) > WIDEST for line in text.splitlines()) else text.splitlines()
    text = "\n".join(rows)
    return (f'<pre style="--cols:{max(40, *map(len, rows))};--rows:{max(8, len(rows)) / share:.0f}" tabindex="0">'
            f"{escape(text, quote=False)}</pre>")


def picture(data: str, alt: str) -> str:
    """An <img> that holds its picture, with fewer colours."""
    from PIL import Image

    raw = base64.b64decode(data)
    small = io.BytesIO()
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return (f'<img alt="{escape(alt)}" data-source="{hashlib.sha256(raw).hexdigest()[:16]}" '
            f'src="data:image/png;base64,{base64.b64encode(small.getvalue()).decode()}">')


def incident_slides(lesson: Lesson) -> list[tuple[str, str]]:
    heading, made, text = "", [], ""
    for cell in lesson.incident[:-1]:
        if cell.cell_type == "markdown":
            heading = (headings_of(cell) or [heading])[-1]
            text = "\n\n".join(b for b in re.sub(r"^## .*$", "", cell.source, flags=re.M).split("\n\n") if "?**" not in b)
            text = re.sub(r"\s*(Then,?\s+)?\*\*exercise \d\*\*[^.]*\.|\s\[\d\]", "", text, flags=re.I).strip()
            made += [(heading, prose(text))] if text else []
        elif rows := printed(cell).splitlines():
            if text and len(text) < 560 and len(rows) <= 8:           # the text before it leaves room
                made[-1] = (heading, f"{made[-1][1]}\n{listing(printed(cell), 0.5)}")
            else:
                made.append((heading, listing(printed(cell))))
            text = ""
        made += [(heading, picture(o.data["image/png"], o.metadata["image/png"]["alt"]))
                 for o in cell.get("outputs", ()) if "image/png" in o.get("data", {})]
    return made


def slides(lesson: Lesson) -> list[tuple[str, str]]:
    """Heading and HTML of each slide, in the order of the plan of 90 minutes."""
    made, p = incident_slides(lesson), lesson.pair
    plan = lesson.notes["plan"]
    planned = [about for kind, about, *_ in plan if kind == "run"]
    opening = {escape(row[1]) for row in lesson.pictures} & set(re.findall('alt="([^"]*)"', "".join(html for _, html in made)))
    pictures = [row for row in lesson.pictures if escape(row[1]) not in opening]

    def after(section):                       # what may be shown once the room has run a section
        truths = [("What happened", f'<p>{inline(q.question)}</p><p class="truth">{escape(q.truth)}</p>')
                  for q in lesson.predictions if q.section == section]
        shown, pictures[:] = [row for row in pictures if row[0] == section], [row for row in pictures if row[0] != section]
        return truths + [(heading, picture(data, alt)) for heading, alt, data in shown]

    for at, (kind, about, *_) in enumerate(plan):
        if kind == "tell" and at:
            made.append(("", f"<p><strong>{inline(about)}</strong></p>"))
        elif kind == "predict":
            q = next(q for q in lesson.predictions if q.key == about)
            made.append(("Predict", f"{prose(q.asked)}<p class=\"hint\">Write it down, and how sure you are in percent. "
                                    "Nobody else sees it.</p>"))
            if q.section not in planned:
                made += [("Run", f"<p>{inline(q.section)}</p>"), *after(q.section)]
        elif kind == "run":
            made += [("Run", f"<p>{inline(about)}</p>"), *after(about)]
        elif kind == "discuss":
            made.append(("Discuss", f"<p><strong>{inline(lesson.notes['discuss'][about - 1][0])}</strong></p>"))
        elif kind == "exercise":
            made.append((f"Exercise {lesson.exercises.index(about) + 1}", f"<p><code>{about.split('.')[1]}</code></p>"
                                                                         f"<p>{inline(task_of(about))}</p>"))
        elif kind == "vote":
            made += [("", picture(data, alt)) for _, alt, data in pictures]
            made += [(f"{p.left.name}, {p.right.name[0].lower()}{p.right.name[1:]}", "".join(
                f"<p><strong>{c.name}.</strong> {inline(c.definition)}</p>" for c in (p.left, p.right))
                + f"<p><strong>Ask:</strong> {inline(p.question)}</p>")] if p else []
            for item in lesson.closing:
                choices = "".join(f"<li>{inline(option.text)}</li>" for option in item.shuffled())
                made.append(("Vote", f"<p>{inline(item.stem)}</p><ol>{choices}</ol>"))
    if lesson.worksheets:
        made.append(("Take to work", "<p>One page about a system of your own: "
                     + " and ".join(f"<code>worksheets/{name}.md</code>" for name in lesson.worksheets) + ".</p>"))
    return made


def deck(lesson: Lesson) -> str:
    """One HTML file that needs nothing else."""
    first = f"<h1>{inline(lesson.title)}</h1><p>{inline(lesson.aims)}</p>"
    body = [f'<section data-deck="{lesson.number}">{first}</section>']
    for heading, html in slides(lesson):
        length = len(re.sub(r"<pre.*?</pre>|<[^>]*>", "", html, flags=re.S)) + 30 * html.count("\n") * ("<pre" in html)
        size = " class=long" if length > 620 else " class=short" if length < 260 and "<img" not in html else ""
        title = f"<h2>{inline(heading)}</h2>" if heading else ""
        body.append(f'<section data-deck="{lesson.number}"{size}>{title}\n{html}</section>')
    style, script = ((root() / "tools" / name).read_text(encoding="utf-8") for name in ("slides.css", "slides.js"))
    return (f'<!doctype html>\n{MADE}\n<html lang="en"><head><meta charset="utf-8"><title>{escape(lesson.title)}</title>\n'
            f'<meta name="viewport" content="width=device-width">\n<style>\n{style}</style></head>\n<body>\n'
            + "\n".join(body) + f"\n<script>\n{script}</script></body></html>\n")


# ------------------------------------------------------------------------------------------------------------ writing

def kit() -> dict[str, str]:
    """File name below instructor/ -> text, of everything that is generated."""
    made = lessons()
    return {"README.md": overview(made), "forms.md": forms(), **{f"{x.stem}.md": page(x) for x in made},
            **{f"slides/{x.stem}.html": deck(x) for x in made}}


def comparable(text: str) -> str:
    """A file without the bytes of its pictures, which differ between versions of Pillow; ``data-source`` stands for them."""
    return re.sub(r"base64,[^\"]*", "", text)


def stale(made: dict[str, str], folder: Path) -> list[str]:
    there = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.suffix in (".md", ".html")}
    return sorted(there ^ set(made)) + [name for name in sorted(there & set(made))
                                        if comparable((folder / name).read_text(encoding="utf-8")) != comparable(made[name])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something is stale")
    check, folder, made = parser.parse_args().check, root() / "instructor", kit()
    old = stale(made, folder)
    for name in old if not check else ():
        if name in made:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(made[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    print("\n".join(f"{'stale' if check else 'written' if name in made else 'removed'}: instructor/{name}" for name in old)
          or "up to date")
    return int(check and bool(old))


if __name__ == "__main__":
    sys.exit(main())
