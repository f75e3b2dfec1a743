"""Inventory items for pair 9. Every wrong option carries one of three misconceptions:

ONE    one number stands for the others (equal accuracy is equal risk; more data settle it)
SUITE  passing one condition means reliable (robust to blur is robust; steady is reliable)
SURE   confidence that was calibrated once is right, everywhere and for everybody
"""
from __future__ import annotations

from ..inventory import item_maker

ONE = ("one number stands for the others", "Accuracy")
SUITE = ("passing one condition means reliable", "Reliability")
SURE = ("calibrated once means right everywhere", "Reliability")

_item = item_maker("reliability", ONE, SUITE, SURE)

ITEMS = (
    _item("a1", "A",
          "A mint sorts coins by camera, in a sealed box with its own lamp; each error costs the same. On 50,000 coins from "
          "that box, drawn at random, model X is right in 99.1 % and Y in 98.2 %. With blurred and tilted pictures Y keeps "
          "most of its answers, X does not. Which one goes into the box?",
          "X, because it errs half as often on the coins that it will be given.",
          "X, and into the open machines as well, because it is the better one.",
          "Y, because a model that stands blur and tilt is the more reliable.",
          "The better calibrated one, because it knows when it can be trusted.",
          "The conditions are fixed and one error is like another: the average over just these coins is what counts. For the "
          "open machines it says little.",
          calls_for="Accuracy"),
    _item("a2", "A",
          "A speech recogniser was made more robust by training it on recordings with added street noise. It now passes the "
          "street-noise suite, which it failed before, on other recordings. What may the team say?",
          "It copes with street noise: that is all that the suite has shown so far.",
          "It is more accurate: what does better in one suite does better overall.",
          "It is robust to noise: what holds in a street holds in halls and kitchens.",
          "It knows its limits: with the confidence set on one street, it holds on all.",
          "A suite of the kind that was trained on shows that kind. Others may gain, stay, or get worse.",
          calls_for="Reliability"),
    _item("b1", "B",
          "A bank's fraud model keeps its F1 at .60 for three months. In that time it has missed all of 300 frauds on accounts "
          "of one small region. What was missing?",
          "A floor for each region: the overall F1 can stand while one of them is lost.",
          "A higher F1: a model with .80 overall would have found that region's frauds.",
          "A stress test: a model that stands noisy amounts is safe in any region.",
          "Calibrated scores: with true probabilities no region can be worse than others.",
          "An overall number can stand still, or rise, while one group is lost. Only a line for the group shows it.",
          calls_for="Reliability"),
    _item("b2", "B",
          "A post office pays a supplier if at least 98 % of the next million labels on one sorting line are read right, "
          "whichever they are. On 200 labels, drawn at random from that line, the reader got 197 right. What should be known "
          "before both sign?",
          "How it does on more labels from that line: 197 of 200 may be luck.",
          "No more than the 98.5 %: what it was on 200, it is on a million too.",
          "How it does on blurred labels: what copes with those will keep 98 %.",
          "How sure it is, calibrated on the 200: the mean is then the true share.",
          "The promise is an average over one stream, so what is missing is its interval: a reader with 97 % gets 197 or more "
          "of 200 in one trial of seven.",
          calls_for="Accuracy"),
    _item("c1", "closing",
          "Lantern must choose between two readers of meter photographs. On 800 clean photographs they tie. Someone proposes "
          "to label another 5,000 clean ones, so that the tie is broken. What do you say?",
          "No: label photographs of the conditions in which the readers must work.",
          "Yes: with enough clean ones the better of the two will show in the end.",
          "No: test both on blurred ones, and the winner is the more reliable one.",
          "No: calibrate both, and keep the one that is closer to the truth there.",
          "More clean data measure the axis on which they tie more sharply. The risk may lie on the axes not measured.",
          calls_for="Reliability"),
    _item("c2", "closing",
          "A model answers 'approve' to every request for a small loan. Its answers never flip, under no noise, in no month; "
          "of last year's loans 70 % were paid back. Somebody calls it 'our most reliable model'. What do you answer?",
          "It is wrong in three of ten: to be steady is not yet to be right.",
          "It is as good as any other with 70 %: equal accuracy, equal risk.",
          "It is reliable: no noise, no month and no region changes a thing.",
          "It is fine with its confidence set to 70 %, which is right anywhere.",
          "Steadiness is one property, and a constant has it perfectly. How often it is right has to be asked as well, and "
          "the envelope needs a floor for it.",
          calls_for="Accuracy"),
    _item("c3", "closing",
          "Prediction sets with a 95 % guarantee were set up on last spring's forms. In autumn a new scanner tilts every form. "
          "An auditor asks what the guarantee is worth now.",
          "Nothing yet: coverage has to be measured again, on forms from this scanner.",
          "All of its 95 %, while accuracy is as before: the two move together.",
          "As much as before: the sets have passed one test, so they will pass others.",
          "All of its 95 %: it is a theorem, which holds for any model and any forms.",
          "The theorem needs new cases drawn like the calibration cases. It also speaks of the average, not of each group.",
          calls_for="Reliability"),
)
