"""Inventory items for pair 4. Every wrong option carries one of three misconceptions:

COST    training is the expensive part, whatever is served
FROZEN  once trained, a model stays what was tested (however it is called, converted or fed)
SAME    serving needs and does what training needs and does
"""
from __future__ import annotations

from ..inventory import TWIN, item_maker

COST = ("training is the expensive part", "Training")
FROZEN = ("a trained model stays what was tested", "Inference")
SAME = ("serving is training without labels", TWIN)

_item = item_maker("training", COST, FROZEN, SAME)

ITEMS = (
    _item("a1", "A",
          "A clinic's network gives one X-ray the scores .31 and .58, a second apart: the same bytes, sent alone to the same "
          "process. The file with the weights is the released one, and the weekly accuracy is as it was since the release. "
          "What do you look at first?",
          "The network's mode: in training mode each call draws dropout anew.",
          "The length of its training: the scores had no time to settle.",
          "The log of both calls: from the same weights there comes one score.",
          "The server's arithmetic: it must have as many bits as training.",
          "Dropout draws anew in each call as long as the network is in training mode. Averages hide it, two calls show it.",
          calls_for="Inference"),
    _item("a2", "A",
          "A model of 7 billion parameters answers on one card of 24 GB, in 16 bits. Fine-tuning all of it on the same card "
          "fails for lack of memory, even with a batch of one short text. Why?",
          "Gradients and the optimiser's numbers do not fit, at any batch size.",
          "Training is too much work for such a card; a faster one would do it.",
          "The script must load another file; the one that was tested does fit.",
          "Something else fills the card; what can serve a model can train it.",
          "Weights of 14 GB leave room to serve. Gradients and optimiser multiply the 14, before the first token is read.",
          calls_for="Training"),
    _item("b1", "B",
          "A publisher's language model is trained once a year, at the size that makes training cheapest. Next year it is to "
          "answer fifty times as many questions, no better than now. What should be worked out anew?",
          "Its size: a smaller one, trained on more text, may cost less in all.",
          "Its training budget: no number of answers ever costs as much as that.",
          "Nothing about it: the size was optimal when tested, and remains so.",
          "The number of training machines: fifty times the use needs more of them.",
          "Each served token pays for every parameter; training pays once. With enough traffic the smaller model is cheaper.",
          calls_for="Inference"),
    _item("b2", "B",
          "A speech model of 1 billion parameters serves a museum on a small computer of 8 GB, in 32 bits, so its file has 4 "
          "GB. A student wants to train all of it there, with Adam, on the museum's own recordings. How much memory does that "
          "take at least?",
          "16 GB: weights, gradients and Adam's two averages are 4 GB each.",
          "8 GB, which it has: what training costs more of is computing time.",
          "4 GB and a bit: the file is the tested one, in training or in use.",
          "5 GB or less: the weights and one recording, as for an answer.",
          "Four numbers of 4 bytes for each of 10^9 parameters, before the first recording is read. Serving needs one of the "
          "four.", calls_for="Training"),
    _item("c1", "closing",
          "In the evening, with forty conversations at a time, the server of Lantern's assistant runs out of memory; in the "
          "morning it does not. Weights and code are the same. What grows?",
          "The keys and values: each open conversation keeps its own.",
          "The share of some training job: answers cost next to nothing.",
          "Nothing grows: what passed the test fits on this card.",
          "The gradients: each open conversation keeps them to its end.",
          "A server holds weights once and a cache of keys and values for each conversation. Gradients belong to training.",
          calls_for="Inference"),
    _item("c2", "closing",
          "The fraud model was tested in 32 bits. The service runs an export of it in 8 bits, with its own code for the "
          "inputs. Accuracy on last month's payments is the same. What is still missing?",
          "The same payments through both, since an average is not a decision.",
          "A training run in 8 bits: quality comes from training, if at all.",
          "Nothing: the model was tested before, and has been tested again.",
          "The training loss: the server must reach what training reached.",
          "An export and its inputs are new code. Equal averages are compatible with many reversed decisions.",
          calls_for="Inference"),
    _item("c3", "closing",
          "Lantern's fraud network has answered in training mode for a week. Somebody has now called eval(), and a payment "
          "gets one score again. But one review in 20 is not decided as in the test before release. What is to be done?",
          "Load the released file again: traffic has changed its statistics.",
          "Pay for a new training run: lost quality comes back in no other way.",
          "Test again: service changes no weights, so the test was at fault.",
          "Return to training mode: a network works best as it was trained.",
          "In training mode each call moves the running means of batch normalisation: a part of training went on in service. "
          "The released file has them as tested.", calls_for="Training"),
)
