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
          "Second week of the busy season. PSI has stood at 3.5 for three days, higher than in last year's season; complaints "
          "are a little up, latency and chargebacks as ever. You are on call, and a trace of some payments costs an hour. What "
          "do you do first?",
          "Trace some payments: a broken log gets mended, and the rest is left.",
          "Mend what may be behind it, cheapest first, until the alarm is off.",
          "Retrain on these two weeks: the model has not seen such inputs yet.",
          "Mend the pipeline: that ended the last PSI alarm in a single day.",
          "Season, broken log and new market all move PSI. A trace tells the log from the other two, and changes what you do."),
    _item("c2", "closing",
          "A trace shows that one channel logs cents as dollars, and a sample of investigated payments shows a fraud ring. "
          "The desk has people free to check decisions. What is the plan?",
          "Mend the log; then labels, checks by hand, a retraining, a canary.",
          "Mend, label, retrain and add a guardrail today, so that no time is lost.",
          "Retrain today, as the ring costs most; the log can be mended next week.",
          "Label, retrain, then mend: in that order last spring's ring was ended.",
          "A retraining that begins before the log is mended learns the cents, and has to be paid for twice."),
    _item("c3", "closing",
          "A team faced an alarm, tried six repairs in six weeks, and after the sixth, a retraining, the alarm went off. All "
          "six are still in place. What does the review say?",
          "No cause was shown: name one, test it, and undo what it does not need.",
          "No time to lose next time: start all six at once, and it takes a week.",
          "No doubt about the model: it was retrained last, so retrain it first.",
          "No need to change: it ended well, so the six become the team's runbook.",
          "An alarm that goes off after the sixth step does not say which step ended it, or what the other five do each day."),
)
