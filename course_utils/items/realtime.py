"""Inventory items for pair 5. Every wrong option carries one of three misconceptions:

LIVE   scoring on request is better in itself (a fast answer is no fresher than its inputs, and idles all day)
BULK   what is made beforehand is good enough, and cheaper (it is as old as its snapshot, and unused answers are paid for)
GREEN  what runs without an error is fresh and complete (a failed job leaves yesterday's table, and every light green)
"""
from __future__ import annotations

from ..inventory import item_maker

LIVE = ("scoring on request is better in itself", "Real-time inference")
BULK = ("made beforehand is good enough, and cheaper", "Batch inference")
GREEN = ("what runs without an error is fresh", None)

_item = item_maker("realtime", LIVE, BULK, GREEN)

ITEMS = (
    _item("a1", "A",
          "A bike rental's app predicts on each tap whether a station will have bikes in ten minutes. It answers in 30 ms. "
          "The counts of bikes that it uses are loaded every two hours. At rush hour it is wrong most of the time. What helps?",
          "Load the counts at each return and rental, or as often as stations fill.",
          "Put the model on much faster machines, so that each tap is answered at once.",
          "Predict all stations for the day at night; a look-up is as good as this.",
          "Look elsewhere: neither the service nor the loading has raised an alarm.",
          "The trigger is the request, the inputs are two hours old. Speed of the answer does not change their age."),
    _item("a2", "A",
          "A fashion shop computes outfit pictures for each of 40 million customers every night, with a heavy model. Two in a "
          "hundred open the app the next day. A picture takes as long in the night as it would on request. What now?",
          "Compare the cost of a picture that is seen; try the frequent customers only.",
          "Make all pictures on request: to compute them beforehand is a habit of the past.",
          "Keep to the night: work that is done in bulk is cheaper than work on request.",
          "Leave it as it is: the job has finished every night of this year without error.",
          "Per used picture the night costs fifty times its work. Without a gain from bulk, only idle machines speak for it."),
    _item("b1", "B",
          "A utility ranks its 200,000 transformers by risk once a week, to plan inspections. Sensors send their values once a "
          "day. A vendor offers scoring within 50 ms of each request. What do you answer?",
          "Nobody waits for a score, and a ranking needs them all: run the job daily.",
          "Take it: a risk that is computed at once is a risk that is known in time.",
          "Keep it weekly: scores out of a job are good enough for whatever they may serve.",
          "Keep it weekly: the job has never failed, so the ranking must be current.",
          "The inputs change daily, so a daily job has all there is to know. Answering in 50 ms would add nothing."),
    _item("b2", "B",
          "A clinic's nightly job stores a risk for each patient. The wards read it through a service that loads the table "
          "every five minutes. Since Saturday the job has failed. The service's dashboard shows no error. What was missing?",
          "An alarm on the age of the scores that are served, and a rule for old ones.",
          "Scoring at each look, in place of a table: what is computed now is right.",
          "Nothing of weight: scores that were made some nights ago still serve a ward well.",
          "More checks of the service: it should be asked every second if it answers.",
          "The copy was five minutes old, the scores were days old, and the service was up. Only the scores' age shows that."),
    _item("c1", "closing",
          "Lantern's gift-card fraud comes in bursts of ten minutes. Someone proposes to make the counts of payments every "
          "15 minutes, by a job that runs for six, in place of every night, for a tenth of the cost of counting at each "
          "payment. What do you say?",
          "Measure it in money: most bursts would end before the table has seen them.",
          "Count at each payment, and do so for all models: on request is better.",
          "Do it: a table that is made so often is as good as counting on each request.",
          "Do it if the new job passes its tests: then the counts are up to date.",
          "The age has to be compared with the burst: half a period plus the run is longer than the attack."),
    _item("c2", "closing",
          "A model was trained on counts taken from the log at each payment, and is served counts of last night. The loss is "
          "four times what the test promised. A streaming system would take half a year. What can be done this week?",
          "Train on the counts as served, and compare with a model without them.",
          "Nothing: only counts that are made on request can lower this loss.",
          "Score all cards in the night as well, so that both are equally old.",
          "Nothing yet: the job and the service run, so the loss is bad luck.",
          "A model that is trained on what it is served learns how little last night's counts say. The test promised what was "
          "never served."),
    _item("c3", "closing",
          "In a night job 2 of 400 partitions failed, and were run again in the morning. The table is complete. Which "
          "question do you ask before you trust it?",
          "Can a partition run twice without its rows being in the table twice?",
          "Why were the two not scored on request, which is always preferable?",
          "Why ask: rows scored in a job are as good as those from last night?",
          "None: the second run ended without an error, so the table is right.",
          "A re-run is safe only if it replaces. If the job appends, complete and correct are different things."),
)
