"""Exercises of notebook 11: shadow vs canary."""
from __future__ import annotations

from hashlib import sha256
from random import Random
from statistics import NormalDist

from .engine import Exercise

# ------------------------------------------------------------------ canary.assign


def assign(users, share, salt):
    """Which version serves each request: sticky, salted, with nothing drawn at random or remembered.

    users : list of user ids (whole numbers), one for each request. A user may come back.
    share : the share of users, from 0 to 1, that the canary gets. salt : str, the release's name.
    Returns a list of bool, one for each request: True if the canary serves it. A user's place is the
        first 8 bytes of the SHA-256 of the text "salt:user", as a whole number with the most
        significant byte first, divided by 2**64. Places below `share` are in.
    """
    from hashlib import sha256

    def place(user):
        return int.from_bytes(sha256(f"{salt}:{user}".encode()).digest()[:8], "big") / 2**64

    return [place(user) < share for user in users]


def _assign_inputs(rng):
    users = [int(u) for u in rng.integers(1, 60, 40)]
    return users, float(rng.choice([0.005, 0.125, 0.25])), f"release-{rng.integers(100)}"


def _place(text):
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64


def _round_robin(users, share, salt):
    """You sent every n-th request to the canary. That is a share of the requests: a user who comes back
    meets the old screen, the new one, and the old one again, and belongs to neither group."""
    return [i % round(1 / share) == 0 for i in range(len(users))]


def _round_robin_last(users, share, salt):
    return [(i + 1) % round(1 / share) == 0 for i in range(len(users))]


_round_robin_last.__doc__ = _round_robin.__doc__


def _unsalted(users, share, salt):
    """The salt is not used. The split is sticky, and too sticky: at every release the same users are the first
    to meet the new faults, and each canary inherits what the last one did to them."""
    return [_place(str(user)) < share for user in users]


def _always_v2(users, share, salt):
    """The salt is "v2" whatever the release is called, as in the notebook's `place` when none is given. At every release the
    same users are the first to meet the new faults: hand the salt on."""
    return [_place(f"v2:{user}") < share for user in users]


def _modulo(users, share, salt):
    """You took the last digits of the user's number. Numbers are handed out in an order, by sign-up, by country,
    by shard; and the same users are taken every time, whatever the release is called."""
    return [user % 100 < 100 * share for user in users]


def _redrawn(users, share, salt):
    """The share is part of what is hashed, so everybody is drawn again when the share grows. Users who had the new
    version at 1 % lose it at 5 %. A place that does not depend on the share keeps them in."""
    return [_place(f"{salt}:{share}:{user}") < share for user in users]


def _drawn_each(users, share, salt):
    """Every request was drawn anew, if from a seed. The share is right, but a user who comes back meets either
    version by chance, belongs to neither group, and the outcome can be credited to neither version."""
    rng = Random(salt)
    return [rng.random() < share for _ in users]


def _drawn_once(users, share, salt):
    """You drew a place for each new user and remembered it. That is sticky on one server, for as long as it runs: on the
    next one, where users arrive in another order, the same user gets another place."""
    rng, places = Random(salt), {}
    for user in users:
        if user not in places:
            places[user] = rng.random()
    return [places[user] < share for user in users]


def _first_come(users, share, salt):
    """The first users to arrive form the canary. Who comes first is not who comes later: other hours, other
    countries, more regular customers."""
    distinct = list(dict.fromkeys(users))
    chosen = set(distinct[:round(share * len(distinct))])
    return [user in chosen for user in users]


def _whole_percents(users, share, salt):
    """The places were cut down to whole percents. With a share of half a percent one rule then takes nobody and
    the other takes twice as many as planned; 12.5 % becomes 12 or 13."""
    return [int(_place(f"{salt}:{user}") * 100) < int(share * 100) for user in users]


def _whole_percents_open(users, share, salt):
    return [int(_place(f"{salt}:{user}") * 100) < share * 100 for user in users]


_whole_percents_open.__doc__ = _whole_percents.__doc__


def _builtin_hash(users, share, salt):
    """Python's own hash() of a text differs from process to process, on purpose. Two servers, or one server
    before and after a restart, send the same user to different versions."""
    return [hash(f"{salt}:{user}") % 100 < 100 * share for user in users]


def _builtin_hash_tuple(users, share, salt):
    return [hash((salt, user)) % 100 < 100 * share for user in users]


_builtin_hash_tuple.__doc__ = _builtin_hash.__doc__

# ------------------------------------------------------------------ canary.mirror


def mirror(payment, live, candidate):
    """One request under a shadow: who answers, who waits, what is written, what is learned.

    payment : dict.
    live, candidate : functions. Each takes the payment and returns a tuple (answer, writes, ms): its
        answer, the list of writes that it wants carried out, and how long it took, in milliseconds.
        The candidate may raise an Exception instead; if that leaves your function, the user sees it.
    Returns a dict with
        "answer" : what the user gets,
        "ms" : how long the user waits,
        "writes" : the list of writes that are carried out,
        "log" : for the report: "crash" if the candidate raised, "same" if its answer equals the
            live one, "differs" if not.
    """
    answer, writes, ms = live(payment)
    try:
        log = "same" if candidate(payment)[0] == answer else "differs"
    except Exception:
        log = "crash"
    return {"answer": answer, "ms": ms, "writes": writes, "log": log}


def _live(payment):
    amount = float(payment["amount"].replace(",", "."))
    challenge = amount > 50
    write = ("text message" if challenge else "charge", payment["user"])
    return "challenge" if challenge else "allow", [write], 30


def _candidate(payment):
    if payment["user"] % 10 == 7:
        raise TimeoutError("the candidate's database did not answer")
    amount = float(payment["amount"])
    challenge = amount > 40
    writes = [("text message" if challenge else "charge", payment["user"])]
    writes += [("audit line", payment["user"])] * (payment["user"] % 5 == 3)    # the same answer may come with other writes
    return "challenge" if challenge else "allow", writes, 120 if payment["user"] % 3 == 0 else 20


def _mirror_inputs(rng):
    amount = rng.choice(["12.50", "12,50", "45.00", "45,00", "80.00", "80,00"], p=[0.2, 0.15, 0.25, 0.1, 0.2, 0.1])
    user = 10 * int(rng.integers(10)) + int(rng.choice([1, 2, 3, 4, 5, 6, 7]))
    return {"user": user, "amount": str(amount)}, _live, _candidate


def _copy(payment, candidate):
    """What the candidate returns, or None if it raises."""
    try:
        return candidate(payment)
    except Exception:
        return None


def _awaited(payment, live, candidate):
    """The user waited for the copy as well. Nobody reads the candidate's answer, yet its slowest calls are now
    everybody's: the copy goes out after the live answer, out of the way."""
    result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
    return {**result, "ms": result["ms"] + (theirs[2] if theirs else 0)}


def _in_parallel(payment, live, candidate):
    result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
    return {**result, "ms": max(result["ms"], theirs[2] if theirs else 0)}


_in_parallel.__doc__ = _awaited.__doc__


def _writes_too(payment, live, candidate):
    """The candidate's writes were carried out. Its answer is thrown away, what it does is not: the card is
    charged twice, the text message is sent twice."""
    result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
    return {**result, "writes": result["writes"] + (theirs[1] if theirs else [])}


def _new_writes(payment, live, candidate):
    """You dropped the candidate's writes only where they repeat a live one. Where it decides differently it writes
    something else, and that reaches a user who was never meant to meet it."""
    result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
    return {**result, "writes": result["writes"] + [w for w in (theirs[1] if theirs else []) if w not in result["writes"]]}


def _crash_reaches_user(payment, live, candidate):
    """The candidate's crash became the user's answer. A shadow may fail as often as it likes; the live answer
    goes out whatever becomes of the copy."""
    result = mirror(payment, live, candidate)
    return {**result, "answer": "crash"} if result["log"] == "crash" else result


def _crash_is_no_answer(payment, live, candidate):
    """A crash was swallowed and not counted. It must not reach the user, but it is the first thing that the
    report is for: count what you catch."""
    result = mirror(payment, live, candidate)
    return {**result, "log": "same"} if result["log"] == "crash" else result


def _crash_differs(payment, live, candidate):
    """A crash was filed with the decisions that differ. A crash is a bug for certain; a different decision may
    be the point of the release. Whoever reads the report needs them apart."""
    result = mirror(payment, live, candidate)
    return {**result, "log": "differs"} if result["log"] == "crash" else result


def _compared(part, why):
    """A mirror that compares this part of what comes back: (answer, writes, ms)."""
    def compared(payment, live, candidate):
        result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
        return {**result, "log": "same" if theirs[part] == live(payment)[part] else "differs"} if theirs else result
    compared.__doc__ = why
    return compared


_whole_tuple = _compared(slice(None), """
    You compared all that came back, milliseconds included. Two versions never take equally long, so every answer counts as
    different and the real differences drown. Compare the answers, item by item.""")
_compared_writes, _answer_and_writes = (_compared(part, """
    You compared what the versions write. The report is about what they answer: the same answer may come with other writes, and
    another one with the same.""") for part in (slice(1, 2), slice(2)))


def _candidate_answers(payment, live, candidate):
    """The user got the candidate's answer where there was one. That is a canary of 100 %, not a shadow."""
    result, theirs = mirror(payment, live, candidate), _copy(payment, candidate)
    return {**result, "answer": theirs[0]} if theirs else result


# ------------------------------------------------------------------ canary.canary_days


def canary_days(p0, p1, share, traffic):
    """How many days a canary must run to find a harm.

    p0, p1 : the rate of the bad event under the old and the new version, say 0.04 and 0.06.
    share : the share of users, between 0 and 1, in the canary; the others are the control.
    traffic : users a day in both groups together, new ones every day.
    Returns a float: the days after which a two-sided test at 5 % finds the difference in 80 % of
        all cases, by the formula with both variances p (1 - p). Rounded z (1.96, 0.84) will do.
    """
    from statistics import NormalDist

    z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    variance = p1 * (1 - p1) / share + p0 * (1 - p0) / (1 - share)
    return z**2 * variance / (p1 - p0) ** 2 / traffic


def _days_inputs(rng):
    p0, factor = float(rng.choice([0.02, 0.04, 0.1])), float(rng.choice([1.25, 1.5, 2.0]))
    return p0, p0 * factor, float(rng.choice([0.01, 0.05, 0.1, 0.25])), int(rng.choice([5_000, 20_000]))


def _planned(variance, p0, p1, traffic, tail=0.975, chance=0.8):
    z = NormalDist().inv_cdf(tail) + NormalDist().inv_cdf(chance)
    return z**2 * variance / (p1 - p0) ** 2 / traffic


def _days(p0, p1, share, traffic, **how):
    return _planned(p1 * (1 - p1) / share + p0 * (1 - p0) / (1 - share), p0, p1, traffic, **how)


def _equal_groups(p0, p1, share, traffic):
    """You planned for two equal groups and gave all traffic to the test. Most of it goes to the control: with a
    share of 1 % the canary fills a hundred times more slowly than that."""
    return _days(p0, p1, 0.5, traffic)


def _one_group(p0, p1, share, traffic):
    """That is the size of one of two equal groups, divided by all traffic. The canary sees only its share
    of the traffic, and it is the canary that has to fill up."""
    return _days(p0, p1, 0.5, traffic) / 2


def _scaled_group(p0, p1, share, traffic):
    """You filled the canary with as many users as one of two equal groups needs. The control is far larger than
    the canary, so its rate is known almost exactly, and the canary needs fewer users than that."""
    return _days(p0, p1, 0.5, traffic) / 2 / share


def _one_sided(p0, p1, share, traffic):
    """Your z is that of a one-sided test. That may be what you want, since only harm stops a release, but it was not
    asked, and it makes every plan look a fifth shorter: a choice to write down, not to slip in."""
    return _days(p0, p1, share, traffic, tail=0.95)


def _coin(p0, p1, share, traffic):
    """The second z is missing: you asked when a difference of that size would be just significant. Half of all such
    canaries observe less than the true harm, so you would miss it every other time."""
    return _days(p0, p1, share, traffic, chance=0.5)


def _variances_swapped(p0, p1, share, traffic):
    """Each variance stands over the other group's share. The canary has the share and the new version's rate p1; the
    control has what is left, and p0."""
    return _days(p1, p0, share, traffic)


def _pooled(p0, p1, share, traffic):
    """You pooled the two rates, as the test does. In a small canary that is nearly the control's rate; the formula that is
    asked for keeps both variances apart."""
    rate = share * p1 + (1 - share) * p0
    return _planned(rate * (1 - rate) / (share * (1 - share)), p0, p1, traffic)


def _old_rate_only(p0, p1, share, traffic):
    """Both variances are those of the old version's rate. The canary's users have the new one's."""
    return _planned(p0 * (1 - p0) / (share * (1 - share)), p0, p1, traffic)


def _shared_twice(p0, p1, share, traffic):
    """You divided by the share once more. The formula's N counts the users of both groups, and its variance p1 (1 - p1) / share
    already says how slowly the canary fills: N divided by all traffic is the answer."""
    return _days(p0, p1, share, traffic) / share


def _relative(p0, p1, share, traffic):
    """You divided by the squared relative change. The formula wants the difference of the two rates, in the same
    units as their variance."""
    return _days(p0, p1, share, traffic) * p0**2


# ------------------------------------------------------------------ canary.gate


def gate(report):
    """The decision about a canary, whenever it is asked: one of four words.

    report : dict with
        "crashes", "crash_limit" : requests that the canary failed so far, and how many the plan allows
        "srm_p" : p-value of the counts in the two groups against the planned split
        "z" : z-statistic of the harm so far; positive when the canary's users fare worse
        "z_limit" : the limit for z that the plan sets, whatever the day
        "users", "planned" : users in the canary so far, and how many the plan demands
    Returns "roll back" when a limit is exceeded; "invalid" when the groups cannot be compared, which
        here means srm_p below 0.001; "promote" when the stage is over without a finding; and
        "extend" when it is not over yet. Which question comes first is for you to find: a crash
        needs no comparison, a z does.
    """
    if report["crashes"] > report["crash_limit"]:
        return "roll back"
    if report["srm_p"] < 0.001:
        return "invalid"
    if report["z"] > report["z_limit"]:
        return "roll back"
    return "promote" if report["users"] >= report["planned"] else "extend"


def _gate_inputs(rng):
    report = {"crashes": int(rng.choice([0, 2, 3, 9], p=[0.3, 0.3, 0.25, 0.15])), "crash_limit": 3,
             "srm_p": float(rng.choice([0.00001, 0.0005, 0.005, 0.02, 0.4, 0.9], p=[0.2, 0.15, 0.15, 0.1, 0.15, 0.25])),
             "z": float(rng.choice([-4.0, -0.4, 0.6, 2.1, 3.3])), "z_limit": float(rng.choice([2.0, 2.4]))}
    share, planned = float(rng.choice([0.1, 0.5, 1.0, 1.2])), int(rng.choice([1000, 2000]))
    return ({**report, "users": round(share * planned), "planned": planned},)


def _no_alarm(report):
    """With too few users and no alarm you promoted. A canary that could not have seen the harm is quiet whether
    the harm is there or not; only a full one has said something."""
    return "promote" if gate(report) == "extend" else gate(report)


def _srm_ignored(report):
    """You read the metric although the groups are not the ones that were planned. Whatever put the users into the wrong
    group may also decide how they fare, so neither a good z nor a bad one means anything."""
    if report["crashes"] > report["crash_limit"] or report["z"] > report["z_limit"]:
        return "roll back"
    return "promote" if report["users"] >= report["planned"] else "extend"


def _z_before_split(report):
    """You read z before you knew that it compares like with like. In a broken split z may be large because of who is in
    the canary, and a good release is rolled back for it: the counts come before the harm."""
    if report["crashes"] <= report["crash_limit"] and report["z"] > report["z_limit"]:
        return "roll back"
    return gate(report)


def _users_first(report):
    """You asked first whether the stage is full, and until then nothing could stop it. Crashes, a broken split and a harm
    beyond the limit need no full stage: only the good news has to wait for it."""
    return "extend" if report["users"] < report["planned"] else gate(report)


def _users_after_crashes(report):
    """Behind the crashes you asked whether the stage is full, and until then neither a broken split nor a harm beyond the limit
    could stop it. They need no full stage: only the good news has to wait for it."""
    if report["crashes"] > report["crash_limit"]:
        return "roll back"
    return _users_first(report)


def _full_is_passed(report):
    """A full stage was promoted unread. Enough users make a finding possible; they do not say what it is. The limits are
    asked about first, and to promote is what is left when nothing was found."""
    return "promote" if report["users"] >= report["planned"] else gate(report)


def _srm_five_percent(report):
    """The split was called broken at p < .05. That happens to one healthy canary in twenty on every look, and stops
    releases over nothing. A real mismatch is usually far beyond .001."""
    if report["crashes"] <= report["crash_limit"] and report["srm_p"] < 0.05:
        return "invalid"
    return gate(report)


def _srm_extends(report):
    """You waited for more users from a broken split. More of them do not repair it; the bias stays, and only the
    interval around it shrinks."""
    return "extend" if gate(report) == "invalid" else gate(report)


def _srm_first(report):
    """The mismatch was asked about first, and behind it crashes were never counted. Requests that fail hurt users however
    the groups came about: a limit that needs no comparison comes before one that does."""
    if report["srm_p"] < 0.001:
        return "invalid"
    return gate(report)


def _harm_waits(report):
    """You looked at the harm only when the stage was full. The limit is set so that it may be tested every day:
    waiting hurts users, and a canary exists to stop early."""
    decision = gate({**report, "z": 0.0}) if report["users"] < report["planned"] else gate(report)
    return decision


def _either_direction(report):
    """You rolled back because the difference was large, in the wrong direction: a negative z means that the canary's
    users fare better. Look again why, by all means, but it is no harm."""
    decision = gate(report)
    return "roll back" if decision in ("promote", "extend") and report["z"] < -report["z_limit"] else decision


def _good_news(report):
    """A good result was taken before the stage was full. Early results swing widely in both directions, and stopping
    at the first good one makes every release look like a success."""
    return "promote" if gate(report) == "extend" and report["z"] < -report["z_limit"] else gate(report)


def _textbook_limit(report):
    """You compared z with 1.96, which is made for one look at the end. This report is read every day and at every
    stage, and the plan's limit allows for that."""
    return gate({**report, "z_limit": 1.96})


def _crash_at_limit(report):
    """As many crashes as the plan allows are allowed: the limit is exceeded by more."""
    return "roll back" if report["crashes"] >= report["crash_limit"] else gate(report)


EXERCISES = [
    Exercise("canary.assign", assign, _assign_inputs,
             [(_round_robin, "a share of the requests is a share of the users"),
              (_round_robin_last, "a share of the requests is a share of the users"),
              (_unsalted, "sticky is enough, the salt is decoration"),
              (_always_v2, "sticky is enough, the salt is decoration"),
              (_modulo, "the last digits of an id are random"),
              (_redrawn, "every stage may draw its users anew"),
              (_drawn_each, "a share of the requests is a share of the users"),
              (_drawn_once, "what is remembered is known everywhere"),
              (_first_come, "the first users are as good as any"),
              (_whole_percents, "shares come in whole percents"),
              (_whole_percents_open, "shares come in whole percents"),
              (_builtin_hash, "hash() is the same everywhere"),
              (_builtin_hash_tuple, "hash() is the same everywhere")],
             ("One user, two requests, two servers, three weeks: what must the answer depend on, and on nothing else?",
              "sha256(text.encode()).digest() gives 32 bytes; int.from_bytes(those[:8], 'big') a whole number below 2**64.",
              "Write a helper place(user) that returns a number from 0 to 1, and compare it with share for every request.")),
    Exercise("canary.mirror", mirror, _mirror_inputs,
             [(_awaited, "what nobody reads costs nobody time"), (_in_parallel, "what nobody reads costs nobody time"),
              (_writes_too, "a discarded answer has no side effects"),
              (_new_writes, "only duplicate writes do harm"),
              (_crash_reaches_user, "the candidate's crash is the user's crash"),
              (_crash_is_no_answer, "a caught error is a dealt-with error"),
              (_crash_differs, "a crash is one more different decision"),
              (_compared_writes, "what is written is what was answered"),
              (_answer_and_writes, "what is written is what was answered"),
              (_whole_tuple, "an answer is all that comes back"),
              (_candidate_answers, "the newer answer is the better answer")],
             ("Three of the four entries depend on the live version alone. Which?",
              "Call the candidate inside try/except Exception, after the live answer is in hand.")),
    Exercise("canary.canary_days", canary_days, _days_inputs,
             [(_equal_groups, "all traffic takes part in a canary"),
              (_one_group, "all traffic takes part in a canary"),
              (_scaled_group, "the canary needs half of the users of an A/B test"),
              (_one_sided, "one side or two is a detail"),
              (_coin, "significant and found are the same thing"),
              (_variances_swapped, "it does not matter which rate is whose"),
              (_pooled, "the plan's variance is the test's"), (_old_rate_only, "both groups have the old rate"),
              (_shared_twice, "the share must be paid for twice"),
              (_relative, "a relative change is a difference")],
             ("The variance of a difference of two rates is the sum of p (1 - p) / n over both groups. With N users in "
              "all, what are the two n?",
              "Set difference / sqrt(variance) = z(0.975) + z(0.8), solve for N, and divide by the traffic.",
              "z(0.8) is NormalDist().inv_cdf(0.8), from the module statistics."), rtol=0.005),
    Exercise("canary.gate", gate, _gate_inputs,
             [(_no_alarm, "no alarm means no harm"),
              (_srm_ignored, "a metric can be read whatever the counts are"),
              (_z_before_split, "a large z speaks for itself"),
              (_users_first, "nothing counts before the stage is full"),
              (_users_after_crashes, "nothing counts before the stage is full"),
              (_full_is_passed, "a full stage is a passed stage"),
              (_srm_five_percent, "any p below .05 is a finding"),
              (_srm_extends, "more data repair a broken split"),
              (_srm_first, "nothing may be done before the comparison is fair"),
              (_harm_waits, "a canary is judged at its end"),
              (_either_direction, "any large difference is a harm"),
              (_good_news, "good news may be taken early"),
              (_textbook_limit, "one look or ten, 1.96 is 1.96"),
              (_crash_at_limit, "a limit is reached when it is touched")],
             ("Which finding needs no comparison with anybody? Which one makes all comparisons worthless?",
              "Crashes, then the split, then the harm, then the number of users."),
             cases=tuple(({"crashes": 0, "crash_limit": 3, "srm_p": p, "z": z, "z_limit": 2.4, "users": 200, "planned": 2000},)
                         for p, z in ((0.001, 0.6), (0.0011, 0.6), (0.0009, 0.6), (0.4, 2.4)))),
]
