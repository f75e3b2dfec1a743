"""Inventory items for pair 11. Every wrong option carries one of three misconceptions:

CLEAN  a clean shadow means a safe release (it shows no outcome that the candidate would cause)
QUIET  no alarm means no harm (a small canary is quiet either way)
SMALL  what is small or discarded is safe (side effects, crashes, a broken split)
"""
from __future__ import annotations

from ..inventory import item_maker

CLEAN = ("a clean shadow means a safe release", "Shadow deployment")
QUIET = ("no alarm means no harm", "Canary rollout")
SMALL = ("what is small or discarded is safe", None)

_item = item_maker("canary", CLEAN, QUIET, SMALL)

ITEMS = (
    _item("a1", "A",
          "A bank's new app assistant gives the same answers as the old one; only its wording is warmer and longer. For two "
          "weeks it has answered copies of all requests, without an error. Before the change, 12 % of the customers went on "
          "to call the branch. What next?",
          "Give it to a share of customers that is large enough to show a rise in calls.",
          "Release it to all: two weeks of all requests are more than a test could give.",
          "Give it to 1 % of the customers for an hour, and release it if no alarm goes off.",
          "Let both answer all customers, and keep the old answer: the other one is ignored.",
          "Whether people call after a warmer answer is seen only where they get it, and only with enough of them."),
    _item("a2", "A",
          "A hotel site plans to mirror all booking requests to a rewritten price service. The rewrite also reserves the room "
          "for ten minutes, as the old one does. What must happen before the mirror is switched on?",
          "Its reservations must go to a stub, so that a copy cannot block any real room.",
          "Nothing: mirroring is how one finds out whether the rewrite is safe to release.",
          "Only an alarm on reservations: as long as it is silent, the mirror is harmless.",
          "Nothing: the copy's answers are thrown away, so the guests cannot notice them.",
          "The answer is discarded, the reservation is not: each copy would take a real room off the market."),
    _item("b1", "B",
          "A map service sends 1 % of its drivers, 300 a day, through a new routing model. It is feared that 5 % instead of "
          "3 % of the trips are broken off. After a day 4 % of the canary's were, which is far from significant. What now?",
          "Work out how many drivers that fear needs, and go on or widen until they are in.",
          "Run it as a shadow for a day instead, and release it if the routes look the same.",
          "Release it: a harm that was there would have been significant after the first day.",
          "Go to 2 % and stay there for good, because so few drivers can do no real damage.",
          "300 drivers cannot tell 5 % from 3 %. The plan says how many can; before that, silence is no finding."),
    _item("b2", "B",
          "A news site planned to show 10 % of its readers a new front page. The log holds 140,000 readers in the test and "
          "860,000 in the control. Time on site is slightly up in the test. How do you read that?",
          "Do not read it yet: find out why the split is not the one that was planned.",
          "Copy all requests to the new page: if it renders well, the split is irrelevant.",
          "Release it: no metric has gone down, and there are more readers than required.",
          "Carry on as it is: a few per cent in the wrong group cannot change the result.",
          "14 % instead of 10 % of a million is no chance event. Whatever put the readers there may also explain their time."),
    _item("c1", "closing",
          "Lantern, v3: same model, same service, a friendlier text on the challenge screen. The shadow has run for a week; "
          "not one decision differs from v2's. What do you recommend?",
          "A canary that is sized for abandonment: only people who read the text can leave.",
          "Release it to all: a week without one different decision has settled the matter.",
          "A canary of 1 % until the evening, then everybody, unless an alarm has gone off.",
          "Show both texts to everybody at once, since the second is too short to matter.",
          "The change acts on users, and a shadow has none. A canary can see it, if it is large enough."),
    _item("c2", "closing",
          "v4 is a different model. In shadow it would challenge 300 payments a day that v3 lets through, and let through "
          "280 that v3 challenges. What can the shadow tell you about its fraud losses?",
          "In a month, the fraud in the 300, and in those of the 280 who pass v3's challenge.",
          "All of it: 580 compared decisions a day are enough to price the new model's work.",
          "That they are not higher: the shadow has not raised a single alarm in this time.",
          "Nothing that matters: 580 of 20,000 payments are too few to change any losses.",
          "What v3 let through gets its label, and so does who passed its challenge. Who gave up or failed there never does."),
    _item("c3", "closing",
          "v5 has served 5 % of the users for a day. Four of their checkouts crashed, where the plan allows one; "
          "abandonment is unchanged, z = 0.2. The stage is planned for two days. What do you do?",
          "Roll back now: the crashes are over the limit, and they need no comparison.",
          "Go on: the shadow before it showed no crash, so these must come from outside.",
          "Go on to the planned end: the test of harm has not raised any alarm so far.",
          "Go on: at 5 % of the users it is only a handful of checkouts that are lost.",
          "The limit on crashes stands on its own. A quiet z says nothing about crashes, and the second day costs users."),
)
