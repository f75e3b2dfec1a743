"""A policy as a learner would write it after twelve notebooks: doubt, the cheapest useful test, a plan with owners.

It stands alone and imports nothing of the simulator. ``policies.frozen`` writes into it what anybody may know: the
table of strengths that ``practice`` gave on the training seeds, the price list, and the plans of the notebooks.
"""
import numpy as np

TABLE, COST, OWNER, PLANS = {}, {}, {}, {}
NAMES, CHOICES = list(TABLE), sorted(set(PLANS.values()))
WATCHED = ("psi", "complaints", "p99")
TESTS = ("trace", "diff_deploy", "audit_text", "label_sample", "replay_parity", "profile", "feature_age")
SAME = np.array([[PLANS[name] == plan for name in NAMES] for plan in CHOICES], float)
STRENGTH = {signal: np.array([TABLE[name][signal] for name in NAMES]) for signal in (*WATCHED, *TESTS)}
PRIOR = np.array([6.0 if name == "none" else 1.0 for name in NAMES])     # most alarms are false


def update(belief, signal, x, days=1):
    """Bayes: belief times likelihood. The strength of a signal varies between incidents by a fifth of itself."""
    mean = STRENGTH[signal]
    sd = np.sqrt(1 / days + (0.2 * mean) ** 2)
    new = belief * np.exp(-0.5 * ((np.asarray(x)[..., None] - mean) / sd) ** 2) / sd + 1e-9
    return new / new.sum(axis=-1, keepdims=True)


def gain(belief, test):
    """How much a test would raise the chance of picking the right plan, over all that may be true."""
    readings = STRENGTH[test][:, None] + [-1.2, 0, 1.2]
    after = (update(belief, test, readings) @ SAME.T).max(axis=-1).mean(axis=-1)
    return belief @ after - (SAME @ belief).max()


def diagnose(seen, memory):
    """The belief: means since the alarm, two days before it included, and each reading of this case."""
    recent = np.array(memory["history"][-(seen["day"] - memory["since"] + 3):])
    belief = PRIOR / PRIOR.sum()
    for signal, mean in zip(WATCHED, recent.mean(axis=0)):
        belief = update(belief, signal, mean, len(recent))
    for test, (day, value) in seen["readings"].items():
        if day > memory["since"]:
            belief = update(belief, test, value)
    return belief


def investigate(seen, memory):
    """The test most likely to change the plan for its price; or None, and steps once a plan is sure enough."""
    belief = memory["belief"] = diagnose(seen, memory)
    likely, sure = NAMES[belief.argmax()], (SAME @ belief).max()
    gains = {t: gain(belief, t) / COST[t] ** 0.5 for t in TESTS if sure < 0.9 and t not in memory["asked"]}
    if gains and max(gains.values()) > 0.02:
        return max(gains, key=gains.get)
    if sure < 0.9 and seen["day"] - memory["since"] < 10:
        return None                                      # patience: tomorrow's signals are free
    steps, last = list(CHOICES[(SAME @ belief).argmax()]), memory.get("last")
    if steps and last in seen["repairs"] and last not in (*steps, "fix_pipeline"):
        steps.insert(0, "undo:" + last)                  # that was not it
    memory.update(steps=steps, last=steps[-1] if steps else last, cites=[*WATCHED, *memory["asked"]])
    memory["quiet_until"] = seen["day"] + (20 if likely == "season" else 5)
    del memory["since"]
    return None


def carry_out(seen, memory):
    """The plan's next step, or wait until what it needs is there: labels, a sound pipeline, the repair itself."""
    step, age = memory["steps"][0], seen["labels_age"]
    if step in ("retrain_canary", "review_off") and seen["pending"]:
        return "wait"
    memory["steps"].pop(0)
    memory["quiet_until"] = seen["day"] + 8
    return "wait" if step == "label_sample" and age is not None and age < 10 else step


def policy(seen, memory):
    """An alarm opens a case; a case ends in a plan, perhaps an empty one; a plan is carried out step by step."""
    memory.setdefault("history", []).append([seen[signal] for signal in WATCHED])
    high = max(np.mean(memory["history"][-5:], axis=0)) > 1.1 or max(memory["history"][-1]) > 3
    busy, order = set(seen["pending"]) & set(TESTS), "wait"
    if high and seen["day"] >= memory.get("quiet_until", 2) and not memory.get("steps") and "since" not in memory:
        memory.update(since=seen["day"], asked=[])
    if "since" in memory and not busy:
        order = investigate(seen, memory) or "wait"
        memory["asked"] += [order] if order in TESTS else []
    if order == "wait" and memory.get("steps"):
        order = carry_out(seen, memory)
    if order == "wait":
        return "wait", None
    return order, {"owner": OWNER[order.removeprefix("undo:")], "p": dict(zip(NAMES, memory["belief"].tolist())),
                   "cites": memory.get("cites", []), "by": seen["day"] + 10,
                   "stop": "complaints no lower a week after it is in: undo it and open the case again"}
