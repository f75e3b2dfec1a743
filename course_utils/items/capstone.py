"""Closing items of the capstone, which is no pair. Every wrong option carries one of three misconceptions:

ACT    an alarm calls for a repair (before anything was read, or several at once)
MODEL  the model is the centre (whatever happens, train it)
LUCK   a good end proves the reasoning (what worked last time is the procedure)
"""
from __future__ import annotations

from ..inventory import item_maker

ACT = ("an alarm calls for a repair", None)
MODEL = ("the model is the centre", None)
LUCK = ("a good end proves the reasoning", None)

_item = item_maker("capstone", ACT, MODEL, LUCK)

ITEMS = (
    _item("c1", "closing",
          "Second week of the busy season. PSI has been high for three days; complaints, latency and chargebacks are as "
          "ever. You are on call. What first?",
          "Keep serving, and buy the cheap test whose result would change what you do.",
          "Repair what could be behind it, the cheapest first, until the alarm is off.",
          "Retrain on the last two weeks, because the model has not seen such inputs.",
          "Mend the pipeline, because that is what ended the last PSI alarm in a day.",
          "The season, a broken log and a new market all move PSI. A trace shows whether it is the log; wrong repairs cost."),
    _item("c2", "closing",
          "A trace shows that one channel logs cents as dollars, and a sample of investigated payments shows a fraud ring. "
          "The desk has people free to check decisions. What is the plan?",
          "Check decisions by hand, mend the log, then fresh labels, a retraining, a canary.",
          "Order the repair, the labels, the retraining and a guardrail today, side by side.",
          "Retrain today, because the ring costs most; the log can be mended after that.",
          "Labels, a retraining, then the log: that order ended the ring of last spring.",
          "A retraining that begins before the log is mended learns the cents, and has to be paid for twice."),
    _item("c3", "closing",
          "A team faced an alarm, tried six repairs in six weeks, and after the sixth, a retraining, the alarm went off. All "
          "six are still in place. What does the review say?",
          "No cause was shown: state a claim, test it, and undo what was not needed.",
          "Next time start all six on the first day, and the alarm is off in a week.",
          "It was the model, since the retraining ended it: retrain first from now on.",
          "It ended well: write the six down, in that order, as the team's runbook.",
          "An alarm that goes off after the sixth step does not say which step ended it, or what the other five do each day."),
)
