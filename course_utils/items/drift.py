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
          "A hospital's readmission model now also serves a clinic that was merged in last quarter. Mean age is up by nine "
          "years and four input alarms have fired. Outcomes up to last month are in: predicted and observed rates agree in "
          "every age group, the new clinic included. What next?",
          "Keep it as it is: what its inputs mean has changed in no age group.",
          "Retrain it: four inputs beyond their limits show that it no longer fits.",
          "Weight the patients: with last year's input distribution it is safe.",
          "Roll it back: none of these alarms went off on the version before it.",
          "The inputs moved (P(X)); outcomes that are in say that what they mean did not. Nothing is broken yet.",
          calls_for="Data drift"),
    _item("a2", "A",
          "A ride-hailing company predicts cancellations. For two weeks 1.7 times as many rides as predicted have been "
          "cancelled; the count agrees with the drivers' pay. Inputs, alone and together, and predictions are distributed as "
          "before. How do you read that?",
          "Such rides now end otherwise, so the cause lies outside of the inputs.",
          "An input has moved as well, but the bins are too coarse to show it.",
          "It is bad luck: the inputs are as before, and so the predictions hold.",
          "The model has a fault, and the version before it is likely to be right.",
          "The outcome changed while inputs and predictions did not, so P(y|X) moved. An older version learned the old "
          "meaning as well.", calls_for="Model drift"),
    _item("b1", "B",
          "A model predicts a wind farm's output from wind, air pressure and temperature. Since Tuesday noon it is a third "
          "too high at 14 of 60 turbines. For these the log says 20.0 degrees, day and night; it is January, and snowing. "
          "What do you do first?",
          "Trace the 20.0 back to its source, since the air out there is colder.",
          "Compute how far the input has moved: that is the size of the damage.",
          "Look at wind and pressure: if they hold still, the model is in order.",
          "Retrain with the days since Tuesday: it has to learn these turbines.",
          "Neither the wind nor the model has changed, but the record of one input. The cause is to be found there, and "
          "training would learn it.", calls_for="Data drift"),
    _item("b2", "B",
          "An insurer predicts which claims end in court, from their kind, sum and region. A new law lets customers sue "
          "without a lawyer from March on. The claims that come in stay as they were. On which of the monitors will the "
          "change show?",
          "On lawsuits against predictions: the same claims now bring more.",
          "On an input or two: what costs so many lawsuits must move something.",
          "On none: claims as before are claims on which the model is right.",
          "On the scores: these fall with time, as a model goes out of date.",
          "Scores are computed from inputs and stand as still as these. What a claim means for the outcome has changed: "
          "P(y|X).", calls_for="Model drift"),
    _item("c1", "closing",
          "Lantern, some months later. Overnight the index of `amount_logged` goes to 1.4, on one channel only. The gateway "
          "of that channel was released yesterday, and no chargeback can be in yet. First move?",
          "Hold that channel's logged amounts against the ledger's, one by one.",
          "Raise the review budget at once: an index of 1.4 means heavy losses.",
          "Cap the amounts at their old range: then the model is safe again.",
          "Retrain on the new amounts tonight: the model has fallen behind.",
          "Nothing can be judged until the inputs are known to be true, and this can be checked at once.",
          calls_for="Data drift"),
    _item("c2", "closing",
          "No input index has moved for six weeks. For the payments that are 10 to 15 days old, 52 chargebacks have been "
          "filed, where the model and the usual delay lead you to expect 20; older cohorts still show that delay. How do you "
          "read that?",
          "Such payments turn out worse than they did, and no input shows it.",
          "Some input has moved a little: more bins will bring it to light.",
          "Labels so young say nothing yet, and the inputs say that all is well.",
          "The model has aged: retrain it at once, on these two weeks as well.",
          "52 against 20 is far outside chance, and enough to judge by. Retraining now would teach the missing labels as "
          "honest.", calls_for="Model drift"),
    _item("c3", "closing",
          "In Lantern's last summer sale the index of `amount_logged` stood at .31 for three days. Two months later the "
          "chargebacks of these days agreed, segment by segment, with what the model had expected. The next sale is near, on "
          "the same terms. What do you prepare?",
          "An entry in the calendar: such an index need not mean any loss.",
          "A retraining on day one: .31 is three times what is permitted.",
          "A scaling of the amounts: on its usual inputs the model is safe.",
          "A new model: the present one did not get through without alarm.",
          "The index says that inputs moved; filed against expected said that the model still fitted. Count the outcomes "
          "again, and go on.", calls_for="Data drift"),
)
