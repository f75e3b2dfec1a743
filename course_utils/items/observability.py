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
          "A train operator's ticket app: the alarm on p95 rings, and the panels of all eight countries are red. A new seat "
          "map went live a quarter of an hour before; it cannot be taken back before tonight. All requests are traced, with "
          "some thirty attributes. Which step tells most about the cause?",
          "Compare slow with fast requests: any of the thirty may differ.",
          "Build panels by station and by train: one of them will be red.",
          "Wait for the roll-back: what was changed just before is the cause.",
          "Read the slowest trace to its end: thirty attributes are enough.",
          "Red everywhere says little: for a p95 one slow request in twenty is enough. One trace is an anecdote; the "
          "comparison needs no guess about which attribute matters.", calls_for="Observability"),
    _item("a2", "A",
          "Three times this year a phone company's text messages were not delivered for a whole weekend. On Monday, after "
          "complaints, somebody asked the logs, and had the cause, another one each time, within ten minutes. What would "
          "shorten the next such case most?",
          "An alarm on undelivered messages, since at weekends nobody asks.",
          "A screen in the technicians' office which shows what is delivered.",
          "A rule to take back whatever was last changed before a weekend.",
          "A log with more fields of each message, and so with faster answers.",
          "The question was easy and the data were there; what was missing for two days was somebody, or something, to ask.",
          calls_for="Monitoring"),
    _item("b1", "B",
          "Some creators of a video site say that their uploads stall. No chart shows it: uploads are recorded by country and "
          "app version only. A new encoder, live since the day before, was taken back without effect. What do you do?",
          "Put creator, file type and size on the events, so that we can compare.",
          "Make the creator, one of two million, a label of each chart of uploads.",
          "Take back the release before the encoder's too: it is the next in time.",
          "Keep all events of uploads for a year, and the answer is among them.",
          "What was never recorded cannot be asked for. On an event two million creators are one more column; as a label they "
          "are two million sets of series.", calls_for="Observability"),
    _item("b2", "B",
          "An airline has alarms on processors, memory and disks of its check-in servers. On Sunday one check-in in three "
          "failed for fifty minutes, after a certificate had been renewed. None of the alarms rang; calls from the airport "
          "brought the news. What do you add first?",
          "An alarm on failed check-ins: it rings for any cause that hurts.",
          "A panel for each server: what is in full view of everyone is noticed.",
          "An alarm on new certificates: that is what came just before.",
          "A trace for each check-in: with these no fault stays unseen.",
          "The question 'do check-ins fail?' was known beforehand, so it can be asked every minute. The next outage will have "
          "another cause.", calls_for="Monitoring"),
    _item("c1", "closing",
          "Lantern, a week later: p99 is up again and all panels are red. Nearly all slow requests are on shard 3, although "
          "most requests there are fast. The flag `quick_pay` was switched on for some customers eight minutes before. What "
          "do you ask next?",
          "What the slow requests on shard 3 have that its fast ones lack.",
          "Since when shard 3 has been red on the storage team's own panels.",
          "Who switched `quick_pay` on, the last change before the alarm.",
          "No more: the shard was on all events, and it names the cause.",
          "The shard is only half of it: something else separates its slow requests from its fast ones. Perhaps the flag, "
          "perhaps not: that is what the comparison tells.", calls_for="Observability"),
    _item("c2", "closing",
          "Lantern now has an alarm on the share of fallbacks, over 3 % for some minutes. It has rung twice, once for "
          "nothing. \"We keep all events, and whatever happened at three in the morning is found with one query. Let us drop "
          "it.\" What do you say?",
          "Keep it: the events are complete, and silent until someone asks.",
          "Replace it by a panel, and see the share in the morning meeting.",
          "Replace it by one on restarts, which is what had come before.",
          "Drop it: where everything is recorded, no alarm is needed.",
          "It has to ring by itself, and on what users got. The next such outage may have another cause than a restart.",
          calls_for="Monitoring"),
    _item("c3", "closing",
          "To save money, Lantern removes the shard from its events: 'it is on the dashboard of the storage team, and we keep "
          "all traces anyway'. What do you say about that?",
          "Let it stay: the incident was found by asking for it, on each event.",
          "Let it go: the storage team's panels show it, and are open to all of us.",
          "Let it go: no shard has changed for a year, so that none can be a cause.",
          "Let it go: all traces are kept, and some other attribute will tell it.",
          "How many traces are kept matters less than what is on them. That the merchant could stand in was luck: each lives "
          "on one shard.", calls_for="Observability"),
)
