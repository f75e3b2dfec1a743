"""The fine-tuning task of notebook 08, and the study of it that is too long to run live.

Lantern's mainframe reads lines such as ``@rf 4821``: two letters for the queue, and the order. The sign @ occurs
nowhere in what the assistant was trained on. ``python tools/train_assistant.py --study`` records what
each way of tuning teaches and breaks; a test runs one row again.
"""
from __future__ import annotations

import numpy as np

from . import tickets
from .assistant import Assistant, load_assistant
from .train_assistant import measure

HOST = {"refund": "rf", "delivery": "dl", "login": "lg", "damage": "dm",
        "invoice": "iv", "cancel": "cn", "address": "ad", "fraud": "fr"}
OLD_TASKS = ("queue, listed", "queue, coded", "team, notes", "reply")
NOT_REPLAYED = "extract"                  # an old task that no tuning sees an example of
STEPS = 60
#: The ways of tuning, with the learning rates that the study tries. "x 4" takes four times the steps.
RATES = {"full": (5e-4, 1e-3, 2e-3), "full, replay": (1e-3, 2e-3, 4e-3),
         "LoRA, rank 8": (3e-3, 1e-2, 3e-2), "LoRA, rank 8, x 4": (1e-3, 3e-3, 1e-2)}


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
    return assistant.tuned(pairs, steps=4 * STEPS if "x 4" in method else STEPS, rate=rate, seed=seed,
                           replay=replay_pairs() if "replay" in method else (), rank=8 if "LoRA" in method else None)


def host_right(assistant: Assistant, cases, prompt=host_prompt) -> np.ndarray:
    """For each ticket 1 if the answer to ``prompt(ticket)`` is the mainframe's line, else 0."""
    answers = assistant.complete([prompt(t) for t in cases], longest=8)
    return np.array([int(answer == host_line(t)) for answer, t in zip(answers, cases)])


def row(seed: int, method: str, rate: float, n: int = 200) -> dict:
    """What one tuning of the shipped model ``seed`` gives: the new task and the old ones, ``n`` cases each."""
    shipped = load_assistant(seed)
    assistant = tune(shipped, method, rate) if rate else shipped
    return {"seed": seed, "method": method, "rate": rate, "n": n,
            "dev": float(host_right(assistant, split("dev", n)).mean()),
            "test": float(host_right(assistant, split("test", n)).mean()),
            **{task: measure(assistant, task, True, n) for task in (*OLD_TASKS, NOT_REPLAYED)}}


def teams(changed: bool = False) -> dict[str, str]:
    """Which team looks after which product; with ``changed`` after six of them have gone to another team."""
    rng = np.random.default_rng(85)
    products = tickets.PRODUCTS[:-tickets.HELD_PRODUCTS]
    names = [str(q) for q in rng.permutation(tickets.ALL_QUEUES)]
    table = dict(zip(products, names))
    return table | dict(zip(products[:6], names[len(products):])) if changed else table


def product_tickets(name: str, n: int) -> list[tickets.Ticket]:
    """As :func:`split`, but only tickets that name their product."""
    return [t for t in split(name, 4 * n) if t.product in t.text][:n]


def team_prompt(ticket: tickets.Ticket) -> str:
    """The prompt of the team task, without any note."""
    return f"ticket: {ticket.text}\nteam:"


def team_right(assistant: Assistant, cases, table: dict, prompt=team_prompt) -> np.ndarray:
    """For each ticket 1 if the answer to ``prompt(ticket)`` is its product and that product's team, else 0."""
    answers = assistant.complete([prompt(t) for t in cases], longest=8)
    return np.array([int(answer == f"{t.product} {table[t.product]}") for answer, t in zip(answers, cases)])


def fact_row(seed: int, rate: float = 1e-3, n: int = 200) -> dict:
    """What tuning on 300 tickets teaches the shipped model ``seed`` of the teams, and what is left when they change."""
    known, cases = teams(), product_tickets("test", n)
    tuned = load_assistant(seed).tuned([(team_prompt(t), f"{t.product} {known[t.product]}")
                                        for t in product_tickets("train", 300)], steps=STEPS, rate=rate)
    return {"seed": seed, "method": "facts", "rate": rate, "n": n,
            "test": float(team_right(tuned, cases, known).mean()),
            "changed": float(team_right(tuned, cases, teams(changed=True)).mean())}
