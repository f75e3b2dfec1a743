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
          "A translation service answers in 900 ms, of which 850 are the work of one request. Its machines are busy 15 % of "
          "the time. The product team wants answers within 500 ms. What do you propose?",
          "Find out which steps of a request can be left out, or run at the same time.",
          "Double the number of machines, so that each request gets more of the power.",
          "Repeat the load test from nearby: the 900 ms may come from users' networks.",
          "Look at the mean over all services: if that is below 500 ms, all is in order.",
          "Nobody waits for a machine at 15 % load; the time is in the work. Only a shorter path changes it."),
    _item("a2", "A",
          "A test tool with one connection sends a request, waits for the answer, and sends the next. It reports p99 = 20 ms. "
          "Users of the same service complain about seconds, whenever the garbage collector runs. What next?",
          "Test again with requests at fixed times, and count from when each was due.",
          "Add servers: with more capacity a pause of the collector is over sooner.",
          "Run the same test for a day, until 20 ms rests on millions of requests.",
          "Report the mean next to p99, since a few long pauses even out over the day.",
          "During a pause the tool waits too, and takes one bad sample where users had hundreds. A longer test repeats that."),
    _item("b1", "B",
          "A search page asks 50 shards and shows the results when all have answered. Each shard answers within 100 ms in 99 "
          "of 100 cases. The pages are to be ready within 150 ms, at 99 of 100. What do you expect?",
          "Some 40 % of the pages wait for a shard that takes longer than 100 ms.",
          "With twice the shards the pages are faster: each then has half the work.",
          "The promise holds: each team has measured its own shard, and all passed.",
          "The promise holds: what 99 % of the shards' answers keep, 99 % of pages do.",
          "1 - 0.99 to the power of 50 is about 39 %: a page is as slow as its slowest shard. More shards make that worse."),
    _item("b2", "B",
          "At the yearly sale 300 requests a second reach a service that can complete 250. One request alone takes 40 ms; the "
          "promise is 200 ms. In the test, 250 a second got through, and the requests that timed out were left out. What now?",
          "Add capacity or take batches: with a load above 1 the queue will only grow.",
          "Raise the number of waiting places, so that more requests are served at once.",
          "Keep it: the answered requests were within 200 ms, and they are what counts.",
          "Keep it: 40 ms of work is a fifth of the promise, so there is ample reserve.",
          "Here the path is short and capacity is missing. A longer queue only makes the wait longer, and those who never got "
          "an answer are the ones who waited longest."),
    _item("c1", "closing",
          "Lantern's support assistant takes 2 s for a reply, alone on an idle machine. The promise is 1.5 s. Its GPU is busy "
          "30 % of the time. Which proposal do you take up?",
          "A smaller model, or a shorter reply: the time of one reply is what is too long.",
          "A second GPU with the same model: with 15 % load, replies take half the time.",
          "A larger sample first: at 30 % load the test may not have seen the fast replies.",
          "A promise for the mean over chat and search, which is below 1.5 s in total.",
          "The floor is above the promise. A second copy serves more customers, and each of them as slowly as before."),
    _item("c2", "closing",
          "For the fraud check a batching window of 100 ms was set in the benchmark, at 500 checks a second. At night there "
          "are 5 a second, and the night shift says that the check has become slower. What do you say?",
          "They are right: at night a check waits out the window and has no company.",
          "Wait longer: larger batches raise the throughput, and with it the speed.",
          "They err: the benchmark had the same window, and its checks were fast.",
          "They err: p50 over 24 hours is as before, which holds for each hour too.",
          "A window costs most when there is least to do. The benchmark's rate filled batches at once, and most requests of a "
          "day are not at night."),
    _item("c3", "closing",
          "Some 2 % of the calls to the feature store take a second: those whose key lies on one overloaded shard. A page "
          "makes 30 calls. Somebody suggests hedging: a second copy to the same store after 50 ms. What do you expect?",
          "Little: the copy meets the same shard. Move the keys, or copy the shard.",
          "Much: two copies share the work, so that an answer takes half of the time.",
          "Much: in the vendor's test, where slow calls were random, it helped a lot.",
          "Nothing is needed: a page's calls are fast in 98 % of cases, so pages are.",
          "Hedging helps where the second copy is not slow for the first one's reason. Here it is, and the load on the shard "
          "even grows."),
)
