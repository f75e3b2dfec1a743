"""Services on this machine only, for the notebooks that need a real one, and a load generator for them."""
from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .load import open_loop as open_loop


def _listener(port: int) -> socket.socket:
    # Named as TCP, so that asyncio sends small answers at once (TCP_NODELAY) instead of waiting 40 ms: uvicorn's issue 3149.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":                    # a port that was in use a moment ago may be used again
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise RuntimeError(f"port {port} of this machine is taken; leave it out, and a free one is found") from None
    return sock


@contextmanager
def serve(app, start_within: float = 10.0, port: int = 0) -> Iterator[str]:
    """Run an ASGI ``app`` (FastAPI, say) on 127.0.0.1 and a free port while the block lasts.

    Yields its address. The server runs in a thread of this process, on asyncio's loop even beside uvloop, and has stopped,
    its port free again, when the block ends, also by an error or an interrupt. Nothing outside this machine can reach
    it. ``port`` asks for that port.

    Raises RuntimeError if the port is taken, or if the server has not started within ``start_within`` seconds.

    >>> import httpx
    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> @app.get("/")
    ... def hello() -> str:
    ...     return "here"
    >>> with serve(app) as url:
    ...     httpx.get(url, trust_env=False).json()
    'here'
    """
    import uvicorn

    crash: list[BaseException] = []

    def run() -> None:
        try:
            server.run(sockets=[sock])
        except BaseException as error:            # else the thread prints it and the caller never hears of it
            crash.append(error)

    with _listener(port) as sock:
        server = uvicorn.Server(uvicorn.Config(app, loop="asyncio", log_config=None, access_log=False, lifespan="off",
                                               timeout_graceful_shutdown=2))
        thread = threading.Thread(target=run, name="course server", daemon=True)
        try:
            thread.start()
            deadline = time.monotonic() + start_within
            while not server.started:
                if time.monotonic() > deadline or not thread.is_alive():
                    why = f" ({type(crash[0]).__name__}: {crash[0]})" if crash else ""
                    raise RuntimeError(f"the service on 127.0.0.1 did not start{why}; restart the kernel and run again")
                time.sleep(0.005)
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            if thread.ident is not None:          # not if the interrupt came before its start
                thread.join(5)
