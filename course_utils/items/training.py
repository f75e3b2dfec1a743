"""Inventory items for pair 4. Every wrong option carries one of three misconceptions:

COST    training is the expensive part, whatever is served
FROZEN  once trained, a model stays what was tested (however it is called, converted or fed)
SAME    serving needs and does what training needs and does
"""
from __future__ import annotations

from ..inventory import item_maker

COST = ("training is the expensive part", "Training")
FROZEN = ("a trained model stays what was tested", "Inference")
SAME = ("serving is training without labels", None)

_item = item_maker("training", COST, FROZEN, SAME)

ITEMS = (
    _item("a1", "A",
          "A clinic's network gives one X-ray two different scores, a second apart. The file with the weights is the released "
          "one, and the weekly accuracy is as always. What do you look at first?",
          "Whether the service has put the network into its evaluation mode.",
          "Whether enough was spent on training: a longer run gives steady scores.",
          "Whether the picture was altered on its way, as the weights are the same.",
          "Whether the server has less memory than the machine that trained it.",
          "Dropout and batch normalisation compute differently in training mode. Averages hide it, two calls show it."),
    _item("a2", "A",
          "A model of 7 billion parameters answers on one card of 24 GB, in 16 bits. Fine-tuning all of it on the same card "
          "fails for lack of memory, even with a batch of one short text. Why?",
          "Each weight also needs a gradient and the optimiser's numbers, at any batch.",
          "Training takes more operations than such a card can do; a faster one would.",
          "The file must be damaged, since the model that was tested did fit that card.",
          "The data set must be too large, as the model itself is known to fit the card.",
          "Weights of 14 GB leave room to serve. Gradients and optimiser multiply the 14, before the first token is read."),
    _item("b1", "B",
          "A publisher's language model is trained once a year, at the size that makes training cheapest. Next year it is to "
          "answer fifty times as many questions, no better than now. What should be worked out anew?",
          "Its size: a smaller model, trained on more text, may cost less over the year.",
          "Only the training budget: a run costs more than any number of its answers.",
          "Nothing: the size was shown to be optimal, and a trained model stays as it is.",
          "The number of training machines: fifty times the use takes fifty times those.",
          "Each served token pays for every parameter; training pays once. With enough traffic the smaller model is cheaper."),
    _item("b2", "B",
          "Between two epochs a script scores the validation pictures under no_grad, and does nothing else to the model. The "
          "scores depend on which pictures share a batch. What is wrong?",
          "The layers were in training mode, and no_grad does not change how they work.",
          "Too little training: after more epochs the scores no longer depend on it.",
          "Nothing in the model, which no_grad protects: the pictures must be altered.",
          "The batches should be as large as in training, for which the model is made.",
          "no_grad only drops the record. In training mode batch normalisation uses the statistics of the batch at hand."),
    _item("c1", "closing",
          "In the evening, with forty conversations at a time, the server of Lantern's assistant runs out of memory; in the "
          "morning it does not. Weights and code are the same. What grows?",
          "The caches of keys and values, with each token of each open conversation.",
          "The operations of the nightly training job, as serving itself needs few.",
          "Nothing of the model: what was tested on this card still fits this card.",
          "The gradients and the optimiser's numbers, which need thrice the weights.",
          "A server holds weights once and a cache for each conversation. Gradients belong to training."),
    _item("c2", "closing",
          "The fraud model was tested in 32 bits. The service runs an export of it in 8 bits, with its own code for the "
          "inputs. Accuracy on last month's payments is the same. What is still missing?",
          "The same payments through both, and a look at each decision that differs.",
          "A longer training in 8 bits, since quality is bought only by training runs.",
          "Nothing: it is the tested model, and its accuracy has now been seen twice.",
          "The training loss on the server, which must be what it was in the training.",
          "An export and its inputs are new code. Equal averages are compatible with many reversed decisions."),
    _item("c3", "closing",
          "A model was trained on 20 million tokens and serves 3 million a day. The budget's owner wants to save on training, "
          "as that was the big bill. What do you answer?",
          "After three weeks serving has cost more; from then on look at the traffic.",
          "That is right: no number of answers will ever cost as much as the training.",
          "After training the bill stands still, for the model does not change any more.",
          "After a week serving has cost more, as a token is a token in either of them.",
          "A served token costs a third of a trained one: 3 x 20 million tokens, at 3 million a day, are 20 days."),
)
