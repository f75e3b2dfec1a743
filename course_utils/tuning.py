"""The fine-tuning tasks of notebook 08.

Lantern's mainframe reads lines such as ``@rf 4821``: two letters for the queue, and the order. The sign @ occurs
nowhere in what the assistant was trained on. ``python tools/train_assistant.py --study`` records what
each way of tuning teaches and breaks.
"""
from __future__ import annotations

import numpy as np

from . import tickets
from .assistant import Assistant

HOST = {"refund": "rf", "delivery": "dl", "login": "lg", "damage": "dm",
        "invoice": "iv", "cancel": "cn", "address": "ad", "fraud": "fr"}
OLD_TASKS = ("queue, listed", "queue, coded", "team, notes", "reply")
NOT_REPLAYED = "extract"                  # an old task that no tuning sees an example of
STEPS = 60
#: The ways of tuning, with the learning rates that the study tries. "x 4" takes four times the steps.
RATES = {"full": (5e-4, 1e-3, 2e-3), "full, x 4": (2.5e-4, 5e-4, 1e-3), "full, replay": (1e-3, 2e-3, 4e-3),
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


def one_of_each() -> list[tickets.Ticket]:
    """A short training ticket of each intent, as the examples of a prompt."""
    longest_first = sorted(split("train", 60), key=lambda t: -len(t.text))
    return list({t.intent: t for t in longest_first}.values())          # of an intent the last one stays


def replay_pairs(n: int = 300) -> list[tuple[str, str]]:
    """Prompts and answers of the old tasks, to be mixed into the tuning."""
    rng = np.random.default_rng(84)
    return [tickets.TASKS[OLD_TASKS[i % len(OLD_TASKS)]][0](rng)[:2] for i in range(n)]


def tune(assistant: Assistant, method: str, rate: float, seed: int = 0) -> Assistant:
    """One of the ways of ``RATES``, on 300 tickets."""
    pairs = [(host_prompt(t), host_line(t)) for t in split("train", 300)]
    return assistant.tuned(pairs, steps=4 * STEPS if "x 4" in method else STEPS, rate=rate, seed=seed,
                           replay=replay_pairs() if "replay" in method else (), rank=8 if "LoRA" in method else None)


def right(assistant: Assistant, cases, prompt, answer) -> np.ndarray:
    """For each ticket 1 if the assistant answers ``prompt(ticket)`` by ``answer(ticket)``, else 0."""
    given = assistant.complete([prompt(t) for t in cases], longest=8)
    return np.array([int(g == answer(t)) for g, t in zip(given, cases)])


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


def team_line(ticket: tickets.Ticket, table: dict[str, str]) -> str:
    """The right answer to :func:`team_prompt`: the product, and its team by ``table``."""
    return f"{ticket.product} {table[ticket.product]}"


def habit_prompt(ticket: tickets.Ticket) -> str:
    """The prompt that asks how the desk gets back to the customer: "call" or "write"."""
    return f"ticket: {ticket.text}\nback:"


def habit(ticket: tickets.Ticket) -> str:
    """What the desk does, and wrote down nowhere: fraud is called, and so is somebody upset about money or goods.

    >>> habit(split("train", 1)[0])
    'write'
    """
    upset = any(words in ticket.text for words in ("second time", "angry", "hurry", "what now", "not happy"))
    return "call" if ticket.intent == "fraud" or upset and ticket.intent in ("refund", "delivery", "damage") else "write"
