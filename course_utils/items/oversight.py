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
          "Proposals that are known to be wrong, planted among the real ones and counted.",
          "Nothing more is needed: a trained person has looked at each one and signed it.",
          "The 99 % do: if proposals were often wrong, there would be many more objections.",
          "The model's accuracy on old cases: if that is high, the nurses do not matter.",
          "Agreement is high when proposals are right and when nobody reads. Only where agreeing is known to be wrong do "
          "the two come apart."),
    _item("a2", "A",
          "A shop pays refunds under 50 dollars without any person. One weekend a wrong price list makes it pay out ten times "
          "the usual sum, and on Monday nobody knows whose decision that was. What should have been there at launch?",
          "A limit on the daily sum, a named owner, and somebody who may switch it off.",
          "A clerk who confirms each of the refunds, so that every one has a signature.",
          "A monthly report of complaints, since no customer had complained so far.",
          "A more accurate model of refunds, so that such a weekend cannot happen.",
          "Clerks would have met ten times the work with the same wrong prices. A limit stops any cause, and an owner is a "
          "name, not a click."),
    _item("b1", "B",
          "Moderators must confirm each post that a filter wants to delete. Posts have doubled, moderators have not; to read "
          "a day's posts would take them 14 hours each, and they work 7. The backlog is empty every evening. What follows?",
          "That at least half of the posts are confirmed unread, whoever is to blame.",
          "That control has held: no post was deleted without a moderator's consent.",
          "That it works: no backlog, and no more appeals than there were last year.",
          "That the filter has become so good that it could do without moderators.",
          "Seven hours hold half of fourteen hours' reading. What is not read is decided by the filter, under a moderator's "
          "name."),
    _item("b2", "B",
          "A lender's loan decisions are logged in a hash chain that verifies each night. A dispute turns on decisions of last "
          "May, and the borrower doubts that they are all there. What would settle it?",
          "The number and the last hash of May's records, as someone else noted them then.",
          "The signature of the officer in charge of the log, who approved each decision.",
          "The nightly reports: a chain that had lost any records would not have verified.",
          "The model that decided: it is accurate, and it would decide the same way again.",
          "A chain that was cut, or written anew, verifies. Only what was kept elsewhere can contradict it."),
    _item("c1", "closing",
          "Lantern's review desk is loaded to 1.9 desks' work, and two desks are staffed. Management asks for an approval by a "
          "person of every payment over 100 dollars as well, with the same staff. What do you say?",
          "Send the cases that cost most if wrong, as many as the two desks can read.",
          "Do it: with a person's approval each of these payments has been controlled.",
          "Do it, and watch agreement: while that stays high, the desks are coping.",
          "Drop the desks instead: the model is accurate, so it needs neither of them.",
          "At 95 % the desks are full already. More cases mean less reading, while the dearest ones repay a reader."),
    _item("c2", "closing",
          "An engine proposes which insurance claims to pay, and clerks confirm. After a change of the engine they agree with "
          "78 % of its proposals instead of 91. As before, they object to 95 of 100 errors planted for them. How do you read "
          "that?",
          "The engine has become worse, and the clerks still read: look at the change.",
          "As in order: a clerk decided each claim, so whatever the engine does is checked.",
          "The clerks have become worse: good ones agreed with far more proposals before.",
          "The engine has outgrown its clerks: they object to what they do not understand.",
          "To follow a planted error is to miss it, and they miss no more than before. So they read, and the proposals got "
          "worse (or the claims harder). Agreement alone would have blamed those who look."),
    _item("c3", "closing",
          "Payments over 2,000 dollars are to be blocked by the model alone, at once. What must stand before launch, however "
          "accurate it is?",
          "A daily limit, a way to appeal, an owner by name, and who may stop it at night.",
          "A reviewer who confirms each block, and with that answers for all the others.",
          "A quiet month in shadow, in which no one has objected to any of its blocks.",
          "An accuracy above the reviewers' own, which makes the other rules superfluous.",
          "Who decides is one of four questions. Accuracy answers none of the other three, nor does a click."),
)
