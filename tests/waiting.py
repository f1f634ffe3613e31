"""A server that another process starts: a free port for it, and waiting until it answers."""

import socket
import time
import urllib.request


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_served(address: str, seconds: float = 90.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(f"{address}/gradio_api/info", timeout=5).close()
        except OSError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.3)
