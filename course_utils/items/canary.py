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
          "A music app's new model picks the next song. For two weeks it has answered copies of all requests, in time and "
          "without a fault; seven of ten songs differ from the old model's. Listeners skip 24 % now, and 26 % would be a "
          "loss. Who should get it next?",
          "A random share of listeners, as many as it takes for two points to show.",
          "All listeners, as two weeks of all requests say more than a share could.",
          "One listener in a hundred for an hour, and then all if no alarm goes off.",
          "The newest accounts only, as they are few and a mistake would cost little.",
          "Whether people skip its songs is seen only where they hear them, beside others at the same time who do not, and "
          "only with enough of both.",
          calls_for="Canary rollout"),
    _item("a2", "A",
          "A hotel site plans to mirror all booking requests to a rewritten price service. The rewrite also reserves the room "
          "for ten minutes, as the old one does. What has to be there before the mirror is switched on?",
          "A stub that takes its reservations, because a copy can block a real room.",
          "A date for the release, because a week without differences shows it is safe.",
          "An alarm on reservations, because as long as it is silent no room is lost.",
          "A mark on the copy's answers, because what is thrown away cannot do harm.",
          "The answer is discarded, the reservation is not: each copy would take a real room off the market.",
          calls_for="Shadow deployment", relied=(CLEAN[1], None, None)),
    _item("b1", "B",
          "A map service sends 1 % of its trips, 300 a day, drawn at random, through a new routing model. It is feared that "
          "5 % instead of 3 % of them are broken off. After a day 4 % of the canary's were, one standard error above the "
          "rest. What now?",
          "Go on for two days, as it takes some 700 trips to tell 5 % from 3 %.",
          "Go back to a shadow for a day, and release it if the routes agree.",
          "Go to all trips, as a harm of that size would have shown on day one.",
          "Go on at 1 % for good, as so few trips cannot do any harm to speak of.",
          "300 trips cannot tell 5 % from 3 %; about 700 find it in four cases of five, beside so large a control. Before "
          "that, silence is no finding.",
          calls_for="Canary rollout"),
    _item("b2", "B",
          "A hospital replaces the model that warns of overdoses. A warning that is missed can kill. Pharmacists check each of "
          "4,000 prescriptions a day before the model's warning is shown, and their verdict is logged. What is the new "
          "model's next step?",
          "To judge a copy of each, in a log that is compared with the verdicts.",
          "To judge copies for a week, and take over if it runs without a fault.",
          "To judge one prescription in a hundred, and more if no alarm goes off.",
          "To judge the smallest ward's, where a mistake can do only little harm.",
          "The truth is logged whatever the model says, so a shadow sees what counts, and no patient depends on it. A week "
          "without a fault says nothing about warnings that were missed.",
          calls_for="Shadow deployment"),
    _item("c1", "closing",
          "Lantern, v3: same model, same service, a friendlier text on the challenge screen. The shadow has run for a week; "
          "not one decision differs from v2's. What do you recommend?",
          "A canary sized for abandonment, because the text acts only on who reads it.",
          "A release to all, because a week without one different decision settles it.",
          "A canary of 1 % until tonight, because harm would set off an alarm by then.",
          "Both texts for all users, because a second one is too short to matter much.",
          "The change acts on users, and a shadow has none. A canary can see it, if it is large enough.",
          calls_for="Canary rollout"),
    _item("c2", "closing",
          "v4 is a different model. In shadow it would challenge 300 payments a day that v3 lets through, and let through "
          "280 that v3 challenges. How much of its fraud losses can the shadow tell you in a month?",
          "Part of them: fraud in the 300, and in the 280 if they pass v3's challenge.",
          "All of them: 580 compared decisions a day are enough to price its work.",
          "Their limit: without an alarm in shadow they are not higher than v3's.",
          "Hardly any: with 580 of 20,000 payments the losses cannot move by much.",
          "What v3 let through gets its label, and so does who passed its challenge. Who gave up or failed there never does. "
          "And which of the frauds in the 300 v4's challenge would stop is open.",
          calls_for="Shadow deployment", relied=(CLEAN[1], None, None)),
    _item("c3", "closing",
          "v5 has served 5 % of the users for a day. Four of their checkouts crashed, where the plan allows one; "
          "abandonment is unchanged, z = 0.2. The stage is planned for two days. What do you do?",
          "Roll it back today: the limit on crashes is passed, whatever z may say.",
          "Look at the shadow: as that had no crash, these come from elsewhere.",
          "Finish the two days: the test of harm has not raised any alarm so far.",
          "Carry on at 5 %: a handful of lost checkouts can be borne for a day.",
          "The limit on crashes stands on its own. A quiet z says nothing about crashes, and the second day costs users.",
          calls_for="Canary rollout"),
)
