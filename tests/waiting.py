"""A server that another process starts: a free port for it, and waiting until it answers."""

import contextlib
import socket
import time
import urllib.request

_before = 0


def free_port() -> int:
    """A port that nobody holds: the one given out last where its server is gone, for a browser knows a server's scripts
    by their address. Who wants two holds the first before asking for the second."""
    global _before
    for port in (_before, 0):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server's own: one just left is free
            free.bind(("127.0.0.1", port))
            _before = free.getsockname()[1]
            break
    return _before


def wait_served(address: str, seconds: float = 90.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(f"{address}/gradio_api/info", timeout=5).close()
        except OSError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.3)
