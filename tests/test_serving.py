"""The loopback service: starts on a free port, answers here and nowhere else, stops cleanly."""
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from course_utils.serving import serve

app = FastAPI()


@app.get("/double")
def double(n: int) -> int:
    return 2 * n


def get(url, **params):
    return httpx.get(f"{url}/double", params=params, trust_env=False)


def is_open(url):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((urlsplit(url).hostname, urlsplit(url).port)) == 0


def test_two_services_at_once_each_on_its_own_port():
    with serve(app) as one, serve(app) as two:
        assert one != two and get(one, n=2).json() == get(two, n=2).json() == 4
        assert get(one, n="x").status_code == 422
        assert urlsplit(one).hostname == "127.0.0.1"


def test_the_port_is_free_and_the_thread_gone_afterwards_also_after_an_error():
    before = threading.active_count()
    with pytest.raises(KeyError), serve(app) as url:
        assert get(url, n=1).json() == 2
        raise KeyError
    assert not is_open(url) and threading.active_count() <= before


def test_many_starts_leave_nothing_behind():
    before = threading.active_count()
    for _ in range(10):
        with serve(app) as url:
            assert is_open(url)
    assert threading.active_count() <= before


def test_a_server_that_does_not_start_says_so(monkeypatch):
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    with pytest.raises(RuntimeError, match="did not start"), serve(app):
        pass
