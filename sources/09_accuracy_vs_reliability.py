# %% [markdown]
# # 09 · Accurate or reliable?
#
# {{badges}}
#
# Accuracy is the share of right answers on one set of data. Reliability is what becomes of it over an *envelope*: a list of
# the conditions that you promise to work in. Here two readers of handwriting tie on the first and part on the second, in both
# directions. Afterwards you can declare an envelope, measure it, and say for whom a better model is worse. About 60 minutes.

# %%
import numpy as np
import pandas as pd
from IPython.display import display
from scipy.ndimage import gaussian_filter, rotate, shift
from scipy.optimize import minimize_scalar
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, f1_score, precision_recall_curve
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from course_utils import World, ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.fraud import days, linear, review, score, train
from course_utils.plots import BLUE, ORANGE, show, subplots

threadpool_limits(1)                                       # small data: one thread is as fast as many
pair("reliability")

# %% [markdown]
# ## The certificate and the photographs
#
# Sellers at Lantern write their account number on a form, and software reads it. The images are real: scikit-learn's 1,797
# handwritten digits, 8 × 8 pixels. Six things may happen to a form before it is read, each in three strengths.
#
# Three readers are on offer. `linear` is a logistic regression on the pixels. `nearest` answers what the most similar known image
# is. `vote` asks its *k* nearest (and `five`, for later, five of them). We choose *k* so that `vote` ties with `linear` in
# cross-validation on the training images: the tie is made, not found. All of it five times, each with another split into training
# (40 %), validation (20 %) and test images.

# %%
def noise(x, s, luck):
    return np.clip(x + luck.normal(0, s, x.shape), 0, 1)

def blur(x, s, luck):
    return gaussian_filter(x, (0, s, s))

def faint(x, s, luck):
    return x * s

def moved(x, s, luck):                                     # to the left, by s pixels
    return shift(x, (0, 0, -s), order=1)

def tilted(x, s, luck):                                    # by s degrees
    return rotate(x, s, axes=(2, 1), reshape=False, order=1)

def creased(x, s, luck):                                   # one row of the image turns into one grey
    row = luck.integers(0, 8, (len(x), 1, 1))
    return np.where(np.arange(8)[:, None] == row, s, x)

# %%
DAMAGE = {noise: (0.15, 0.25, 0.35), blur: (0.6, 0.8, 1.0), faint: (0.7, 0.5, 0.35),
          moved: (0.5, 1.0, 1.5), tilted: (10, 20, 30), creased: (0.0, 0.5, 1.0)}
HARMLESS = {noise: 0.1, moved: 0.25, tilted: 5}            # nobody would read another digit
KINDS = [kind.__name__ for kind in DAMAGE]

def suites(x, luck):                                       # (kind, strength) -> images
    harmless = {("harmless", kind.__name__): kind(x, s, luck) for kind, s in HARMLESS.items()}
    return {("clean", 0): x, **harmless,
            **{(kind.__name__, s): kind(x, s, luck) for kind, three in DAMAGE.items() for s in three}}

# %%
def flat(x):
    return x.reshape(len(x), -1)

def readers(x, y):
    def by_cv(model):
        return cross_val_score(model, flat(x), y).mean()
    goal = by_cv(LogisticRegression(max_iter=1000))
    k = min(range(3, 30, 2), key=lambda k: abs(by_cv(KNeighborsClassifier(k)) - goal))
    return {"linear": LogisticRegression(max_iter=1000), "vote": KNeighborsClassifier(k),
            "nearest": KNeighborsClassifier(1), "five": KNeighborsClassifier(5),
            "constant": DummyClassifier()}

# %%
P, TRUTH, TRAIN, TEST = {}, {}, {}, {}                     # P: the probabilities that a reader gives
for split in range(5):
    rest, test, y_rest, TRUTH[split, "test"] = train_test_split(
        load_digits().images / 16, load_digits().target, test_size=0.4, random_state=split,
        stratify=load_digits().target)
    x, valid, y, TRUTH[split, "valid"] = train_test_split(
        rest, y_rest, test_size=1 / 3, random_state=split, stratify=y_rest)
    TRAIN[split], TEST[split] = (x, y), suites(test, np.random.default_rng(split))
    for name, model in readers(x, y).items():
        model.fit(flat(x), y)
        P[split, name, "valid", 0] = model.predict_proba(flat(valid))
        P.update({(split, name, *case): model.predict_proba(flat(images))
                  for case, images in TEST[split].items()})

# %% [markdown]
# One table of all answers. Its first lines are what the vendors certified: clean test images. Both readers are compared image by
# image, which takes out the luck of which images were drawn. Then, **exercise 1**: the comparison, with its verdict.

# %%
log = pd.concat([pd.DataFrame({
    "split": split, "reader": name, "kind": kind, "strength": strength, "image": range(len(p)),
    "confidence": p.max(axis=1),
    "truth": TRUTH[split, "valid" if kind == "valid" else "test"], "answer": p.argmax(axis=1)})
    for (split, name, kind, strength), p in P.items()], ignore_index=True)
log["right"] = log.answer == log.truth
valid, clean, harmless = (log[log.kind == kind] for kind in ("valid", "clean", "harmless"))
damaged, WHO = log[log.kind.isin(KINDS)], ["reader", "split"]

# %%
print("right, %, split 0:", (100 * clean[clean.split == 0].groupby("reader").right.mean().round(2))
      [["linear", "vote", "nearest"]].astype(int).to_dict())
for split, rows in clean.groupby("split"):
    a, b = (rows.right[rows.reader == name].to_numpy(int) for name in ("linear", "vote"))
    margin = 1.96 * (a - b).std() / np.sqrt(len(a))
    print(f"split {split}: linear minus vote {100 * (a - b).mean():4.1f} points, 95 % interval "
          f"{100 * ((a - b).mean() - margin):4.1f} to {100 * ((a - b).mean() + margin):3.1f}")

# %% exercise="reliability.compare_paired"
check("reliability.compare_paired", compare_paired)

# %% [markdown]
# In no split do `linear` and `vote` differ by more than luck explains, nor by more than three points at worst. Lantern bought
# `linear`, which was cheaper. In the first week sellers sent photographs, taken by phone.

# %%
cases = [("clean", 0), *((kind.__name__, three[1]) for kind, three in DAMAGE.items())]
rights = np.array([P[0, "linear", *case].argmax(axis=1) == TRUTH[0, "test"] for case in cases])
one = np.argmin(rights.sum(axis=0) + 10 * ~rights[0])      # read when clean, seldom when damaged
reads = [int(P[0, "linear", *case][one].argmax()) for case in cases]
figure, axis = subplots(height=1.9)
axis.imshow(np.hstack([np.pad(TEST[0][case][one], 1, constant_values=1) for case in cases]), "gray_r")
axis.set(xticks=np.arange(7) * 10 + 4.5, yticks=[], title="One digit, as written and as it arrives",
         xticklabels=[f"{kind}\nread: {digit}" for (kind, _), digit in zip(cases, reads)])
axis.grid(False)
misread = 100 * (1 - damaged.groupby(WHO).right.mean())
print("all damaged images of split 0, misread, in percent:",
      misread.unstack()[0][["linear", "vote", "nearest"]].round().astype(int).to_dict())
show(figure, f"a {TRUTH[0, 'test'][one]}, clean and with {', '.join(KINDS)}; `linear` reads {reads}.")

# %% [markdown]
# A clerk can take 30 of 100 damaged images, those on which the reader is least sure. **Which reader then leaves the fewest misreads
# among the other 70: `linear`, `vote` or `nearest`?** Answer with a name and your confidence in percent.

# %%
predict("reliability.fewest_misreads", answer=..., confidence=...)

# %% [markdown]
# ## Equal on the certificate, apart in the envelope
#
# The envelope: the six kinds in their three strengths, the worst digit, and harmless changes, under which an answer should not
# *flip*. `constant` gives the same digit, with the same probabilities, whatever it sees. Means of five splits, in percent; then,
# **exercise 2**: the line of an envelope report that a mean hides.

# %%
def worst(rows, group):                                    # % misread in the worst group
    return 100 * (1 - rows.groupby([*WHO, group]).right.mean().groupby(WHO).min())

both = harmless.merge(clean, on=[*WHO, "image"])
both["flipped"] = both.answer_x != both.answer_y
axes = pd.DataFrame({
    "misread, clean": 100 * (1 - clean.groupby(WHO).right.mean()),
    "harmless change, flips": 100 * both.groupby(WHO).flipped.mean(),
    "misread, damaged": misread,
    "misread, worst kind": worst(damaged, "kind"),
    "misread, worst digit (clean)": worst(clean, "truth")}).rename_axis(WHO)

# %%
lead = axes.loc["linear"] - axes.loc["vote"]               # in points, split by split
for axis in ("misread, damaged", "harmless change, flips", "misread, worst kind"):
    claim(f"{axis}: `vote` is better in all five splits, by points at least", lead[axis].min(),
          at_least=0.8)
claim("Worst digit: `linear` is better in all five, by points at least",
      -lead["misread, worst digit (clean)"].max(), at_least=0.8)
axes.groupby("reader").mean().T[["linear", "vote", "nearest", "five", "constant"]].round().astype(int)

# %% exercise="reliability.envelope_report"
check("reliability.envelope_report", envelope_report)

# %% [markdown]
# The tie said nothing about damaged forms, where `vote` leads by 5 points and more; nor that its worst digit is worse.
#
# `constant` is as consistent as can be: nothing flips, nothing degrades. It is also wrong nine times in ten, and only lines
# that count right answers, *accuracies*, say so. An envelope needs floors, not only steadiness.
#
# ## The better reader is worse for whoever writes a four

# %%
tilted_forms = damaged[(damaged.kind == "tilted") & damaged.reader.isin(["linear", "vote"])]
fours = tilted_forms[tilted_forms.truth == 4]
table = 100 * pd.DataFrame({
    "tilted, read right": tilted_forms.groupby(WHO).right.mean(),
    "tilted fours, read right": fours.groupby(WHO).right.mean(),
    "answers that are 4": tilted_forms.assign(four=tilted_forms.answer == 4).groupby(WHO).four.mean()})
table.unstack(0).round().astype(int)

# %% [markdown]
# In percent. On tilted forms `vote` is better by far, and worse for fours in every split. The reason does not flatter `linear`: when in
# doubt it says 4, a little like `constant`. Still, whoever has fours in the account number is better off with it. (Tilted fours are one
# of sixty groups, picked after looking, and the worst of many small groups is partly luck. Five splits that agree are some support,
# though they share images.)
#
# ## Passing the suite you trained for
#
# The vendor offers `linear` trained on noisy and blurred copies as well. Four kinds are *held out*: it has never seen them.

# %%
before = damaged[damaged.reader == "linear"].groupby(["split", "kind", "strength"]).right.mean()
now = {}
for split, (x, y) in TRAIN.items():
    copies = np.concatenate([x, noise(x, 0.25, np.random.default_rng(split)), blur(x, 0.8, None)])
    hardened = LogisticRegression(max_iter=1000).fit(flat(copies), np.tile(y, 3))
    for case in before[split].index:
        now[split, *case] = (hardened.predict(flat(TEST[split][case])) == TRUTH[split, "test"]).mean()
gain = 100 * (pd.Series(now) - before).groupby(level=[1, 0]).mean().unstack().loc[KINDS]
gain.agg(["mean", "min", "max"], axis=1).round(1).rename(
    lambda kind: f"{kind} ({'trained on' if kind in ('noise', 'blur') else 'held out'})")

# %% [markdown]
# Points gained, over five splits. It learned blur, and gained nothing from being shown noise. Of the kinds held out faint forms gain
# (blur's cousin: less contrast), two gain little, and creases get *worse*. A suite that one trains on says little about the others.
#
# ## Calibration breaks, but not where folklore has it
#
# A reader is *calibrated* if it is right nine times in ten when it says "nine in ten". *Temperature scaling* raises the probabilities
# to the power 1/*T*, with one *T* fitted on validation images: a *T* below 1 makes a reader bolder, and no answer changes. The table
# has the gap, mean confidence minus share right, in points: positive is over-confident. A mean gap can be zero because errors cancel;
# the *expected calibration error* (ECE) takes it bin by bin. **Exercise 3**, after the table.

# %%
def scaled(p, T):
    power = np.maximum(p, 0.001) ** (1 / T)                # a digit without a vote gets a thousandth
    return power / power.sum(axis=1, keepdims=True)

def temperature(p, truth):
    def loss(T):
        return -np.log(scaled(p, T)[np.arange(len(p)), truth]).mean()
    return minimize_scalar(loss, bounds=(0.05, 5), method="bounded").x

T = {(split, name): temperature(P[split, name, "valid", 0], TRUTH[split, "valid"])
     for split, name, kind, _ in P if kind == "valid"}
log["scaled"] = np.concatenate([scaled(p, T[key[:2]]).max(axis=1) for key, p in P.items()])
two = log[log.reader.isin(["linear", "vote"]) & log.kind.isin(["clean", *KINDS])]
mean = 100 * two.groupby([*WHO, "kind"])[["confidence", "scaled", "right"]].mean()
gap = pd.DataFrame({"as it is": mean.confidence - mean.right, "scaled": mean.scaled - mean.right})
claim("Clean, as they are: both under-confident in all splits; largest gap",
      gap["as it is"].xs("clean", level="kind").max(), at_most=-1)
claim("Moved: scaling widens the gap of both in all splits; smallest gap then",
      gap["scaled"].xs("moved", level="kind").min(), at_least=20)
gap.groupby(["reader", "kind"]).mean().unstack(0).loc[["clean", *KINDS]].round().astype(int)

# %% exercise="reliability.calibration_error"
check("reliability.calibration_error", calibration_error)

# %%
bins = (10 * two.scaled).astype(int).clip(upper=9)         # tenths of confidence
off = (two.scaled - two.right).groupby([two.reader, two.split, two.kind, bins]).sum().abs()
ece = 100 * off.groupby(level=[0, 1, 2]).sum() / two.groupby([*WHO, "kind"]).size()
claim("Scaled `vote`, on noise, blur and creases: largest ECE in any split, in points",
      ece.loc["vote"].unstack()[["noise", "blur", "creased"]].max(axis=None), at_most=3)
share = mean.right["vote"].unstack()
print("read right by `vote`, mean of the splits, %:", share.mean().round().astype(int).to_dict())

# %% [markdown]
# Folklore says that classifiers are over-confident: both are *under*-confident on clean images. It says that a shift breaks a
# calibration made before it, and a large study found that such calibration "does indeed fall short" [1]. Here noise, blur and creases do
# not break that of `vote`, though it misreads more of them. Moved and tilted forms do, and there scaling made it *worse*: it added
# confidence, which in three of the four cases was too high already.
#
# ## The most accurate reader cannot say "I don't know"
#
# Back to the clerk, who takes the 30 of 100 damaged images of which a reader is least sure.

# %%
shuffled = damaged.sample(frac=1, random_state=0)          # so that ties fall by chance
surest_first = shuffled.sort_values("confidence", ascending=False, kind="stable")
kept = surest_first.groupby(WHO).head(round(0.7 * len(damaged) / len(misread)))
left = 100 * (1 - kept.groupby(WHO).right.mean())
ahead = (axes.loc["nearest"] < axes.loc["vote"]).sum()     # in how many splits
print(f"`nearest` misreads fewer than `vote` in {ahead['misread, clean']} of 5 splits when clean, in "
      f"{ahead['misread, damaged']} when damaged\n"
      "misread among the 70 that are kept, %:")
display(left.unstack().round().astype(int))
reveal("reliability.fewest_misreads", left.unstack()[0][["linear", "vote", "nearest"]].idxmin())

# %% [markdown]
# `nearest` leads on the certificate, and on damaged forms in four of five splits. But its one neighbour votes unanimously: it is always
# certain, and the clerk gets images at random. The errors among what a model keeps, its *selective risk*, depend on accuracy and on
# *ranking*, and ranking is another axis.
#
# In dollars, a misread may cost 40 and a clerk's reading 1. The confidence from which on a reader is believed is chosen on validation
# images. **Exercise 4**; then the bill for 100 *clean* images, accuracy's own ground.

# %% exercise="reliability.clerk_cost"
check("reliability.clerk_cost", clerk_cost)

# %%
def cost(rows, limit):
    return 100 * np.where(rows.confidence >= limit, 40 * ~rows.right, 1).mean()

bill = {}
for who, rows in valid.groupby(WHO):
    limit = min([*rows.confidence.unique(), np.inf], key=lambda limit: cost(rows, limit))
    bill[who] = cost(clean[(clean.reader == who[0]) & (clean.split == who[1])], limit)
bill = pd.Series(bill).unstack()
claim("`nearest` costs this many times what `vote` does, at least",
      (bill.loc["nearest"] / bill.loc["vote"]).min(), at_least=2)
bill.round().astype(int)

# %% [markdown]
# The reader that is right most often costs two to four times as much as `vote`. (A clerk alone costs 100. `five` is about as accurate as
# `nearest` and ranks as well as `vote`: of these it is the one to buy, and the certificate could not show it.)
#
# ## A guarantee, and what it does not guarantee
#
# *Conformal prediction* turns confidence into sets: find on validation images how unlikely a true digit may look, and return every
# digit that looks no less likely. On average the set holds the truth for 99 % of new images or more, if they are *drawn like those*.
# One digit in it: answered; otherwise the clerk reads.

# %%
def conformal_sets(p_valid, truth, p, level=0.99):
    unlikely = np.sort(1 - p_valid[np.arange(len(truth)), truth])            # of the true digits
    rank = int(np.ceil((len(unlikely) + 1) * level))
    return 1 - p <= unlikely[rank - 1]                     # ten bools for each image

def sets(split, name, kind, strength, level=0.99):
    found = conformal_sets(P[split, name, "valid", 0], TRUTH[split, "valid"],
                           P[split, name, kind, strength], level)
    hit = found[np.arange(len(found)), TRUTH[split, "test"]]
    return pd.DataFrame({"hit": hit, "digits": found.sum(axis=1), "kind": kind, "split": split})

vote = pd.concat([sets(*case) for case in P if case[1] == "vote" and case[2] in ("clean", *KINDS)])
hits = 100 * vote.groupby(["kind", "split"]).hit.mean().unstack()
table = pd.DataFrame({"truth in the set, from": hits.min(axis=1), "to": hits.max(axis=1),
                      "answered": 100 * (vote.digits == 1).groupby(vote.kind).mean(),
                      "of these misread": 100 * (1 - vote[vote.digits == 1].groupby("kind").hit.mean())})
eights = [100 * sets(s, "vote", "clean", 0, 0.95).hit[TRUTH[s, "test"] == 8].mean() for s in range(5)]
print(f"level 95 %, clean eights: truth in the set for {min(eights):.0f} to {max(eights):.0f} %")
for level in (0.95, 0.99):
    digits = pd.concat([sets(s, "nearest", "clean", 0, level).digits for s in range(5)])
    print(f"level {100 * level:.0f} %, `nearest`: sets of {digits.min()} to {digits.max()} digits")
table.loc[["clean", *KINDS]].round().astype(int)

# %% [markdown]
# In percent, from the lowest to the highest of five splits. The guarantee holds on clean images, and, without having promised it, nearly
# holds for four kinds of damage. For moved and tilted forms it is gone: they are not drawn like the validation images. Nor does it hold
# digit by digit. And `nearest` keeps it at 99 % to the letter: every set has all ten digits.
#
# ## No axis stands in for another

# %%
axes["misread, damaged, after the clerk"] = left
axes["calibration error, tilted"] = ece.xs("tilted", level="kind")
axes["misread, tilted fours"] = 100 * (1 - fours.groupby(WHO).right.mean())
ROWS = ["misread, clean", "harmless change, flips", "misread, damaged",
        "misread, damaged, after the clerk", "misread, worst kind", "calibration error, tilted",
        "misread, worst digit (clean)", "misread, tilted fours"]
shown = axes.loc[["linear", "vote"], ROWS]
figure, axis = subplots(height=4.2)
for name, colour, mark, offset in (("linear", BLUE, "o", -0.13), ("vote", ORANGE, "D", 0.13)):
    for i, row in enumerate(ROWS):
        axis.plot(shown.loc[name, row], [i + offset] * 5, mark, color=colour, label="" if i else name)
ticks = [0.5, 1, 2, 5, 10, 20, 50]
axis.set(title="Equal on the first line only", xscale="log", xticks=ticks, xticklabels=ticks,
         yticks=range(len(ROWS)), yticklabels=ROWS, xlabel="percent (less is better; one mark a split)")
axis.invert_yaxis()
axis.legend(loc="upper right")
means = shown.groupby("reader").mean().round().astype(int)
show(figure, "linear and vote, means of five splits in percent: " + "; ".join(
    f"{row} {means.loc['linear', row]} and {means.loc['vote', row]}" for row in ROWS) + ".")

# %% [markdown]
# From the second line to the sixth `vote` is better, in the last two `linear`. The first line foretells none of the others, and
# those six do not foretell the last two: to know an axis, measure it. Which matters most is not a question about models.
#
# ## Optimising F1, and skipping the edge
#
# *F1* is the harmonic mean of precision and recall. Lantern's fraud model, trained on days 0–29, reviews payments above the score
# that makes F1 largest on days 30–59. From day 60 there is a new market; from day 130 a ring pays small amounts from old accounts on
# known devices. `rule` reviews what is expected to lose more than a review costs.

# %%
table = {}
for world in (World(7), World(8), World(9)):
    rows = world.frame(0, 160)
    past, launch, late = days(rows, 0, 30), days(rows, 30, 60), days(rows, 130, 160)
    model = train(linear, past, past.fraud)
    precision, recall, limits = precision_recall_curve(launch.fraud, score(model, launch))
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    limit = limits[f1[:-1].argmax()]
    for name, period in (("30-59", launch), ("130-159", late)):
        by_f1, by_rule = score(model, period) > limit, review(model, period, world)
        edge, loss = world.in_ring(period) & (period.fraud == 1), period.fraud * (period.amount + 15)
        table[world.seed, name] = [f1_score(period.fraud, by_f1), f1_score(period.fraud, by_rule),
                                   *(np.where(by, 4, loss).sum() / 30 for by in (by_f1, by_rule)),
                                   edge.sum(), by_f1[edge].sum(), by_rule[edge].sum()]
columns = ["F1", "F1 of rule", "$/day", "$/day of rule", "edge frauds", "caught", "by rule"]
table = pd.DataFrame(table, index=columns).T.rename_axis(["world", "days"])
claim("The rule has the lower F1 and costs less, in each world and period",
      bool((table["F1"] > table["F1 of rule"]).all()
           and (table["$/day"] > table["$/day of rule"]).all()))
table.round({"F1": 2, "F1 of rule": 2}).astype({column: int for column in columns[2:]})

# %% [markdown]
# F1 is *higher* than at launch, in each world, while hundreds of frauds pass on the edge, not one is caught, and the cost has more
# than tripled. (F1 grows with the share of fraud, and the new market has more.) Nor does the rule see the ring: a better metric is not an
# envelope. What would have shown it is a line for each cell of account age, device and amount, week by week, once labels are in.
#
# ## A published result: calibrating can hurt
#
# scikit-learn's documentation calibrates a naive Bayes model on three blobs of points, and prints its Brier scores, the mean
# squared error of the probabilities: 0.104 as it is, 0.084 isotonic, 0.109 sigmoid [2]. Ours:

# %%
X, y = make_blobs(50_000, centers=[(-5, -5), (0, 0), (5, 5)], shuffle=False, random_state=42)
y[:25_000], y[25_000:] = 0, 1                              # the middle blob is half of either class
weight = np.random.RandomState(42).rand(50_000)
X, X_test, y, y_test, weight, w_test = train_test_split(X, y, weight, test_size=0.9, random_state=42)
models = {"as it is": GaussianNB().fit(X, y)}
for method in ("isotonic", "sigmoid"):
    models[method] = CalibratedClassifierCV(GaussianNB(), cv=2, method=method).fit(X, y, weight)
for (name, model), published in zip(models.items(), (0.104, 0.084, 0.109)):
    brier = brier_score_loss(y_test, model.predict_proba(X_test)[:, 1], sample_weight=w_test)
    claim(f"Brier score, {name}", brier, about=published, within=0.002)

# %% [markdown]
# The sigmoid makes it worse: a calibrator is a model too, and can have the wrong shape.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | worst group | Fairlearn `MetricFrame`, by group, minimum [3] | who answers for the model | many small groups: the worst is luck |
# | conformal sets | MAPIE `SplitConformalClassifier`; coverage on average only [4] | data science | calibrated on other traffic |
# | calibration | `CalibratedClassifierCV` [2] | data science | done once, on clean data |
# | damage | your own suite; ImageNet-C for photographs [5] | testing | leaks into training |
# | floors | a release gate, a clause in a contract | product and risk | set after the results are seen |
#
# ## Where the rule stops
#
# The damage is simulated, all kinds weigh alike, and the clerk never errs: your traffic has other weights, and a mean over an envelope depends
# on them. The five splits share their images. An ECE depends on its bins. Envelopes age: what nobody listed, nobody measured. And if no
# reader reaches the floor, as on moved forms, the answer is another camera.
#
# **References.** [1] Y. Ovadia et al., [*Can You Trust Your Model's Uncertainty?*](https://arxiv.org/abs/1906.02530), 2019.
# [2] scikit-learn, [probability calibration](https://scikit-learn.sourceforge.net/stable/auto_examples/calibration/plot_calibration.html).
# [3] Fairlearn, [MetricFrame](https://fairlearn.org/main/api_reference/generated/fairlearn.metrics.MetricFrame.html). [4] MAPIE,
# [classification](https://github.com/scikit-learn-contrib/MAPIE/blob/v0.8.3/doc/theoretical_description_classification.rst).
# [5] D. Hendrycks, T. Dietterich, [*Benchmarking Neural Network Robustness*](https://arxiv.org/abs/1903.12261), 2019.
#
# The last cell copies an envelope sheet beside this notebook, and asks three questions.

# %%
print(worksheet("envelope_sheet"))
display(ask("reliability.c1", answer=..., confidence=...),
        ask("reliability.c2", answer=..., confidence=...),
        ask("reliability.c3", answer=..., confidence=...))
