"""Inventory items for pair 12. Every wrong option carries one of three misconceptions:

CLICK  a person in each case is control (a click makes a decision checked, stoppable and somebody's)
QUIET  what nobody objects to is right (agreement, few overrides, a chain without a break)
MODEL  a good machine answers for itself (accuracy or speed in place of limits, an owner, an appeal)
"""
from __future__ import annotations

from ..inventory import item_maker

CLICK = ("a person in each case is control", "Human in the loop")
QUIET = ("what nobody objects to is right", "Human in the loop")
MODEL = ("a good machine answers for itself", "Fully automated")

_item = item_maker("oversight", CLICK, QUIET, MODEL)

ITEMS = (
    _item("a1", "A",
          "A clinic's model proposes which referrals are urgent, and nurses confirm each proposal. They confirm 99 %. The "
          "management wants to know whether the nurses notice a wrong proposal. What tells it?",
          "Made-up referrals with a known fault: whoever confirms one is not looking.",
          "The signature on each: a trained person has looked before it was given.",
          "The share of 99 %: with many wrong proposals there would be objections.",
          "The score on old cases: where it is high, there is little to be noticed.",
          "Agreement is high when proposals are right and when nobody reads. Only where agreeing is known to be wrong do "
          "the two come apart. (The invented patients are taken out before they count.)",
          calls_for="Human in the loop"),
    _item("a2", "A",
          "A shop pays refunds under 50 dollars without any person. One weekend a wrong price list makes it pay out ten times "
          "the usual sum; each refund agrees with the list, which is all that a clerk would see. On Monday nobody knows whose "
          "decision that was. What would have ended it on Saturday?",
          "A cap on the day's sum, which stops the payments and calls their owner.",
          "A clerk for each refund, without whose click no money leaves the shop.",
          "A look at complaints at night, which show whether refunds are in order.",
          "A better model of refunds, which makes fewer errors than this one made.",
          "Clerks and models would have met the same wrong prices, and who gets too much does not complain. A cap stops any "
          "cause, and an owner is a name, not a click.",
          calls_for="Fully automated", relied=(CLICK[1], None, MODEL[1])),
    _item("b1", "B",
          "A university's model flags papers for fraud, some 40 a term. A verdict can cost a degree. On papers of past terms "
          "97 of 100 flags were right. Two examiners have half a day for each case. How should a verdict come about?",
          "Examiners read the paper, hear the student, and then see the model's score.",
          "Examiners receive the flag with its score, and confirm it by a signature.",
          "Examiners publish the flag, and it stands if nobody objects in two weeks.",
          "Examiners step back, as a model that is right in 97 of 100 decides better.",
          "Few cases, high stakes, and time to read: here a person should decide, and be able to differ. A signature under a "
          "score, or silence, is no decision, and three of 100 flags are wrong.",
          calls_for="Human in the loop"),
    _item("b2", "B",
          "A photo site's model removes duplicates, 90,000 a day. One removal in 100 is wrong; its owner can bring the photo "
          "back with a click, a loss of 5 cents. To have a person look at one costs 40 cents. How should removals be decided?",
          "By the model, with a way back, and a count of its use that can stop it.",
          "By a person for each, since a removal without a click is out of control.",
          "By a person for the day's list, who signs it if nothing in it is wrong.",
          "By the model, with no way back, since 99 of 100 is better than people.",
          "Reviews would cost 36,000 dollars a day, the errors cost 45. What is needed is a way back and a limit; nobody "
          "reads a list of 90,000, signed or not.",
          calls_for="Fully automated"),
    _item("c1", "closing",
          "Lantern's review desk is loaded to 1.9 desks' work, and two desks are staffed. Management asks for an approval by a "
          "person of every payment over 100 dollars as well, with the same staff. What do you say?",
          "Send what costs most if wrong: more than two desks can read is not read.",
          "Send them all: with a person's approval each payment has been controlled.",
          "Send them all and watch agreement: while it stays high, the desks cope.",
          "Send none of them: the model is accurate enough to do without the desks.",
          "At 95 % the desks are full already. More cases mean less reading, while the dearest ones repay a reader.",
          calls_for="Human in the loop"),
    _item("c2", "closing",
          "An engine proposes which insurance claims to pay, and clerks confirm. After a change of the engine they agree with "
          "78 % of its proposals instead of 91. As before, they object to 95 of 100 errors planted for them, and hardly ever "
          "to what later proves right. What has become worse?",
          "Proposals, unless claims are harder: the clerks read as they did before.",
          "Nothing: a clerk has decided each claim, whatever the engine proposes.",
          "The clerks: good ones agreed with 91 % of what such an engine proposes.",
          "The match: clerks object to what a better engine sees and they do not.",
          "They miss no more planted errors than before, and object to what is wrong. So they read, and the proposals got "
          "worse (or the claims harder). Agreement alone would have blamed those who look.",
          calls_for="Human in the loop"),
    _item("c3", "closing",
          "Which of Lantern's payments over 2,000 dollars to block is to be decided by the model alone, day and night. "
          "It is more accurate there than the reviewers. What should the launch depend on?",
          "A limit, an appeal and an owner's switch, which are there at any hour.",
          "A reviewer's click within a day, by which a person answers for a block.",
          "A month in shadow, in which there was no objection to any of its blocks.",
          "A score above the reviewers', which says already who should be trusted.",
          "Who decides is one of four questions. Accuracy answers none of the other three, nor does a click, nor the silence "
          "of people whom a shadow never touched.",
          calls_for="Fully automated"),
)
