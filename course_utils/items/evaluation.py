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
          "A randomised test: no click says what people do on another screen.",
          "A release: a clear win on all of last year's clicks has settled it.",
          "A mirror of live requests: that shows in a week how viewers take it.",
          "A trial with 200 viewers, and a release if no loss is significant.",
          "The clicks were made on another ranking, and a mirror shows viewers nothing new. What they will do with this one "
          "is seen only where it is on their screens, beside a control group.", calls_for="Online evaluation"),
    _item("a2", "A",
          "A shop's search team has forty ranking variants. A live test takes two weeks, with room for two variants. 30,000 "
          "past queries are stored, whose results were marked good or bad by judges. How do you choose the two for the next "
          "test?",
          "By the judges' marks, which are good enough for a first sieve.",
          "By the judges' marks: the first of them needs no live test any more.",
          "By a mirror of live queries, which shows what the users prefer.",
          "By an hour live for each, and a draw among those not clearly worse.",
          "Two at a time, forty variants take forty weeks live; the stored queries can be put to all of them today. They sort "
          "out, and the live test decides.", calls_for="Offline evaluation"),
    _item("b1", "B",
          "A navigation app tests a new route planner on half of its drivers, planned for 14 days. On day 5 trips are shorter "
          "with p = .03, and the product manager wants to end the test. What do you advise?",
          "Run on to day 14: looked at daily, a lucky day is nothing rare.",
          "Replay last month's trips, and release the planner that does better.",
          "Release it: the gain is significant, and made with real drivers.",
          "Release it, for complaints have shown no significant rise either.",
          "Whoever may stop on any day has many chances of a lucky one; five days were not what the .05 was made for. And "
          "five quiet days say little about complaints.", calls_for="Online evaluation"),
    _item("b2", "B",
          "Twice a year a firmware update makes a warehouse's robots send requests without the weight field. The candidate "
          "planner goes live next week, months before the next update. How do you find out whether it copes?",
          "By a replay: the requests of the last two updates are all stored.",
          "By its score on the yearly benchmark, of which such days are a part.",
          "By giving it a twentieth of the robots: live requests will show it.",
          "By a test on half of the robots: if failures do not rise, it copes.",
          "The case will not occur while a test runs, and an average hides it. The stored requests put it to the candidate "
          "today, at nobody's expense.", calls_for="Offline evaluation"),
    _item("c1", "closing",
          "In Lantern's warehouse declined payments are stored as fraud. On last month's rows candidate M has AUC .96 and "
          "candidate N .52. A random twentieth of the declined was let through. What do you do?",
          "Rank both on what was let through: a random one stands for twenty.",
          "Release M: nothing like that lead comes by luck over so many rows.",
          "Mirror live payments to both: the one that stops more is better.",
          "Leave the declined out, and take either one if no gap is significant.",
          "Under that convention the score rewards imitation of the old rule. The payments let through by chance are the only "
          "rows that say what the declined would have done.", calls_for="Offline evaluation"),
    _item("c2", "closing",
          "A live test of two of Lantern's candidates, planned for 14 days, is over, and nobody looked before. One saves 40 "
          "dollars a day more, with a 95 % interval from -190 to 270. How do you report it?",
          "As unsettled: the interval has large losses and large gains in it.",
          "As a win for the one that led by AUC on a month of logged rows.",
          "As a win for the one ahead: it has shown that on live traffic.",
          "As a tie: what is not significant after 14 days is no difference.",
          "The interval holds large losses and large gains. A test too small to tell has told nothing, in either direction.",
          calls_for="Online evaluation"),
    _item("c3", "closing",
          "A candidate declines other customers than the present model does. Someone asks whether declined customers will "
          "come back with another card within weeks, or stay away. What can answer that?",
          "A randomised test of some weeks: the candidate then really declines.",
          "Last quarter's log: it has all declines, and who came back after them.",
          "A shadow run: it shows how the candidate's customers behave.",
          "A day at one percent: if returns do not differ, nobody minds.",
          "It is a reaction to the candidate's own decisions. No log and no shadow contains these, and a day at one percent "
          "is too little to see them.", calls_for="Online evaluation"),
)
