"""Exercises of notebook 12: human in the loop vs fully automated."""
from __future__ import annotations

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ oversight.route


def route(p, amount, accuracy, price):
    """What to do with one payment: "allow", "block" or "review".

    p, amount : the true chance of fraud, and dollars. A fraud let through costs amount + 15, an
        honest payment blocked 5 + amount / 10, and the right decision nothing.
    accuracy : how often a reviewer who reads the case decides it rightly, fraud or not.
    price : of one review, in dollars. It is paid on top.
    Returns the choice whose expected cost is the smallest.
    """
    fraud, honest = p * (amount + 15), (1 - p) * (5 + amount / 10)
    read = price + (1 - accuracy) * (fraud + honest)
    if read < min(fraud, honest):
        return "review"
    return "block" if honest < fraud else "allow"


def _route_inputs(rng):
    return (float(rng.choice([rng.beta(1, 12), rng.beta(2, 4), rng.beta(8, 2)])),
            round(float(rng.lognormal(4.2, 1.1)), 2), float(rng.choice([0.75, 0.85, 0.95])),
            float(rng.choice([1.0, 4.0, 9.0])))


def _machine(p, amount):
    return "block" if (1 - p) * (5 + amount / 10) < p * (amount + 15) else "allow"


def _half(p):
    return "block" if p > 0.5 else "allow"


def _band(p, amount, accuracy, price):
    """You sent what the model is unsure of, whatever is at stake. A coin toss over two dollars is not worth anybody's
    eight minutes; a payment of 2,000 dollars at 5 % is. What counts is the cost of being wrong."""
    return "review" if 0.4 <= p <= 0.6 else _machine(p, amount)


def _band_half(p, amount, accuracy, price):
    return "review" if 0.4 <= p <= 0.6 else _half(p)


_band_half.__doc__ = _band.__doc__


def _all_blocks(p, amount, accuracy, price):
    """You reviewed what the model would block, and nothing that it would allow. Its other mistakes, frauds let through,
    then meet nobody; and some blocks are so clear that a reading costs more than it saves."""
    return "review" if _machine(p, amount) == "block" else "allow"


def _all_likely(p, amount, accuracy, price):
    return "review" if p > 0.5 else "allow"


_all_likely.__doc__ = _all_blocks.__doc__


def _perfect(p, amount, accuracy, price):
    """You let the reviewer be right always. People who read carefully err too, in both directions: the more is at stake,
    the more their share of errors costs."""
    return route(p, amount, 1.0, price)


def _free(p, amount, accuracy, price):
    """You took the review as free. Then nearly everything is worth a look, the desk is full of small change, and the
    cases that matter wait behind it."""
    return route(p, amount, accuracy, 0.0)


def _one_sided(p, amount, accuracy, price):
    """You counted only the fraud that a reviewer lets through. A reviewer also blocks honest payments by mistake, and of
    those there are many more."""
    fraud, honest = p * (amount + 15), (1 - p) * (5 + amount / 10)
    return "review" if price + (1 - accuracy) * fraud < min(fraud, honest) else _machine(p, amount)


def _expected_loss(p, amount, accuracy, price):
    """You sent what would lose more than a review costs, and allowed the rest. That was Lantern's rule: it forgets that
    a clear fraud can be blocked without a reader, and that a reader errs."""
    return "review" if p * (amount + 15) > price else "allow"


def _dearer(p, amount, accuracy, price):
    """You let every error of the reviewer cost as much as the dearer mistake. What an error costs depends on what the payment
    is: one let through if it is a fraud, one blocked if it is honest."""
    fraud, honest = p * (amount + 15), (1 - p) * (5 + amount / 10)
    read = price + (1 - accuracy) * max(fraud, honest)
    return "review" if read < min(fraud, honest) else _machine(p, amount)


def _price_if_right(p, amount, accuracy, price):
    """You paid for the review only when it was right. The price is for the reviewer's time, whatever comes of it."""
    fraud, honest = p * (amount + 15), (1 - p) * (5 + amount / 10)
    read = accuracy * price + (1 - accuracy) * (fraud + honest)
    return "review" if read < min(fraud, honest) else _machine(p, amount)


def _dearest(p, amount, accuracy, price):
    fraud, honest = p * (amount + 15), (1 - p) * (5 + amount / 10)
    read = price + (1 - accuracy) * max(amount + 15, 5 + amount / 10)
    return "review" if read < min(fraud, honest) else _machine(p, amount)


_dearest.__doc__ = _dearer.__doc__


def _todays_figures(p, amount, accuracy, price):
    """You used ACCURACY or PRICE of the notebook, not the arguments. Then the rule holds for one desk at one wage."""
    return route(p, amount, 0.95, 4.0)


def _todays_accuracy(p, amount, accuracy, price):
    return route(p, amount, 0.95, price)


def _todays_price(p, amount, accuracy, price):
    return route(p, amount, accuracy, 4.0)


_todays_accuracy.__doc__ = _todays_price.__doc__ = _todays_figures.__doc__


def _even_odds(p, amount, accuracy, price):
    """Left alone, your machine blocks at even odds. The two mistakes do not cost the same, so the odds at which to block
    are not even."""
    return route(p, amount, accuracy, price) if route(p, amount, accuracy, price) == "review" else _half(p)


# ------------------------------------------------------------------ oversight.desks_needed


def desks_needed(per_hour, minutes, longest):
    """How many desks keep the mean wait short in every hour.

    per_hour : cases that arrive in an hour, one number for each hour of a shift, at random times.
    minutes : mean time that a case takes at a desk, exponentially distributed.
    longest : the mean wait, in minutes, that no hour may exceed, each taken as if it went on for
        ever. A wait ends when a desk begins with the case; who need not wait counts with 0.
    Returns the smallest number of desks, the same for the whole shift.
    """
    from course_utils.queueing import mean_wait

    desks = 1
    while mean_wait(max(per_hour) / 60, minutes, desks) > longest:
        desks += 1
    return desks


def _desks_inputs(rng):
    # The wait allowed is longer than the time at the desk: who adds the two still finds a number.
    base, minutes = float(rng.choice([10.0, 25.0, 45.0])), float(rng.choice([2.0, 5.0, 8.0]))
    return [round(base * f) for f in rng.uniform(0.5, 1.6, 6)], minutes, minutes * float(rng.choice([1.1, 1.5, 2.0]))


def _just_enough(per_hour, minutes, longest):
    """You hired for the work alone: as many desks as there is work. With arrivals at random such a team is busy nearly all
    the time, every cluster of cases stays, and the wait grows without limit as the load nears 100 %."""
    return int(np.floor(max(per_hour) * minutes / 60)) + 1


def _rounded_up(per_hour, minutes, longest):
    return max(1, int(np.ceil(max(per_hour) * minutes / 60)))


_rounded_up.__doc__ = _just_enough.__doc__


def _average_hour(per_hour, minutes, longest):
    """You planned for the average hour. In the busiest one the desks are overloaded or nearly so, and that is when most
    cases arrive."""
    return desks_needed([sum(per_hour) / len(per_hour)], minutes, longest)


def _average_enough(per_hour, minutes, longest):
    """You planned for the average hour, and for that as many desks as there is work. The busiest hour is beyond them,
    and even in the average one the wait is long: a queue needs idle time."""
    return max(1, int(np.ceil(sum(per_hour) / len(per_hour) * minutes / 60)))


def _eighty_percent(per_hour, minutes, longest):
    """You kept the desks below 80 % busy, a rule of thumb. The task asks only for the wait: two desks at 80 % keep people
    waiting for minutes, twenty hardly at all."""
    return max(1, int(np.ceil(max(per_hour) * minutes / 60 / 0.8)))


def _average_wait(per_hour, minutes, longest):
    """You averaged the waits of the hours. Quiet hours then pay for the busy one, in which most cases wait too long."""
    from course_utils.queueing import mean_wait

    desks = 1
    while np.mean([mean_wait(n / 60, minutes, desks) for n in per_hour]) > longest:
        desks += 1
    return desks


def _wait_in_hours(per_hour, minutes, longest):
    """Your units are mixed: cases an hour, minutes a case, and a wait in minutes. Bring all to minutes before you call
    mean_wait."""
    from course_utils.queueing import mean_wait

    desks = 1
    while mean_wait(max(per_hour), minutes / 60, desks) > longest:
        desks += 1
    return desks


def _cases_a_minute(per_hour, minutes, longest):
    from course_utils.queueing import mean_wait

    desks = int(max(per_hour) * minutes)
    while mean_wait(max(per_hour), minutes, desks) > longest:
        desks += 1
    return desks


_cases_a_minute.__doc__ = _wait_in_hours.__doc__


def _separate_queues(per_hour, minutes, longest):
    """You gave each desk a queue of its own. Then a case waits behind a long one while the next desk is free. One common
    queue needs far fewer desks."""
    from course_utils.queueing import mean_wait

    desks = 1
    while mean_wait(max(per_hour) / 60 / desks, minutes, 1) > longest:
        desks += 1
    return desks


def _those_who_wait(per_hour, minutes, longest):
    """You averaged over the cases that had to wait. Those that found a free desk waited 0 minutes, and count."""
    load, desks = max(per_hour) * minutes / 60, 1
    while desks <= load or minutes / (desks - load) > longest:
        desks += 1
    return desks


def _with_the_service(per_hour, minutes, longest):
    """You added the minutes at the desk to the wait. A wait ends when a desk begins with the case; more desks make it shorter,
    and the reading takes as long as before."""
    return desks_needed(per_hour, minutes, longest - minutes)


# ------------------------------------------------------------------ oversight.vigilance


def vigilance(records):
    """How many of the planted errors a desk catches, with a 95 % interval.

    records : list of dicts with "recommended" and "decision", both "allow" or "block", and
        "planted", True where the recommendation was made wrong on purpose. At least one is.
        A planted error is caught when the reviewer did not follow it.
    Returns (share, low, high) with Wilson's score interval, which never leaves 0 to 1:
        scipy's binomtest(caught, n).proportion_ci(method="wilson") computes it.
    """
    from scipy.stats import binomtest

    planted = [r for r in records if r["planted"]]
    caught = sum(r["decision"] != r["recommended"] for r in planted)
    interval = binomtest(caught, len(planted)).proportion_ci(method="wilson")
    return caught / len(planted), interval.low, interval.high


def _vigilance_inputs(rng):
    n, unread, share = int(rng.integers(30, 90)), float(rng.choice([0.05, 0.4, 0.8])), float(rng.choice([0.1, 0.3]))
    records = []
    for _ in range(n):
        recommended, planted = str(rng.choice(["allow", "block"])), bool(rng.random() < share)
        wrong = planted or rng.random() < 0.1
        other = {"allow": "block", "block": "allow"}[recommended]
        right = other if wrong else recommended
        slipped = {"allow": "block", "block": "allow"}[right]
        read = right if rng.random() > 0.05 else slipped
        records.append({"recommended": recommended, "decision": recommended if rng.random() < unread else read,
                        "planted": planted})
    records[0]["planted"] = True
    return (records,)


def _share(hits):
    from scipy.stats import binomtest

    hits = list(hits)
    if not hits:
        return 0.0, 0.0, 1.0
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return sum(hits) / len(hits), interval.low, interval.high


def _agreement(records):
    """That is the agreement rate. It is high when the model is right and high when nobody reads; it cannot tell the two
    apart, however many cases there are."""
    return _share(r["decision"] == r["recommended"] for r in records)


def _agreement_own(records):
    return _share(r["decision"] == r["recommended"] for r in records if not r["planted"])


_agreement_own.__doc__ = _agreement.__doc__


def _override(records):
    """That is the override rate of all cases, one minus agreement. A desk overrides little because there is little to
    override, or because it does not look."""
    return _share(r["decision"] != r["recommended"] for r in records)


def _override_own(records):
    return _share(r["decision"] != r["recommended"] for r in records if not r["planted"])


_override_own.__doc__ = _override.__doc__


def _missed(records):
    """You counted the planted errors that were followed: the misses. The share that was caught is one minus that."""
    return _share(r["decision"] == r["recommended"] for r in records if r["planted"])


def _of_overrides(records):
    """You divided by the overrides. That says how many of them met a planted error, which depends on how many were
    planted. Divide by the planted errors."""
    return _share(r["planted"] for r in records if r["decision"] != r["recommended"])


def _of_all(records):
    """You divided by all cases. How many of those are planted was your own choice; it says nothing about the desk."""
    return _share(r["planted"] and r["decision"] != r["recommended"] for r in records)


def _plus_minus(z, cut):
    def interval(records):
        """Your interval is the estimate plus and minus 1.96 standard errors. It can leave 0 to 1, and with all caught or none
        it has no width, as if ten cases had proved it."""
        share, _, _ = vigilance(records)
        half = z * np.sqrt(share * (1 - share) / sum(r["planted"] for r in records))
        low, high = share - half, share + half
        return (share, max(0.0, low), min(1.0, high)) if cut else (share, low, high)
    return interval


def _exact(records):
    """Your interval is the exact one, which scipy computes unless told otherwise. It is never too narrow, and wider than it
    need be; the task asks for Wilson's, method="wilson"."""
    from scipy.stats import binomtest

    planted = [r for r in records if r["planted"]]
    caught = sum(r["decision"] != r["recommended"] for r in planted)
    interval = binomtest(caught, len(planted)).proportion_ci()
    return caught / len(planted), interval.low, interval.high


def _percent(records):
    """Your numbers are percentages, a hundred times too large. A share is a number from 0 to 1."""
    return tuple(100 * value for value in vigilance(records))


def _record(recommended, decision, planted):
    return {"recommended": recommended, "decision": decision, "planted": planted}


_VIGILANCE_CASES = (
    ([_record("allow", "allow", True), _record("block", "block", True), _record("block", "allow", True),
      _record("allow", "allow", False)],),
    ([_record("allow", "block", True), _record("block", "allow", True), _record("block", "block", False)],))


# ------------------------------------------------------------------ oversight.verify


def verify(log, anchor=None):
    """What is wrong with an audit log: a pair, the first of these findings that applies.

    log : bytes, one record a line, each b"<previous hash> <hash> <text>\\n". The hash is sha256 of
        b"<previous hash> <text>", in 64 hex digits; the first record's previous hash is 64 zeros.
    anchor : None, or a pair kept elsewhere: how many records there were, and the last one's hash,
        as bytes. Records may have been added since.
    Returns, with records counted from 1,
        ("altered", i)    record i, the first one that is ended by b"\\n" and whose hash does not
                          follow from its text, or that does not continue the record before
        ("torn", i)       the last record, i, is not ended by b"\\n"
        ("cut", n)        the anchor counts more records than the n there are
        ("rewritten", k)  record k, the last that the anchor knows, has another hash
        ("intact", n)     none of this; n records. An empty log has 0.
    """
    from hashlib import sha256

    *records, rest = log.split(b"\n")
    head, heads = b"0" * 64, []
    for i, record in enumerate(records, 1):
        text = record[130:]
        digest = sha256(head + b" " + text).hexdigest().encode()
        if record != b" ".join([head, digest, text]):
            return "altered", i
        head = digest
        heads.append(head)
    if rest:
        return "torn", len(records) + 1
    if anchor and anchor[0] > len(heads):
        return "cut", len(heads)
    if anchor and anchor[0] and heads[anchor[0] - 1] != anchor[1]:
        return "rewritten", anchor[0]
    return "intact", len(heads)


def _write(texts, previous=b"0" * 64):
    from hashlib import sha256

    log = b""
    for text in texts:
        digest = sha256(previous + b" " + text).hexdigest().encode()
        log += previous + b" " + digest + b" " + text + b"\n"
        previous = digest
    return log


def _verify_inputs(rng):
    texts = [b"case %d amount %d allow" % (rng.integers(1000), rng.integers(10, 900)) for _ in range(rng.integers(4, 9))]
    whole = _write(texts)
    lines = whole.splitlines(keepends=True)
    kind = rng.choice(9, p=[0.22, 0.08, 0.04, 0.22, 0.14, 0.04, 0.14, 0.04, 0.08])
    anchored = int(rng.integers(2, len(lines) + 1))
    anchor = (anchored, lines[anchored - 1].split(b" ")[1])
    i = int(rng.integers(1, len(lines) - 1))
    if kind == 0:                                      # an edit
        lines[i] = lines[i].replace(b"allow", b"block")
    elif kind == 1:                                    # an edit, with its own hash made good
        previous = lines[i].split(b" ")[0]
        lines[i] = _write([texts[i].replace(b"allow", b"block")], previous)
    elif kind == 2:                                    # one record taken out
        del lines[i]
    elif kind == 3:                                    # the end cut off
        del lines[max(2, anchored - int(rng.integers(0, 2))):]
    elif kind == 4:                                    # a crash while writing
        lines[-1] = lines[-1][:int(rng.integers(1, len(lines[-1])))]
    elif kind == 5:                                    # a bit flipped
        where = int(rng.integers(len(whole) - 1))
        lines = [whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1:]]
    elif kind == 6:                                    # all written anew from record i on
        i = min(i, anchored - 1)
        lines = _write([*texts[:i], b"nothing happened", *texts[i + 1:]]).splitlines(keepends=True)
    elif kind == 7:                                    # the first records taken out
        del lines[:i]
    return b"".join(lines), None if rng.random() < 0.2 else anchor


def _rules(log, anchor, links=True, hashes=True, torn=True, count=True, head=True, last=False, start=b"0" * 64):
    from hashlib import sha256

    *records, rest = log.split(b"\n")
    before, heads = start, []
    for i, record in enumerate(records, 1):
        previous, digest, text = record[:64], record[65:129], record[130:]
        good = sha256(previous + b" " + text).hexdigest().encode()
        if (links and previous != before) or (hashes and record != previous + b" " + good + b" " + text):
            return "altered", i
        before = digest
        heads.append(digest)
    if rest and torn:
        return "torn", len(records) + 1
    if anchor and count and anchor[0] > len(heads):
        return "cut", len(heads)
    if last and anchor and heads and heads[-1] != anchor[1]:
        return "rewritten", anchor[0]
    if anchor and head and not last and anchor[0] <= len(heads) and heads[anchor[0] - 1] != anchor[1]:
        return "rewritten", anchor[0]
    return "intact", len(heads)


def _no_anchor(log, anchor=None):
    """You never looked at the anchor. A log whose end was cut off is a shorter chain, and one written anew is another one;
    both hold link by link. Only what was kept elsewhere can contradict them."""
    return _rules(log, None)


def _no_links(log, anchor=None):
    """You checked each record's own hash and not that it continues the record before. A record can then be taken out, or
    rewritten together with its hash, and every line that is left is sound."""
    return _rules(log, anchor, links=False)


def _any_beginning(log, anchor=None):
    """You took the first record's word for where the log begins. Whoever removes the first records leaves a chain that starts
    in the middle: the previous hash of record 1 must be 64 zeros."""
    return _rules(log, anchor, start=log[:64])


def _own_head(log, anchor=None):
    """You never looked at the previous hash that a record states: you put your own in its place. The field can then hold
    anything, and whoever follows the links in the file is led astray."""
    *records, rest = log.split(b"\n")
    head, own = b"0" * 64, b""
    for record in records:
        own += head + record[64:] + b"\n"
        head = record[65:129]
    return verify(own + rest, anchor)


def _no_hashes(log, anchor=None):
    """You followed the links and did not compute the hashes anew. The text can then be edited freely: the hash that
    stands beside it is the one of the old text."""
    return _rules(log, anchor, hashes=False)


def _repaired(log, anchor=None):
    """You left the torn last record out and said nothing. Something was being written there, and now nobody will ask what:
    a check reports, it does not tidy up."""
    return _rules(log, anchor, torn=False)


def _only_count(log, anchor=None):
    """You compared the number of records with the anchor, and not the hash. A log that was written anew has as many
    records as it likes."""
    return _rules(log, anchor, head=False)


def _only_head(log, anchor=None):
    """You compared the hash and did not notice that there are fewer records than the anchor counts. Who cuts the end off
    also removes what the hash would have been compared with."""
    return _rules(log, anchor, count=False)


def _last_hash(log, anchor=None):
    """You compared the anchor with the last record. The log has grown since the anchor was taken; compare it with the
    record that was the last one then."""
    return _rules(log, anchor, last=True)


def _from_zero(log, anchor=None):
    """Your records are counted from 0. Somebody will look for the fault in the line before it."""
    finding, where = verify(log, anchor)
    return (finding, where - 1) if finding in ("altered", "torn") else (finding, where)


def _torn_first(log, anchor=None):
    """You looked at the torn end first. A crash explains a torn end and no edit: of two findings the one that accuses
    somebody comes first, as the task orders them."""
    *records, rest = log.split(b"\n")
    return ("torn", len(records) + 1) if rest else verify(log, anchor)


def _cut_first(log, anchor=None):
    """You compared the number with the anchor before you read the records. A record that was altered is then reported as a
    log that is too short, and nobody learns which record."""
    n = log.count(b"\n")
    return ("cut", n) if anchor and anchor[0] > n else verify(log, anchor)


def _cut_before_torn(log, anchor=None):
    finding, where = verify(log, anchor)
    n = log.count(b"\n")
    return ("cut", n) if finding == "torn" and anchor and anchor[0] > n else (finding, where)


_cut_before_torn.__doc__ = """You compared the number and the anchor before you looked at the torn end. What is torn may be
    what is missing: of two findings the one in the file itself comes first, as the task orders them."""


def _hash_anywhere(log, anchor=None):
    """You looked for the anchor's hash anywhere in the log. An anchor says which record had it; at another place the two
    do not agree."""
    finding, where = verify(log, anchor)
    if finding == "rewritten" and any(record[65:129] == anchor[1] for record in log.splitlines()):
        return "intact", log.count(b"\n")
    return finding, where


def _two_faults():
    texts = [b"case %d allow" % i for i in range(1, 7)]
    lines = _write(texts).splitlines(keepends=True)
    heads = [line.split(b" ")[1] for line in lines]
    edited = lines[2].replace(b"allow", b"block")
    return (
        (b"".join([*lines[:2], edited, *lines[3:5], lines[5][:-4]]), None),        # an edit, and a torn end
        (b"".join([*lines[:2], edited, *lines[3:4]]), (6, heads[5])),              # an edit, and two records cut off
        (b"".join([*lines[:5], lines[5][:-4]]), (6, heads[5])),                    # torn, and one fewer than anchored
        (b"".join(lines), (3, heads[4])),                                          # the hash of record 5 for record 3
        (b"".join(lines[2:]), None),                                               # the first two removed
        (b"".join([*lines[:3], b"1" + lines[3][1:], *lines[4:]]), None),           # another previous hash in record 4
    )


EXERCISES = [
    Exercise("oversight.route", route, _route_inputs,
             [(_band, "doubt is what a person is for, whatever is at stake"),
              (_band_half, "doubt is what a person is for, whatever is at stake"),
              (_all_blocks, "only what would be stopped needs a person"),
              (_all_likely, "only what would be stopped needs a person"),
              (_perfect, "who reads is right"),
              (_free, "attention is free"),
              (_one_sided, "a reviewer's only mistake is to let fraud through"),
              (_expected_loss, "all that is dear needs a person"),
              (_price_if_right, "a review is paid for by its result"),
              (_dearer, "every error of a reviewer is the dearer one"),
              (_dearest, "every error of a reviewer is the dearer one"),
              (_todays_figures, "today's desk is every desk"),
              (_todays_accuracy, "today's desk is every desk"),
              (_todays_price, "today's desk is every desk"),
              (_even_odds, "both mistakes cost the same")],
             ("Write down three expected costs, in dollars: allow, block, review.",
              "Allowing costs p * (amount + 15). Blocking costs (1 - p) * (5 + amount / 10). What is left of the two when a "
              "person decides, and errs with probability 1 - accuracy?"),
             cases=((0.02, 100.0, 0.75, 1.0), (0.3, 40.0, 0.85, 4.0), (0.1, 30.0, 0.85, 3.0), (0.25, 60.0, 0.8, 4.0),
                    (0.2, 1.0, 0.85, 2.0), (0.22, 3.0, 0.85, 4.0))),
    Exercise("oversight.desks_needed", desks_needed, _desks_inputs,
             [(_just_enough, "as many desks as there is work"),
              (_rounded_up, "as many desks as there is work"),
              (_average_hour, "the average hour is the one to plan for"),
              (_average_enough, "the average hour is the one to plan for"),
              (_eighty_percent, "80 % busy is right for any team"),
              (_average_wait, "a good hour makes up for a bad one"),
              (_wait_in_hours, "any unit of time will do"),
              (_cases_a_minute, "any unit of time will do"),
              (_separate_queues, "n desks are n queues"),
              (_those_who_wait, "only those who wait have a wait"),
              (_with_the_service, "a case waits until it is done")],
             ("Which hour decides? And what does the wait do when the desks are busy nearly all the time?",
              "course_utils.queueing.mean_wait(rate, service, servers) wants both in minutes, and gives the wait before a desk "
              "begins. Try 1 desk, 2, 3 ..."),
             cases=(([6, 10, 8], 5.99, 9.0),)),
    Exercise("oversight.vigilance", vigilance, _vigilance_inputs,
             [(_agreement, "agreement is vigilance"),
              (_agreement_own, "agreement is vigilance"),
              (_override, "overrides are vigilance"),
              (_override_own, "overrides are vigilance"),
              (_missed, "caught and missed are the same share"),
              (_of_overrides, "any denominator will do"),
              (_of_all, "any denominator will do"),
              *((_plus_minus(z, cut), "no variation, no uncertainty") for z in (1.959964, 1.96) for cut in (False, True)),
              (_exact, "every 95 % interval is the same"),
              (_percent, "a share and a percentage are the same number")],
             ("For which records do you know that agreeing was wrong?",
              "Keep the planted ones; caught is decision != recommended."), rtol=0.001, cases=_VIGILANCE_CASES),
    Exercise("oversight.verify", verify, _verify_inputs,
             [(_any_beginning, "a chain may begin anywhere"),
              (_own_head, "what a record states about the one before needs no look"),
              (_no_anchor, "a chain knows its own length"),
              (_no_links, "a sound record is in its place"),
              (_no_hashes, "a link vouches for the text"),
              (_repaired, "a torn line may be dropped"),
              (_only_count, "as many records, the same records"),
              (_only_head, "a matching hash is all an anchor offers"),
              (_last_hash, "an anchored log must not grow"),
              (_from_zero, "a line number is a detail"),
              (_torn_first, "a torn end explains the rest"),
              (_cut_first, "a short log needs no reading"),
              (_cut_before_torn, "who wrote too little has cut"),
              (_hash_anywhere, "a hash vouches for any place")],
             ("log.split(b'\\n') ends with what follows the last line break: b'' if the last record is whole.",
              "For each record two questions: is its hash that of its text, and is its previous hash the one before?",
              "The anchor (count, hash) is about record number count, not about the last one."), cases=_two_faults()),
]
