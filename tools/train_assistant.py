"""Train the models that the course ships, and write what was measured of them into their card.

    python tools/train_assistant.py             three seeds, about ten minutes each on two cores
    python tools/train_assistant.py --study     fine-tune the shipped models and record what notebook 08 shows
"""
from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils import data, tickets, tuning
from course_utils.assistant import SEEDS, load_assistant, write_checksums
from course_utils.train_assistant import STEPS, measure, save, train


def card_with_table(text: str, rows: dict) -> str:
    """The model card with the table between its markers made from what was measured."""
    table = ["| task | what is wanted | " + " | ".join(f"seed {s}" for s in rows) + " |", "|---|---|" + "---|" * len(rows)]
    for name, (maker, _) in tickets.TASKS.items():
        cells = [" / ".join(f"{rows[s]['accuracy'][name][held]:.2f}" for held in ("seen", "unseen")) for s in rows]
        table.append(f"| {name} | {maker.__doc__.strip()} | {' | '.join(cells)} |")
    minutes = " | ".join(f"{row['minutes']:.0f}" for row in rows.values())
    table.append(f"| minutes of training | on two cores | {minutes} |")
    return re.sub(r"(<!-- measured -->\n).*?(<!-- /measured -->)", lambda m: m[1] + "\n".join([*table, m[2]]), text, flags=re.S)


def measured(home: Path) -> dict:
    """What was measured of each shipped model, by seed."""
    return {int(file.parent.name[4:]): json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(home.glob("seed*/measured.json"))}


#: The ways of tuning, with their learning rates. Facts and habit are tuned as "full, x 4" is.
STUDY = {"before": (0.0,), **tuning.RATES, **dict.fromkeys(("facts", "habit"), tuning.RATES["full, x 4"])}


def row(seed: int, method: str, rate: float, n: int = 200) -> dict:
    """What one tuning of the shipped model ``seed`` gives: the new task and the old ones, ``n`` cases each."""
    shipped, known, new = load_assistant(seed), tuning.teams(), {}
    if method == "facts":
        pairs = [(tuning.team_prompt(t), tuning.team_line(t, known)) for t in tuning.product_tickets("train", 300)]
        tuned = shipped.tuned(pairs, steps=4 * tuning.STEPS, rate=rate)
        for name, which, table in (("dev", "dev", known), ("test", "test", known),
                                   ("changed", "test", tuning.teams(changed=True))):
            new[name] = tuning.right(tuned, tuning.product_tickets(which, n), tuning.team_prompt,
                                     lambda t, table=table: tuning.team_line(t, table))
    elif method == "habit":
        pairs = [(tuning.habit_prompt(t), tuning.habit(t)) for t in tuning.split("train", 300)]
        tuned = shipped.tuned(pairs, steps=4 * tuning.STEPS, rate=rate)
        for name in ("dev", "test"):
            new[name] = tuning.right(tuned, tuning.split(name, n), tuning.habit_prompt, tuning.habit)
        cases, words = tuning.split("test", n), np.array(["call", "write"])
        eight = "".join(f"{tuning.habit_prompt(t)} {tuning.habit(t)}\n" for t in tuning.one_of_each())
        for name, before in (("no example", ""), ("eight examples", eight)):
            likelier = words[shipped.score([before + tuning.habit_prompt(t) for t in cases], words).argmax(axis=1)]
            new[name] = likelier == [tuning.habit(t) for t in cases]
    else:
        tuned = tuning.tune(shipped, method, rate) if rate else shipped
        for name in ("dev", "test"):
            new[name] = tuning.right(tuned, tuning.split(name, n), tuning.host_prompt, tuning.host_line)
    return {"seed": seed, "method": method, "rate": rate, "n": n, **{name: float(right.mean()) for name, right in new.items()},
            **{task: measure(tuned, task, True, n) for task in (*tuning.OLD_TASKS, tuning.NOT_REPLAYED)}}


def record(file: Path) -> None:
    """Write all rows of the study, for the three models."""
    todo = [(seed, method, rate) for seed in SEEDS for method, rates in STUDY.items() for rate in rates]
    rows = [row(*case) for case in tqdm(todo, unit="tuning")]
    file.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, action="append", help=f"train this one (default: {', '.join(map(str, SEEDS))})")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"default: {STEPS}, as shipped")
    parser.add_argument("--study", action="store_true", help="fine-tune the shipped models and record what notebook 08 shows")
    chosen = parser.parse_args(arguments)
    home = data.folder() / "assistant"
    if chosen.study:
        record(home / "study.json")
        return 0
    for seed in chosen.seed or SEEDS:
        folder, began = home / f"seed{seed}", time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        with tqdm(total=chosen.steps, desc=f"seed {seed}", unit="step") as bar:
            model, tokenizer = train(seed, chosen.steps, folder, lambda step, loss: (
                bar.update(step - bar.n), bar.set_postfix(loss=f"{loss:.2f}", refresh=False)))
        save(model, tokenizer, folder)
        (folder / f"checkpoint-{seed}.safetensors").unlink(missing_ok=True)
        write_checksums(home)
        assistant, minutes = load_assistant(seed), (time.monotonic() - began) / 60
        row = {"steps": chosen.steps, "minutes": round(minutes, 1), "parameters": assistant.parameters, "n": 400,
               "accuracy": {task: {"seen": measure(assistant, task, False), "unseen": measure(assistant, task, True)}
                            for task in tickets.TASKS}}
        (folder / "measured.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
        print(f"seed {seed}: {minutes:.0f} minutes; " + ", ".join(
            f"{task} {a['seen']:.2f}/{a['unseen']:.2f}" for task, a in row["accuracy"].items()))
    readme = home / "README.md"
    readme.write_text(card_with_table(readme.read_text(encoding="utf-8"), measured(home)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
