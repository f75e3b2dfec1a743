"""The loopback service and its load generator: on a free port, here and nowhere else, and gone without a trace."""
import asyncio
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from course_utils.serving import open_loop, serve

app = FastAPI()


@app.get("/double")
def double(n: int) -> int:
    return 2 * n


@app.get("/slow")
async def slow(seconds: float = 0.3) -> str:
    await asyncio.sleep(seconds)
    return "ok"


@app.get("/")
async def quick() -> str:
    return "ok"


def get(url, **params):
    return httpx.get(f"{url}/double", params=params, trust_env=False)


def is_open(url):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((urlsplit(url).hostname, urlsplit(url).port)) == 0


def left_open():
    """The sockets, pipes and selectors that this process holds. (Files are not ours: a kernel writes its history.)"""
    import os
    held = 0
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            held += os.readlink(f"/proc/self/fd/{number}").startswith(("socket:", "pipe:", "anon_inode:"))
        except OSError:
            pass
    return held


@pytest.fixture
def traceless():
    """Nothing may be left behind: no thread, no socket."""
    with serve(app) as url:                       # imports, pools and caches are not leaks
        open_loop(url, [0])
    threads, sockets = threading.active_count(), left_open()
    yield
    end = time.monotonic() + 3                    # a worker thread of a sync endpoint ends just after its loop
    while (threading.active_count() > threads or left_open() > sockets) and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() <= threads and left_open() <= sockets


def test_two_services_at_once_each_on_its_own_port():
    with serve(app) as one, serve(app) as two:
        assert one != two and get(one, n=2).json() == get(two, n=2).json() == 4
        assert get(one, n="x").status_code == 422
        assert urlsplit(one).hostname == "127.0.0.1"


def test_the_port_is_free_and_the_thread_gone_afterwards_also_after_an_error(traceless):
    with pytest.raises(KeyError), serve(app) as url:
        assert get(url, n=1).json() == 2
        raise KeyError
    assert not is_open(url)


def test_ten_starts_with_load_leave_nothing_behind(traceless):
    for _ in range(10):
        with serve(app) as url:
            assert is_open(url) and (open_loop(url, [0, 0, 0.01]).status == "ok").all()


def test_a_server_that_does_not_start_says_so(monkeypatch, traceless):
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    with pytest.raises(RuntimeError, match="did not start"), serve(app):
        pass


def test_a_server_that_crashes_at_the_start_says_why_and_prints_nothing(monkeypatch, traceless, capsys):
    def run(self, sockets):
        raise ValueError("no such thing")
    monkeypatch.setattr("uvicorn.Server.run", run)
    with pytest.raises(RuntimeError, match="ValueError: no such thing"), serve(app):
        pass
    assert capsys.readouterr().err == ""


def test_a_port_can_be_chosen_and_a_taken_one_is_a_clear_error(traceless):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        with pytest.raises(RuntimeError, match=f"port {port} of this machine is taken"), serve(app, port=port):
            pass
    for _ in range(2):
        with serve(app, port=port) as url:
            assert url.endswith(f":{port}") and get(url, n=1).json() == 2


def test_the_listening_socket_is_named_as_tcp_and_the_answers_are_sent_at_once(monkeypatch):
    """uvicorn issue 3149: a socket with proto 0 gets no TCP_NODELAY, and each answer 40 ms more."""
    made = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: made.extend(s.proto for s in sockets))
    with pytest.raises(RuntimeError), serve(app):
        pass
    assert made == [socket.IPPROTO_TCP]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems acknowledge at other times")
def test_what_a_socket_without_a_protocol_costs(traceless, monkeypatch):
    def median(proto):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, proto)
        listener.bind(("127.0.0.1", 0))
        monkeypatch.setattr("course_utils.serving._listener", lambda port: listener)
        with serve(app) as url, httpx.Client(trust_env=False) as client:
            stamps = [time.perf_counter() for _ in range(21) if client.get(url)]
        return np.median(np.diff(stamps))

    assert median(0) > 4 * median(socket.IPPROTO_TCP)


# ---------------------------------------------------------------- the load generator

def test_requests_leave_at_their_times_whatever_became_of_the_others(traceless):
    at = np.arange(20) / 100
    with serve(app) as url:
        rows = open_loop(f"{url}/slow", at)
    assert (rows.status == "ok").all() and rows.intended.tolist() == at.tolist()
    assert (rows.sent >= rows.intended - 0.001).all() and (rows.done > rows.sent).all()
    assert rows.done.max() < 20 * 0.3 / 3                     # one after the other would take 6 seconds


def test_failures_and_timeouts_are_counted_and_never_dropped(traceless):
    with serve(app) as url:
        late = open_loop(f"{url}/slow?seconds=1", [0, 0.01], timeout=0.1)
        refused = open_loop(f"{url}/double?n=x", [0])
        missing = open_loop(f"{url}/nowhere", [0, 0])
    gone = open_loop(url, [0, 0.01, 0.02])
    assert late.status.tolist() == ["timeout"] * 2 and refused.status.tolist() == ["failed"]
    assert missing.status.tolist() == ["failed"] * 2 and gone.status.tolist() == ["failed"] * 3
    for rows in (late, refused, missing, gone):
        assert np.isinf(rows.done).all() and rows.sent.notna().all()


@pytest.mark.parametrize("at, timeout", [([-1], 1), ([np.nan], 1), ([[0]], 1), ([0], 0), ([np.inf], 1)])
def test_nonsense_is_refused(at, timeout):
    with pytest.raises(ValueError, match="need a list of times"):
        open_loop("http://127.0.0.1:1", at, timeout)


def test_no_requests_no_rows():
    assert len(open_loop("http://127.0.0.1:1", [])) == 0


def test_it_works_beside_a_running_event_loop():
    """As in a notebook, whose kernel runs one in the main thread."""
    async def cell():
        with serve(app) as url:
            return open_loop(url, [0, 0.01])

    assert (asyncio.run(cell()).status == "ok").all()


def test_an_interrupt_in_mid_load_stops_everything(traceless):
    alarm = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), serve(app) as url:
        alarm.start()
        open_loop(f"{url}/slow?seconds=0.05", np.arange(0, 30, 0.02))
    assert time.monotonic() - start < 10 and not is_open(url)
    alarm.join()


KERNEL = inspect.getsource(left_open) + """
import threading
from fastapi import FastAPI
from course_utils.serving import serve, open_loop
app = FastAPI()
@app.get("/")
async def quick() -> str:
    return "ok"
with serve(app) as url:
    open_loop(url, [0, 0.1])
before = threading.active_count(), left_open()
"""
SLEEP = """
import time
print("loading", flush=True)
time.sleep(30)
"""
LOAD = """
with serve(app) as url:
    print("loading", flush=True)
    open_loop(url, [i / 50 for i in range(2000)])
"""
AFTER = """
import time
time.sleep(0.5)
after = threading.active_count(), left_open()
with serve(app) as url:
    works = set(open_loop(url, [0, 0.01]).status)
print(after[0] <= before[0], after[1] <= before[1], works)
"""


DRIVER = """
import json, sys, threading
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
said = []
def hear(message):
    text = message["content"].get("text") or message["content"].get("ename")
    said.extend([text] if text else [])
    if text and "loading" in text:
        threading.Timer(0.7, manager.interrupt_kernel).start()
try:
    for cell in json.load(sys.stdin):
        client.execute_interactive(cell, timeout=60, output_hook=hear, stop_on_error=False)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print(json.dumps(said))
"""


def test_a_kernel_interrupted_in_mid_load_can_go_on():
    """A real kernel, driven from another process, as JupyterLab's stop button does it."""
    # The first interrupt, of whatever, costs an older ipykernel (6.17, Colab's) a file descriptor of its own.
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", DRIVER], input=json.dumps([SLEEP, KERNEL, LOAD, AFTER]),
                         capture_output=True, text=True, timeout=200)
    said = json.loads(run.stdout.splitlines()[-1])
    assert said == [*["loading\n", "KeyboardInterrupt"] * 2, "True True {'ok'}\n"], (said, run.stderr[-500:])


def test_the_loop_is_asyncios_where_uvloop_is_installed(monkeypatch):
    """Notebooks must run alike where uvloop is installed, as on Colab."""
    class Uvloop:
        def __getattr__(self, name):
            raise AssertionError("uvloop was asked for")

    monkeypatch.setitem(sys.modules, "uvloop", Uvloop())
    app = FastAPI()

    @app.get("/")
    async def loop() -> str:
        return type(asyncio.get_running_loop()).__module__

    with serve(app) as url:
        assert httpx.get(url, trust_env=False).json().startswith("asyncio.")
