"""Running a policy over many episodes, so that whatever it does ends in a verdict and not in a crash.

The course's own policies run in this process. A learner's policy is a text that runs in a fresh interpreter: JSON
lines go back and forth, and the situation, the onset and the severity stay here. This is a wall against accidents
and temptation, not against an attacker: the text can still open files, for instance. It would gain little. A policy
that knows the answer from elsewhere does not need its readings, and that is what the grading looks for.
"""
from __future__ import annotations

import inspect
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from .policies import POLICIES, Builtin
from .simulator import Dials, Episode, Refused
from .situations import FREE, REPAIRS, SIGNALS, SITUATIONS

TRAINING = range(100)             # for practice and for estimating; graded runs use other seeds
HIDDEN = range(9000, 9040)
STEP_SECONDS, START_SECONDS, RUN_SECONDS = 2.0, 20.0, 120.0
LONGEST_ANSWER = 20_000           # characters


class Fault(Exception):
    """The policy cannot go on in this episode; the text is its verdict."""


class Child:
    """A policy's text in an interpreter of its own, restarted when it had to be stopped."""

    def __init__(self, source: str, traffic: list | None = None):
        self.source, self.traffic, self.process, self.deadline = source, traffic, None, None
        self.open, self.late = True, False
        threading.Thread(target=self._watch, daemon=True).start()

    def ask(self, observation: dict, new: bool) -> tuple:
        """The policy's (action, claim) for this morning, or Fault."""
        if self.process is None:
            self._start()
        line = self._talk({"new": new, "observation": observation})
        if not line.endswith("\n"):
            late = self.late
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
        cheated = "course_utils" in str(answer["error"])
        raise Fault(f"{'reached for the simulator' if cheated else 'raised'}: {answer['error']}")

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
        self.folder, self.late = tempfile.TemporaryDirectory(prefix="policy-"), False
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("child.py"))], cwd=self.folder.name, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        self.process.stdin.write(json.dumps(self.source) + "\n")
        self.fresh = True

    def _talk(self, question):
        line = json.dumps(question)
        if self.traffic is not None:
            self.traffic.append(line)
        self.deadline = time.monotonic() + STEP_SECONDS + (START_SECONDS if self.fresh else 0)
        try:
            self.process.stdin.write(line + "\n")
            return self.process.stdout.readline(LONGEST_ANSWER)
        except (OSError, UnicodeDecodeError):
            return ""
        finally:
            self.deadline, self.fresh = None, False

    def _watch(self):
        while self.open:
            time.sleep(0.05)
            deadline, process = self.deadline, self.process
            if deadline is not None and process is not None and time.monotonic() > deadline:
                self.late = True
                process.kill()


def claim_problem(claim, needed: bool) -> str:
    """What is wrong with a claim, or "". Only repairs need one in full."""
    if not needed:
        return "" if claim is None or isinstance(claim, dict) else "a claim is a dict or None"
    if not isinstance(claim, dict):
        return "a repair needs a claim, a dict"
    p, missing = claim.get("p"), {"owner", "p", "cites", "by", "stop"} - set(claim)
    if missing:
        return f"it lacks {', '.join(sorted(missing))}"
    if not isinstance(p, dict) or not set(p) <= set(SITUATIONS):
        return "p must give a probability for names of situations"
    if not all(isinstance(v, (int, float)) and 0 <= v <= 1 for v in p.values()) or not abs(sum(p.values()) - 1) < 0.01:
        return "the probabilities must lie between 0 and 1 and sum to 1"
    if not isinstance(claim["cites"], list) or not all(c in SIGNALS for c in claim["cites"]):
        return f"cites must be a list of names out of {', '.join(SIGNALS)}"
    return ""


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
                    first = {"day": episode.day, "repair": action, "situation": episode.situation,
                             **_judge(claim, episode)}
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


def _judge(claim, episode) -> dict:
    """Multiclass Brier score, and whether the cited readings exist and favour the claim three to one.

    A free signal counts with its mean of the last five days. The ratio is against the runner-up of the claim itself:
    the likeliest situation that another cure would end; if several share that place, against each of them.
    """
    p = {name: float(claim["p"].get(name, 0)) for name in SITUATIONS}
    top = max(p, key=p.get)
    rivals = [s for s in p if SITUATIONS[s].cure != SITUATIONS[top].cure]
    runners_up = [s for s in rivals if p[s] == max(p[r] for r in rivals)]
    days = range(max(0, episode.day - 4), episode.day + 1)
    state = {name: (value, 1) for name, (_, value) in episode.readings.items()}
    state |= {name: (sum(episode.signal(name, day) for day in days) / len(days), len(days)) for name in FREE}

    def support(situation):
        return sum(_log_density(*state[c], SITUATIONS[situation].strength.get(c, 0)) for c in claim["cites"])

    there = bool(claim["cites"]) and all(c in state for c in claim["cites"])
    return {"brier": sum((p[s] - (s == episode.situation)) ** 2 for s in p), "top": top,
            "cited": there and all(support(top) - support(s) > math.log(3) for s in runners_up)}


def _log_density(value, days, strength):
    mean = 1.1 * strength                             # 1.1 and 0.16: mean of the severity, and its SD over the mean
    variance = 1 / days + (0.16 * mean) ** 2
    return -0.5 * (value - mean) ** 2 / variance - 0.5 * math.log(variance)


def source_of(policy) -> str:
    """A learner's policy as text: the text itself, a file, or a function named ``policy``."""
    if isinstance(policy, Path):
        return policy.read_text(encoding="utf-8")
    if inspect.isfunction(policy):
        return textwrap.dedent(inspect.getsource(policy))
    if isinstance(policy, str):
        return policy
    raise TypeError(f"a policy is a name ({', '.join(POLICIES)}), a text, a Path or a function; got {type(policy).__name__}")


def run(policy, seeds: Iterable[int] = HIDDEN, situations: Iterable[str] | None = None,
        dials: Dials = Dials(), scramble: bool = False, traffic: list | None = None) -> pd.DataFrame:  # noqa: B008
    """Scores of a policy, one row an episode: what it cost, whether it was cured, what was claimed, any verdict.

    ``policy`` is a name in ``POLICIES``, or a learner's: the text of a module that defines
    ``policy(observation, memory) -> (action, claim)``, a Path to one, or the function. Learners' texts run in another
    interpreter; a function takes nothing along from its notebook, so it must import and define what it uses.

    ``scramble=True`` shows wrong readings of the paid diagnostics (see ``grading.grade``); a list given as ``traffic``
    receives every line that was sent to the other interpreter.

    >>> run("nothing", seeds=[1], situations=["none", "unsafe"])[["situation", "cured"]].values.tolist()
    [['none', True], ['unsafe', False]]
    """
    situations = list(SITUATIONS if situations is None else situations)
    for name in situations:
        if name not in SITUATIONS:
            raise KeyError(f"no situation {name!r}; there are {', '.join(SITUATIONS)}")
    tasks = [(situation, int(seed)) for situation in situations for seed in seeds]
    builtin = POLICIES.get(policy) if isinstance(policy, str) else policy
    if isinstance(builtin, Builtin):
        rows = {task: _in_process(builtin, Episode(*task, dials, scramble)) for task in tasks}
    else:
        rows = _elsewhere(source_of(policy), tasks, dials, scramble, traffic)
    return pd.DataFrame([{"seed": task[1], **rows[task]} for task in tasks])


def _in_process(builtin, episode):
    memory: dict = {}
    return play(episode, lambda observation, new: builtin(observation, memory, episode))


def _elsewhere(source, tasks, dials, scramble, traffic):
    child, rows, ends = Child(source, traffic), {}, time.monotonic() + RUN_SECONDS
    order = list(tasks)
    random.SystemRandom().shuffle(order)      # the place in the queue must not tell which situation it is

    def decide(observation, new):
        if time.monotonic() > ends:
            raise Fault(f"the whole run took more than {RUN_SECONDS:g} seconds")
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
