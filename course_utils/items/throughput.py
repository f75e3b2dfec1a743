"""Inventory items for pair 7. Every wrong option carries one of three misconceptions:

CAPACITY  more capacity makes a request faster (throughput is speed)
TESTER    what was measured is what users felt (closed loops, answered requests only)
AVERAGE   the whole is like its average part (percentiles compose, a mean keeps a promise)
"""
from __future__ import annotations

from ..inventory import item_maker

CAPACITY = ("more capacity makes a request faster", "Throughput")
TESTER = ("what was measured is what users felt", "Latency")
AVERAGE = ("the whole is like its average part", "Latency")

_item = item_maker("throughput", CAPACITY, TESTER, AVERAGE)

ITEMS = (
    _item("a1", "A",
          "An archive has 60 million scans to be read within 14 days, on two GPUs. A scan sent alone takes 50 ms; a batch of "
          "32 comes back after 400 ms. Nobody waits for a single scan. What would batches of 32 do?",
          "They finish the archive in under five days, as 160 scans a second get through then.",
          "They bring each scan back after 13 ms instead of 50, as 32 of them share one run.",
          "They slow the archive down, as it was measured that a scan is fastest when alone.",
          "They make the archive late, as eight times the wait for one is so for all of them.",
          "Two GPUs do 160 scans a second in batches, 40 without: 4.3 days against 17. Here it counts how many get through; "
          "that each one takes 400 ms hurts nobody.",
          calls_for="Throughput"),
    _item("a2", "A",
          "A test tool with one connection sends a request, waits for the answer, and sends the next. It reports p99 = 20 ms. "
          "Users of the same service complain about seconds, whenever the garbage collector runs. How do you repeat the test?",
          "With requests at fixed times, each timed from the moment when it was due.",
          "With two more servers, because with more capacity each pause ends sooner.",
          "With the same loop for a whole day, until 20 ms rests on many more answers.",
          "With a run in each hour, whose p99 values are averaged into that of the day.",
          "During a pause the tool waits too, and takes one bad sample where users had hundreds. A longer test repeats that.",
          calls_for="Latency"),
    _item("b1", "B",
          "A search page asks 50 shards and is shown when all have answered. Each shard answers within 100 ms in 99 of 100 "
          "cases, independently of the others; the rest take 300 ms. Pages are promised within 150 ms, at 99 of 100. What do "
          "you expect?",
          "The promise is broken, because nearly 40 % of the pages meet a slow answer.",
          "The promise holds with 100 shards, because each then has half of the work.",
          "The promise holds, because each shard was measured, and each one has passed.",
          "The promise holds, because what 99 % of the answers keep, 99 % of pages keep.",
          "1 - 0.99 to the power of 50 is 39.5 %: a page is as slow as its slowest shard. More shards make that worse.",
          calls_for="Latency"),
    _item("b2", "B",
          "On the day of a concert sale 300 requests a second reach a shop that completes 250. One alone takes 40 ms; the "
          "promise is 200 ms. The load test had sent 250 a second, and left out requests that timed out. What would doubling "
          "the machines change on such a day?",
          "The queue would stop growing, and a request alone would take 40 ms as before.",
          "The queue would stop growing, and a request alone would take 20 ms, not 40.",
          "Not much would change, as the answered requests of the test were within 200 ms.",
          "Not much would change, as 40 ms of work are a fifth of what has been promised.",
          "The path is short and capacity is missing: 50 more a second wait, after a minute 3,000, which is 12 seconds' work. "
          "Who never got an answer waited longest. More machines do not shorten the path.",
          calls_for="Throughput"),
    _item("c1", "closing",
          "Lantern's support assistant takes 2 s for a reply, alone on an idle machine. The promise is 1.5 s. Its GPU is busy "
          "30 % of the time. Which proposal do you take up?",
          "A smaller model or a shorter reply: one reply takes too long even when alone.",
          "A second GPU of the same kind: at 15 % load a reply needs half of the time.",
          "A larger sample first: at 30 % load the test may have missed the fast replies.",
          "A promise for chat and search together: their mean is well below 1.5 s.",
          "The floor is above the promise. A second copy serves more customers, and each of them as slowly as before.",
          calls_for="Latency"),
    _item("c2", "closing",
          "For the fraud check a batching window of 100 ms was set in the benchmark, at 500 checks a second. At night there "
          "are 2 a second, and most of the night's checks miss their deadline by 50 ms. What do you do about the window?",
          "Shorten it at night: a check waits all of it, and few others join it.",
          "Lengthen it: fuller batches raise the throughput, and checks get faster.",
          "Leave it: the benchmark had the same window, and its checks were in time.",
          "Leave it: p50 over all 24 hours is as before, so each hour must be as well.",
          "A window costs most when there is least to do. The benchmark's rate filled batches at once, and most requests of a "
          "day are not at night.",
          calls_for="Latency"),
    _item("c3", "closing",
          "One shard of the feature store, a single machine, is overloaded. Some 2 % of all look-ups have their key there, "
          "and take a second because more come than it can complete. A page makes 30 of them. Somebody suggests hedging: a "
          "second copy to the same store after 50 ms. What do you expect?",
          "Little: the copy adds load where capacity is missing. Move some of the keys.",
          "Much: two copies share the work, and an answer takes only half of the time.",
          "Much: in the vendor's test, where calls were slow at random, it cut p99 by half.",
          "No need: as 98 % of the look-ups are fast, 98 % of the pages are fast as well.",
          "Hedging helps where the second copy is not slow for the first one's reason. Here both meet the same overloaded "
          "shard, and 1 - 0.98 to the power of 30, some 45 % of the pages, need it (if keys are independent).",
          calls_for="Throughput"),
)
