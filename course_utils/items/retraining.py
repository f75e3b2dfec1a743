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
          "A courier's model of driving times is retrained on the first of each month. On the 4th a bridge is closed for a "
          "year, and its error doubles; true times are known the same evening. By the 7th there are 40,000 trips with the "
          "detour; the log is sound, and a comparison takes minutes. What do you do?",
          "Start a run today, and deploy it if it does better on trips held out.",
          "Start a run today, and deploy it when it is done, as the error demands.",
          "Start a run each night from now on, and deploy the newest each morning.",
          "Start none as yet, and wait until one of the input alarms confirms it.",
          "The outcomes give the signal, they are ripe within a day, and the log is sound: no date is worth waiting for. To "
          "retrain is not yet to deploy; the comparison takes minutes.",
          calls_for="Triggered retraining"),
    _item("a2", "A",
          "A water company's model says which pumps will fail; whether it was right shows at the inspection each spring. An "
          "input alarm has replaced the yearly run, and was silent for three years. Since the water was softened, which "
          "no input shows, pumps of all kinds fail three times as often as predicted. What should the policy get?",
          "A date: a run after each inspection, with or without an alarm.",
          "A lower limit: the alarm comes sooner, and starts a run each time.",
          "A run each night: no model is ever older than the last reading.",
          "A finer alarm: with more bins it sees a change of this kind too.",
          "What inputs mean has changed while the inputs stood still: no input alarm sees that. A date is insurance against "
          "what no signal sees; readings of last night have no outcome to learn from.",
          calls_for="Scheduled retraining"),
    _item("b1", "B",
          "A caterer forecasts school lunches. Pupils and menus change in September; between, little has moved in three years. "
          "An alarm on 60 inputs, each with 5 % false alarms a day, starts a run nearly daily, and its models do no better "
          "than September's. What do you change?",
          "Start a run each autumn, as soon as enough days with new menus are in.",
          "Start and deploy in one step, so that what the alarm asks for comes sooner.",
          "Start a run every night, so that the model has seen each of the last lunches.",
          "Start runs by an alarm on 200 inputs, so that a change has no place to hide.",
          "By chance alone the alarm fires on 1 - 0.95 to the power of 60, 95 % of the days. Where the date of the change is "
          "known, the calendar is the better signal, and an alarm a reason to look.",
          calls_for="Scheduled retraining"),
    _item("b2", "B",
          "A rental platform's model finds false listings; reports are complete after a month. Of those from six weeks ago it "
          "found 40 %, where 80 % had been usual: a new kind has come, and 900 of it are confirmed. No feature looks "
          "unusual. The next run by the calendar is in ten weeks. What now?",
          "A run on listings that are a month old, which must beat the present model.",
          "A run on listings that are a month old, which goes live once it has ended.",
          "A run every night from now on, which always has the listings of the day.",
          "No run until a feature moves, which a kind that matters would bring about.",
          "The fall is measured on ripe reports and is no accident; ten weeks are dear. Newer listings still pass for honest, "
          "because their reports are not in, and a run is no proof that its model is better.",
          calls_for="Triggered retraining"),
    _item("c1", "closing",
          "At Lantern the PSI trigger fires ten days after a release of the payment gateway. Ever since, the log and the "
          "ledger have disagreed on one channel; the performance trigger is silent. What do you do with the run?",
          "Block it until the feed is mended and the rows are out.",
          "Start it, because an alarm that may be ignored is none.",
          "Start it on the newest rows, which outweigh the others.",
          "Forget it, because real harm trips the other trigger.",
          "The veto comes before any trigger. It holds until no broken row is left in the training window, not only until "
          "the feed is repaired. Performance needs labels, which come weeks later."),
    _item("c2", "closing",
          "An alarm on ripe outcomes fires three weeks before Lantern's next date: recall has fallen from .80 to .55. Log and "
          "ledger agree. The challenger, trained at once, beats the champion on held-out ripe payments by four standard "
          "errors. Inputs look as always. What do you recommend?",
          "Promote it now, and compare the next one too before it goes live.",
          "Promote it now, and let such an alarm do so alone the next time.",
          "Promote it now, and then each month's newest, which fits better.",
          "Keep the champion, and wait for an input to move before any change.",
          "A sound signal started the run, and the gate let it through. Neither the alarm nor the younger age is a reason to "
          "deploy: with half a standard error you would keep the champion.",
          calls_for="Triggered retraining"),
    _item("c3", "closing",
          "Someone proposes to replace the calendar by the PSI trigger. Last year brought one new market, one fraud ring "
          "under unmoved inputs, and a slow change in what the inputs mean. What do you say?",
          "Keep a date beside it: PSI would have slept through two of the three.",
          "Replace it, with alarms that deploy too: what cost us was the delay.",
          "Replace it by a run each night: then no model can fall behind again.",
          "Replace it: a change that matters must move some input in the end.",
          "PSI sleeps where no input moves. Outcomes show the other two, late; the greatest age is insurance against what no "
          "signal sees. Its premium is the runs of quiet months.",
          calls_for="Scheduled retraining"),
)
