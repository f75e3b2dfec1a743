"""Inventory items for pair 08. Every wrong option carries one of three misconceptions:

LADDER  fine-tuning is the mature stage of prompting (what matters is tuned, whatever the gap is)
STORE   weights are a place to store facts
FREE    a tuned model costs nothing but its training (updates, evaluation and what it forgets are left out)
"""
from __future__ import annotations

from ..inventory import item_maker

LADDER = ("fine-tuning is the mature stage of prompting", "Fine-tuning")
STORE = ("weights are a place to store facts", "Fine-tuning")
FREE = ("a tuned model costs nothing but its training", "Fine-tuning")

_item = item_maker("finetuning", LADDER, STORE, FREE)

ITEMS = (
    _item("a1", "A",
          "A tour operator's assistant quotes last season's baggage rules. The rules change about once a month, and stand in a "
          "document that everybody trusts. What do you build?",
          "A search that puts the present rule into the prompt of each question.",
          "A fine-tuned model: an assistant that is in earnest has its own weights.",
          "A fine-tuned model, so that it knows the rules and need not look them up.",
          "A fine-tuned model: it is cheap now, and next month it is simply done again.",
          "The evidence is missing, not the ability. A fact that changes belongs where it can be changed."),
    _item("a2", "A",
          "A prompt with eight examples sorts a clinic's mails well enough, at 10,000 mails a month. A vendor offers to tune a "
          "model so that the examples can go. What decides?",
          "Whether the tokens saved repay building it, keeping it and testing it again.",
          "That the prompt was a prototype: what goes to production should be tuned.",
          "That the examples are then known by heart and need not be kept up to date.",
          "That the vendor's price for the training is under a month's bill for tokens.",
          "At this volume the saving is small; upkeep, updates and evaluation run on every month."),
    _item("b1", "B",
          "A tuned model answers in the house's tone on all test cases. In the next weeks support notes that it refuses "
          "dangerous requests less often than before. What happened, most likely?",
          "The tuning moved other behaviour too; test what was not to change as well.",
          "The tuning is not far enough along: with more steps it will be refusing again.",
          "It was given no examples of refusals, so they are not among the facts it holds.",
          "Something else, in the prompt or the traffic: training on tone adds only tone.",
          "All weights serve all behaviour. What the tuning set does not contain is not protected by it."),
    _item("b2", "B",
          "An assistant must answer in a record format that a mainframe reads. With the format described in the prompt it is "
          "right in 60 %, with five examples in 99.5 %. The format changes every few years. What now?",
          "Keep the five examples, check each record by code, and send broken ones back.",
          "Tune a model: formats are what tuning is for, and the prompt is a makeshift.",
          "Tune a model: a format in the weights cannot be forgotten, unlike one in a prompt.",
          "Tune a model: a training run costs less than five examples in every request.",
          "The prompt suffices, and what is left can be checked exactly. Tuning would buy half a point, with upkeep."),
    _item("c1", "closing",
          "Which finding, before any training, speaks most clearly for fine-tuning?",
          "No prompt gets the behaviour, examples and facts in it included, and data abound.",
          "The product leaves its test phase and from now on is used by paying customers.",
          "The model does not know the names of our products, of which there are 3,000.",
          "A run on a rented machine costs forty dollars, less than a day of anyone's work.",
          "Then it is the behaviour that is missing. Names can be looked up; the run is the small part of the cost."),
    _item("c2", "closing",
          "LoRA trains 0.1 % of the parameters. What follows for the cost of a tuned model?",
          "The training gets cheaper; updates, evaluation and serving stay with you.",
          "It becomes the natural next step for every prompt that has proved itself.",
          "The facts it learns take little room, so new ones can be added every week.",
          "It is practically free, and it forgets nothing, as the old weights are kept.",
          "Few trained parameters are cheap to train and to store. They change the same behaviour, and can lose as much "
          "of it."),
    _item("c3", "closing",
          "On 20 test cases the tuned model is right in 18, the prompt in 16. The tuning would pay for itself at 5 points "
          "gain. What do you report?",
          "Undecided: 20 cases cannot tell; test more before anyone pays.",
          "Tune: it is ahead, and tuned models improve further with use.",
          "Tune: two more answers are now in the weights and stay there.",
          "Tune: ten points gain against five needed, the rest is profit.",
          "Two cases more of twenty are within what chance does. The interval of the gain reaches from well below 5 to "
          "far above."),
)
