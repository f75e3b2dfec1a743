"""An open-loop load generator: requests leave at times fixed beforehand, whatever became of the earlier ones."""
from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import numpy as np


def open_loop(url: str, at, timeout: float = 5.0):
    """GET ``url`` once at each of the times ``at``, in seconds from now; returns a DataFrame, a row for each.

    ``intended`` is the time asked for, ``sent`` when the request really left, ``done`` when its answer was
    complete, all in seconds from the start. ``status`` is "ok", "failed" (no connection, or an answer of 400 and
    above) or "timeout"; a request without a good answer has ``done`` = infinity, and is never dropped. The latency
    that a user would see is ``done - intended``; what ``sent - intended`` shows is this generator's own lateness.

    It works in a thread with an event loop of its own, so in scripts and in notebooks alike. An interrupt stops
    it at once, closes its connections and is passed on.

    >>> import course_utils.serving, fastapi
    >>> app = fastapi.FastAPI()
    >>> @app.get("/")
    ... def hello() -> str:
    ...     return "here"
    >>> with course_utils.serving.serve(app) as url:
    ...     open_loop(url, [0, 0.01, 0.02]).status.tolist()
    ['ok', 'ok', 'ok']
    """
    import pandas as pd

    at = np.asarray(at, float)
    if at.ndim != 1 or not np.isfinite(at).all() or (at < 0).any() or not timeout > 0:
        raise ValueError("need a list of times from 0 on, in seconds, and a timeout above 0")
    sent, done, status = np.full(len(at), np.nan), np.full(len(at), np.inf), np.full(len(at), "failed", object)

    async def one(i, client, start):
        import httpx

        await asyncio.sleep(start + at[i] - time.perf_counter())
        sent[i] = time.perf_counter() - start
        try:
            answer = await asyncio.wait_for(client.get(url), timeout)
            if answer.status_code < 400:
                done[i], status[i] = time.perf_counter() - start, "ok"
        except (TimeoutError, httpx.TimeoutException):
            status[i] = "timeout"
        except httpx.HTTPError:
            pass                                       # it stays "failed"

    async def everything():
        import httpx

        async with httpx.AsyncClient(trust_env=False, timeout=None, limits=httpx.Limits(max_connections=None)) as client:
            start = time.perf_counter() + 0.02
            await asyncio.gather(*(one(i, client, start) for i in range(len(at))))

    _in_own_thread(everything)
    return pd.DataFrame({"intended": at, "sent": sent, "done": done, "status": status})


def _in_own_thread(main) -> None:
    """Run the coroutine function ``main`` in a thread of its own, to its end, or until this thread is interrupted."""
    error: list[BaseException] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def until_stopped():
        work, stopped = asyncio.ensure_future(main()), asyncio.ensure_future(stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, stopped):
            task.cancel()
        await asyncio.gather(stopped, work, return_exceptions=True)
        if not work.cancelled() and work.exception():
            raise work.exception()

    def run():
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(until_stopped())
        except BaseException as problem:
            error.append(problem)

    thread = threading.Thread(target=run, name="course load", daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    except BaseException:                              # an interrupt above all
        with contextlib.suppress(RuntimeError):        # the loop has just ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        raise
    if error:
        raise error[0]
