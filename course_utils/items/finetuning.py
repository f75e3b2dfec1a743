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
          "A prompt for the trial, and a tuned model of our own from launch on.",
          "A model tuned on the rules, which then need not be looked up any more.",
          "A tuning run each month, which costs forty dollars and is soon done.",
          "The evidence is missing, not the ability. A fact that changes belongs where it can be changed.",
          calls_for="Prompt engineering"),
    _item("a2", "A",
          "A court's transcripts use a notation of their own, unchanged for years. With its guide and 40 examples in the "
          "prompt a model gets 71 % of the lines right; 95 % are needed, and 60,000 corrected ones exist. The same model "
          "has to answer lawyers' questions, and does so well enough. What next?",
          "Tune it on the corrected lines, and test the answers to lawyers as well.",
          "Tune it for the lawyers first, as this service matters most to the court.",
          "Tune it on the text of the guide, so that it has all the rules by heart.",
          "Tune it on the corrected lines, and go live when 95 % of them are right.",
          "The behaviour is missing, and there are examples of it. The answers to lawyers show no gap, and may get worse: "
          "what the tuning set does not contain has to be tested.",
          calls_for="Fine-tuning"),
    _item("b1", "B",
          "A travel firm tuned a model to its tone of voice, which no prompt had achieved. All tests of tone were passed. In "
          "service it refused dangerous requests less often than before, and was taken back. The firm still wants the tone. "
          "What next?",
          "Train on tone and refusals together, so that tests of both can be passed.",
          "Train the same examples for longer, until the model has become mature.",
          "Train on the text of the safety rules, so that it knows what is forbidden.",
          "Release it again and look at the traffic, as tone examples change only tone.",
          "All weights serve all behaviour. What the tuning set does not contain is not protected by it; the text of a rule "
          "is no example of keeping it.",
          calls_for="Fine-tuning"),
    _item("b2", "B",
          "An assistant writes a thousand records a day in a format that a mainframe reads. With the format described in the "
          "prompt it is right in 60 %, with five examples, ten cents a day, in 99.5 %. The format changes twice a "
          "year. What now?",
          "Keep the examples in the prompt, check records by code, redo the broken ones.",
          "Move on to a tuned model, now that the prompt has shown what is possible.",
          "Put the format into the weights, where it is kept without being repeated.",
          "Pay for one training run, which costs less than a year of these examples.",
          "The prompt suffices, and what is left can be checked exactly. Tuning would buy half a point, and has to be tested "
          "and repeated with each new format.",
          calls_for="Prompt engineering"),
    _item("c1", "closing",
          "Somebody at Lantern proposes to fine-tune a model for the replies of the support desk. No training has been "
          "done yet. Which finding would speak most clearly for it?",
          "Prompts fail, facts and examples included; good replies are plentiful.",
          "The product leaves its test phase, and is now used by paying customers.",
          "The model does not know the names of the products, some 3,000 of them.",
          "The run costs forty dollars on a rented machine, less than a day's work.",
          "Then it is the behaviour that is missing. Names can be looked up; the run is the small part of the cost.",
          calls_for="Fine-tuning"),
    _item("c2", "closing",
          "A plan says what a tuned model will cost in two years: training runs, tests, new facts, and the prompts it still "
          "needs. Now the team wants to use LoRA, which trains 0.1 % of the parameters. Where does the plan change?",
          "At the runs, as each may cost less; the other three stay as they are.",
          "At the prompts, each of which can now become a model in its turn.",
          "At the facts, as they take little room and can go in each week.",
          "At the tests, as the old weights are kept and nothing can be lost.",
          "Few trained parameters take less memory in training, and less room. They change the same behaviour and, where "
          "they are switched on, can lose as much of it."),
    _item("c3", "closing",
          "On 20 test cases the tuned model is right in 18, the prompt that is in service in 16. The tuning would pay for "
          "itself from a gain of 5 points. What do you report?",
          "Ahead by two cases in twenty: the prompt stays while more are tested.",
          "Ahead by two cases already: after a prompt that works, tuning is next.",
          "Ahead by two cases for good: what is in the weights cannot be lost.",
          "Ahead by ten points of five needed: the other five are pure profit.",
          "Two cases more of twenty are within what chance does: the interval of the gain begins below zero, whichever "
          "cases the two share.",
          calls_for="Prompt engineering"),
)
