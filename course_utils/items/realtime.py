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
          "The counts of bikes that it uses are loaded every two hours. At rush hour it is wrong most of the time. What do "
          "you change?",
          "The loading of counts: a fast answer from old ones is an old one.",
          "The machines: on faster ones the answer is that of the moment.",
          "The trigger: all stations can be computed at night, and be as good.",
          "Nothing there: service and loading run, and the counts are right.",
          "The trigger is the request, the inputs are two hours old. Speed of the answer does not change their age.",
          calls_for="Real-time inference"),
    _item("a2", "A",
          "A fashion app makes outfit pictures for all of its 40 million customers every night. A picture takes 40 seconds, "
          "at night or on request; nobody waits longer than two seconds. Two customers in a hundred look the next day, mostly "
          "the same ones. What now?",
          "Make them at night for frequent visitors, and none for the others.",
          "Make them on request, and pay for a picture only when it is seen.",
          "Make them as now: what is done in bulk costs less than any request.",
          "Make them as now: the job never fails, and pictures are up to date.",
          "Forty seconds are too long to wait for, so they are made beforehand. But of a hundred pictures ninety-eight are "
          "paid for and not seen.", calls_for="Batch inference"),
    _item("b1", "B",
          "A utility ranks its 200,000 transformers by risk once a week; each morning crews are sent out by that list. "
          "Sensors send their values once a day. A vendor offers scoring within 50 ms of each request. What do you answer?",
          "We run the job daily: sensor values are no fresher than that.",
          "We take it, and know each risk at the very moment at which we ask.",
          "We stay weekly: a list made in bulk is good enough for crews.",
          "We stay weekly: the job has not failed, and the list is current.",
          "The inputs change daily, so a daily job has all there is to know. Answering in 50 ms would add nothing.",
          calls_for="Batch inference"),
    _item("b2", "B",
          "An ambulance service tells callers when help will arrive. The minutes come from a table that a job makes each "
          "night, by district and hour. When several calls come at once they are wrong by a quarter of an hour, for the "
          "nearest cars are taken. What helps?",
          "Computing them at the call, from where each free car is then.",
          "Computing them at the call, from last night's data, but faster.",
          "Computing the table in more detail, by street and by minute.",
          "Computing as now, with an alarm for nights when the job fails.",
          "Somebody waits, and what matters is a minute old. A finer table is as old as the coarse one, and so is a fast "
          "answer from its data.", calls_for="Real-time inference"),
    _item("c1", "closing",
          "Lantern's gift-card fraud comes in bursts of ten minutes. Someone proposes to make the counts of payments every 15 "
          "minutes, by a job that runs for six, in place of every night, for a tenth of the cost of counting at each payment. "
          "What do you say?",
          "Not as it is: most of the bursts are over before the table sees them.",
          "No: counts should be made on request, in this and any other model.",
          "Yes: at 15 minutes a table is about as good as counts on request.",
          "Yes, if the job passes its tests and runs: then counts are fresh.",
          "A burst is seen only if a snapshot falls into its first four minutes, as the run takes six: 4 of 15, about one in "
          "four. Price that before you buy.", calls_for="Real-time inference"),
    _item("c2", "closing",
          "A model was trained on counts taken from the log at each payment, and is served counts of last night. The loss is "
          "four times what the test promised. A streaming system would take half a year. What can be done this week?",
          "Training on counts as old as those served: no new system is needed.",
          "Nothing that helps: counts made on request are the only remedy.",
          "Scoring all cards at night too: then counts and scores fit together.",
          "Waiting for more weeks: job and service run, so it was bad luck.",
          "A model that is trained on what it is served learns how little last night's counts say. The test promised what was "
          "never served.", calls_for="Batch inference"),
    _item("c3", "closing",
          "In one of Lantern's night jobs 2 of 400 partitions failed, and were run again in the morning, this time without an "
          "error. All 400 are in the table. Which question do you ask before you trust it?",
          "If a partition is run twice, are its rows in the table only once?",
          "Could the rows of these two not be scored on request when needed?",
          "Would last night's rows not have done as well for these two?",
          "Did the job that ran in the morning finish without a warning?",
          "A re-run is safe only if it replaces. If the job appends, complete and correct are different things.",
          calls_for="Batch inference"),
)
