"""Inventory items for pair 02. Every wrong option carries one of three misconceptions:

DAMAGE  drift and damage are the same thing (an alarm means harm; harm needs an alarm)
STABLE  stable inputs mean a healthy model
FAULT   the model is the first suspect, whatever goes wrong
"""
from __future__ import annotations

from ..inventory import item_maker

DAMAGE = ("drift and damage are the same thing", "Data drift")
STABLE = ("stable inputs mean a healthy model", "Data drift")
FAULT = ("the model is the first suspect", "Model drift")

_item = item_maker("drift", DAMAGE, STABLE, FAULT)

ITEMS = (
    _item("a1", "A",
          "A hospital's readmission model now also serves a clinic that was merged in last quarter. Mean age is up by "
          "nine years and four input alarms have fired. Outcomes up to last month are in: predicted and observed rates "
          "agree in every age group, the new clinic included. What next?",
          "Keep the model, and keep watching calibration in the new clinic's groups.",
          "Retrain it: four inputs past their thresholds mean that it no longer fits.",
          "Leave out the four inputs: on inputs that stand still it cannot go wrong.",
          "Roll back to the version before: something in this one has set the alarms off.",
          "The inputs moved (P(X)); outcomes that are in say that what they mean did not. Nothing is broken yet."),
    _item("a2", "A",
          "A ride-hailing company predicts cancellations. For two weeks twice as many rides as predicted have been "
          "cancelled. The distribution of every input is what it was. What is the best next step?",
          "Look for the kind of ride in which the excess of cancellations sits.",
          "Lower the thresholds until an input alarm fires, and act on that input.",
          "Check the counting job only: with inputs like these the model must be right.",
          "Retrain on the two weeks first, since the model has evidently gone stale.",
          "The outcome changed while the inputs did not, so P(y|X) moved. Where it moved decides what can be done."),
    _item("b1", "B",
          "A delivery-time model is suddenly far off, for Android orders only. There, the logged distance to the customer "
          "rose by 60 % overnight; a new app version went out yesterday. What do you do first?",
          "Compare logged distances with the map service's for the same Android orders.",
          "Size the response by the index: this far past its limit, the model must go.",
          "Scale the distances back into their usual range, after which it is sound again.",
          "Retrain on last night's orders, so that the model learns the longer distances.",
          "One channel, one night, one release: suspect the record first. It can be checked today, without any outcome."),
    _item("b2", "B",
          "Six weeks after a competitor cut its prices, all input monitors of a telecom's churn model are green. Of the "
          "customers whose contracts ended since, three times as many left as predicted; the other contracts still run. "
          "What is the best reading?",
          "The same customers now behave differently: find the segment that is leaving.",
          "Damage of this size must show in some input: refine the monitors' bins first.",
          "Nothing it looks at has changed: trust it until the remaining contracts end.",
          "The model is worn out: retrain now, with running contracts counted as loyal.",
          "Partial outcomes, compared with what should be in by now, already speak. Contracts still running are unknown, "
          "not loyal."),
    _item("c1", "closing",
          "Lantern, some months later. Overnight the index of `amount_logged` goes to 1.4, on one channel only. The "
          "gateway of that channel was released yesterday, and no chargeback can be in yet. First move?",
          "Hold the logged amounts of that channel against the ledger's, payment by payment.",
          "Raise the review budget in proportion: an index of 1.4 is very heavy losses.",
          "Restore the old distribution by capping the amounts, and the model is safe again.",
          "Retrain tonight on the new amounts, for the model is now out of date.",
          "Nothing can be judged until the inputs are known to be true, and this can be checked at once."),
    _item("c2", "closing",
          "No input index has moved for six weeks. For the payments that are 10 to 15 days old, 52 chargebacks have been "
          "filed, where the model and the usual delay lead you to expect 20. How do you read that?",
          "What the inputs mean has changed; the excess should be traced to a segment.",
          "The shift is too small for these bins: add bins until the index confirms it.",
          "Labels that young say nothing yet, and the inputs say that all is well.",
          "The model has aged past its date, so retrain it on these two weeks at once.",
          "52 against 20 is far outside chance, and enough to judge by. Retraining now would teach the missing labels "
          "as honest. (If banks had begun to file faster, older cohorts would show it: look there as well.)"),
    _item("c3", "closing",
          "Lantern opens a third market. The index of two inputs is .18; where enough labels are in, filed and expected "
          "chargebacks agree in both old markets and in the new one. What do you recommend?",
          "Change nothing, and give the new market a line of its own on the watch list.",
          "Retrain because .18 is past .10; the cost of drift grows while you wait.",
          "Drop the two inputs that moved, so that the model stands on stable ones.",
          "Bring back the model before this one, which did not raise such alarms.",
          "The index says that inputs moved; filed against expected says that decisions are as good as before."),
)
