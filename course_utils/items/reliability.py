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
          "Two models sort X-rays, both right on 96 % of 5,000 test images. When an image is turned by two degrees, which no "
          "doctor would notice, A changes 10 % of its answers and B 4 %. How do you choose?",
          "Name the conditions that matter and what an error costs in each; then compare on those.",
          "Take the cheaper one: with 96 % each the two models will do the same harm in practice.",
          "Take B: the model whose answers do not flip is the reliable one, whatever else is true.",
          "Calibrate both on the test images, and take the one whose confidence is better then.",
          "Equal accuracy is not equal risk, and flips are one line of the envelope: B may still be worse on another."),
    _item("a2", "A",
          "A speech recogniser was made more robust by training it on recordings with added street noise. It now passes the "
          "street-noise suite, which it failed before. What may the team say?",
          "It copes with that noise; sounds that nobody trained on have still to be tested.",
          "It is more accurate now, since a better score on any suite means better overall.",
          "It is robust to noise: what holds for a noisy street will hold for other noises.",
          "Its confidence can be relied on in any street once it has been calibrated there.",
          "A suite that was trained on shows that training worked. Held-out kinds may gain, stay, or get worse."),
    _item("b1", "B",
          "A bank's fraud model keeps its F1 at .60 for three months. In that time it has missed all of 300 frauds on accounts "
          "of one small region. What was missing?",
          "A line with a floor for each group that was listed in advance, beside the overall one.",
          "A higher F1: a model that had reached .80 overall would not have missed those frauds.",
          "A stress test with noisy amounts, because a model that passes it is safe in any region.",
          "Calibrated scores, since with true probabilities no group can be worse than another.",
          "An overall number can stand still, or rise, while one group is lost. Only a line for the group shows it."),
    _item("b2", "B",
          "Temperature scaling, fitted on last year's validation data, brings a classifier's calibration error from .12 down "
          "to .02 there. What has become better?",
          "The confidence on data like those; its answers are the same, on every input, as before.",
          "The accuracy: a model that is calibrated better is right more often on the same inputs.",
          "Its reliability: as it passed this check, it will hold in the other conditions as well.",
          "The confidence everywhere: the one number that was fitted corrects it on any new data.",
          "Dividing by one temperature moves no answer. Under a shift it can make confidence better, or worse."),
    _item("c1", "closing",
          "Lantern must choose between two readers of meter photographs. On 800 clean photographs they tie. Someone proposes "
          "to label another 5,000 clean ones, so that the tie is broken. What do you say?",
          "First decide under which conditions they must work, and label photographs of those.",
          "Yes: with enough clean photographs the better reader of the two will show in the end.",
          "No need: test both on blurred photographs, and the winner is the more reliable one.",
          "No need: calibrate both, and keep the one whose confidence is closer to the truth.",
          "More clean data measure the axis on which they tie more sharply. The risk may lie on the axes not measured."),
    _item("c2", "closing",
          "A model answers 'approve' to every request for a small loan. Its answers never flip, under no noise, in no month; "
          "its error rate is the same in every region. What is missing before anybody calls it reliable?",
          "Floors: it is steady in all conditions, and may be wrong in all of them equally often.",
          "A higher average accuracy than its rival's: with it, it would be both steady and good.",
          "Nothing: a model that behaves alike in all conditions is what reliable means.",
          "A calibrated confidence: then its answers can be trusted wherever it is asked.",
          "Steadiness is one property, and a constant has it perfectly. An envelope needs steadiness and floors."),
    _item("c3", "closing",
          "Prediction sets with a 95 % guarantee were set up on last spring's forms. In autumn a new scanner tilts every form. "
          "An auditor asks what the guarantee is worth now.",
          "Nothing until coverage is measured again on forms from the new scanner, group by group.",
          "As much as the accuracy: if that is still high, then so is the coverage of the sets.",
          "As much as before: the sets were tested once, and what has passed a test stays reliable.",
          "95 %: the guarantee is a theorem, and it holds for any model and for any new forms.",
          "The theorem needs new cases drawn like the calibration cases. It also speaks of the average, not of each group."),
)
