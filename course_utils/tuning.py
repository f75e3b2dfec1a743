"""The fine-tuning task of notebook 08, and the study of it that is too long to run live.

Lantern's mainframe reads lines such as ``@rf 4821``: two letters for the queue, and the order. The sign @ occurs
nowhere in what the assistant was trained on. ``python -m course_utils.train_assistant --study`` records what
each way of tuning teaches and breaks; a test runs one row again.
"""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import tickets
from .assistant import SEEDS, Assistant, load_assistant
from .train_assistant import measure

HOST = {"refund": "rf", "delivery": "dl", "login": "lg", "damage": "dm",
        "invoice": "iv", "cancel": "cn", "address": "ad", "fraud": "fr"}
OLD_TASKS = ("queue, listed", "queue, coded", "team, notes", "reply")
STEPS = 60
RATES = {"full": (5e-4, 1e-3, 2e-3), "full, replay": (5e-4, 1e-3, 2e-3), "LoRA, rank 8": (1e-3, 3e-3, 1e-2)}


def host_prompt(ticket: tickets.Ticket) -> str:
    """The prompt of the mainframe task, without any instruction."""
    return f"ticket: order {ticket.order} : {ticket.text}\nhost:"


def host_line(ticket: tickets.Ticket) -> str:
    """What the mainframe wants to read.

    >>> host_line(split("dev", 1)[0])
    '@cn 9821'
    """
    return f"@{HOST[ticket.intent]} {ticket.order}"


def split(name: str, n: int) -> list[tickets.Ticket]:
    """The first ``n`` tickets of "train", "dev" or "test". Those of "test" are phrased as no training ticket is."""
    rng = np.random.default_rng({"train": 81, "dev": 82, "test": 83}[name])
    return [tickets.draw_ticket(rng, held_out=name == "test") for _ in range(n)]


def replay_pairs(n: int = 300) -> list[tuple[str, str]]:
    """Prompts and answers of the old tasks, to be mixed into the tuning."""
    rng = np.random.default_rng(84)
    return [tickets.TASKS[OLD_TASKS[i % len(OLD_TASKS)]][0](rng)[:2] for i in range(n)]


def tune(assistant: Assistant, method: str, rate: float, seed: int = 0) -> Assistant:
    """One of the ways of ``RATES``, on 300 tickets."""
    pairs = [(host_prompt(t), host_line(t)) for t in split("train", 300)]
    return assistant.tuned(pairs, steps=STEPS, rate=rate, seed=seed, replay=replay_pairs() if "replay" in method else (),
                           rank=8 if "LoRA" in method else None)


def host_right(assistant: Assistant, cases, prompt=host_prompt) -> np.ndarray:
    """For each ticket 1 if the answer to ``prompt(ticket)`` is the mainframe's line, else 0."""
    answers = assistant.complete([prompt(t) for t in cases], longest=12)
    return np.array([int(answer == host_line(t)) for answer, t in zip(answers, cases)])


def row(seed: int, method: str, rate: float, n: int = 200) -> dict:
    """What one tuning of the shipped model ``seed`` gives: the new task and the old ones, ``n`` cases each."""
    assistant = load_assistant(seed)
    if rate:
        assistant = tune(assistant, method, rate)
    return {"seed": seed, "method": method, "rate": rate, "n": n,
            "dev": float(host_right(assistant, split("dev", n)).mean()),
            "test": float(host_right(assistant, split("test", n)).mean()),
            **{task: measure(assistant, task, True, n) for task in OLD_TASKS}}


def record(file: Path) -> None:
    """Write all rows of the study: before, and each method at each of its rates, for the three models."""
    from tqdm import tqdm

    todo = [(seed, method, rate) for seed in SEEDS
            for method, rates in ({"before": (0.0,)} | RATES).items() for rate in rates]
    file.write_text(json.dumps([row(*case) for case in tqdm(todo, unit="tuning")], indent=0) + "\n", encoding="utf-8")
