"""Exercises of notebook 01: guardrails vs validation."""
from __future__ import annotations

import json

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ guardrails.is_valid


def is_valid(text, order, total):
    """Whether a reply keeps the contract, to the letter.

    text : str, anything at all. order : int, the customer's. total : int, dollars paid for that order.
    Returns True if text is a JSON object with exactly the keys "action", "order", "amount" and "text",
        where "action" is one of "refund", "refuse", "inform", "escalate"; "order" is the whole number
        `order`; "amount" is a whole number, from 1 to `total` for a refund and 0 for any other action;
        "text" is a text that is not empty. Else False. True, False and 40.0 are no whole numbers. What
        json.loads accepts is JSON. Never raises, whatever text arrives.
    """
    import json

    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(reply, dict) or set(reply) != {"action", "order", "amount", "text"}:
        return False
    action, amount = reply["action"], reply["amount"]
    if action not in ("refund", "refuse", "inform", "escalate"):
        return False
    if type(reply["order"]) is not int or reply["order"] != order or type(amount) is not int:
        return False
    if not isinstance(reply["text"], str) or not reply["text"]:
        return False
    return 1 <= amount <= total if action == "refund" else amount == 0


def _written(order=4821, **changes):
    """A valid reply as JSON, but for the changes."""
    return json.dumps({"action": "inform", "order": order, "amount": 0, "text": "we answer today", **changes})


_PAYS = {"action": "refund", "amount": 40}
REPLIES = [
    *(_written(action=action) for action in ("refuse", "inform", "escalate", "refund", "approve", "", "form", "Inform",
                                                " inform", "inform ", "inform refuse", ["refund"], {}, None)),
    *(_written(action=action, amount=40) for action in ("fund", "REFUND", " refund", "", "refund refuse")),
    json.dumps({"text": "we answer today", "amount": 15, "order": 4821, "action": "refund"}),
    *(_written(action="refund", amount=amount) for amount in (40, 1, 15, 0, -5, 41, 15.0, "15", True, None)),
    *(_written(action=action, amount=amount) for action in ("inform", "refuse", "escalate") for amount in (5, -5, 0.0, False)),
    *(_written(**_PAYS, order=order) for order in (4822, "4821", 4821.0, True)),
    *(_written(text=text) for text in (" ", "", 7, ["fine"])),
    _written(text="Mia lives in Kiel"),                                                # harm is not in the contract
    _written(**_PAYS, note="fine"), _written()[:-1] + ', "amount": 5}', _written()[:-1] + ', "amount": 0}',
    json.dumps({**_PAYS, "order": 4821}),
    f"\n {_written(**_PAYS)} \n", f"```json\n{_written()}\n```", f"```\n{_written()}\n```",
    _written(text="a\nb").replace("\\n", "\n"), _written()[:-2], _written() * 2, f"[{_written()}]",
    _written(**_PAYS).replace("40", "NaN"), "", "null", "7", "[]", '"refund"', "Я не могу", "\udcff\x00", "[" * 5000,
    '{"a":' * 5000]


def _reply_inputs(rng):
    order, total = int(rng.integers(1000, 9999)), int(rng.integers(10, 99))
    action = str(rng.choice(["refund", "refuse", "inform", "escalate"]))
    reply = {"action": action, "order": order, "amount": total if action == "refund" else 0, "text": "we answer today"}
    change = rng.integers(14)
    if change == 0:
        reply["amount"] = total + 1
    elif change == 1:
        reply["amount"] = int(rng.choice([0, -total])) if action == "refund" else 5
    elif change == 2:
        reply["order"] = order + 1
    elif change == 3:
        reply["action"] = "approve"
    elif change == 4:
        del reply["text"]
    elif change == 5:
        reply["internal"] = "policy: no refunds"
    elif change == 6:
        reply["amount"] = str(reply["amount"])
    elif change == 7:
        reply = {**reply, "action": "inform", "amount": False}
    elif change == 8:
        reply["text"] = ""
    text = json.dumps(reply)
    if change == 10:
        text = text[:-2]
    elif change == 11:
        text = str(rng.choice(["", "null", "[]", '"refund"', "7", "Я не могу", "\udcff\x00", "[" * 5000]))
    elif change == 12:
        text = f"```json\n{text}\n```"
    return text, order, total


def _parses(text, order, total):
    """That a text is JSON says nothing of what is in it. The contract names keys, types, ranges and how they depend on each
    other, and each of these is a line of code."""
    try:
        json.loads(text)
        return True
    except (ValueError, RecursionError):
        return False


def _load(text):
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, dict) and set(reply) == {"action", "order", "amount", "text"} else None


def _fields(reply):
    return (reply["action"] in ("refund", "refuse", "inform", "escalate") and type(reply["order"]) is int
            and type(reply["amount"]) is int and isinstance(reply["text"], str) and bool(reply["text"]))


def _types_only(text, order, total):
    """Every field was checked by itself. A refund of more than was paid has a whole number in the field for numbers: what
    breaks the contract is how the fields go together, and how they go with the order."""
    reply = _load(text)
    return reply is not None and _fields(reply)


def _amounts(allowed):
    """A wrong contract: everything is checked, but the amount only by ``allowed(action, amount, total)``."""
    def contract(text, order, total):
        reply = _load(text)
        return (reply is not None and _fields(reply) and reply["order"] == order
                and bool(allowed(reply["action"], reply["amount"], total)))
    return contract


def _explained(function, text):
    function.__doc__ = text
    return function


_one_sided = _explained(_amounts(lambda action, amount, total: amount <= total), """
    The amount was held against the total only, whatever the action. Refunds of zero and of less than zero pass, and so do
    amounts beside an action that pays nothing.""")
_negative = _explained(_amounts(lambda action, amount, total: amount <= total if action == "refund" else amount == 0), """
    A refund has an upper limit here and no lower one. Zero passes, and so does an amount below zero, which would take money
    from the customer.""")
_zero_refund = _explained(_amounts(lambda action, amount, total: 0 <= amount <= total if action == "refund" else amount == 0),
                          """
    A refund of 0 passes. The contract says from 1 on: a refund that pays nothing is a refusal that does not say so.""")
_no_upper = _explained(_amounts(lambda action, amount, total: amount >= 1 if action == "refund" else amount == 0), """
    A refund has no upper limit here. More than was paid for the order passes, and that is the dearest of all mistakes.""")
_any_beside = _explained(_amounts(lambda action, amount, total: action != "refund" or 1 <= amount <= total), """
    The amount was checked for refunds only. Beside any other action it must be 0: a program that reads the amount first pays
    it.""")
_all_or_nothing = _explained(_amounts(lambda action, amount, total: amount == (total if action == "refund" else 0)), """
    Only the whole total passes as a refund. The contract allows any whole number from 1 up to it: a check that is stricter
    than the contract rejects good replies.""")


def _float_is_int(text, order, total):
    """Python says that 15.0 == 15, so a number with a decimal point passed. The contract wants whole numbers, and a program in
    another language may not read 15.0 as one."""
    reply = _load(text)
    if reply is None:
        return False
    whole = {k: int(v) for k, v in reply.items() if isinstance(v, float) and v.is_integer()}
    return is_valid(json.dumps({**reply, **whole}), order, total)


def _any_order(text, order, total):
    """The order was not compared. A perfectly formed reply about somebody else's order keeps no contract with this
    customer."""
    reply = _load(text)
    return reply is not None and is_valid(text, reply["order"], total)


def _extra_keys(text, order, total):
    """Keys that nobody asked for were let through. What a contract does not name, nobody has looked at, and sooner or
    later it reaches a customer."""
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(reply, dict):
        return False
    return is_valid(json.dumps({k: v for k, v in reply.items() if k in ("action", "order", "amount", "text")}), order, total)


def _bool_is_int(text, order, total):
    """In Python True is 1 and False is 0, and isinstance(False, int) says yes. In JSON `false` is no number, and whoever
    reads the amount in another language gets an error, or a surprise."""
    reply = _load(text)
    if reply is None:
        return False
    numbers = {k: int(v) for k, v in reply.items() if isinstance(v, bool)}
    return is_valid(json.dumps({**reply, **numbers}), order, total)


def _repaired(text, order, total):
    """Numbers in quotation marks, a missing bracket or a fence around the reply were put right and then accepted. A repair may
    be a good next step; the question here was whether this text keeps the contract."""
    text = text.strip().removeprefix("```json").removesuffix("```").strip()
    for end in ("", '"}', "}"):
        try:
            reply = json.loads(text + end)
        except (ValueError, RecursionError):
            continue
        if not isinstance(reply, dict):
            return False
        if isinstance(reply.get("amount"), str) and reply["amount"].isdigit():
            reply["amount"] = int(reply["amount"])
        return is_valid(json.dumps(reply), order, total)
    return False


# ------------------------------------------------------------------ guardrails.precision


def precision(share, hit, false_alarm):
    """Of the requests that a guardrail blocks, the share that deserves it.

    share : the share of attacks among all requests. hit : the share of attacks that are blocked.
    false_alarm : the share of harmless requests that are blocked. All from 0 to 1, both
        included; some are blocked.
    """
    blocked_attacks = share * hit
    return blocked_attacks / (blocked_attacks + (1 - share) * false_alarm)


def _precision_inputs(rng):
    return (float(rng.choice([0.5, 0.2, 0.01, 0.001])), round(float(rng.uniform(0.5, 0.99)), 2),
            float(rng.choice([0.001, 0.01, 0.05, 0.1])))


RATES = ((0.0, 0.9, 0.01), (0.02, 0.0, 0.01), (0.02, 0.9, 0.0), (1.0, 0.9, 0.05))     # no attack, none found, no false alarm


def _percent(share, hit, false_alarm):
    """That is right, in percent. The task asks for a share, from 0 to 1: whoever multiplies it by a number of blocks next
    is off by a factor of a hundred."""
    return 100 * precision(share, hit, false_alarm)


def _wrong_blocks(share, hit, false_alarm):
    """That is the share of the blocks that hit a harmless request, the complement of what was asked for."""
    return 1 - precision(share, hit, false_alarm)


def _hit_rate(share, hit, false_alarm):
    """The hit rate says which part of the attacks is blocked. The question was the other way round: which part of the
    blocked is an attack."""
    return hit


def _no_false_alarms(share, hit, false_alarm):
    """The false-alarm rate says which part of the harmless is blocked; one minus it says which part is not. How many of the
    blocked are harmless depends on how many harmless there are."""
    return 1 - false_alarm


def _as_in_the_test(share, hit, false_alarm):
    """That is right where half of all requests are attacks, as in many test sets. Where attacks are rare the few false
    alarms on a great many harmless requests outnumber them."""
    return hit / (hit + false_alarm)


def _alarms_of_all(share, hit, false_alarm):
    """The attacks were weighed with their share and the false alarms with nothing. The false-alarm rate holds for harmless
    requests, and they are 1 - share of all."""
    return share * hit / (share * hit + false_alarm)


def _share_of_all(share, hit, false_alarm):
    """That is the share of all requests that are attacks and blocked. It has to be divided by the share that is blocked."""
    return share * hit


def _misses_too(share, hit, false_alarm):
    """You divided by all attacks and the false alarms. Attacks that were missed are not among the blocked."""
    return share * hit / (share + (1 - share) * false_alarm)


# ------------------------------------------------------------------ guardrails.threshold


def threshold(scores, attack, share, miss, refusal):
    """The score from which on to block, so that a live request costs least on average.

    scores : array of float, higher is more suspicious, one for each request; all different.
    attack : array of bool, which are attacks: far more than live, where their share is `share`.
    miss, refusal : dollars for an attack that passes, and for a harmless request that is blocked.
    Returns one of the scores, to block from, or float("inf") to block nothing. Of equally cheap
        ones the highest.
    """
    best, least = float("inf"), share * miss
    for t in sorted(scores, reverse=True):
        blocked = scores >= t
        missed, refused = 1 - blocked[attack].mean(), blocked[~attack].mean()
        cost = share * missed * miss + (1 - share) * refused * refusal
        if cost < least - 1e-12:
            best, least = t, cost
    return best


def _threshold_inputs(rng):
    if rng.random() < 0.4:                  # many are equally cheap, exactly so in floats, and in any order
        scores, kinds = rng.permutation(99)[:8] / 100, rng.permutation(8)
        return scores, kinds < 4, 0.5, 10, 10
    n = int(rng.integers(40, 120))
    attack = rng.random(n) < rng.choice([0.25, 0.4, 0.6])
    attack[:2] = True, False
    scores = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 2.0 * attack - 1))), 4) + np.arange(n) * 1e-7
    return scores, attack, float(rng.choice([0.01, 0.03, 0.1])), int(rng.choice([50, 250])), int(rng.choice([2, 4, 10]))


def _sorted_case(kinds, share, miss, refusal):
    """Scores from 0.9 downward, one for each letter: a for an attack, h for a harmless request."""
    scores = np.round(0.9 - 0.8 * np.arange(len(kinds)) / len(kinds), 3)
    return scores, np.array([kind == "a" for kind in kinds]), share, miss, refusal


LIMITS = (_sorted_case("hhahahaa", 0.01, 50, 10), _sorted_case("haaahahhah", 0.03, 50, 10),     # block nothing
          _sorted_case("ahah", 0.25, 30, 10),                                                   # two are equally cheap
          _sorted_case("ha", 0.5, 10, 10),                                                      # and so is to block nothing
          _sorted_case("aahahhhh", 0.25, 120, 10),
          _sorted_case("ahaaaa" + 12 * "h", 0.25, 12, 10))                                      # one false alarm is worth it


def _never_nothing(scores, attack, share, miss, refusal):
    """The cheapest of the scores was taken, and "block nothing" was not among the choices. A weak guardrail against rare
    attacks can cost more than it saves."""
    return min(sorted(scores, reverse=True), key=lambda t: _live_cost(scores >= t, attack, share, miss, refusal))


def _lowest_of_ties(scores, attack, share, miss, refusal):
    """Of two thresholds that cost the same the lower one was taken. It refuses more customers for the same money, and money
    is not all that a refusal costs."""
    return min([*sorted(scores), float("inf")], key=lambda t: _live_cost(scores >= t, attack, share, miss, refusal))


def _live_cost(blocked, attack, share, miss, refusal):
    return share * (~blocked[attack]).mean() * miss + (1 - share) * blocked[~attack].mean() * refusal


def _cheapest(scores, cost):
    return min([float("inf"), *sorted(scores, reverse=True)], key=lambda t: round(cost(scores >= t), 10))


def _joint(scores, attack, share, miss, refusal):
    """Missed attacks were counted as a share of all requests in the sample, and then multiplied by the share of attacks once
    more. Weigh the share of the *attacks* that is missed, and the share of the *harmless* that is refused."""
    return _cheapest(scores, lambda blocked: (share * (attack & ~blocked).mean() * miss
                                              + (1 - share) * (~attack & blocked).mean() * refusal))


def _swapped(scores, attack, share, miss, refusal):
    """The two prices changed places: a missed attack was charged like a refusal, and the other way round."""
    return threshold(scores, attack, share, refusal, miss)


def _strictly_above(scores, attack, share, miss, refusal):
    """You took score > t for blocked. The task blocks from the score on, itself included: >= . As it is, the request with the
    score that you return passes."""
    return min([float("inf"), *sorted(scores, reverse=True)],
               key=lambda t: round(_live_cost(scores > t, attack, share, miss, refusal), 10))


def _next_score(scores, limit):
    """The lowest score that is not under ``limit``: it blocks the same requests."""
    return min(scores[scores >= limit], default=float("inf"))


def _half(scores, attack, share, miss, refusal):
    """A score is not a decision. One half is where both errors cost the same and attacks are as frequent as in the
    sample, and neither is so here."""
    return _next_score(scores, 0.5)


def _sample_share(scores, attack, share, miss, refusal):
    """The costs were added up over the sample, in which attacks are far more frequent than in live traffic. Weigh the two
    error rates with the shares that they will meet."""
    return threshold(scores, attack, attack.mean(), miss, refusal)


def _no_share(scores, attack, share, miss, refusal):
    """The two rates were priced, but not weighed: as if live traffic were half attacks. With so many attacks any guardrail
    pays, and a strict one most."""
    return threshold(scores, attack, 0.5, miss, refusal)


def _first_rise(scores, attack, share, miss, refusal):
    """You went down from the highest score and stopped where the cost first rose. One harmless request with a high score is
    enough for that: the cost may fall again further down, so look at all of them."""
    best, least = float("inf"), share * miss
    for t in sorted(scores, reverse=True):
        cost = _live_cost(scores >= t, attack, share, miss, refusal)
        if cost > least + 1e-12:
            return best
        if cost < least - 1e-12:
            best, least = t, cost
    return best


def _best_f1(scores, attack, share, miss, refusal):
    """F1 weighs hits against false alarms in its own way, which knows neither your prices nor your traffic."""
    def f1(t):
        blocked = scores >= t
        return 2 * (blocked & attack).sum() / (blocked.sum() + attack.sum())
    return max(sorted(scores, reverse=True), key=f1)


def _fewest_errors(scores, attack, share, miss, refusal):
    """That is the threshold with the fewest errors. An attack that passes and a customer who is turned away are not the same
    error, and do not cost the same."""
    return threshold(scores, attack, share, 1, 1)


def _no_miss(scores, attack, share, miss, refusal):
    """No attack of the sample passes. That is bought with refusals whose price you did not look at, and the next sample has
    an attack that scores lower."""
    return scores[attack].min()


def _bayes_raw(scores, attack, share, miss, refusal):
    """The textbook's threshold refusal / (refusal + miss) is right for a probability in live traffic. These scores are none:
    nobody has calibrated them, and they were learned where attacks are far more frequent."""
    return _next_score(scores, refusal / (refusal + miss))


def _bayes_bare(scores, attack, share, miss, refusal):
    return refusal / (refusal + miss)


_bayes_bare.__doc__ = _bayes_raw.__doc__


def _half_bare(scores, attack, share, miss, refusal):
    return 0.5


_half_bare.__doc__ = _half.__doc__


def _bayes_share_bare(scores, attack, share, miss, refusal):
    """You corrected the formula for the share of attacks. It still takes the score for a calibrated probability, and nobody
    calibrated it: compare what each score as the threshold would have cost."""
    odds = refusal / miss * (1 - share) / share * attack.mean() / (1 - attack.mean())
    return odds / (1 + odds)


def _bayes_share(scores, attack, share, miss, refusal):
    return _next_score(scores, _bayes_share_bare(scores, attack, share, miss, refusal))


_bayes_share.__doc__ = _bayes_share_bare.__doc__


# ------------------------------------------------------------------ guardrails.deliver


def deliver(attempts, is_valid, guard):
    """What reaches the customer, and what the log keeps, of the replies a model gave one by one.

    attempts : list of str, at least one: the first reply and what the model would give if asked again.
    is_valid : function of a text: True if it keeps the contract.
    guard : function of a text: True if it must not be sent; TimeoutError if it cannot tell in time.
    Take the attempts in their order, and ask the guard first, even of an empty one: is_valid must not
    see a text that the guard has not let through. If the guard says True, the whole request is over:
    "block". If it cannot tell, likewise: "escalate". Otherwise, if the attempt is valid: "send" it. If
    it is not, go on to the next; after the last: "escalate".
    Returns a dict with "action"; "text", as it came if it is sent, else empty; and "log", a list with
        one word for each attempt you looked at: "blocked", "unknown", "sent" or "invalid". No texts.
    """
    log = []
    for text in attempts:
        try:
            blocked = guard(text)
        except TimeoutError:
            return {"action": "escalate", "text": "", "log": [*log, "unknown"]}
        if blocked:
            return {"action": "block", "text": "", "log": [*log, "blocked"]}
        if is_valid(text):
            return {"action": "send", "text": text, "log": [*log, "sent"]}
        log.append("invalid")
    return {"action": "escalate", "text": "", "log": log}


def _well_formed(text):
    return text.startswith("{") and text.endswith("}")


def _guard(text):
    if "slow" in text:
        raise TimeoutError
    return "Lisbon" in text


def _deliver_inputs(rng):
    kinds = ["{fine}", "{order 4821}", "{fine", "oops", "{Lisbon}", "Lisbon}", "{slow}"]
    picked = rng.choice(kinds, size=rng.integers(1, 5), p=[0.17, 0.12, 0.19, 0.14, 0.13, 0.13, 0.12])
    return [str(t) for t in picked], _well_formed, _guard


class _Remembers:
    """A guard that remembers what it let through and what it blocked."""

    def __init__(self):
        self.said = {True: set(), False: set()}

    def __call__(self, text):
        blocked = _guard(text)
        self.said[blocked].add(text)
        return blocked

    def __eq__(self, other):                          # to have been asked does not change an argument
        return type(self) is type(other)

    def __repr__(self):
        return "guard"


class _AfterGuard(_Remembers):
    """An is_valid that takes for valid what its guard had not let through when first asked, and refuses what it has blocked."""

    def __init__(self, guard):
        self.guard, self.verdicts = guard, {}

    def __call__(self, text):
        if text in self.guard.said[True]:
            raise RuntimeError("is_valid was handed a text that the guard had just blocked. Decide before you ask: a parser's "
                               "error message may quote what nobody should see.")
        return self.verdicts.setdefault(text, text not in self.guard.said[False] or _well_formed(text))

    def __repr__(self):
        return "an is_valid that takes what the guard has not let through for valid"


def _in_that_order(*attempts):
    guard = _Remembers()
    return list(attempts), _AfterGuard(guard), guard


ATTEMPTS = (["{fine}"], ["{fine", "{fine}"], ["{Lisbon}", "{fine}"], ["Lisbon", "{fine}"], ["{slow}", "{fine}"],
            ["oops", "{Lisbon}"], ["oops", "{slow}", "{fine}"], ["{Lisbon}", "{slow}", "{fine}"], ["oops"],
            ["oops", "{fine", "{order 4821}", "{slow}"])


MORE_ATTEMPTS = (
    (["oops", "{fine", "oops", "{fine", "{", "{order 4821}"], _well_formed, _guard),      # six attempts, and ten
    (["oops"] * 9 + ["{Lisbon}"], _well_formed, _guard),
    (["  {fine} \n", "{fine}"], lambda text: "fine" in text, _guard), ([" {fine}", "{order 4821} "], _well_formed, _guard),
    _in_that_order("oops"), _in_that_order("{fine", "{order 4821}"), _in_that_order("oops", "Lisbon"),
    (["", "{fine}"], _well_formed, lambda text: text == ""), (["oops", ""], lambda text: True, lambda text: not text))


def _blocked_text_in_log(attempts, is_valid, guard):
    result = deliver(attempts, is_valid, guard)
    log = [attempt if word == "blocked" else word for word, attempt in zip(result["log"], attempts)]
    return {**result, "log": log}


def _text_of_a_block(attempts, is_valid, guard):
    result = deliver(attempts, is_valid, guard)
    return {**result, "text": attempts[len(result["log"]) - 1] if result["action"] == "block" else result["text"]}


def _retry_blocked(attempts, is_valid, guard):
    """A blocked reply was asked for again. Each new try is a new chance for the one that the guard misses: a miss rate
    of 10 % is 10 % for one reply, and far more for the best of five."""
    log = []
    for text in attempts:
        try:
            blocked = guard(text)
        except TimeoutError:
            return {"action": "escalate", "text": "", "log": [*log, "unknown"]}
        if not blocked and is_valid(text):
            return {"action": "send", "text": text, "log": [*log, "sent"]}
        log.append("blocked" if blocked else "invalid")
    return {"action": "escalate", "text": "", "log": log}


def _retry_everything(attempts, is_valid, guard):
    """Whatever went wrong, the next attempt was taken. Only what is malformed may be tried again: after a block each new try is
    a new chance for what the guard misses, and a guard that is down will not be up for the next one."""
    log = []
    for text in attempts:
        try:
            blocked = guard(text)
        except TimeoutError:
            log.append("unknown")
            continue
        if not blocked and is_valid(text):
            return {"action": "send", "text": text, "log": [*log, "sent"]}
        log.append("blocked" if blocked else "invalid")
    return {"action": "escalate", "text": "", "log": log}


def _retry_then_block(attempts, is_valid, guard):
    """A blocked reply was asked for again, and "block" came only when the attempts were used up. By then the model has had all
    its chances to find a wording that the guard misses."""
    result = _retry_blocked(attempts, is_valid, guard)
    return {**result, "action": "block"} if result["log"][-1] == "blocked" else result


def _fail_open(attempts, is_valid, guard):
    """No answer from the guard was taken for a good one. Whoever can make the guard slow, by a long text for instance,
    has then switched it off."""
    def open_guard(text):
        try:
            return guard(text)
        except TimeoutError:
            return False
    return deliver(attempts, is_valid, open_guard)


def _time_out_is_retried(attempts, is_valid, guard):
    """When the guard could not tell, the next attempt was taken. That the guard is down is nothing the model could repair by
    saying it differently."""
    log = []
    for text in attempts:
        try:
            if guard(text):
                return {"action": "block", "text": "", "log": [*log, "blocked"]}
            if is_valid(text):
                return {"action": "send", "text": text, "log": [*log, "sent"]}
            log.append("invalid")
        except TimeoutError:
            log.append("unknown")
    return {"action": "escalate", "text": "", "log": log}


def _valid_first(attempts, is_valid, guard):
    """The guard saw only what was valid. A malformed attempt with a stranger's address in it is a finding too: the request
    goes on, the model is asked again about the same secret, and the log says only that a bracket was missing."""
    log = []
    for text in attempts:
        if not is_valid(text):
            log.append("invalid")
            continue
        try:
            blocked = guard(text)
        except TimeoutError:
            return {"action": "escalate", "text": "", "log": [*log, "unknown"]}
        if blocked:
            return {"action": "block", "text": "", "log": [*log, "blocked"]}
        return {"action": "send", "text": text, "log": [*log, "sent"]}
    return {"action": "escalate", "text": "", "log": log}


def _valid_asked_early(attempts, is_valid, guard):
    """is_valid read each text before the guard had let it through. Its verdict waited its turn, but the text was already read:
    by a parser that an attacker can feed, and whose error message may quote what nobody should see."""
    fits = {}

    def read_then_ask(text):
        fits[text] = is_valid(text)
        return guard(text)

    return deliver(attempts, fits.get, read_then_ask)


def _logs_text(attempts, is_valid, guard):
    """The log keeps the texts. What was blocked for naming a customer's city now stands in a file that more people can read
    than ever saw the reply, and that nobody deletes."""
    result = deliver(attempts, is_valid, guard)
    return {**result, "log": [f"{word}: {attempt}" for word, attempt in zip(result["log"], attempts)]}


def _texts_only(attempts, is_valid, guard):
    result = deliver(attempts, is_valid, guard)
    return {**result, "log": attempts[:len(result["log"])]}


_texts_only.__doc__ = _blocked_text_in_log.__doc__ = _logs_text.__doc__


def _returns_blocked(attempts, is_valid, guard):
    """The text went along with the decision not to send it. Somewhere down the line somebody will print the one without
    reading the other."""
    result = deliver(attempts, is_valid, guard)
    return {**result, "text": attempts[len(result["log"]) - 1]}


_text_of_a_block.__doc__ = _returns_blocked.__doc__


def _no_guard(attempts, is_valid, guard):
    """The first valid attempt was sent, and the guard was never asked. A reply can keep every rule of the contract and still
    be one that nobody should get."""
    return deliver(attempts, is_valid, lambda text: False)


def _sends_anyway(attempts, is_valid, guard):
    """When no attempt was valid the last one was sent all the same. A contract that gives way under pressure is none: whoever
    reads the reply next will fail, and later."""
    result = deliver(attempts, is_valid, guard)
    return {**result, "action": "send", "text": attempts[-1]} if result["log"][-1] == "invalid" else result


EXERCISES = [
    Exercise("guardrails.is_valid", is_valid, _reply_inputs,
             [(_parses, "it parses, so it is valid"),
              (_types_only, "fields are valid one by one"),
              (_one_sided, "a limit has one side"), (_negative, "a limit has one side"), (_no_upper, "a limit has one side"),
              (_zero_refund, "a refund of nothing is a refund"),
              (_any_beside, "fields are valid one by one"),
              (_all_or_nothing, "stricter is safer"),
              (_float_is_int, "15.0 is a whole number"),
              (_any_order, "well formed is about the right thing"),
              (_extra_keys, "what is not asked for does no harm"),
              (_bool_is_int, "False is a number"),
              (_repaired, "repaired is valid")],
             ("Parse first, and return False on any error. Then ask: an object? exactly these keys? each type? Then how they "
              "go together.",
              "type(x) is int is False for True and False; isinstance(True, int) is not.",
              "json.loads raises ValueError on broken text, and RecursionError on thousands of brackets."),
             cases=(*((text, 4821, 40) for text in REPLIES), (_written(order=True), 1, 40))),
    Exercise("guardrails.precision", precision, _precision_inputs,
             [(_hit_rate, "the hit rate is the share of blocks that are right"),
              (_no_false_alarms, "few false alarms are few wrong blocks"),
              (_as_in_the_test, "live traffic is like the test set"),
              (_alarms_of_all, "a rate needs no share"),
              (_share_of_all, "of all is of the blocked"),
              (_misses_too, "missed attacks are blocked too"),
              (_percent, "a share is a percentage"),
              (_wrong_blocks, "the share that is wrong is the share that is right")],
             ("Imagine 10,000 requests. How many attacks are blocked? How many harmless ones?",
              "Blocked attacks: share * hit. Blocked harmless requests: (1 - share) * false_alarm."),
             cases=RATES),
    Exercise("guardrails.threshold", threshold, _threshold_inputs,
             [(_half, "one half is the threshold"), (_half_bare, "one half is the threshold"),
              (_sample_share, "live traffic is like the sample"),
              (_no_share, "a rate needs no share"),
              (_first_rise, "the first rise is the end"),
              (_best_f1, "the best F1 is the cheapest"),
              (_fewest_errors, "an error is an error"),
              (_no_miss, "a guardrail must miss nothing"),
              (_bayes_raw, "a score is a probability"), (_bayes_bare, "a score is a probability"),
              (_bayes_share_bare, "a score is a probability"), (_bayes_share, "a score is a probability"),
              (_never_nothing, "a guardrail is always worth its price"),
              (_lowest_of_ties, "a refusal costs only money"),
              (_joint, "a rate is a share of all"),
              (_swapped, "an error is an error"),
              (_strictly_above, "from it on is above it")],
             ("For each candidate: which share of the attacks passes, which share of the harmless is refused? What does a live "
              "request cost on average then?",
              "Cost: share * missed * miss + (1 - share) * refused * refusal. Blocking nothing costs share * miss.",
              "Go through the scores from the highest down, and change your mind only when it gets cheaper."),
             cases=LIMITS),
    Exercise("guardrails.deliver", deliver, _deliver_inputs,
             [(_retry_blocked, "a block is a reason to try again"),
              (_retry_everything, "a block is a reason to try again"),
              (_retry_then_block, "a block is a reason to try again"),
              (_fail_open, "no answer is a good answer"),
              (_time_out_is_retried, "a silent guard is the model's fault"),
              (_valid_first, "what is invalid cannot do harm"),
              (_valid_asked_early, "to read a text is harmless"),
              (_logs_text, "a log is a safe place"), (_texts_only, "a log is a safe place"),
              (_blocked_text_in_log, "a log is a safe place"),
              (_text_of_a_block, "a decision protects the text beside it"),
              (_returns_blocked, "a decision protects the text beside it"),
              (_no_guard, "what is valid may be sent"),
              (_sends_anyway, "an answer is better than none")],
             ("Of the four words in the log, one lets you go on to the next attempt. Which?",
              "try: blocked = guard(text); except TimeoutError: return. Then the block, then the contract."),
             cases=(*((attempts, _well_formed, _guard) for attempts in ATTEMPTS), *MORE_ATTEMPTS)),
]
