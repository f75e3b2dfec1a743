"""Inventory items for pair 3. Every wrong option carries one of three misconceptions:

PANELS  what is charted is understood (more panels, more labels, a closer look at the wall)
BEFORE  what changed last is the cause (and undoing it closes the case)
ASK     whoever records enough needs nothing else (no alarm, no choice of what to record or keep)
"""
from __future__ import annotations

from ..inventory import item_maker

PANELS = ("what is charted is understood", "Monitoring")
BEFORE = ("what changed last is the cause", None)
ASK = ("whoever records enough needs nothing else", "Observability")

_item = item_maker("observability", PANELS, BEFORE, ASK)

ITEMS = (
    _item("a1", "A",
          "A train operator's ticket app: the alarm on p95 rings, and the panels of all eight countries are red "
          "alike. A quarter "
          "of an hour before, a new seat map went live. All requests are traced, with some thirty attributes. What next?",
          "Compare slow requests with fast ones over all the attributes that were recorded.",
          "Add a panel for each station and each train, until one of them is not red any more.",
          "Take the seat map back and close the incident: it is what changed before the alarm.",
          "Wait a little: with thirty attributes on each trace the cause will report itself.",
          "Red everywhere says little: for a p95 one slow request in twenty is enough. The comparison needs no guess about "
          "which attribute matters."),
    _item("a2", "A",
          "A shop's chat assistant answered one question in seven with 'please try later' from Friday night on. On Monday an "
          "analyst stumbled on it, and found the cause in the traces within a minute. What would have helped most?",
          "An alarm on the share of such answers, with a limit, that is on at the weekend.",
          "A large screen in the office that shows the assistant's answers and their latency.",
          "A rule that the last release before a weekend is always taken back on Friday night.",
          "More attributes on each trace, so that the one query is even quicker than a minute.",
          "The question was easy and the data were there; what was missing for two days was somebody, or something, to ask."),
    _item("b1", "B",
          "Some creators of a video site say that their uploads stall. No chart shows it: uploads are measured by "
          "country and "
          "by app version only. The day before, a new encoder went live. What do you do?",
          "Put creator, file type and size on each upload's event, then compare the stalled ones.",
          "Add the creator, of whom there are two million, as a label to all charts of uploads.",
          "Go back to the old encoder: the complaints began after it, so there is no need to ask.",
          "Keep the events as they are for a whole year, so that the answer is sure to be in them.",
          "What was never recorded cannot be asked for. On an event two million creators are one more column; as a "
          "label they are "
          "two million sets of series."),
    _item("b2", "B",
          "A lab's ordering service handles 50,000 orders a day and keeps every hundredth trace, drawn when the order "
          "begins. One "
          "order in 10,000 fails. What do you change, so that failures can be studied?",
          "Decide when the order has ended, and keep the trace of every order that has failed.",
          "Put the number of failed orders on the dashboard, and have it redrawn every second.",
          "Nothing in the traces: look up what was released before each of the failed orders.",
          "Nothing: traces drawn by lot are representative, so the failed ones are among them.",
          "Five orders fail a day, and one in a hundred is kept: one failed trace in three weeks. The share is right, "
          "the number "
          "is useless."),
    _item("c1", "closing",
          "Lantern, a week later: p99 is up again, all panels by region and route are red, and the flag 'quick_pay' "
          "was switched on "
          "for some customers eight minutes before. What tells most about the flag?",
          "Whether, at the same time, slow requests have the flag more often than fast ones.",
          "Whether the panels by region turn red one after the other, or rather all at once.",
          "That it came eight minutes before: nothing else was changed as close to the alarm.",
          "That it is on every trace: what is recorded on all of them needs no comparison.",
          "Some customers have the flag and some have not, at the same time: compare them. (Unless it was given by lot, "
          "ask what else they differ in.)"),
    _item("c2", "closing",
          "The fallback of three in the morning has been found and repaired. Which change to Lantern's telemetry "
          "comes first?",
          "An alarm when the share of fallbacks is above what a good week shows, for minutes.",
          "A dashboard with one panel for each of the twelve hosts, for the morning meeting.",
          "An alarm when any of the hosts has been restarted, since that is what came before.",
          "Twice as long a retention of all events, because the answer had been in there.",
          "It has to ring by itself, and on what users got. The next such outage will have another cause than a restart."),
    _item("c3", "closing",
          "To save money, Lantern removes the shard from its events: 'it is on the dashboard of the storage team, and "
          "we keep all "
          "traces anyway'. What do you say?",
          "It should stay: without it, the question that found the incident cannot be asked.",
          "It can go: the storage team's panels show the shard, and one look at them is enough.",
          "It should stay until the shard that failed is repaired; after that it is of no use.",
          "It can go: all traces are kept, and so something else will always give it away.",
          "How many traces are kept matters less than what is on them. That the merchant could stand in was luck: "
          "each lives on one shard."),
)
