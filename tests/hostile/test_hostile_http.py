"""Methods, headers and bodies as no browser sends them: the server answers or hangs up, and serves the next one."""

import json

import pytest

from tests.hostile.parts import ACCEPTED, named
from tests.hostile.siege import BEN, FINISHED, JSON, as_body
from tests.hostile.tried import TEXTS

pytestmark = pytest.mark.hostile
CALL = "/gradio_api/run/status"
JOIN = "/gradio_api/queue/join"
GOOD = as_body({"data": [FINISHED, ""], "session_hash": "siege"})
BODIES = {
    "nothing": b"",
    "half of it": GOOD[:20],
    "a word": b"status",
    "a list": b"[]",
    "null": b"null",
    "two": GOOD + GOOD,
    "a mark before it": b"\xef\xbb\xbf" + GOOD,
    "another encoding": GOOD.decode().encode("utf-16"),
    "bytes that are no text": b"\xff\xfe\x00" * 100,
    "a field twice": b'{"data": ["recorded/quick", ""], "data": ["own/x", ""]}',
    "a deep list": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a deep mapping": b'{"data": [' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"]}",
    "a number without end": b'{"data": [' + b"9" * 100_000 + b', ""]}',
    "an exponent without end": b'{"data": [1e999999, ""]}',
    "a comment": b'{"data": ["recorded/quick", ""] /* x */}',
    "a form": b"data=recorded/quick&owner=",
    "markup": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a wrong session": b'{"data": ["recorded/quick", ""], "session_hash": {"a": 1}}',
    "a session that climbs": b'{"data": ["recorded/quick", ""], "session_hash": "../../x"}',
    "an event of another": b'{"data": ["recorded/quick", ""], "event_id": "../x", "trigger_id": -1}',
    "a batch": b'{"data": [["recorded/quick"], [""]], "batched": true}',
    "a token": b'{"data": ["recorded/quick", ""], "oauth_token": "hf_x"}',
}
TYPES = [
    "application/json",
    "text/plain",
    "",
    "application/xml",
    "multipart/form-data",
    "application/json; charset=utf-7",
]
PATHS = ["/", "/config", "/gradio_api/info", CALL, JOIN, "/gradio_api/upload", "/gradio_api/queue/data", "/theme.css"]
PATHS += ["/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/call/status/nosuch", "/gradio_api/heartbeat/"]
METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD", "X" * 300]
HEADERS = {
    "a foreign origin": {"origin": "https://evil.example"},
    "no origin": {"origin": "null"},
    "a foreign host": {"host": "evil.example"},
    "a forwarded host": {"x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript"},
    "another address": {"x-forwarded-for": "127.0.0.1, ::1", "x-real-ip": "../../etc"},
    "a rewritten address": {"x-original-url": "/monitoring", "x-rewrite-url": "/monitoring"},
    "a long cookie": {"cookie": "session=" + "x" * 30_000},
    "a broken cookie": {"cookie": "=;;;;=\x01"},
    "markup for a name": {"user-agent": "<script>alert(1)</script>" * 50},
    "a range": {"range": "bytes=0-1,2-3,-99999999999999999999"},
    "a language": {"accept-language": "../../etc/passwd" * 99},
    "a token": {"authorization": "Bearer " + "x" * 5000, "x-hf-user-token": "x", "x-gradio-user": "app"},
    "another kind of answer": {"accept": "application/xml", "accept-encoding": "gzip;q=1e999"},
}
POST = f"POST {CALL}".encode()
LINES = [
    b"",
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    POST + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
    POST + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n{}",
    b"POST "
    + CALL.encode()
    + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx\r\n",
    b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("path", [CALL, "/gradio_api/call/status", JOIN, "/gradio_api/cancel"])
def test_a_body_that_is_no_call_is_refused(siege, path):
    answers = [siege.send("http", "POST", path, content=body, headers=JSON) for body in BODIES.values()]
    siege.verify(answers)


@pytest.mark.parametrize("kind", TYPES)
def test_a_body_of_another_kind_is_a_call_or_is_refused(siege, kind):
    answers = [siege.send("http", "POST", path, content=GOOD, headers={"content-type": kind}) for path in (CALL, JOIN)]
    siege.verify(answers)


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_do_nothing(siege, path):
    answers = [siege.raw("http", f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) for method in METHODS]
    siege.verify(answers)


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_strangers_change_nothing(siege, name):
    answers = [siege.send("http", "GET", path, headers=HEADERS[name]) for path in ("/", "/config", "/theme.css")]
    answers.append(siege.send("http", "POST", CALL, content=GOOD, headers=JSON | HEADERS[name]))
    siege.verify(answers)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_a_page_of_another_site_is_not_let_in_by_the_browser(siege, origin):
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    for method, path in (("OPTIONS", CALL), ("GET", "/config"), ("POST", CALL)):
        more = {"content": GOOD} if method == "POST" else {}
        found = siege.http.request(method, path, headers=headers | JSON, **more)
        allowed = found.headers.get("access-control-allow-origin")
        assert allowed != origin and not (allowed == "*" and found.headers.get("access-control-allow-credentials"))


@pytest.mark.parametrize("number", range(len(LINES)))
def test_lines_that_are_no_http_end_their_own_connection(siege, number):
    siege.verify([siege.raw("http", LINES[number])])


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "a long text"])
def test_the_address_of_the_page_may_ask_for_anything(siege, name):
    text = TEXTS[name].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    parts = ("run", "__theme", "view", "lesson", "__lang", "tab", "deep_link")
    answers = [siege.send("http", "GET", "/", params={part: text}) for part in parts]
    assert not [one.asked for one in answers if "<script>alert" in one.text or "onerror=" in one.text]
    siege.verify(answers)


def test_a_hundred_lines_left_open_and_a_call_in_between(siege):
    for number in range(100):
        siege.send(
            "http", "POST", JOIN, content=as_body({"fn_index": 10, "session_hash": f"left{number}", "data": [""]})
        )
    answer = siege.call("http", "list_runs", [BEN.id])
    assert json.loads(answer.text)["data"][0]["runs"]
    siege.verify([answer])


def test_a_stack_that_ends_anywhere_goes_by_where_it_began():
    frames = [("asyncio/base_events.py", "__del__"), ("asyncio/unix_events.py", "close"), ("selectors.py", "get_key")]
    lines = [f'  File "/usr/lib/python3.11/{file}", line 1, in {name}\n    pass\n' for file, name in frames]
    assert named("\n" + "".join(lines) + "RecursionError: maximum recursion depth exceeded\n") in ACCEPTED
    assert named("\n" + "".join(lines[1:]) + "RecursionError: maximum recursion depth exceeded\n") not in ACCEPTED
    assert named("\n" + "".join(lines) + "KeyError: 3\n") == "selectors.py.get_key: KeyError"
