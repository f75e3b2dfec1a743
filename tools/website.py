"""The solved notebooks as a static site: ``python tools/website.py [folder]``, by default ``site/``.

Nothing is executed and nothing is fetched. What ``solutions/`` holds becomes HTML that opens from a folder: every style,
script and picture lies beside the pages, and without scripts all of it can still be read. A reference solution is folded
away below its task, which comes from the learner's notebook of the same name.
"""
from __future__ import annotations

import argparse
import base64
import inspect
import json
import re
import shutil
import struct
import sys
import textwrap
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path, PurePosixPath

import jinja2
import mistune
import nbformat
from bs4 import BeautifulSoup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from course_utils import build, concepts
from course_utils.exercises import REGISTRY
from course_utils.exercises.engine import Note
from course_utils.inventory import ITEMS, LETTERS
from course_utils.workspace import root

ASSETS = Path(__file__).with_name("site_assets")
MARKER = ".made-by-tools-site"          # only a folder that holds it is ever emptied
MODEL_CARD = "datasets/assistant/README.md"
NUMBER = re.compile(r"[-+−]?[\d.,]+(e[-+]?\d+)?( ?%)?|nan|NaN|inf|-|–|True|False|")
OPTION = re.compile(r"\s*[A-D]\. ")    # a line of a question with four answers
BADGE = re.compile(r"\[!\[([^\]]*)\]\([^)]*\)\]\(([^)]*)\)\s*")

markdown = mistune.create_markdown(escape=True, plugins=["table"])
soup = partial(BeautifulSoup, features="html.parser")


@dataclass
class Page:
    """One page: its body as HTML, what its table of contents lists, and what the search knows of it."""

    file: str
    title: str = ""
    number: str = ""
    body: str = ""
    badges: list[tuple[str, str]] = field(default_factory=list)    # (label, address)
    toc: list[dict] = field(default_factory=list)
    found: list[dict] = field(default_factory=list)                # entries of the search index
    ids: set[str] = field(default_factory=set)
    heading: str = ""                                              # the one that what follows stands under
    pictures: dict[str, bytes] = field(default_factory=dict)
    before: Page | None = None
    after: Page | None = None

    def anchor(self, text: str) -> str:
        """An id for ``text`` that no other element of the page has."""
        base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:50].strip("-") or "part"
        name, n = base, 1
        while name in self.ids:
            n += 1
            name = f"{base}-{n}"
        self.ids.add(name)
        return name

    def index(self, anchor: str, text: str) -> None:
        if text := " ".join(re.sub(r"\.{6,}", "", text).split()):
            self.found.append({"page": self.file, "at": anchor, "name": self.title, "head": self.heading, "text": text})


# ---------------------------------------------------------------- text

def address(target: str, source: str, pages: set[str]) -> str | None:
    """Where a link in the file ``source`` leads on the site; None if there is no such place."""
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return target
    path, _, part = target.partition("#")
    parts: list[str] = []
    for step in (PurePosixPath(source).parent / path).parts:
        parts = parts[:-1] if step == ".." else [*parts, step]
    path = "/".join(parts)
    file = page_name(path)
    if file in pages:
        return file + (f"#{part}" if part else "")
    return f"https://github.com/{build.repository()}/blob/main/{path}" if build.repository() else None


def page_name(path: str) -> str:
    """The page made from a file of the course, by its path in the checkout.

    >>> page_name("solutions/02_x.ipynb"), page_name("worksheets/raci.md"), page_name("datasets/assistant/README.md")
    ('02_x.html', 'worksheet_raci.html', 'model_card.html')
    """
    if path == MODEL_CARD:
        return "model_card.html"
    return ("worksheet_" if path.startswith("worksheets/") else "") + PurePosixPath(path).stem + ".html"


def colours(code: str, language: str) -> str:
    lexer = get_lexer_by_name(language, stripnl=False)
    return f'<pre><code>{highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip()}</code></pre>'


def boxed(html, label: str) -> None:
    """Put every table into a box of its own that scrolls, so that the page does not."""
    for table in html.find_all("table"):
        if not (table.parent and "scroll" in (table.parent.get("class") or ())):
            table.wrap(html.new_tag("div", attrs={"class": "scroll", "data-label": label}))


def prose(text: str, page: Page, source: str, pages: set[str]) -> str:
    """A text cell or a Markdown file as HTML, with anchors, links that lead somewhere, and an entry for the search."""
    html = soup(markdown(BADGE.sub("", text)))
    for link in html.find_all("a"):
        if (to := address(link["href"], source, pages)) is None:
            link.unwrap()
        else:
            link["href"] = to
    for code in html.select("pre > code"):
        language = " ".join(code.get("class", ())).removeprefix("language-") or "text"
        code.parent.replace_with(soup(f'<div class="code">{colours(code.get_text(), language)}</div>'))
    for block in html.find_all(["h1", "h2", "h3", "h4", "p", "li"]):
        words = block.get_text()
        if block.name[0] == "h":
            if block.name == "h1":
                page.title = words
                if match := re.match(r"(\d\d) · (.*)", words):
                    page.number, first = match[1], block.find(string=True)
                    first.replace_with(first.removeprefix(f"{page.number} · "))
                    block.insert(0, soup(f'<span class="number">{page.number}</span> '))
            block["id"] = page.anchor(words)
            page.heading = words
            if block.name in ("h2", "h3"):
                page.toc.append({"id": block["id"], "text": words, "level": int(block.name[1])})
        elif block.find_parent("li") is None:
            block["id"] = page.anchor(f"t-{len(page.ids)}")
            page.index(block["id"], words)
    for table in html.find_all("table"):
        table["id"] = page.anchor(f"t-{len(page.ids)}")
        if not table.thead.get_text(strip=True):                 # Markdown has no table without a header
            table.thead.decompose()
        for row in table.find_all("tr"):
            page.index(table["id"], " · ".join(c.get_text() for c in row.find_all(["th", "td"]) if c.get_text().strip(" .")))
        for cell in table.select("thead th"):
            cell["scope"] = "col"
            if not cell.get_text(strip=True):
                cell.name, cell.attrs = "td", {}
    boxed(html, page.heading)
    return re.sub(r"\.{6,}", '<span class="blank"></span>', str(html))


# ---------------------------------------------------------------- outputs

def printed(text: str) -> str:
    """What a cell printed. A claim, a line that starts with a tick, is set as the sentence it is."""
    html = []
    for claimed, line in ((line.startswith("✓ "), line) for line in text.rstrip("\n").split("\n")):
        if claimed:
            html.append(f'<p class="claim"><span aria-hidden="true">✓</span>{escape(line[2:])}</p>')
        elif html and html[-1].startswith("<pre"):
            html[-1] = html[-1].removesuffix("</pre>") + "\n" + escape(line) + "</pre>"
        else:
            html.append(f'<pre>{escape(line)}</pre>')
    return "".join(h for h in html if h != "<pre></pre>")


def picture(png: bytes, alt: str, page: Page) -> str:
    name = f"img/{page.number}_{len(page.pictures) + 1}.png"
    page.pictures[name] = png
    width, height = struct.unpack(">II", png[16:24])
    return (f'<figure><img src="{name}" alt="{escape(alt)}" width="{width}" height="{height}">'
            f'<figcaption aria-hidden="true">{ticked(escape(alt))}</figcaption></figure>')


def ticked(html: str) -> str:
    return re.sub(r"`([^`\n<>]+)`", r"<code>\1</code>", html)


def rich(text: str, label: str) -> str:
    """The HTML of a data frame, a pair, or a verdict, without the styles that JupyterLab needs."""
    html = soup(text)
    if (note := html.find("div")) and "border-left" in note.get("style", ""):
        note.attrs = {"class": "note", "style": note["style"].split(";")[0]}
        for inner in note.find_all("div"):
            lines = ticked(inner.decode_contents()).split("\n")
            message = "".join(f'<span class="option">{line.strip()}</span>' if OPTION.match(line)
                              else line + ("" if OPTION.match(following) else "\n")
                              for line, following in zip(lines, [*lines[1:], ""]))
            inner.replace_with(soup(f'<div class="message">{message.rstrip()}</div>'))
        return str(note) + closing(note.strong.get_text() if note.strong else "")
    for style in html.find_all("style"):
        style.decompose()
    for tag in html.find_all(True):
        tag.attrs = {k: v for k, v in tag.attrs.items() if k in ("class", "colspan", "rowspan", "scope")}
    for table in html.find_all("table"):
        if "dataframe" not in table.get("class", ()):
            table["class"] = "pair"
        for cell in table.find_all("th"):
            if not cell.get_text(strip=True):
                cell.name = "td"
            else:
                cell["scope"] = "col" if cell.find_parent("thead") else "row"
        one_header(table)
        texts_to_the_left(table)
    boxed(html, label)
    return str(html)


def closing(title: str) -> str:
    """The answer to a question that a notebook closes with, folded; empty for any other output."""
    item = next((i for i in ITEMS if i.use == "closing" and title == f"○ Not attempted: {i.id}"), None)
    if item is None:
        return ""
    options = dict(zip(LETTERS, item.shuffled()))
    wrong = "".join(f"<li>{letter}: {ticked(escape(option.misconception))}.</li>"
                    for letter, option in options.items() if option.misconception)
    right = f"{item.answer}. {options[item.answer].text} {item.because}".strip()
    return (f'<details class="answer"><summary>The answer</summary><p>{ticked(escape(right))}</p>'
            + (f"<p>What the others take for granted:</p><ul>{wrong}</ul>" if wrong else "") + "</details>")


def texts_to_the_left(table) -> None:
    """Numbers stand at the right of their column; a column with any text in it is aligned at the left."""
    rows = [row.find_all("td")[::-1] for row in table.select("tbody tr")]
    for i in range(max(map(len, rows), default=0)):
        column = [row[i] for row in rows if i < len(row)]
        if not all(NUMBER.fullmatch(cell.get_text(strip=True)) for cell in column):
            heads = [row.find_all(["th", "td"])[::-1] for row in table.select("thead tr") if not row.find(colspan=True)]
            for cell in [*column, *(head[i] for head in heads if i < len(head))]:
                cell["class"] = "text"


def one_header(table) -> None:
    """Pandas gives the names of the index a row of their own below the column names; put both into one row."""
    rows = [row.find_all(["th", "td"]) for row in table.select("thead tr")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return
    if any(bool(a.get_text(strip=True)) == bool(b.get_text(strip=True)) for a, b in zip(*rows)):
        return
    for upper, lower in zip(*rows):
        if lower.get_text(strip=True):
            upper.replace_with(lower)
    rows[1][-1].find_parent("tr").decompose()


def outputs(cell, page: Page) -> str:
    alts = [o.metadata["image/png"]["alt"] for o in cell.outputs if "image/png" in o.get("data", {})]
    html = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            text = output.text
            for alt in alts:                                     # plots.show prints it; here it is the caption
                text = text.replace(textwrap.fill(f"Figure: {alt}", 100) + "\n", "")
            html.append(printed(text) if text.strip() else "")
        elif "image/png" in data:
            alt = output.metadata["image/png"]["alt"]
            html.append(picture(base64.b64decode(data["image/png"]), alt, page))
            page.index(page.anchor(f"t-{len(page.ids)}"), alt)
            html[-1] = html[-1].replace("<figure", f'<figure id="{page.found[-1]["at"]}"', 1)
        elif "text/html" in data:
            html.append(rich(data["text/html"], page.heading))
        else:
            html.append(printed(data["text/plain"]))
    body = "".join(html)
    return f'<div class="output">{body}</div>' if body else ""


# ---------------------------------------------------------------- pages

def exercise(cell, task: str, page: Page) -> str:
    """The task as the learner meets it, then hints and the worked solution, folded."""
    key = cell.metadata["exercise"]
    anchor = page.anchor(key)
    page.index(anchor, f"Exercise {key}: {REGISTRY[key].reference.__doc__.split('.')[0]}")
    hints = "".join(f'<li>{ticked(escape(hint))}</li>' for hint in REGISTRY[key].hints)
    return (f'<section class="exercise" id="{anchor}" aria-label="Exercise {key}">'
            f'<p class="label">Exercise <code>{key}</code></p><div class="code">{colours(task, "python")}</div>'
            f'<details><summary>Hints</summary><ol>{hints}</ol></details>'
            f'<details><summary>A worked solution, and what the check says of it</summary>'
            f'<div class="code">{colours(cell.source, "python")}</div>{outputs(cell, page)}</details></section>')


def notebook(file: Path, pages: set[str]) -> Page:
    page = Page(page_name(f"solutions/{file.name}"), number=file.name[:2])
    solved = nbformat.read(file, as_version=4)
    learner = nbformat.read(root() / "notebooks" / file.name, as_version=4)
    tasks = {c.metadata["exercise"]: c.source for c in learner.cells if "exercise" in c.metadata}
    page.badges = BADGE.findall(build.badges(file.stem, build.repository()))
    html = []
    for cell in solved.cells:
        if "colab" in cell.metadata.get("tags", ()):
            continue
        if cell.cell_type == "markdown":
            html.append(prose(cell.source, page, f"solutions/{file.name}", pages))
        elif "exercise" in cell.metadata:
            html.append(exercise(cell, tasks[cell.metadata["exercise"]], page))
        else:
            html.append(f'<div class="code">{colours(cell.source, "python")}</div>{outputs(cell, page)}')
            for name in re.findall(r'\bworksheet\("(\w+)"\)', cell.source):
                to = page_name(f"worksheets/{name}.md")
                html.append(f'<p class="sheet"><a href="{to}">{escape(sheet_title(name))}: the page to fill in</a></p>')
    page.title = page.title.removeprefix(f"{page.number} · ")
    for entry in page.found:
        entry["name"] = f"{page.number} · {page.title}"
    top, rest = html[0], "\n".join(html[1:])
    head, _, lede = top.partition("</h1>")
    page.body = f'<header class="top">{head}</h1><div class="lede">{lede}</div>{{{{launch}}}}</header>\n{rest}'
    return page


def sheet_title(name: str) -> str:
    return (root() / "worksheets" / f"{name}.md").read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")


def text_page(path: str, pages: set[str]) -> Page:
    page = Page(page_name(path))
    text = (root() / path).read_text(encoding="utf-8")
    page.body = prose(re.sub(r"<!--.*?-->\n", "", text), page, path, pages)
    for entry in page.found:
        entry["name"] = page.title
    return page


def vocabulary(pages: set[str]) -> list[dict]:
    """A search entry for each of the 24 concepts: its definition, and the pair that it belongs to."""
    return [{"page": page_name(p.notebook), "at": "", "name": f"{p.number:02d} · {p.title}", "head": c.name,
             "text": f"{c.definition} Ask: {p.question}", "concept": 1} for p in concepts.PAIRS for c in (p.left, p.right)]


def introduction() -> list[str]:
    """The README's first paragraph: a list of its questions, and the sentences after them."""
    text = " ".join((root() / "README.md").read_text(encoding="utf-8").split("\n\n")[1].split())
    questions = re.match(r"(?:[^.?]+\? )+", text)[0]
    return [questions.strip(), soup(markdown(text.removeprefix(questions))).p.decode_contents()]


def wrong_answer(key: str) -> dict:
    """One of an exercise's misconceptions: the code of whoever holds it, and the verdict without its example."""
    function, misconception = next(pair for pair in REGISTRY[key].wrong if pair[0].__doc__)
    code = textwrap.dedent(inspect.getsource(function)).replace(function.__name__, REGISTRY[key].name, 1)
    code = re.sub(r'\s*""".*?"""', "", code, count=1, flags=re.S)
    verdict = Note(f"✗ Incorrect: {key}", f"Misconception: {misconception}.\n{' '.join(function.__doc__.split())}", "incorrect")
    code += f'\ncheck("{key}", {REGISTRY[key].name})'
    return {"anchor": re.sub(r"[^a-z0-9]+", "-", key), "code": colours(code, "python"),
            "verdict": rich(verdict._repr_html_(), "")}


def make(out: Path) -> Path:
    """Write the whole site to ``out`` and return it. A folder with other things in it is refused."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise SystemExit(f"{out} is not empty and was not made by this command; name another folder")
        shutil.rmtree(out)
    files = sorted((root() / "solutions").glob("[0-9][0-9]_*.ipynb"))
    sheets = sorted((root() / "worksheets").glob("*.md"))
    paths = [f"worksheets/{s.name}" for s in sheets] + [MODEL_CARD]
    names = {page_name(f"solutions/{f.name}") for f in files} | {page_name(p) for p in paths} | {"index.html"}
    books = [notebook(file, names) for file in files]
    texts = [text_page(path, names) for path in paths]
    for left, right in zip(books, books[1:]):
        left.after, right.before = right, left

    look = jinja2.Environment(loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    look.filters["html"] = page_name
    common = {"repository": build.repository(), "pairs": concepts.PAIRS, "books": books}
    (out / "img").mkdir(parents=True)
    (out / MARKER).touch()
    for page in [*books, *texts]:
        launch = look.get_template("launch.html").render(page=page, **common)
        (out / page.file).write_text(look.get_template("page.html").render(
            page=page, body=page.body.replace("{{launch}}", launch), **common), encoding="utf-8")
        for name, png in page.pictures.items():
            (out / name).write_bytes(png)
    questions, sentences = introduction()
    sample = next(b for b in books if b.number == "02")
    figure = soup(sample.body).find("figure")
    example = {"id": figure.attrs.pop("id"), "html": str(figure)}
    (out / "index.html").write_text(look.get_template("index.html").render(
        questions=questions, sentences=sentences, sheets=texts[:-1], card=texts[-1], page=None, sample=sample,
        figure=example, wrong=wrong_answer("drift.calibration_ratio"), **common), encoding="utf-8")
    for name in ("style.css", "site.js"):
        shutil.copyfile(ASSETS / name, out / name)
    entries = vocabulary(names) + [e for page in (*books, *texts) for e in page.found]
    (out / "search-index.js").write_text(
        "window.COURSE_INDEX = " + json.dumps(entries, ensure_ascii=False, separators=(",", ":")) + ";\n", encoding="utf-8")
    return out


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tools/website.py", description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=root() / "site")
    out = make(parser.parse_args(arguments).folder)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{len(list(out.glob('*.html')))} pages, {size / 1e6:.1f} MB: open {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
