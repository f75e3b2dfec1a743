"""The budget table: cells, words, lines of code, seconds and memory of each solved notebook.

    make bench            all notebooks, one after the other
    make bench NB="05 07"

Memory is the peak resident size of the kernel and of the processes that it started, together, sampled 20 times a second.
"""
import argparse
import contextlib
import os
import re
import statistics
import tempfile
import threading
import time

import nbformat
import psutil
from nbclient import NotebookClient

from course_utils.build import sources, target

LIMITS = {"cells": 42, "words": 1700, "longest": 20, "seconds": 20, "MB": 1000}


class Memory(threading.Thread):
    """Samples what this process's children and theirs hold, in MB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.done = 0, threading.Event()

    def run(self):
        while not self.done.wait(0.05):
            total = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):          # it may have ended meanwhile
                    total += process.memory_info().rss
            self.peak = max(self.peak, total // 10**6)


def measure(file):
    """Seconds and peak memory of one notebook in a kernel of its own, with an empty store."""
    book = nbformat.read(file, as_version=4)
    memory = Memory()
    with tempfile.TemporaryDirectory() as home:
        start = time.perf_counter()
        memory.start()
        client = NotebookClient(book, timeout=120, kernel_name="python3", extra_arguments=["--log-level=ERROR"],
                                resources={"metadata": {"path": str(file.parent)}})
        client.create_kernel_manager()
        client.execute(env={**os.environ, "COURSE_HOME": home, "PYTHONHASHSEED": "0"})
        seconds = time.perf_counter() - start
    memory.done.set()
    return seconds, memory.peak


def shape(file):
    """Cells, words of text, and the median and the longest of the code cells, in lines that are not blank."""
    book = nbformat.read(file, as_version=4)
    lines = [sum(bool(line.strip()) for line in c.source.splitlines()) for c in book.cells if c.cell_type == "code"]
    words = sum(len(re.findall(r"\w+", c.source)) for c in book.cells if c.cell_type == "markdown")
    return len(book.cells), words, statistics.median(lines), max(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="which notebooks (default: all)")
    chosen = parser.parse_args().numbers
    print(f"{'notebook':36s} cells  words  median  longest  seconds     MB", flush=True)
    total = 0.0
    for source in sources():
        if chosen and source.name[:2] not in chosen:
            continue
        file = target(source, solved=True)
        cells, words, median, longest = shape(target(source, solved=False))
        seconds, memory = measure(file)
        total += seconds
        found = dict(zip(LIMITS, (cells, words, longest, seconds, memory)))
        over = ", ".join(name for name, limit in LIMITS.items() if found[name] > limit)
        print(f"{source.stem:36s} {cells:5d}  {words:5d}  {median:6.1f}  {longest:7d}  {seconds:7.1f}  {memory:5d}"
              + (f"  over: {over}" if over else ""), flush=True)
    print(f"{total:.0f} seconds in all")


if __name__ == "__main__":
    main()
