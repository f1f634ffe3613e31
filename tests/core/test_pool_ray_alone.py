"""A cluster's worker that cannot reach the head any more: when it gives up. Without Ray, against a socket."""

import socket
import threading
import time

from backend.core.pool_ray import until_alone


def calls(address: str) -> threading.Thread:
    thread = threading.Thread(target=until_alone, args=(address, 0.05, 0.4), daemon=True)
    thread.start()
    return thread


def test_a_worker_is_alone_when_nobody_has_answered_for_a_while_and_not_before():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as head:
        thread = calls(f"127.0.0.1:{head.getsockname()[1]}")
        thread.join(1.0)
        assert thread.is_alive(), "the head answers"
    closed = time.monotonic()
    thread.join(30)
    assert not thread.is_alive() and time.monotonic() - closed > 0.3


def test_an_address_of_the_newer_kind_is_called_as_well():
    began = time.monotonic()
    until_alone("[::1]:1", 0.05, 0.2)
    assert time.monotonic() - began > 0.2
