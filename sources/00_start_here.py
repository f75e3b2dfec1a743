# %% [markdown]
# # Twelve Confusions: start here
#
# {{badges}}
#
# Monitoring and observability. Data drift and model drift. Latency and throughput. Teams that run models in production
# use these words every day, and sometimes the wrong one, and then they build what does not help. In each
# notebook of this course you take one such pair, *measure* what confusing it costs in a small simulated company whose
# truth is known, and have your own code and judgement checked.

# %%
import pandas as pd

from course_utils import World, check, claim, hint, load, predict, progress, reveal, solution
from course_utils.diagnosis import calibration, portrait, route
from course_utils.inventory import ITEMS, form

# %% [markdown]
# ## Lantern
#
# The company is called Lantern, a payments marketplace that exists only here. It has a fraud model, a support
# assistant, 1,000 payments a day, and troubles that arrive on known days. This is its payments table:

# %%
payments = load("payments")
payments.head(4)

# %% [markdown]
# `chargeback_day` is the day on which a customer's bank reported the payment as fraud, and is empty if none did so far;
# `amount_logged` is the amount that the model sees, `n_24h` counts the account's other payments in 24 hours.
# Since we built this world we can also ask it for the truth, which Lantern does not have: which payments are fraud, and the
# day (`label_day`) on which that will be known.

# %%
truth = World(seed=7).frame(0, 45)
claim("New devices among frauds, over their share of all payments, first 45 days",
      truth.new_device[truth.fraud == 1].mean() / truth.new_device.mean(), at_least=2)

# %% [markdown]
# The line above is a *claim*: a sentence that runs. If the number stops supporting it, the cell fails. What this course
# asserts about Lantern is either computed in a cell or marked as built in.
#
# ## Predict first
#
# Before a notebook shows you a result it asks what you expect, and how sure you are. A wrong guess made in earnest
# teaches more than a right answer read, so do fill these in. **By the end of day 45, for what share of the frauds of days 0–44 has a
# chargeback arrived, in percent?** Replace both `...` and run the cell.

# %%
predict("start.known_by_45", answer=..., confidence=...)

# %%
fraud = truth[truth.fraud == 1]
known = 100 * (fraud.label_day <= 45).mean()
print(f"{len(fraud)} frauds, {known:.0f} % of them reported by the end of day 45")
reveal("start.known_by_45", round(known), within=10)

# %% [markdown]
# Most of the fraud of the last six weeks is not known yet. That one fact decides several of the notebooks.
#
# ## How exercises work
#
# Write the function's body in place of `...` and run the cell. `check` compares it with a reference on random inputs. It answers
# *correct*, *not attempted*, or *incorrect*; and when your function does exactly what a known misunderstanding would
# do, it says which. Try it, and try it wrong: return the *number* of frauds instead of their share.

# %% exercise="start.fraud_share"
check("start.fraud_share", fraud_share)

# %% [markdown]
# Stuck? `hint("start.fraud_share")` gives a nudge, a stronger one each time, and `solution("start.fraud_share")` shows one
# way to do it. What you solve is kept on this machine, in a file that all notebooks share; nothing is sent anywhere.

# %%
progress()

# %% [markdown]
# ## Which notebooks first?
#
# Two dozen situations from practice, two for each pair. Each has four answers, and behind each wrong one stands a
# misunderstanding that the notebook of the pair takes apart. The point is to learn *which* concepts you swap, so put down how sure
# you are as well: the chance, in percent, that your letter is right, one number for all six or a list of six. Where you would guess, or
# do not know a word, leave the question out with `-`: a guess would be taken for a belief. Reasons are not shown, because after
# the course form B asks about the same ideas again. Allow about half an hour, or do one part now and the others later.

# %%
form("A", 1, answers=..., confidence=...)

# %%
form("A", 2, answers=..., confidence=...)

# %%
form("A", 3, answers=..., confidence=...)

# %%
form("A", 4, answers=..., confidence=...)

# %% [markdown]
# If you would rather click: `from course_utils.clickable import clickable`, then `clickable("A", 1)` in a cell of your own.
#
# From the answers comes your own *confusion matrix*, as one draws it for a classifier: a row for each concept that a situation
# called for; in it, whether you were right, relied on its twin, or were wrong otherwise, with the right concept misunderstood or
# with neither. This is how it looks for somebody who has dealt with drift, latency and releases, and picks the first answer everywhere else:

# %%
KNOWN = ("drift", "throughput", "canary")
portrait({item.id: {"answer": item.answer if item.pair in KNOWN else "A", "confidence": 70}
          for item in ITEMS if item.use == "A"})

# %% [markdown]
# The squares are swaps. And this is yours, from all your answers so far:

# %%
portrait()

# %% [markdown]
# The order in which the notebooks would probably pay *you* most comes from the same answers. A misconception that was chosen once
# is *suspected*: of simulated learners with one wrong answer beside a right one about one in three held it, more if it was the only question of the pair that was answered, fewer where
# misconceptions are rarer than the one in four assumed. Chosen twice, it is *likely*. `expected` is how many misconceptions of the
# pair to expect, `surest` the confidence, in percent, of your surest wrong answer there.

# %%
pd.set_option("display.max_colwidth", None)             # the reasons in full
route()

# %% [markdown]
# How sure you were, beside how often you were right. A Brier score of 0 is perfect; who always says fifty-fifty gets a quarter.

# %%
calibration(use="A").round(2)

# %% [markdown]
# ## The map
#
# {{pairs}}
#
# Take them in any order; each stands alone, takes 30 to 60 minutes, and ends with a page to
# take to work. The list of pairs comes from an article, "12 AI Production Concepts Everyone Confuses". Where the article
# is imprecise the notebooks say so. Its opening claim is an example: that over four of five AI projects never reach production.
# The nearest figure that we found with a source stands in [a RAND
# report](https://www.rand.org/pubs/research_reports/RRA2680-1.html), which says that "by some estimates" that many *fail*: another thing, and the estimates are not RAND's own.
#
# At the end [Eight weeks on call](13_capstone.ipynb) asks for all twelve at once. Then come back: `form("B", 1)` to `form("B", 4)`
# ask anew, and `gain()`, from `course_utils.diagnosis`, compares.
#
# **Three habits that pay.** Run cells in order, top to bottom. Change numbers and run again: the world is yours to break.
# And when a result surprises you, write down why before you read on.
