"""Services on this machine only, for the notebooks that need a real one."""
from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serve(app, start_within: float = 10.0) -> Iterator[str]:
    """Run an ASGI ``app`` (FastAPI, say) on 127.0.0.1 and a free port while the block lasts.

    Yields its address. The server runs in a thread of this process and has stopped, its port free
    again, when the block ends, also when it ends with an error. Nothing outside this machine can reach it.

    Raises RuntimeError if the server has not started within ``start_within`` seconds.

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

    # Named as TCP, so that asyncio sends small answers at once (TCP_NODELAY) instead of waiting 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off",
                                               timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + start_within
        try:
            while not server.started:
                if time.monotonic() > deadline or not thread.is_alive():
                    raise RuntimeError("the service on 127.0.0.1 did not start; restart the kernel and run again")
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(5)
