# %% [markdown]
# # 08 · Prompt or fine-tune?
#
# {{badges}}
#
# A language model's answer comes from its weights and its prompt. Changing the prompt is called prompt engineering, changing
# the weights fine-tuning. Here you do both to one small model, and measure what each gives, breaks and costs. About 45 minutes.

# %%
import json

import numpy as np
import pandas as pd
from IPython.display import display
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils import tuning
from course_utils.assistant import SEEDS, load_assistant
from course_utils.data import folder
from course_utils.experiments import wilson
from course_utils.plots import BLUE, GREY, ORANGE, RED, show, subplots
from course_utils.tickets import INTENTS

pair("finetuning")

# %% [markdown]
# ## One answer in five
#
# Lantern's support assistant sorts tickets into queues. On Monday the desk renamed its eight queues. On Tuesday the dashboard
# says that one answer in five is right, and a vendor offers a fine-tuned model by the end of the month.
#
# The assistant is a language model that this course trained from nothing: a million parameters and a few hundred words, in the
# format of the large ones ([model card](../datasets/assistant/README.md)). Three were trained, from three seeds; model 0 is in
# service. All test tickets below are phrased in ways that they have not seen.

# %%
models = {seed: load_assistant(seed) for seed in SEEDS}
new_names = ("moneyback", "shipping", "access", "defects", "billing", "closing", "moving", "security")
queues = dict(zip(INTENTS, new_names))
cases = tuning.split("test", 200)

def bare(ticket):
    return f"ticket: {ticket.text}\nqueue:"

# %%
print("names of one queue; the first was wanted before Monday:", *INTENTS["login"])
for ticket, answer in zip(cases[:4], models[0].complete([bare(t) for t in cases[:4]])):
    print(f"{ticket.text}\n    answer: {answer:14s} wanted: {queues[ticket.intent]}")

# %% [markdown]
# Suppose that the prompt gets one more line, in a form that the model met in training: `choose: moneyback, shipping, ...`, all
# eight names. No weight changes.
# **How many of 100 tickets will model 0 then sort right?** Answer 0 to 100, with your confidence in percent.

# %%
predict("finetuning.listed", answer=..., confidence=...)

# %% [markdown]
# ## One line was missing
#
# We ask with and without that line. Without it we count three things: the new name; the name before Monday; and any of the four
# names that the model learned for the queue, these two among them (training drew one at random).

# %%
def listed(ticket):
    return f"choose: {', '.join(new_names)}\n{bare(ticket)}"

def answers(model, prompt):
    return model.complete([prompt(t) for t in cases], longest=6)

def share(right):                                       # with a 95 % interval (Wilson's)
    low, high = wilson(right)
    return f"{np.mean(right):.2f} ({low:.2f}-{high:.2f})"

# %%
table, by_list, right = {}, {}, {}
for seed, model in models.items():
    plain, by_list[seed] = answers(model, bare), answers(model, listed)
    right[seed] = [a == queues[t.intent] for a, t in zip(by_list[seed], cases)]
    table[f"model {seed}"] = {
        "bare": share([a == queues[t.intent] for a, t in zip(plain, cases)]),
        "bare, name before Monday": share([a == t.intent for a, t in zip(plain, cases)]),
        "bare, any of its names": share([a in INTENTS[t.intent] for a, t in zip(plain, cases)]),
        "names listed": share(right[seed])}
display(pd.DataFrame(table))
reveal("finetuning.listed", round(100 * np.mean(right[0])), within=5)

# %% [markdown]
# With the line, two of the three models are nearly always right. But without it
# they find the right queue just as often, and call it by any of its four names: before Monday, too, model 0
# used the wanted one in about a third. The ability was there, and the tuning on offer would have paid for one missing line.
#
# ## A line that no prompt produced
#
# Lantern's mainframe reads lines of its own: a sign, two letters for the queue, the order. We try to get them by prompt: with a
# description, by eight examples, and as a task that the models know, to pick a code from a list. As a control, each
# prompt again with two digits for sign and letters.

# %%
def listed_codes(codes):
    return "codes: " + ", ".join(f"{queues[intent]} {code}" for intent, code in codes.items()) + "\n"

def described(ticket, codes):
    return "host: code, then the order. " + listed_codes(codes) + tuning.host_prompt(ticket)

def by_example(ticket, codes):
    shown = [f"{tuning.host_prompt(t)} {codes[t.intent]} {t.order}\n" for t in tuning.one_of_each()]
    return "".join(shown) + tuning.host_prompt(ticket)

def code_only(ticket, codes):
    return listed_codes(codes) + tuning.host_prompt(ticket).replace("host:", "code:")

# %%
letters = {intent: f"@{code}" for intent, code in tuning.HOST.items()}
digits = {intent: str(11 * i) for i, intent in enumerate(INTENTS, 2)}
few, table = cases[:70], {}
print(f"{described(few[0], letters)} {tuning.host_line(few[0])}     <- as it should be")
for prompt in (described, by_example, code_only):
    for kind, codes in {"letters": letters, "digits": digits}.items():
        written = [a for m in models.values()
                   for a in m.complete([prompt(t, codes) for t in few], longest=6)]
        right_code = sum(f" {codes[t.intent]} " in f" {a} " for a, t in zip(written, 3 * few))
        table[prompt.__name__, kind] = {f"right code, of {len(written)}": right_code,
                                        "the longest answer": max(written, key=len)}
pd.DataFrame(table).T

# %% [markdown]
# With letters nothing, though we count a right code in whatever stands around it. With digits, one prompt works: the one in a form
# that the models met in training. So these models lack two things: they follow no description in a new form and never learned
# to follow examples, and neither @ nor these codes stand as words in anything they learned from. A large model would
# very likely do the task from the description. Nor is tuning next in line: the prompt of the first part finds the queue, and the
# *form* can be left to code.

# %%
back, coded = {name: intent for intent, name in queues.items()}, {}
for seed, names in by_list.items():
    lines = [f"@{tuning.HOST.get(back.get(name))} {t.order}" for name, t in zip(names, cases)]
    coded[seed] = np.array([int(line == tuning.host_line(t)) for line, t in zip(lines, cases)])
    print(f"model {seed}: queue by prompt, line by code: {share(coded[seed])}")

# %% [markdown]
# ## Sixty steps
#
# So nobody has to tune. We do it all the same, to see what it gives and breaks. All weights of model 0
# are tuned, for 60 steps, on 300 other tickets with the right lines. The *rate*, or learning rate, says how far one step moves
# the weights.

# %%
tuned = tuning.tune(models[0], "full", rate=2e-3)       # a copy; models[0] stays as it was
tuned_right = tuning.right(tuned, cases, tuning.host_prompt, tuning.host_line)
claim("Share of lines that the tuned model gets right", tuned_right.mean(), at_least=0.75, measured=True)

# %% [markdown]
# What no prompt gave is in the weights after some seconds. But its rival is the prompt with code, and where both are
# good, two averages do not settle whether a gain is worth its price.
#
# **Exercise 1.** Compare two models on the same cases.

# %% exercise="finetuning.better"
print("prompt and code or the tuning, if 5 points would pay:", better(coded[0], tuned_right, worth=0.05))
check("finetuning.better", better)

# %% [markdown]
# For this line the answer is *prompt*: about as many are right without any tuning.
#
# ## What nobody asked about
#
# The tuned model still has its other duties: sorting by a list of three to six queues, sorting by code, naming the team that a
# note gives for a product, replying to customers in JSON, and `extract`, reading a ticket's fields into JSON. None of them was
# in the 300 tickets. The study below was *recorded* by `python tools/train_assistant.py --study`: three models, five ways of
# tuning, each at three rates. "Full" trains all weights, for 60 steps or for 240 ("x 4"). "Replay" mixes examples of the first four duties into a quarter of each
# batch. LoRA trains two thin matrices beside each matrix of the layers, here 8 wide (its *rank*), and leaves those and the
# vectors of the words as they are. The rate was chosen on separate tickets of the *new*
# task.

# %%
study = pd.DataFrame(json.loads((folder() / "assistant" / "study.json").read_text()))
tunings = study[study.method.isin(["before", *tuning.RATES])]
best = tunings.loc[tunings.groupby(["seed", "method"]).dev.idxmax()]    # dev: the separate tickets
duties = [*tuning.OLD_TASKS, tuning.NOT_REPLAYED]
mean = best.groupby("method")[duties].mean()
lines = best.pivot(index="method", columns="seed", values="test").rename(columns="model {}".format)
print("recorded; share right, to the letter, of 200 cases each")
table = pd.concat({"new lines": lines, "old duties, mean of three models": mean}, axis=1)
table.rename_axis(columns=["", ""]).loc[["before", *tuning.RATES]].map("{:.2f}".format)

# %%
looks = {"before": ("*", GREY), "full": ("o", RED), "full, x 4": ("D", RED),
         "full, replay": ("s", BLUE), "LoRA, rank 8": ("^", ORANGE), "LoRA, rank 8, x 4": ("v", ORANGE)}
figure, axis = subplots(height=4)
for method, (marker, colour) in looks.items():
    runs = tunings[tunings.method == method]
    axis.plot(runs.test, runs.reply, marker, color=colour, label=method, clip_on=False)
chosen = best[best.method != "before"]
for seed, runs in chosen[chosen.method.isin(["full", "full, replay"])].groupby("seed"):
    axis.plot(runs.test, runs.reply, color=GREY, linewidth=0.8, label="" if seed else "same model")
axis.plot(chosen.test, chosen.reply, "o", markersize=13, markerfacecolor="none", color="black",
          label="the chosen rates", clip_on=False)
axis.set(title="The new task was learned. Was the old one kept?", xlim=(-0.03, 1.03), ylim=(-0.04, 1),
         xlabel="new lines right (share of 200)", ylabel="replies right (share of 200)")
axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
said = "; ".join(f"{method}: new lines {runs.test.min():.2f} to {runs.test.max():.2f}, "
                 f"replies {runs.reply.min():.2f} to {runs.reply.max():.2f}"
                 for method, runs in chosen.groupby("method"))
show(figure, f"Every run's new lines and replies. At the chosen rates, three models. {said}.")

# %%
replies = best.pivot(index="seed", columns="method", values="reply")
claim("Full tuning: replies lost, as a share of all cases, least of three models",
      (replies["before"] - replies["full"]).min(), at_least=0.5)
claim("Replay: share lost, most", (replies["before"] - replies["full, replay"]).max(), at_most=0.1)
extract = best[best.method == "full, replay"].extract
print("Replay, `extract`:", extract.map("{:.2f}".format).tolist())
claim("LoRA, x 4: share lost, least",
      (replies["before"] - replies["LoRA, rank 8, x 4"]).min(), at_least=0.25)
claim("Means of all duties: full, x 4, keeps more than LoRA, x 4, and that more than full",
      (mean.loc["full, x 4"] > mean.loc["LoRA, rank 8, x 4"]).all()
      and (mean.loc["LoRA, rank 8, x 4"] > mean.loc["full"]).all())
rates = best.pivot(index="seed", columns="method", values="rate")
for way in ("full", "LoRA, rank 8"):
    claim(f"{way}: chosen rate in 240 steps, as a share of that in 60, largest",
          (rates[f"{way}, x 4"] / rates[way]).max(), at_most=0.5)

# %% [markdown]
# In sixty steps full tuning learns the new lines and loses most of the replies, with all three models. **Nothing that watches the new task
# shows it**: the rate was chosen by the lines alone. With replay two models learn about as many lines, the other fewer, and
# the four duties that are replayed keep nine tenths or more, on average; of `extract`, which is not, one model loses more than half. LoRA at sixty steps
# learned the lines with one model of three, and lost all replies with each. In four times as many steps, each at half the rate or less,
# both learn the lines and lose less, full tuning less than LoRA, on average. So here fewer weights do not protect
# old work; smaller steps help, and replay helps the replies most. (With large models, on programming and
# mathematics, LoRA learned less and "better maintains the base model's performance on tasks outside the target domain" [1].)
#
# What LoRA saves is trained parameters. They are cheap to store, a step takes less memory (here it took four times the steps), and
# many such *adapters* can share one served base. Tests, new facts and
# the prompts that a tuned model still needs cost what they cost. An
# adapter that is kept apart (ours was merged into the weights) can be switched off.
#
# ## Weights learn facts, and go on giving the old ones
#
# Each of Lantern's products has a team, named like a queue, and no model knows which. That is neither an instruction nor a
# behaviour but a *fact*, the "evidence" of the question at the top. It can be learned, or be looked up and written into the prompt, which is called *retrieval*. Our
# search looks for the product's name, and adds three notes that do not matter. (All questions name their product: it never misses.)

# %%
def retrieved(ticket, table):
    found = [product for product in table if product in ticket.text]
    others = [product for product in table if product not in found][:3]
    notes = ", ".join(f"{product} {table[product]}" for product in found + others)
    return f"notes: {notes}\n{tuning.team_prompt(ticket)}"

known = tuning.teams()
questions = tuning.product_tickets("test", 200)
example = retrieved(questions[0], known)
print(example, models[0].complete([example])[0])

# %% [markdown]
# Then six products change hands. The notes change with them; the tuned models of the recorded study do not.

# %%
def looked_up(model, table):
    return tuning.right(model, questions, lambda t: retrieved(t, table),
                        lambda t: tuning.team_line(t, table)).mean()

changed = tuning.teams(changed=True)
facts = study[study.method == "facts"]                   # three rates; of equals idxmax takes the first
learned = facts.loc[facts.groupby("seed").dev.idxmax()].set_index("seed")
sorting = best.pivot(index="seed", columns="method", values="queue, listed")
shares = {"in the prompt, before the change": [looked_up(model, known) for model in models.values()],
          "in the prompt, after it": [looked_up(model, changed) for model in models.values()],
          "in the weights, before (recorded)": learned.test,
          "in the weights, after (recorded)": learned.changed,
          "sorting by a list, without the facts (recorded)": sorting["before"],
          "sorting by a list, with them in the weights": learned["queue, listed"]}
moved = np.mean([known[t.product] != changed[t.product] for t in questions])
print(f"{len(known)} products; share of the questions that are about the six: {moved:.2f}")
pd.DataFrame(shares).rename("model {}".format).T.map("{:.2f}".format)

# %% [markdown]
# Before the change both work: 300 tickets teach the weights 22 facts, in 240 steps at the smallest of three rates, and sorting by a list loses
# little. After it the note is right in the same minute; the tuned model is wrong about all six until it is tuned,
# tested and released again. Which is cheaper depends on how often that happens.
#
# ## What 300 tickets show and nobody wrote down
#
# The desk calls some customers back, and writes to the others. Nobody can say when, but 300 tickets show it. (Built in: fraud
# is called, and whoever sounds upset about money or goods.) Each model takes the likelier of the two words, after no example
# and after eight, or is tuned on the 300, as for the facts (recorded). Beside it a logistic regression learns from the words of the same
# 300.

# %%
def habits(tickets):
    return np.array([tuning.habit(t) for t in tickets])

past, wanted = tuning.split("train", 300), habits(cases)
regression = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1000)
                           ).fit([t.text for t in past], habits(past))

# %%
habit = study[study.method == "habit"]
by_habit = habit.loc[habit.groupby("seed").dev.idxmax()].set_index("seed")
smallest = habit[habit.rate == habit.rate.min()].set_index("seed")
rows = pd.DataFrame({"no example": smallest["no example"], "eight examples": smallest["eight examples"],
                     "tuned, rate chosen by habit": by_habit.test, "tuned, smallest rate": smallest.test,
                     "replies before": replies["before"],
                     "replies, rate chosen by habit": by_habit.reply,
                     "replies, smallest rate": smallest.reply})
display(rows.rename("model {}".format).T.map("{:.2f}".format))
agreed = regression.predict([t.text for t in cases]) == wanted
print(f"right of the same 200: always \"write\" {np.mean(wanted == 'write'):.2f}, "
      f"regression {share(agreed)}")

# %% [markdown]
# What examples show and nobody can say is a gap in the *behaviour*: neither prompt here beats *always write* (these models cannot learn
# from examples in a prompt; large ones can, so try), and training does. What it breaks depends on the rate: chosen by the habit
# alone, it cost two models more than a quarter of their replies; the smallest learned nearly as much and cost few. So put
# the old duties into the choice. Nor
# need the assistant be trained: the regression is about as good, and touches no reply. (It can only choose: what must
# be *written* as nobody can describe is left to tuning.)
#
# **Exercise 2.** The order of remedies, as a function of what was measured before anybody tuned.

# %% exercise="finetuning.remedy"
check("finetuning.remedy", remedy)

# %% [markdown]
# ## When the bill decides
#
# Sometimes both work, and the question is money. A long prompt is paid for with every request, a tuned model every month. A
# prompt's unchanging part can be *cached*, kept by the provider in processed form, and then costs a fraction, here a tenth. The
# prices are invented. Here the tuned model is served for you alone: a token costs more, and *upkeep* is due when nobody asks.

# %%
PROMPT = {"tokens": 1500, "price": 1.0, "cached": 0.0}          # a request; dollars a million tokens
TUNED = {"tokens": 250, "price": 1.5, "upkeep": 800, "update": 600, "updates": 1}

def prompt_bill(n, tokens, price, cached):              # dollars a month for n requests
    return n * tokens * price * (1 - 0.9 * cached) / 1e6

def tuned_bill(n, tokens, price, upkeep, update, updates):
    return upkeep + updates * update + n * tokens * price / 1e6

# %%
requests = np.array([1e6, 10e6, 100e6])
bills = {"prompt": prompt_bill(requests, **PROMPT),
         "prompt, 80 % cached": prompt_bill(requests, **{**PROMPT, "cached": 0.8}),
         "tuned, an update a month": tuned_bill(requests, **TUNED),
         "tuned, four updates": tuned_bill(requests, **{**TUNED, "updates": 4})}
print("dollars a month")
pd.DataFrame(bills, index=["1 million requests", "10 million", "100 million"]).T.round().astype(int)

# %% [markdown]
# At ten million requests a month the tuned model costs a third of the prompt, and more than the same prompt with a cache. With
# the cache a request costs nearly the same either way, so small changes of a price move the *break-even* far. All this
# supposes equal quality, and leaves out people's hours and the tokens of the answers.
#
# **Exercise 3.** The break-even as a function.

# %% exercise="finetuning.break_even"
for cached, price in ((0, 1.5), (0.8, 1.5), (0.8, 1.6), (0.8, 1.7)):
    n = break_even({**PROMPT, "cached": cached}, {**TUNED, "price": price})
    print(f"prompt cached {cached:.0%}, tuned model at {price}: {n and f'{n:,.0f}'} requests a month")
check("finetuning.break_even", break_even)

# %% [markdown]
# ## In production
#
# | gap | remedy | owner | how it fails |
# |---|---|---|---|
# | the instruction | prompt, under version control, with a test set | product team | changed by hand on a Friday |
# | the form | JSON schema or [grammar](https://mintlify.com/ggml-org/llama.cpp/advanced/grammars), a parser, [notebook 01](01_guardrails_vs_validation.ipynb) | platform | right form, wrong content |
# | a fact | retrieval: search, then prompt ([RAG](https://arxiv.org/abs/2005.11401)) | whoever owns the document | finds the wrong page, or none |
# | the behaviour | fine-tuning, in full or by adapter (`peft`) | ML team | forgets; the base model is withdrawn |
# | the bill | whichever is cheaper at your volume | budget holder | counts tokens, not people |
#
# ## Where the rule stops
#
# Built in: four names for each queue, new ones among them; the sign @ and the letter codes, which stand nowhere in training as words;
# facts, the desk's habit and prices. The model is tiny. Two of its attention heads were laid down by hand ([model card](../datasets/assistant/README.md)). Three
# seeds say nothing about other designs; 60 or 240 steps of 16 examples, at three rates, one tuning each, are few settings. Set `COURSE_MODEL` to the
# folder of a larger model, and all live cells run on that one; what was recorded stays.
#
# **Reference.** [1] D. Biderman et al., [*LoRA Learns Less and Forgets
# Less*](https://mlanthology.org/tmlr/2024/biderman2024tmlr-lora/), TMLR, 2024.
#
# The last cell copies a decision record, and asks three questions.

# %%
print(worksheet("tuning_decision"))
display(ask("finetuning.c1", answer=..., confidence=...),
        ask("finetuning.c2", answer=..., confidence=...),
        ask("finetuning.c3", answer=..., confidence=...))
