"""The learner's own folder, ``my_course/``: copies to write in, which no update overwrites."""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import store

MANIFEST = ".copied.json"      # name -> checksum of the version we put there


def root() -> Path:
    """The checkout that this package is installed from."""
    return Path(__file__).resolve().parent.parent


def sync(source: Path, target: Path) -> list[str]:
    """Copy notebooks from ``source`` to ``target`` without touching anything the learner wrote.

    A missing notebook is copied. One that is still exactly as we copied it is brought up to
    date. One that the learner has changed stays, and a newer version of ours is put beside it
    as ``<name>.new.ipynb``. Returns a line for everything that was done.
    """
    target.mkdir(exist_ok=True)
    manifest_file = target / MANIFEST
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        manifest = {}
    done = []
    for theirs in sorted(source.glob("*.ipynb")):
        mine, digest = target / theirs.name, _digest(theirs)
        if manifest.get(theirs.name) == digest and mine.exists():
            continue
        if not mine.exists() or _digest(mine) in (manifest.get(theirs.name), digest):
            done.append(f"{'updated' if mine.exists() else 'copied'} {mine.name}")
            _copy(theirs, mine)
        else:
            beside = mine.with_suffix(".new.ipynb")
            _copy(theirs, beside)
            done.append(f"{mine.name} has a newer version; yours is kept, the new one is {beside.name}")
        manifest[theirs.name] = digest
        store.write_atomically(manifest_file, json.dumps(manifest, indent=1))
    return done


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _copy(source: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def worksheet(name: str) -> str:
    """Copy a worksheet to ``worksheets/`` beside the notebook, to be filled in; say where it is.

    A copy that is already there is kept as it is. With ``COURSE_HOME`` set, the copy goes
    there instead. Raises KeyError, with the names there are, for an unknown name.
    """
    here = Path(__file__).resolve().parent
    folder = here / "_worksheets" if (here / "_worksheets").is_dir() else root() / "worksheets"
    found = {file.stem: file for file in sorted(folder.glob("*.md"))}
    if name not in found:
        raise KeyError(f"no worksheet {name!r}; there are {', '.join(found)}")
    base = Path(os.environ["COURSE_HOME"]) if os.environ.get("COURSE_HOME") else Path.cwd()
    target = base / "worksheets" / found[name].name
    if target.exists():
        return f"worksheets/{target.name} is there already, and stays as you left it"
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(found[name], target)
    return f"copied to worksheets/{target.name}: open it and fill it in"


def lab(start: bool = True) -> int:
    """Bring ``my_course/`` up to date, say what was done, and with ``start`` open JupyterLab on its first notebook."""
    target = root() / "my_course"
    print(*sync(root() / "notebooks", target), f"Your notebooks are in {target}.", sep="\n", flush=True)
    if not start:
        return 0
    print("Stop with Ctrl-C.", flush=True)
    arguments = ["jupyterlab", f"--ServerApp.root_dir={target}", "--LabApp.default_url=/lab/tree/00_start_here.ipynb"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    command = [sys.executable, "-m", *arguments]
    if os.name == "nt":               # there execv splits a path at its spaces, and the prompt would come back at once
        return subprocess.call(command)
    os.execv(sys.executable, command)
