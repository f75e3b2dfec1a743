"""Inventory items for pair 06. Every wrong option carries one of three misconceptions:

LOG    a log is the truth about every policy (a benchmark settles it; more of the same log settles it)
LIVE   anything on live traffic is an online test (a mirror, a canary, the first significant day)
QUIET  no significant difference means no difference
"""
from __future__ import annotations

from ..inventory import item_maker

LOG = ("a log is the truth about every policy", "Offline evaluation")
LIVE = ("anything on live traffic is an online test", "Online evaluation")
QUIET = ("no significant difference means no difference", "Online evaluation")

_item = item_maker("evaluation", LOG, LIVE, QUIET)

ITEMS = (
    _item("a1", "A",
          "A video service has a new ranking model. On last year's clicks, collected while the old ranking was on every "
          "screen, it scores clearly higher than the old one. The team asks whether viewers will watch more. What next?",
          "Split viewers at random for a planned time, and compare what the halves watch.",
          "Nothing: a clear win on a whole year of clicks has answered that question.",
          "Mirror live requests to it for a week, and read off how viewers take it.",
          "Give it to 200 viewers; if no harm is significant there, give it to everyone.",
          "The clicks were made on another ranking, and a mirror shows viewers nothing new. What they will do with this one "
          "is seen only where it is on their screens, beside a control group."),
    _item("a2", "A",
          "A bank knows repayments only for applicants it approved. A new credit model does better on those. The board asks "
          "how it would do on the applicants that the bank now turns away.",
          "Approve a small random share of them, and weight what those repay.",
          "Score it on the approved of ten more years, until the margin is tight.",
          "Run it beside the old one, unused, and count whom it would approve.",
          "Compare 30 borderline cases: should defaults not differ, it is safe.",
          "No amount of data about the approved speaks for the others. Some of the others must be let in, by chance, with a "
          "known probability."),
    _item("b1", "B",
          "A navigation app tests a new route planner on half of its drivers, planned for 14 days. On day 5 trips are shorter "
          "with p = .03, and the product manager wants to end the test. What do you advise?",
          "Run on to day 14, or use a limit that was made for daily looks.",
          "Replay last month's trips through both, and release the winner.",
          "Release it: real drivers have shown a significant gain today.",
          "Release it if complaints have shown no significant rise so far.",
          "Whoever may stop on any day has many chances of a lucky one; five days were not what the .05 was made for. And "
          "five quiet days say little about complaints."),
    _item("b2", "B",
          "Twice a year a firmware update makes a warehouse's robots send requests without the weight field. The candidate "
          "planner goes live next week, months before the next update. How do you find out whether it copes?",
          "Replay the stored requests of the last two updates through it.",
          "By its score on the yearly benchmark, which averages over such days.",
          "Serve it to a twentieth of the robots; live requests will show it.",
          "Test it on half of the robots; no difference in failures clears it.",
          "The case will not occur while a test runs, and an average hides it. The stored requests put it to the candidate "
          "today, at nobody's expense."),
    _item("c1", "closing",
          "In Lantern's warehouse declined payments are stored as fraud. On last month's rows candidate M has AUC .96 and "
          "candidate N .52. A random twentieth of the declined was let through. What do you do?",
          "Rank both again on what was let through, weighted by its chance.",
          "Release M: over so many rows, a lead like that cannot be luck.",
          "Mirror live payments to both, and keep the one nearer to the rule.",
          "Leave the declined out; if little difference is left, take either.",
          "Under that convention the score rewards imitation of the old rule. The payments let through by chance are the only "
          "rows that say what the declined would have done."),
    _item("c2", "closing",
          "A planned 14-day test of two candidates is over. One saves 40 dollars a day more, with a 95 % interval from "
          "-190 to 270. How do you report it?",
          "As unsettled: test longer, or find a sharper way to measure.",
          "As a win for the one with the higher AUC in last month's log.",
          "As a win for the one ahead: it has 14 live days behind it.",
          "As a tie, since the difference between them is not significant.",
          "The interval holds large losses and large gains. A test too small to tell has told nothing, in either direction."),
    _item("c3", "closing",
          "A candidate declines other customers than the present model does. Someone asks whether declined customers will "
          "come back with another card, or leave for good. What can answer that?",
          "A randomised test that runs until customers have had time to return.",
          "Last quarter's log: it holds every decline, and who came back after it.",
          "A shadow run, in which the candidate sees how its customers behave.",
          "A day at one percent: if returns do not differ, nobody minds.",
          "It is a reaction to the candidate's own decisions. No log and no shadow contains these, and a day at one percent is "
          "too little to see them."),
)
