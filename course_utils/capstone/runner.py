"""Running a policy over many episodes, so that whatever it does ends in a verdict and not in a crash.

The course's own policies run in this process. A learner's policy is a text that runs in a fresh interpreter: JSON
lines go back and forth, and the situation, the onset and the severity stay here. This is a wall against accidents
and temptation, not against an attacker: the text can still open files, for instance. A policy that
knows the answer from elsewhere and does not need its readings fails the grading; one that also makes a show of needing
them can pass.
"""
from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from .policies import POLICIES, Builtin, as_text
from .reasons import claim_problem, judge
from .simulator import Dials, Episode, Refused
from .situations import REPAIRS, SIGNALS, SITUATIONS

TRAINING = range(100)             # for practice and for estimating; graded runs use other seeds
HIDDEN = range(9000, 9040)
STEP_SECONDS, START_SECONDS, RUN_SECONDS = 2.0, 60.0, 120.0
PATIENCE = 3                      # episodes without an answer in time, after which the rest are not begun
LONGEST_ANSWER = 20_000           # characters


class Fault(Exception):
    """The policy cannot go on in this episode; the text is its verdict."""


class Child:
    """A policy's text in an interpreter of its own, restarted when it had to be stopped."""

    def __init__(self, source: str, traffic: list | None = None):
        self.source, self.traffic, self.process, self.deadline = source, traffic, None, None
        self.open, self.late, self.given_up = True, False, 0
        threading.Thread(target=self._watch, daemon=True).start()

    def ask(self, observation: dict, new: bool) -> tuple:
        """The policy's (action, claim) for this morning, or Fault."""
        if self.process is None:
            self._start()
        line = self._talk({"new": new, "observation": observation}, STEP_SECONDS)
        if not line.endswith("\n"):
            late = self.late
            self.given_up += late
            self.stop()
            raise Fault(f"no answer within {STEP_SECONDS:g} seconds: a loop without end?" if late
                        else f"an answer of more than {LONGEST_ANSWER:,} characters" if line
                        else "its interpreter ended")
        try:
            answer = json.loads(line)
            if "error" not in answer:
                return answer["action"], answer["claim"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self.stop()
            raise Fault("an answer that is no answer: it wrote to the wire itself") from None
        error = str(answer["error"]).encode("ascii", "backslashreplace").decode()
        raise Fault(f"{'reached for the simulator' if 'course_utils' in error else 'raised'}: {error}")

    def stop(self) -> None:
        """End the interpreter; the next question starts another."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process, self.deadline = None, None
            self.folder.cleanup()

    def close(self) -> None:
        self.open = False
        self.stop()

    def _start(self):
        self.folder, self.late = tempfile.TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True), False
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("child.py"))], cwd=self.folder.name, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        if self._talk(self.source, START_SECONDS) != "ready\n":
            raise RuntimeError("no interpreter for the policy came up; is this machine out of memory?")

    def _talk(self, message, seconds):
        line = json.dumps(message)
        if self.traffic is not None:
            self.traffic.append(line)
        self.deadline = time.monotonic() + seconds
        try:
            self.process.stdin.write(line + "\n")
            return self.process.stdout.readline(LONGEST_ANSWER)
        except (OSError, UnicodeDecodeError):
            return ""
        finally:
            self.deadline = None

    def _watch(self):
        while self.open:
            time.sleep(0.05)
            deadline, process = self.deadline, self.process
            if deadline is not None and process is not None and time.monotonic() > deadline:
                self.late = True
                process.kill()


def play(episode: Episode, decide: Callable) -> dict:
    """One episode to its end. ``decide(observation, new)`` gives (action, claim) or raises Fault.

    A refused order is not carried out and the day passes; after a Fault nobody acts any more.
    """
    verdict, first, deaf, new = "", None, False, True
    while not episode.over:
        if not deaf:
            try:
                action, claim = decide(episode.observation(), new)
                new = False
                if not isinstance(action, str):
                    raise Refused(f"unknown action {str(action)[:60]!r}")
                problem = claim_problem(claim, action in REPAIRS)
                if problem:
                    raise Refused(f"bad claim with {action}: {problem}")
                episode.order(action, (claim or {}).get("owner"))
                if action in REPAIRS and first is None:
                    first = {"repair": action, **judge(claim, episode)}
            except Refused as refusal:
                verdict = verdict or f"day {episode.day}: {refusal}"
            except Fault as fault:
                verdict, deaf = f"day {episode.day}: {fault}", True
        episode.pass_day()
    first = first or {"repair": "", "brier": math.nan, "top": "", "cited": False}
    return {"situation": episode.situation, "money": episode.money, "spend": episode.spend, "hours": episode.hours,
            "fault_hours": episode.fault_hours, "cured": not episode.needs, "first_repair": first["repair"],
            "claimed": first["top"], "brier": first["brier"], "cited": first["cited"],
            "unneeded": episode.unneeded, "out_of_order": episode.out_of_order, "days_lost": episode.days_lost,
            "orders": ", ".join(f"{day} {order}" for day, order in episode.log), "verdict": verdict}


def run(policy, seeds: Iterable[int] = HIDDEN, situations: Iterable[str] | None = None,
        dials: Dials = Dials(), scramble: bool = False, traffic: list | None = None) -> pd.DataFrame:  # noqa: B008
    """Scores of a policy, one row an episode: what it cost, whether it was cured, what was claimed, any verdict.

    ``policy`` is a name in ``POLICIES``, or a learner's: the text of a module that defines
    ``policy(observation, memory) -> (action, claim)``, or a Path to one. It runs in another interpreter;
    ``as_text(helper, policy, TABLE=table)`` makes such a text from what stands in a notebook.

    ``scramble=True`` shows wrong readings of the paid diagnostics (see ``grading.grade``); a list given as ``traffic``
    receives every line that was sent to the other interpreter.

    >>> run("nothing", seeds=[1], situations=["none", "unsafe"])[["situation", "cured"]].values.tolist()
    [['none', True], ['unsafe', False]]
    """
    situations, seeds = list(SITUATIONS if situations is None else situations), list(seeds)
    for name in situations:
        if name not in SITUATIONS:
            raise KeyError(f"no situation {name!r}; there are {', '.join(SITUATIONS)}")
    tasks = [(situation, int(seed)) for situation in situations for seed in seeds]
    if isinstance(policy, str) and policy not in POLICIES and policy.replace(" ", "").isidentifier():
        raise KeyError(f"no baseline {policy!r}; there are {', '.join(POLICIES)}")
    builtin = POLICIES.get(policy) if isinstance(policy, str) else policy
    if isinstance(builtin, Builtin):
        rows = {task: _in_process(builtin, Episode(*task, dials, scramble)) for task in tasks}
    elif isinstance(policy, (str, Path)) or callable(policy):
        text = policy.read_text(encoding="utf-8") if isinstance(policy, Path) else policy
        rows = _elsewhere(as_text(text) if callable(text) else text, tasks, dials, scramble, traffic)
    else:
        raise TypeError(f"a policy is a name ({', '.join(POLICIES)}), a text or a Path; got {type(policy).__name__}")
    return pd.DataFrame([{"seed": task[1], **rows[task]} for task in tasks])


def _in_process(builtin, episode):
    memory: dict = {}
    return play(episode, lambda observation, new: builtin.decide(observation, memory, episode))


def _elsewhere(source, tasks, dials, scramble, traffic):
    child, rows, ends = Child(source, traffic), {}, time.monotonic() + RUN_SECONDS
    order = list(tasks)
    random.SystemRandom().shuffle(order)      # the place in the queue must not tell which situation it is

    def decide(observation, new):
        if time.monotonic() > ends:
            raise Fault(f"the whole run took more than {RUN_SECONDS:g} seconds")
        if child.given_up >= PATIENCE:
            raise Fault(f"not begun, since {PATIENCE} others had no answer in time")
        return child.ask(observation, new)

    try:
        for task in order:
            rows[task] = play(Episode(*task, dials, scramble), decide)
    finally:
        child.close()
    return rows


def practice(days: Iterable[int] = (28,), seeds: Iterable[int] = TRAINING,
             situations: Iterable[str] | None = None) -> pd.DataFrame:
    """Training episodes in which nobody repairs anything, with the situation written beside every signal.

    One row per episode and day: every free signal, and what each diagnostic would have read. Every fault has begun
    by day 22. Only training seeds can be had; ValueError for others.
    """
    seeds = list(seeds)
    if not set(seeds) <= set(TRAINING):
        raise ValueError(f"practice uses seeds {TRAINING.start} to {TRAINING.stop - 1}; others are for graded runs")
    rows = []
    for situation in SITUATIONS if situations is None else situations:
        for seed in seeds:
            episode = Episode(situation, int(seed))
            while not episode.over:
                if episode.day in days:
                    rows.append({"situation": situation, "seed": seed, "day": episode.day,
                                 **{name: episode.signal(name) for name in SIGNALS}})
                episode.pass_day()
    return pd.DataFrame(rows)
