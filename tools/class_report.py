"""What a class confuses, from the files that its learners exported. No names are needed, and none are read.

    python -m course_utils progress --export mine.json            # each learner
    python tools/class_report.py handed_in/*.json [--html report.html]

A file that cannot be read, or holds no answers, is named and left out; the same file twice counts once.
"""
import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from course_utils import diagnosis, store
from course_utils.concepts import PAIRS, Pair
from course_utils.inventory import ITEMS, answered, confusion

FEW = 5                    # fewer learners than this, and single persons may be recognised
SHOWN = 10                 # misconceptions in the table
NOTEBOOK = {p.key: f"{p.number:02d} {p.title}" for p in PAIRS}


@dataclass
class Section:
    """A part of the report: a heading, a sentence about how to read it, a table (or None)."""

    heading: str
    text: str
    table: pd.DataFrame | None = None


def read(files: Iterable[str]) -> tuple[list[dict], list[str]]:
    """The answers of each learner, and a line for each file that was left out."""
    learners, left_out, seen = [], [], {}
    for name in files:
        try:
            if not Path(name).is_file():
                raise ValueError("there is no such file")
            answers = store.read(Path(name))["answers"]
            if not list(answered(answers)):
                raise ValueError("it holds no answers to the inventory")
        except (ValueError, OSError) as error:
            left_out.append(f"{name}: {str(error).removeprefix(name).strip()}")
            continue
        except (AttributeError, KeyError, TypeError) as error:
            left_out.append(f"{name}: not readable as progress: {type(error).__name__}")
            continue
        content = json.dumps(answers, sort_keys=True)
        if content in seen:
            left_out.append(f"{name}: the same answers as {seen[content]}")
            continue
        seen[content] = name
        learners.append(answers)
    return learners, left_out


def only(answers: dict, uses: tuple[str, ...]) -> dict:
    wanted = {item.id for item in ITEMS if item.use in uses}
    return {id: given for id, given in answers.items() if id in wanted}


def class_confusion(learners: list[dict]) -> pd.DataFrame:
    """For each pair: answers that were correct, that took one concept for the other, and that were wrong otherwise."""
    matrices = [confusion(answers) for answers in learners]
    matrix = sum(matrices[1:], start=matrices[0])

    def row(pair: Pair) -> dict:
        left, right = pair.left.name, pair.right.name
        ids = {item.id for item in ITEMS if item.pair == pair.key}
        given = [option for answers in learners for item, option, _ in answered(answers) if item.id in ids]
        correct = sum(option.correct for option in given)
        second_for_first, first_for_second = round(matrix.loc[left, right]), round(matrix.loc[right, left])
        return {"pair": NOTEBOOK[pair.key], "answers": len(given), "correct": correct, "2nd for 1st": second_for_first,
                "1st for 2nd": first_for_second, "other": len(given) - correct - second_for_first - first_for_second}

    return pd.DataFrame(map(row, PAIRS)).set_index("pair").query("answers > 0")


def held(learners: list[dict], uses: tuple[str, ...]) -> pd.DataFrame:
    """How many learners probably hold each misconception, the commonest first."""
    tables = [diagnosis.misconceptions(only(answers, uses)) for answers in learners]
    table = pd.concat([t for t in tables if len(t)] or tables)
    table = table[table.pair.isin(NOTEBOOK)]
    table = table.assign(likely=table.probability > 0.5)
    table = table.groupby(["pair", "misconception"], sort=False).agg(
        held_by=("likely", "sum"), of=("likely", "size"), expected=("probability", "sum")).reset_index()
    return table.sort_values(["held_by", "expected"], ascending=False, kind="stable", ignore_index=True)


def time_well_spent(misconceptions: pd.DataFrame) -> pd.DataFrame:
    """The notebooks, those first whose misconceptions a learner of this class holds most."""
    by_pair = misconceptions.assign(a_learner=misconceptions.expected / misconceptions.of).groupby("pair", sort=False)
    commonest = by_pair.misconception.first()
    table = pd.DataFrame({"misconceptions a learner": by_pair.a_learner.sum().round(2), "commonest": commonest})
    table = table.sort_values("misconceptions a learner", ascending=False, kind="stable")
    return table.set_axis([NOTEBOOK[key] for key in table.index]).rename_axis("notebook")


def class_gain(learners: list[dict]) -> pd.DataFrame | None:
    """Mean shares right in forms A and B of those who answered both, and the class's normalised gain, by pair and in all."""
    tables = [t.loc[[*t.index], ["A", "B"]].dropna() for t in map(diagnosis.gain, learners)]
    tables = [t for t in tables if len(t)]
    if not tables:
        return None
    every = pd.concat(tables).groupby(level=0, sort=False)
    table = every.mean().assign(learners=every.size())
    table["gain"] = diagnosis.normalised(table)
    order = [*(key for key in NOTEBOOK if key in table.index), *(["all"] if "all" in table.index else [])]
    table = table.loc[order].rename(index=NOTEBOOK).rename_axis("pair")
    return table[["learners", "A", "B", "gain"]].round(2)


def report(learners: list[dict], left_out: list[str]) -> list[Section]:
    """The whole report, section by section."""
    before = [answers for answers in learners if only(answers, ("A",))]
    after = [answers for answers in learners if only(answers, ("B",))]
    made = [Section("The class", f"{len(learners)} learner{'s' * (len(learners) != 1)}, of whom {len(before)} answered form A "
                                 f"and {len(after)} form B, in whole or in part.")]
    if left_out:
        made[0].text += "\nLeft out:\n" + "\n".join(f"- {line}" for line in left_out)
    if 0 < len(learners) < FEW:
        made[0].text += (f"\nFewer than {FEW} learners: single persons may be recognised in what follows. "
                         "Do not show it to the class.")
    for title, group, uses in (("Before the course, form A", before, ("A",)), ("After the course, form B", after, ("B",))):
        if not group:
            continue
        beliefs = held(group, uses)
        top = beliefs[beliefs.held_by > 0].head(SHOWN)
        top = top.assign(pair=top.pair.map(NOTEBOOK), held=[f"{h} of {n}" for h, n in zip(top.held_by, top.of)])
        made += [Section(f"{title}: where to spend the time",
                         "How many of a pair's misconceptions a learner of this class may be expected to hold.",
                         time_well_spent(beliefs)),
                 Section(f"{title}: the misconceptions most often held",
                         "Held by those for whom it is more probable than 50 %, of all who were asked.",
                         top.set_index("misconception")[["held", "pair"]] if len(top) else None),
                 Section(f"{title}: what was taken for what",
                         "Answers of all learners together. '2nd for 1st': the pair's second concept was relied on where its "
                         "first was called for.", class_confusion([only(answers, uses) for answers in group]))]
    gained = class_gain(learners)
    if gained is not None:
        made.append(Section("What was gained", "Shares right in both forms, of those who answered both; the gain is what was "
                                               "reached of what was missing (Hake's normalised gain of the class).", gained))
    elif learners:
        made.append(Section("What was gained", "Nobody has answered both forms yet."))
    return made


def as_text(sections: list[Section]) -> str:
    blocks = []
    for section in sections:
        table = "" if section.table is None else "\n\n" + section.table.to_string(na_rep="-")
        blocks.append(f"{section.heading}\n{'-' * len(section.heading)}\n{section.text}{table}")
    return "\n\n".join(blocks)


def as_html(sections: list[Section]) -> str:
    body = ""
    for section in sections:
        table = "" if section.table is None else section.table.reset_index().to_html(index=False, na_rep="-", border=0)
        body += f"<h2>{escape(section.heading)}</h2>\n<p>{escape(section.text)}</p>\n{table}\n"
    style = ("body{font:16px/1.4 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}p{white-space:pre-line}"
             "table{border-collapse:collapse}td,th{padding:.25em .8em;text-align:left;border-bottom:1px solid #ccc}")
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>What the class confuses</title>\n'
            f"<style>{style}</style></head>\n<body><h1>What the class confuses</h1>\n{body}</body></html>\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", metavar="FILE", help="files made by `python -m course_utils progress --export`")
    parser.add_argument("--html", metavar="FILE", help="write the report as a page, too")
    chosen = parser.parse_args(arguments)
    learners, left_out = read(chosen.files)
    sections = report(learners, left_out)
    print(as_text(sections))
    if chosen.html:
        Path(chosen.html).write_text(as_html(sections), encoding="utf-8")
        print(f"\nwritten to {chosen.html}")
    return int(not learners)


if __name__ == "__main__":
    sys.exit(main())
