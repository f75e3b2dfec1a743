"""Sources to notebooks: ``python -m course_utils.build [--check] [NN ...]``.

``sources/NN_slug.py`` (jupytext percent format) is the only place where a notebook is edited.
From each one two notebooks are made and executed: the learner's in ``notebooks/``, where an
exercise is a signature, a docstring and ``...``, and the solved one in ``solutions/``, where it
is the reference's own source. An exercise cell in a source is marked ``exercise="key"`` and
holds what comes after the function, usually ``check("key", function)``.

``{{badges}}`` in a text cell becomes the launch badges, ``{{pairs}}`` the map of the twelve
pairs. Output is normalised, so that a rebuild in the pinned environment gives the same bytes.
"""
from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import metadata
from pathlib import Path

from . import concepts, store
from .exercises.engine import REGISTRY
from .workspace import root

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
#: The distributions whose versions decide the bytes of a picture or a table.
PINNED = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "pillow", "ipykernel", "ipython")


def sources() -> list[Path]:
    return sorted((root() / "sources").glob("[0-9][0-9]_*.py"))


@cache
def repository() -> str:
    with open(root() / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["tool"]["course"]["repository"]


def badges(stem: str, slug: str) -> str:
    """Launch badges for one notebook; nothing while the repository has no public home."""
    if not slug:
        return ""
    binder = f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/notebooks/{stem}.ipynb"
    colab = f"https://colab.research.google.com/github/{slug}/blob/main/notebooks/{stem}.ipynb"
    return (f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder}) "
            f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n\n")


def pairs_table() -> str:
    """The map of the twelve pairs as a Markdown table; a notebook that exists is linked."""
    made = {s.stem for s in sources()}
    lines = ["| | pair | the question that separates them |", "|---|---|---|"]
    for p in concepts.PAIRS:
        stem = p.notebook.removesuffix(".ipynb")
        title = f"[{p.title}]({p.notebook})" if stem in made else p.title
        lines.append(f"| {p.number:02d} | {title} | {p.question} |")
    return "\n".join(lines)


def assemble(source: Path, solved: bool):
    """The unexecuted notebook of one source, with stubs or with solutions."""
    import jupytext
    import nbformat

    book = jupytext.read(source, fmt="py:percent")
    if slug := repository():                      # without a public home there is nothing that Colab could install
        text = (root() / "tools" / "colab_cell.py").read_text(encoding="utf-8").replace("OWNER/NAME", slug)
        book.cells.insert(1, nbformat.v4.new_code_cell(text.strip(), metadata={"tags": ["colab"]}))
    for cell in book.cells:
        key = cell.metadata.get("exercise")
        if key:
            exercise = REGISTRY[key]
            function = exercise.source() if solved else exercise.stub()
            cell.source = f"{function.strip()}\n\n{cell.source}".strip()
        if cell.cell_type == "markdown":
            cell.source = (cell.source.replace("{{badges}}\n\n", badges(source.stem, repository()))
                           .replace("{{pairs}}", pairs_table()).strip())
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("exercise", "tags")}
        cell.id = hashlib.sha1(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
    seen: dict[str, int] = {}
    for cell in book.cells:
        seen[cell.id] = seen.get(cell.id, -1) + 1
        cell.id = f"{cell.id}-{seen[cell.id]}"
    book.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return nbformat.from_dict({**book, "nbformat": 4, "nbformat_minor": 5})


def execute(book, folder: Path):
    """Run every cell in a fresh kernel with an empty store. Raises CellExecutionError on an error."""
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as empty:
        env = {**os.environ, "COURSE_HOME": empty, "PYTHONHASHSEED": "0"}
        client = NotebookClient(book, timeout=120, kernel_name="python3",
                                extra_arguments=["--log-level=ERROR"], resources={"metadata": {"path": str(folder)}})
        client.create_kernel_manager()
        client.execute(env=env)
    return book


def normalise(book):
    """Drop what differs from run to run and says nothing: times, addresses, split streams."""
    count = 0
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        merged = []
        for output in cell.outputs:
            if output.get("execution_count"):
                output["execution_count"] = count
            if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
                merged[-1]["text"] += output.text
            else:
                merged.append(output)
            for holder in (output, output.get("data", {})):
                for field in ("text", "text/plain"):
                    if isinstance(holder.get(field), str):
                        holder[field] = re.sub(r"\b0x[0-9a-f]{6,}\b", "0x…", holder[field])
        cell.outputs = merged
    return book


def environment_is_pinned() -> bool:
    """Whether pictures made here should equal the committed ones byte for byte."""
    lines = (root() / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    return sys.platform == "linux" and sys.version_info[:2] == (3, 11) and all(metadata.version(p) == pins[p] for p in PINNED)


def build(source: Path, solved: bool) -> str:
    """The text of one generated notebook, executed."""
    import nbformat

    book = normalise(execute(assemble(source, solved), source.parent.parent / "notebooks"))
    return nbformat.writes(book, indent=1).rstrip() + "\n"


def differences(source: Path, solved: bool) -> list[str]:
    """How the committed notebook's cells differ from what its source gives now; outputs are nbval's to compare."""
    import nbformat

    file = target(source, solved)
    if not file.exists():
        return [f"{file.name} has not been built"]
    fresh, stored = ([(c.id, c.cell_type, c.source, c.metadata) for c in book.cells]
                     for book in (assemble(source, solved), nbformat.read(file, as_version=4)))
    return [] if fresh == stored else [f"{file.parent.name}/{file.name}: cells differ from its source"]


def target(source: Path, solved: bool) -> Path:
    return root() / ("solutions" if solved else "notebooks") / f"{source.stem}.ipynb"


def readme_with_table(text: str) -> str:
    """README text with the table between its markers made from the vocabulary."""
    table = pairs_table().replace("](", "](notebooks/")
    return re.sub(r"(<!-- pairs -->\n).*?(\n<!-- /pairs -->)", lambda m: m[1] + table + m[2], text, flags=re.S)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course_utils.build", description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="which notebooks (default: all)")
    parser.add_argument("--check", action="store_true", help="write and run nothing; fail if a notebook's cells are stale")
    chosen = parser.parse_args(arguments)
    todo = [(s, solved) for s in sources() if not chosen.numbers or s.name[:2] in chosen.numbers for solved in (False, True)]
    if not todo:
        parser.error(f"no source for {' '.join(chosen.numbers)}; there are {', '.join(s.name[:2] for s in sources())}")

    def work(job):
        source, solved = job
        if chosen.check:
            return differences(source, solved)
        file = target(source, solved)
        file.parent.mkdir(exist_ok=True)
        store.write_atomically(file, build(source, solved))
        file.chmod(0o644)
        print(f"wrote {file.parent.name}/{file.name}", flush=True)
        return []

    with ThreadPoolExecutor(2) as pool:
        stale = [line for lines in pool.map(work, todo) for line in lines]
    readme = root() / "README.md"
    current = readme.read_text(encoding="utf-8")
    if readme_with_table(current) != current:
        if chosen.check:
            stale.append("README.md: the table of pairs differs from course_utils/concepts.py")
        else:
            readme.write_text(readme_with_table(current), encoding="utf-8")
    print("\n".join(stale) or "up to date", file=sys.stderr if stale else sys.stdout)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
