# %% [markdown]
# # 08 · Prompt or fine-tune?
#
# {{badges}}
#
# A language model's answer comes from its weights and its prompt. Changing the prompt is called prompt engineering,
# changing the weights fine-tuning. Here you do both to one small model, and measure what each gives, breaks and costs.
# About 50 minutes.

# %%
import json
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import display

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils import tuning
from course_utils.assistant import SEEDS, load_assistant
from course_utils.data import folder
from course_utils.experiments import wilson
from course_utils.plots import BLUE, ORANGE, show, subplots
from course_utils.tickets import INTENTS

pair("finetuning")

# %% [markdown]
# ## One answer in five
#
# Lantern's support assistant sorts tickets into queues. On Monday the desk renamed its eight queues. On Tuesday the
# dashboard says that one answer in five is right, and a vendor offers a fine-tuned model by the end of the month, with a
# discount for the next renaming.
#
# The assistant is a language model that this course trained from nothing: a million parameters and a few hundred words, in
# the format of the large ones ([model card](../datasets/assistant/README.md)). There are three of it, trained from three
# seeds. All tickets below are phrased in ways that it has not seen.

# %%
models = {seed: load_assistant(seed) for seed in SEEDS}
queues = dict(zip(INTENTS, ("moneyback", "shipping", "access", "defects", "billing", "closing", "moving",
                            "security")))                                      # the new names
cases = tuning.split("test", 200)

def bare(ticket):
    return f"ticket: {ticket.text}\nqueue:"

for ticket, answer in zip(cases[:4], models[0].complete([bare(t) for t in cases[:4]])):
    print(f"{ticket.text}\n    answer: {answer:14s} wanted: {queues[ticket.intent]}")

# %% [markdown]
# Suppose that the prompt gets one more line, with the eight names in it: `choose: moneyback, shipping, ...`. No weight
# changes. **How many of 100 tickets will model 0 then sort right?** Answer 0 to 100, with your confidence in percent.

# %%
predict("finetuning.listed", answer=..., confidence=...)

# %% [markdown]
# ## The line that was missing

# %%
def listed(ticket):
    return f"choose: {', '.join(queues.values())}\n{bare(ticket)}"

def share(right):                                       # with a 95 % interval (Wilson's)
    low, high = wilson(right)
    return f"{np.mean(right):.2f} ({low:.2f}-{high:.2f})"

# %%
table, exact, scored = {}, {}, []
for seed, model in models.items():
    plain, with_names = (model.complete([prompt(t) for t in cases], longest=6)
                         for prompt in (bare, listed))
    best = model.score([bare(t) for t in cases[:70]], list(queues.values())).argmax(axis=1)
    scored += [list(INTENTS)[i] == t.intent for i, t in zip(best, cases)]
    exact[seed] = [a == queues[t.intent] for a, t in zip(with_names, cases)]
    table[f"model {seed}"] = {
        "bare": share([a == queues[t.intent] for a, t in zip(plain, cases)]),
        "bare, any of its names": share([a in INTENTS[t.intent] for a, t in zip(plain, cases)]),
        "names listed": share(exact[seed])}
display(pd.DataFrame(table))
print(f"bare, names scored, three models together: {share(scored)} of {len(scored)}")
reveal("finetuning.listed", round(100 * np.mean(exact[0])), within=5)

# %% [markdown]
# One line, and two of the three models are nearly always right; the third understands fewer of these phrasings. But read the
# second row before you praise the prompt: asked in the bare way, the models name the right queue just as often, by *one of the four names* under which they know it. What was missing
# is the information which name is wanted; which of the four a model prefers by itself is arbitrary.
#
# The last line is a rival to prompting that many forget: do not let the model write at all. Let it *score* each of the eight
# names as an answer, by its likelihood, and take the best. No instruction, no parsing, no answer outside the list.
#
# ## A line that no prompt could produce
#
# Lantern's mainframe reads lines of its own: a sign, two letters for the queue, the order. We try to get them by prompt: with a
# description, with eight examples, and in the words of the code task that the model knows. (70 tickets, three models.)

# %%
print("wanted: ", tuning.host_line(cases[0]), "  for:", tuning.host_prompt(cases[0]).splitlines()[0])
described = "codes: " + ", ".join(f"{queues[i]} @{code}" for i, code in tuning.HOST.items()) + "\n"
shortest_last = sorted(tuning.split("train", 60), key=lambda t: -len(t.text))
shown = {t.intent: t for t in shortest_last}.values()                           # one ticket of each kind
examples = "".join(f"{tuning.host_prompt(t)} {tuning.host_line(t)}\n" for t in shown)
PROMPTS = {"bare": tuning.host_prompt,
           "described": lambda t: described + tuning.host_prompt(t),
           "eight examples": lambda t: examples + tuning.host_prompt(t),
           "described, as codes": lambda t: described + tuning.host_prompt(t).replace("host:", "code:")}

# %%
for name, prompt in PROMPTS.items():
    right = np.concatenate([tuning.host_right(model, cases[:70], prompt) for model in models.values()])
    print(f"{name:23s} {right.sum()} of {len(right)} lines right")

# %% [markdown]
# Nothing. That is *no prompt that we tried, on this model*: the sign @ does not occur in anything it
# learned from (by construction), and it is too small to learn from examples in its prompt. A large model would very
# likely do this task from the description. What carries over is the order of work: try prompts until they stop improving,
# write down what you tried, and only then touch the weights.
#
# ## Sixty steps
#
# Now the same 200 tickets after fine-tuning: 300 other tickets with the right lines, 60 steps, all weights. (The *rate*,
# or learning rate, says how far one step moves the weights.)

# %%
tuned = tuning.tune(models[0], "full", rate=2e-3)       # a copy; models[0] stays as it was
prompt_right = tuning.host_right(models[0], cases)
tuned_right = tuning.host_right(tuned, cases)
claim("Share of lines that the tuned model gets right", tuned_right.mean(), at_least=0.75, measured=True)

# %% [markdown]
# A behaviour that no prompt gave is there after a few seconds. (What a gradient step gives differs a little from machine to machine,
# so the claim prints its bound only; `claim.last` holds your number.) Against nothing the answer is plain. Where both models are
# good and the gain is a few points, two averages do not settle whether it is worth its price.
#
# **Exercise 1.** Compare two models on the same cases.

# %% exercise="finetuning.better"
print("the tuning above, if 5 points would pay for it:", better(prompt_right, tuned_right, worth=0.05))
check("finetuning.better", better)

# %% [markdown]
# ## What nobody asked about
#
# The tuned model still has its other duties: sorting by list, codes, team notes, replies to customers. None of them was in the
# 300 tickets. The study below was *recorded* by `python tools/train_assistant.py --study`: three models, three ways of
# tuning, each at three rates. "Full" trains all weights; "replay" mixes old tasks into a quarter of each batch; LoRA trains
# two thin matrices beside each of the old ones, here 8 wide (its *rank*), and leaves those as they are. A test runs one row
# again.

# %%
study = pd.DataFrame(json.loads((folder() / "assistant" / "study.json").read_text()))
tunings = study[study.method != "facts"]
best = tunings.loc[tunings.groupby(["seed", "method"]).dev.idxmax()]  # dev: tickets kept for this choice
columns = {"test": "new lines", **{task: task for task in tuning.OLD_TASKS}}
mean = best.groupby("method")[list(columns)].mean().rename(columns=columns)
print("recorded; mean of three models, 200 cases each, rate chosen on separate tickets")
mean.loc[["before", *tuning.RATES]].round(2)

# %%
def gap(method, task):                                   # before minus after, for the three models
    rows = best.set_index(["method", "seed"])[task]
    return (rows["before"] - rows[method]).round(2).tolist()

for method in tuning.RATES:
    chosen = best[best.method == method].rate.tolist()
    print(f"{method:13s} replies lost, three models: {gap(method, 'reply')}; rates {chosen}")
claim("LoRA: largest share of new lines in any of its nine runs",
      tunings[tunings.method == "LoRA, rank 8"].test.max(), at_most=0.5)
by_rate = tunings[tunings.rate > 0].groupby(["method", "rate"])[["test", "reply"]].mean().round(2)
by_rate.rename("{:g}".format, level="rate").rename(columns=columns)

# %% [markdown]
# The rate was chosen on separate tickets of the *new* task, as one does, and so the choice fell on the higher rates: the new lines
# come, and most of the replies go, with all three models. Nothing that watches the new task shows it.
#
# *Replay*, at the same number of steps, teaches the new lines as well and keeps more of everything else. LoRA is the worst of
# the three here: at no rate that we tried did it learn half of the lines, and at the rate that learned most it lost most of
# the rest. (It does not touch the embeddings, the vectors that stand for the tokens, and the sign @ never had a useful one.
# That is our guess at the reason; we did not test it.) *Few trained parameters, little harm* did not hold here, at three
# rates and sixty steps.
#
# ## Facts: a third way
#
# Each of Lantern's products has a team, named like a queue, and no model knows which. That is neither an instruction nor a behaviour but a *fact*, and
# there is a third place for it beside the instruction and the weights: look it up, and write it into the prompt. Retrieval needs a
# search; ours looks for the product's name, and adds three notes that do not matter.

# %%
known = tuning.teams()
questions = tuning.product_tickets("test", 200)

def retrieved(ticket, table=known):
    found = [p for p in table if p in ticket.text]                       # the search
    notes = ", ".join(f"{p} {table[p]}" for p in [*found, *[p for p in table if p not in found][:3]])
    return f"notes: {notes}\n{tuning.team_prompt(ticket)}"

print(retrieved(questions[0]), models[0].complete([retrieved(questions[0])])[0], "\n")
changed = tuning.teams(changed=True)                                    # six products change hands
print("facts in the prompt: before, after the change")
for seed, model in models.items():
    then = tuning.team_right(model, questions, known, retrieved).mean()
    now = tuning.team_right(model, questions, changed, lambda t: retrieved(t, changed)).mean()
    print(f"  model {seed}: {then:.2f}, {now:.2f}")
print("facts in the weights (recorded): before, after the change")
for row in study[study.method == "facts"].itertuples():
    print(f"  model {row.seed}: {row.test:.2f}, {row.changed:.2f}")

# %%
def renamed(ticket):                         # the same ticket about a product with a new name
    return replace(ticket, text=ticket.text.replace(ticket.product, "Umbra"), product="Umbra")

launch = [renamed(t) for t in questions[:70]]
with_umbra = {**changed, "Umbra": "billing"}
new = [tuning.team_right(model, launch, with_umbra, lambda t: retrieved(t, with_umbra)).mean()
       for model in models.values()]
print("a new product, fact in the prompt, three models:", np.round(new, 2).tolist())

# %% [markdown]
# Today both work. Weights do learn facts, whatever is said about them: 300 tickets teach 22 of them in 60 steps. Then six products
# change hands. The note is right in the same minute; the tuned model is wrong about all six until it is tuned, tested and released
# again. Which of the two is cheaper is a question of how often facts change. The last line is the other direction: a product
# with a new name. Our model cannot read a word that its training never contained, so the note does not help. (New weights
# might; we did not try. Large models spell out new words; ours has a few hundred.)
#
# **Exercise 2.** The order of remedies, as a function of what was measured before anybody tuned.

# %% exercise="finetuning.remedy"
check("finetuning.remedy", remedy)

# %% [markdown]
# ## When the bill decides
#
# Sometimes both work, and the question is money: a long prompt is paid for with every request, a tuned model every month. A
# prompt's unchanging part can be *cached*, kept by the provider in processed form, and then costs a fraction. The prices below
# are invented. Change them, and run the cells again.

# %%
PROMPT = {"tokens": 1500, "price": 1.0, "cached": 0.0}          # a request; dollars a million tokens
TUNED = {"tokens": 250, "price": 1.5, "upkeep": 800, "update": 600, "updates": 1}

def bill(n, prompt=None, tuned=None):                   # dollars a month for n requests
    if prompt:                                          # cached tokens cost a tenth
        return n * prompt["tokens"] * prompt["price"] * (1 - 0.9 * prompt["cached"]) / 1e6
    fixed = tuned["upkeep"] + tuned["updates"] * tuned["update"]
    return fixed + n * tuned["tokens"] * tuned["price"] / 1e6

n = np.geomspace(1e4, 1e8, 5_000)
lines = {"prompt": bill(n, prompt=PROMPT),
         "prompt, 80 % cached": bill(n, prompt={**PROMPT, "cached": 0.8}),
         "tuned, an update a month": bill(n, tuned=TUNED),
         "tuned, four updates": bill(n, tuned={**TUNED, "updates": 4})}

# %%
figure, axis = subplots(height=3.9)
for (name, dollars), (colour, style) in zip(lines.items(), ((BLUE, "-"), (BLUE, "--"), (ORANGE, "-"),
                                                            (ORANGE, "--"))):
    axis.loglog(n, dollars, style, color=colour, label=name)
axis.set(title="The same task, four bills", xlabel="requests a month", ylabel="dollars a month")
axis.legend()
crossing = {(p, t): n[np.argmax(lines[t] < lines[p])] / 1e6
            for p in list(lines)[:2] for t in list(lines)[2:]}
show(figure, "Bills rise in proportion to the requests for a prompt and start high for a tuned model. "
     + "; ".join(f"'{t}' is cheaper than '{p}' from {x:.1f} million requests a month"
                 for (p, t), x in crossing.items()) + ".")

# %% [markdown]
# When most of the prompt never changes and is cached, the break-even moves from 1.2 to 31.2 million requests a month, and four
# updates a month instead of one more than double it. With the cache a request costs nearly the same either way, so that small
# changes of any price move the crossing far. Quality must be equal for any of this to matter, and people's hours are not on the
# bill.
#
# **Exercise 3.** The crossing as a function.

# %% exercise="finetuning.break_even"
check("finetuning.break_even", break_even)

# %% [markdown]
# ## What LoRA saves
#
# LoRA leaves a matrix of *a* × *b* weights as it is and trains two thin ones beside it, *a* × *r* and *r* × *b*. The paper gives
# 18 million trainable parameters, roughly 35 MB, for GPT-3 with *r* = 8 on one of the attention matrices of each of 96 layers, or
# *r* = 4 on two [1]; these matrices are 12,288 wide [2].

# %%
def lora(rank, shapes):
    return sum(rank * (a + b) for a, b in shapes)

one, two = lora(8, [(12_288, 12_288)] * 96), lora(4, [(12_288, 12_288)] * 96 * 2)
claim("One matrix with rank 8, two with rank 4: the same number", one == two)
claim("Millions of parameters, the paper's 18", one / 1e6, at_least=18, at_most=19)
claim("Megabytes at two bytes each, the paper's 'roughly 35'", 2 * one / 2**20, about=35, within=1.5)
claim("Of these two matrices' own parameters, in percent", 100 * two / (96 * 2 * 12_288**2),
      at_most=0.1, digits=2)

# %% [markdown]
# That is the saving in trained and stored parameters. Serving, evaluating and updating cost what they cost, and the study above shows
# what few parameters are *not*: a protection of the old behaviour.
#
# ## In production
#
# | gap | remedy | owner | how it fails |
# |---|---|---|---|
# | the instruction | prompt, under version control, with a test set | product team | changed by hand on a Friday |
# | a fact | retrieval: search, then prompt ([RAG](https://arxiv.org/abs/2005.11401)) | whoever owns the document | finds the wrong page, or none |
# | the form | JSON schema or [grammar](https://mintlify.com/ggml-org/llama.cpp/advanced/grammars), a parser, notebook 01 | platform | right form, wrong content |
# | the behaviour | fine-tuning, in full or by adapter (`peft`) | ML team | forgets; the base model is withdrawn |
# | the bill | whichever is cheaper at your volume | budget holder | counts tokens, not people |
#
# ## Where the rule stops
#
# Built in: four names for each queue, so that a bare prompt hits the wanted one by luck; the sign @, which nothing in training contains;
# facts and prices. The model is tiny. It cannot learn from examples in its prompt, which large models do well, so *no prompt worked*
# is a rarer finding with them. Two of its attention heads were laid down by hand ([model card](../datasets/assistant/README.md)). Three
# seeds of one design say nothing about other designs; sixty steps and 300 tickets are one setting. Set `COURSE_MODEL` to the
# folder of a larger model, and the cells run on that one; the claims may then fail, which is what they are for.
#
# **References.** [1] E. Hu et al., *LoRA*, 2021, section 7.1, as quoted in
# [these slides](https://speakerdeck.com/koharite/lun-wen-jie-shuo-lora-low-rank-adaptation-of-large-language-models). [2] GPT-3:
# [96 layers, 12,288 wide](https://labindex.ai/outputs/openai/gpt-3).
#
# The last cell copies a decision record for one task of yours, and asks three questions.

# %%
print(worksheet("tuning_decision"))
display(ask("finetuning.c1", answer=..., confidence=...),
        ask("finetuning.c2", answer=..., confidence=...),
        ask("finetuning.c3", answer=..., confidence=...))
