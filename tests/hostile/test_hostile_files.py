"""Addresses over raw HTTP that should lead nowhere: files of the machine, code, home, and Gradio's back rooms."""

from urllib.parse import quote

import pytest

from tests.hostile.siege import ADA, JSON, ROOT, as_body
from tests.hostile.tried import WRITTEN

pytestmark = pytest.mark.hostile
SERVING = ["/gradio_api/file=", "/gradio_api/file/", "/file=", "/gradio_api/proxy=", "/static/", "/assets/"]
SERVING += ["/svelte/", "/gradio_api/custom_component/1/client/component/", "/gradio_api/stream/x/y/1/", "/pwa_icon/"]
STEPS = ["../", "..%2f", "%2e%2e/", "..%252f", "..\\", "....//", "%c0%ae%c0%ae/", "/./../"]
BACK_ROOMS = [
    "/monitoring",
    "/monitoring/summary",
    "/gradio_api/dev/reload",
    "/gradio_api/vibe-code",
    "/gradio_api/runs",
]
BACK_ROOMS += ["/gradio_api/run-history/records", "/gradio_api/run-history/buckets", "/gradio_api/profiling/traces"]
BACK_ROOMS += ["/gradio_api/deep_link?session_hash=siege", "/gradio_api/mcp/", "/gradio_api/vibe-starter-queries/"]
BACK_ROOMS += [
    "/docs",
    "/redoc",
    "/.git/config",
    "/.env",
    "/app.py",
    "/requirements.txt",
    "/server-status",
    "/wp-login.php",
]


def secret_places(siege) -> list[str]:
    home = siege.home / "runs" / ADA.id
    places = [
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/cmdline",
        "/proc/self/maps",
        f"{ROOT}/app.py",
        f"{ROOT}/.git/HEAD",
    ]
    places += [f"{ROOT}/components/shelf.py", f"{ROOT}/requirements.txt", str(siege.log), f"{siege.home}/desk.log"]
    places += [f"{home}/{ADA.run}/config.json", f"{home}/{ADA.run}/worker.log", f"{home}/uploads/{ADA.upload}"]
    return places


@pytest.mark.parametrize("start", SERVING)
def test_no_way_of_serving_files_leads_to_one_that_is_not_for_all(siege, start):
    asked = []
    for place in secret_places(siege):
        asked += [
            place,
            quote(place, safe=""),
            quote(quote(place, safe="")),
            place.lstrip("/"),
            f"{siege.served}/..{place}",
        ]
        asked += [f"file://{place}", f"{place}%00.png", f"{place}?x=1", f"{place}/", f"./{place}", place.upper()]
    asked += [f"{step * 9}{place}" for step in STEPS for place in ("etc/passwd", "proc/self/environ", f"{ROOT}/app.py")]
    answers = [siege.raw("places", get(start + place)) for place in asked]
    assert not [one.asked for one in answers if one.status == 200 and "text/html" not in one.text]
    siege.verify(answers)


@pytest.mark.parametrize("start", ["/gradio_api/file=", "/gradio_api/proxy="])
def test_the_server_fetches_nothing_from_inside_the_network(siege, start):
    port = siege.address.rpartition(":")[2]  # of the server itself: whatever it fetched would be its own page
    hosts = ["127.0.0.1", "localhost", "[::1]"]  # few: Gradio looks each one up, and that takes its time
    places = [f"http://{host}:{port}/config" for host in hosts] + [f"ftp://127.0.0.1:{port}/config"]
    answers = [siege.raw("places", get(start + place)) for place in places]
    assert not [one.asked for one in answers if '"dependencies"' in one.text]
    siege.verify(answers)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_back_rooms_of_the_server_are_closed_or_empty(siege, method):
    answers = [siege.send("places", method, path) for path in BACK_ROOMS]
    assert not [one.asked for one in answers if one.status == 200]
    siege.verify(answers)


@pytest.mark.parametrize("what", WRITTEN)
def test_no_function_of_a_widget_is_called_by_name(siege, what):
    value, answers = WRITTEN[what], []
    for name in ("ls", "__init__", "postprocess", "get_config", value):
        body = {"session_hash": "siege", "component_id": 1, "fn_name": name, "data": value}
        answers.append(
            siege.send("places", "POST", "/gradio_api/component_server", content=as_body(body), headers=JSON)
        )
    assert not [one.asked for one in answers if one.status == 200]
    siege.verify(answers)


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("utf-8", "surrogatepass")
