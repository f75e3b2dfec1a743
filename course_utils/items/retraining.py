"""Inventory items for pair 10. Every wrong option carries one of three misconceptions:

ORDER   a trigger is an order (an alarm is reason enough to train, and to deploy)
NEWEST  the newest model is the best (more often, more recent, is better)
SIGNAL  a signal sees every change (no alarm, no change; a finer alarm sees the rest)
"""
from __future__ import annotations

from ..inventory import item_maker

ORDER = ("a trigger is an order", "Triggered retraining")
NEWEST = ("the newest model is the best", "Scheduled retraining")
SIGNAL = ("a signal sees every change", "Triggered retraining")

_item = item_maker("retraining", ORDER, NEWEST, SIGNAL)

ITEMS = (
    _item("a1", "A",
          "A grocery chain retrains its demand forecast when an input alarm fires. It fires the morning after a release of "
          "the till software; for one group of shops the logged quantities no longer agree with the stock records. What now?",
          "Block the run, and set those rows aside until log and stock records agree.",
          "Let the run start: moved inputs are the very thing this alarm was built for.",
          "Train on the rows since the release alone, so that the model fits today's feed.",
          "Let it pass: if anything important were wrong, the accuracy alarm would be on.",
          "The inputs are not true, so nothing may be learned from them. An alarm is a reason to look; the accuracy alarm "
          "needs outcomes that are not in yet."),
    _item("a2", "A",
          "Whether a loan defaults is known after half a year. A lender has replaced quarterly retraining by an alarm on "
          "inputs. It was silent for two years; an audit now finds 1.6 times the predicted defaults since the law on "
          "repayments changed. What should the policy get?",
          "A greatest age for the model, and a check on outcomes as they ripen.",
          "A rule that every alarm trains and deploys at once, to lose no more time.",
          "A run every night on the newest loans, so that no model is ever old.",
          "Finer bins for the input alarm, which will then catch such a change.",
          "What inputs mean has changed while the inputs stood still: no input alarm sees that. A date and a count of "
          "outcomes do; loans of last night have no outcome to learn from."),
    _item("b1", "B",
          "An insurer retrains its claims model every month and deploys at once. Nothing about the product has changed for "
          "a year; on claims settled since, each of the last four models did slightly worse than the one before. What do "
          "you change first?",
          "A new model goes live only if it beats the present one on settled claims.",
          "Runs are started by an alarm, and what an alarm has started goes live.",
          "Runs become weekly, so that each model knows the most recent claims.",
          "Nothing until the drift alarm fires: it would have shown any decline.",
          "To retrain is not to deploy. In a world that stands still a new model differs by its sample and by its less "
          "ripe labels; only a comparison on ripe rows keeps the worse ones out."),
    _item("b2", "B",
          "A rental platform has had complaints about a new kind of false listing for five days. Confirmed reports take a "
          "month. The listings' features look as always. What is the best plan?",
          "A rule against it today; a run later, with missing reports allowed for.",
          "A run tonight, deployed in the morning: the complaints have set it off.",
          "Runs every night from now on, so that the model learns it as it spreads.",
          "No step yet: listings this harmful would have moved some feature by now.",
          "Five days of unripe labels teach a model that the false listings are honest. A rule contains the harm until there "
          "is something to learn from."),
    _item("c1", "closing",
          "At Lantern the PSI trigger fires the morning after a release of the payment gateway. The same morning the log "
          "and the ledger disagree on one channel. What do you do?",
          "Block the run, quarantine the rows, and have the feed repaired.",
          "Start the run: a trigger that one may overrule is none at all.",
          "Start it on the newest rows, which outweigh the faulty ones.",
          "Wait for the performance alarm: real harm would set it off.",
          "The veto comes before any trigger. It holds until no broken row is left in the training window, not only until "
          "the feed is repaired."),
    _item("c2", "closing",
          "Lantern's world has been quiet for months. This month's challenger beats the champion on the held-out payments "
          "by half a standard error; 70 ripe frauds are among them. What do you recommend?",
          "Keep the champion: a gain of this size is what chance produces.",
          "Promote it if an alarm started the run, for then it is needed.",
          "Promote it: at least as good on paper, and trained on newer rows.",
          "Go by PSI: quiet inputs mean that the champion still fits them.",
          "Half a standard error is no evidence either way. Promoting on it every month replaces a known model by a draw of "
          "lots; keep it, and ask whether more ripe frauds can be held out."),
    _item("c3", "closing",
          "Someone proposes to replace the calendar by the PSI trigger. Last year brought one new market, one fraud ring "
          "under unmoved inputs, and a slow change in what the inputs mean. What do you say?",
          "Add a trigger on outcomes and a greatest age: two of three moved no input.",
          "Yes, if every alarm also deploys: what cost us last year was the delay.",
          "No: run it every night instead, and no model can ever be out of date.",
          "Yes: a change that matters will move one of the inputs in the end.",
          "PSI sleeps where no input moves, and after the new market its runs pay only if the model in service is poor. "
          "Outcomes show the other two, late; the greatest age is insurance against what no signal sees. Its premium is "
          "the runs of quiet months."),
)
