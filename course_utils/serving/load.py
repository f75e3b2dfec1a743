"""An open-loop load generator: requests leave at times fixed beforehand, whatever became of the earlier ones."""
from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def open_loop(url: str, at, timeout: float = 5.0):
    """GET ``url`` once at each of the times ``at``, in seconds from now; returns a DataFrame, a row for each.

    ``intended`` is the time asked for, ``sent`` when the request really left, ``done`` when its answer was complete,
    in seconds from the start. ``status`` is "ok", "timeout" or "failed" (no connection, or an answer of 400 and above);
    without a good answer ``done`` is infinite, and the row stays. A user's latency is ``done - intended``; ``sent -
    intended`` is this generator's own lateness. It has a thread with an event loop of its own, so it works in scripts
    and in notebooks. An interrupt stops it at once, closes its connections and is passed on.

    >>> import course_utils.serving, fastapi
    >>> with course_utils.serving.serve(fastapi.FastAPI()) as url:
    ...     open_loop(f"{url}/docs", [0, 0.01, 0.02]).status.tolist()
    ['ok', 'ok', 'ok']
    """
    import httpx
    import pandas as pd

    at, stop = np.asarray(at, float), threading.Event()
    if at.ndim != 1 or not np.isfinite(at).all() or (at < 0).any() or not timeout > 0:
        raise ValueError("need a list of times from 0 on, in seconds, and a timeout above 0")
    sent, done, status = np.full(len(at), np.nan), np.full(len(at), np.inf), np.full(len(at), "failed", object)

    async def one(i, client, start):
        await asyncio.sleep(start + at[i] - time.perf_counter())
        sent[i] = time.perf_counter() - start
        try:
            answer = await asyncio.wait_for(client.get(url), timeout)
            if answer.status_code < 400:
                done[i], status[i] = time.perf_counter() - start, "ok"
        except (TimeoutError, httpx.HTTPError) as error:
            status[i] = "timeout" if isinstance(error, TimeoutError) else "failed"

    async def everything():
        async with httpx.AsyncClient(trust_env=False, timeout=None, limits=httpx.Limits(max_connections=None)) as client:
            start = time.perf_counter() + 0.02
            waiting = {asyncio.ensure_future(one(i, client, start)) for i in range(len(at))}
            while waiting and not stop.is_set():
                over, waiting = await asyncio.wait(waiting, timeout=0.1)
                [task.result() for task in over]       # raises what nobody expected
            [task.cancel() for task in waiting]
            await asyncio.gather(*waiting, return_exceptions=True)

    with ThreadPoolExecutor(1, "course load") as pool:
        try:
            pool.submit(lambda: asyncio.run(everything())).result()
        finally:
            stop.set()
    return pd.DataFrame({"intended": at, "sent": sent, "done": done, "status": status})
