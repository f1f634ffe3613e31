"""Where the app listens: the port that was asked for, else the next free one, else a sentence."""

import sys
from socket import AF_INET6, create_server

import pytest

import app


def test_the_port_comes_from_the_platform_then_from_gradios_variable():
    assert app.default_port({}) == "7860"
    assert app.default_port({"GRADIO_SERVER_PORT": "8123"}) == "8123"
    assert app.default_port({"GRADIO_SERVER_PORT": "8123", "PORT": "7000"}) == "7000"


def test_where_the_port_is_taken_the_next_free_one_is_used():
    with create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        found = app.free_port("127.0.0.1", port)
        assert port < found < port + app.PORTS_TRIED
    assert app.free_port("127.0.0.1", port) == port


def test_ports_of_ipv6_are_looked_for_by_themselves():
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with create_server(("::1", 0), family=AF_INET6) as busy:
        port = busy.getsockname()[1]
        assert port < app.free_port("::1", port) < port + app.PORTS_TRIED
        assert app.free_port("127.0.0.1", port) == port


def has_ipv6() -> bool:
    try:
        with create_server(("::1", 0), family=AF_INET6):
            return True
    except OSError:
        return False


def test_no_port_is_looked_for_beyond_the_last(monkeypatch):
    tried = []

    class Taken:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def setsockopt(self, *_):
            pass

        def bind(self, where):
            tried.append(where)
            raise OSError

    monkeypatch.setattr(app.socket, "socket", Taken)
    assert app.free_port("::", 65500) is None
    assert tried == [("::", port) for port in range(65500, 65536)]


def test_where_nobody_can_listen_a_sentence_says_so(monkeypatch, capsys):
    for name in ("PORT", "GRADIO_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["app.py", "--host", "192.0.2.1"])  # an address of documents, no machine's
    with pytest.raises(SystemExit):
        app.main()
    assert "no port from 7860 to 7959 is free at 192.0.2.1" in capsys.readouterr().err
