"""What the learner did: one JSON file, written so that neither a kill nor a second kernel loses it.

It lives in ``COURSE_HOME`` if that variable is set, and otherwise in the user's data
folder. Every write takes a lock, reads the file again, changes it and replaces it in one
step, so a reader sees the old state or the new one and never half of either.
"""
from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LOCK_SECONDS = 10
FIELDS = {"exercises": {"status", "tries"}, "predictions": {"answer", "confidence"}, "answers": {"answer", "confidence"}}
EMPTY = {"version": 1, **{part: {} for part in FIELDS}}


def home() -> Path:
    """The folder that the course writes to. It may not exist yet."""
    if os.environ.get("COURSE_HOME"):
        return Path(os.environ["COURSE_HOME"])
    import platformdirs

    return Path(platformdirs.user_data_dir("twelve-confusions", appauthor=False))


def path() -> Path:
    return home() / "progress.json"


def session_note() -> str:
    """A sentence for places where the machine, and progress with it, is thrown away; '' elsewhere."""
    hosted = "Binder" if "BINDER_SERVICE_HOST" in os.environ else "Colab" if "COLAB_RELEASE_TAG" in os.environ else ""
    return hosted and (f"{hosted} deletes this machine when you leave. Keep your progress with "
                       "`!python -m course_utils progress --export mine.json` and download that file; "
                       "bring it back with `--import mine.json`.")


def read(file: Path | None = None) -> dict:
    """The whole store. A missing file is an empty store; a damaged one raises ValueError."""
    file = file or path()
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return json.loads(json.dumps(EMPTY))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not readable as progress: {error}") from error
    def sound(part, fields):
        return isinstance(part, dict) and all(isinstance(entry, dict) and fields <= set(entry) for entry in part.values())

    if not (isinstance(data, dict) and all(sound(data.get(name, {}), fields) for name, fields in FIELDS.items())):
        raise ValueError(f"{file} is not readable as progress: not the expected structure")
    return {**json.loads(json.dumps(EMPTY)), **data}


def update(change: Callable[[dict], None]) -> str:
    """Apply ``change`` to the stored state under the lock; return '' or why it was not saved.

    Never raises for want of a writable place: learning goes on, only the record is lost.
    A damaged file is set aside beside the new one, not overwritten.
    """
    import filelock

    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(str(file) + ".lock", timeout=LOCK_SECONDS):
            try:
                data = read(file)
            except ValueError:
                spare = next(p for i in range(1, 10_000)
                             if not (p := file.with_name(f"progress.damaged-{i}.json")).exists())
                os.replace(file, spare)
                data = read(file)
            change(data)
            for left_by_a_kill in file.parent.glob(f"{file.name}*.tmp"):      # nobody else writes while we hold the lock
                left_by_a_kill.unlink(missing_ok=True)
            write_atomically(file, json.dumps(data, indent=1, sort_keys=True))
        return ""
    except filelock.Timeout:
        return f"not saved: another program has held {file}.lock for {LOCK_SECONDS} seconds"
    except OSError as error:
        return f"not saved: {error.strerror or error} ({file.parent})"


def write_atomically(file: Path, text: str) -> None:
    """Replace ``file`` with ``text`` in one step; a crash leaves the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        for seconds in (0.01, 0.05, 0.2, 0.5, None):    # on Windows not while anyone, a virus scanner say, has it open
            try:
                return os.replace(name, file)
            except PermissionError:
                if seconds is None:
                    raise
                time.sleep(seconds)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def record_exercise(key: str, status: str) -> str:
    """Note one attempt. A 'correct' stays 'correct' whatever comes later."""
    def change(data):
        entry = data["exercises"].setdefault(key, {"status": status, "tries": 0})
        entry["tries"] += 1
        if entry["status"] != "correct":
            entry["status"] = status
    return update(change)


def merge(other: dict) -> str:
    """Take in an exported store: nothing is downgraded, and what only one side has is kept."""
    def change(data):
        for key, entry in other["exercises"].items():
            mine = data["exercises"].setdefault(key, entry)
            mine["tries"] = max(mine["tries"], entry["tries"])
            if entry["status"] == "correct":
                mine["status"] = "correct"
        for part in ("predictions", "answers"):
            data[part] = {**other[part], **data[part]}
    return update(change)
