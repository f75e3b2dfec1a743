"""``python -m course_utils``: doctor, progress, datasets, copy, lab."""
from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

from . import __version__, store


def doctor() -> int:
    """Say whether this machine can run the course, one line for each thing looked at."""
    import shutil
    from importlib import metadata

    from . import data

    problems = 0

    def line(good: bool, text: str, remedy: str = ""):
        nonlocal problems
        problems += not good
        print(f"{'ok  ' if good else 'PROBLEM'} {text}" + ("" if good else f"\n     {remedy}"))

    line(sys.version_info >= (3, 11), f"Python {platform.python_version()}", "The course needs Python 3.11 or newer.")
    for package in ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "matplotlib", "filelock", "platformdirs",
                    "pydantic", "jupyterlab", "ipykernel", "torch", "transformers", "peft", "fastapi", "uvicorn", "httpx",
                    "prometheus-client", "opentelemetry-sdk", "distributed"):
        try:
            line(True, f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            line(package == "jupyterlab", f"{package} is missing" + " (only `make lab` needs it)" * (package == "jupyterlab"),
                 "Run `make lab` again, or `pip install -e '.[lab,text,systems]'`.")
    for name in data.DATASETS:
        try:
            line(True, f"data set {name}: {len(data.load(name)):,} rows, checksum right")
        except Exception as error:
            line(False, f"data set {name}", str(error))
    try:
        store.read()
        unsaved = store.update(lambda _: None)
        line(not unsaved, f"progress is kept in {store.path()}", f"{unsaved}. Set COURSE_HOME to a folder you can write to.")
    except (ValueError, OSError) as error:
        line(False, "progress", str(error))
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    line(free > 0.2, f"{free:.1f} GB of disk free", "Saving notebooks needs some room.")
    print(f"{problems} problem{'s' * (problems != 1)}; course_utils {__version__}")
    return int(problems > 0)


def show_progress(export: str | None, load: str | None) -> int:
    from .exercises.engine import progress

    if load:
        try:
            file = Path(load)
            if not file.is_file():
                raise ValueError(f"there is no file {load}")
            problem = store.merge(store.read(file))
        except ValueError as error:
            problem = str(error)
        if problem:
            print(f"Not imported: {problem}", file=sys.stderr)
            return 1
    if export:
        try:
            store.write_atomically(Path(export).absolute(), json.dumps(store.read(), indent=1, sort_keys=True))
        except (ValueError, OSError) as error:
            print(f"Not exported: {error}", file=sys.stderr)
            return 1
        print(f"Exported to {export}")
    print(progress())
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course_utils", description="Tools of the course.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("doctor", help="is this machine ready for the course?")
    p = verbs.add_parser("progress", help="what have I solved?")
    p.add_argument("--export", metavar="FILE", help="write my progress to one file")
    p.add_argument("--import", dest="load", metavar="FILE", help="take in an exported file; an answer given here stays")
    verbs.add_parser("datasets", help="generate the data files anew")
    verbs.add_parser("copy", help="bring my_course/, where you work, up to date; nothing you wrote is overwritten")
    verbs.add_parser("lab", help="open the course in JupyterLab (what `make lab` does)")
    chosen = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):               # a pipe on Windows, from a notebook say, knows no ✓
        sys.stdout.reconfigure(encoding="utf-8")
    if chosen.verb == "doctor":
        return doctor()
    if chosen.verb == "progress":
        return show_progress(chosen.export, chosen.load)
    if chosen.verb == "datasets":
        from . import data

        for file in data.write_all():
            print(f"wrote {file.name}, {file.stat().st_size / 1e6:.1f} MB")
        return 0
    from . import workspace

    return workspace.lab(start=chosen.verb == "lab")


if __name__ == "__main__":
    sys.exit(main())
