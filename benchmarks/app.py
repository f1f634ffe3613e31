"""The app as visitors' browsers see it: first paint, weight of the page, ticks with many pages open.

    python -m benchmarks.app [--pages 1,10,30] [--seconds 40] [--ticks 3600] [--json]

A tick's time is from the page's request to the server's whole answer, read inside a real Chromium; its size is that of
the answer's text. While ticks are timed a real run of the preset quick computes on the same cores. Knows the page's
address and its events; no component.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import sync_playwright

from benchmarks import crowd
from benchmarks.rows import Table, row
from tests.browsing import CHROMIUM, FLAGS, ROOT, end, serve

LOGGED = 1000  # steps of the long run
LOOKING, WHOLE = 10, 3000  # sessions over HTTP, and the steps before them of a run that does not end meanwhile
# notes when each event was asked for, and when and how long its answer came, from the page's own fetch
LISTEN = """
window.ticks = []; const asked = new Map(), plain = window.fetch;
window.fetch = async (...given) => {
  const url = String(given[0].url || given[0]), began = performance.now(), answer = await plain(...given);
  if (url.includes("queue/join")) answer.clone().json().then(({ event_id }) => asked.set(event_id, began));
  if (!url.includes("queue/data")) return answer;
  const [theirs, ours] = answer.body.tee();
  (async () => {
    const reader = ours.getReader(), decoder = new TextDecoder(); let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split("\\n\\n"); rest = lines.pop();
      for (const line of lines) {
        const message = JSON.parse(line.slice(5));
        if (message.msg !== "process_completed" || !asked.has(message.event_id)) continue;
        window.ticks.push([performance.now() - asked.get(message.event_id), line.length]);
      }
    }
  })();
  return new Response(theirs, { headers: answer.headers, status: answer.status });
};
"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", default="1,10,30", help="how many pages are open at once, comma separated")
    parser.add_argument("--seconds", type=float, default=40.0, help="how long ticks are timed for each")
    parser.add_argument("--ticks", type=int, default=0, help="of each of ten pages, to see the memory grow")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    pages = [int(count) for count in args.pages.split(",") if count]
    with tempfile.TemporaryDirectory() as folder, Table("app", args.json) as table:
        grown = growing(Path(folder) / "growing", args.ticks) if args.ticks else ()
        for found in chain(grown, in_browsers(Path(folder), pages, args.seconds)):
            table.add(found)


def in_browsers(folder: Path, pages: list[int], seconds: float) -> Iterator[dict]:
    if not pages:
        return
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield from opening(browser, folder / "cold")
        yield from long_run(browser, folder / "long", seconds)
        for count in pages:
            yield from many_pages(browser, folder / f"many-{count}", count, seconds)


@contextmanager
def served(folder: Path, command: list[str]) -> Iterator[tuple]:
    """`(process, address)` of a server with the recorded runs."""
    folder.mkdir()
    server, address = serve(folder, command, ROOT / "assets" / "sample_runs")
    try:
        yield psutil.Process(server.pid), address
    finally:
        end(server, folder)


def opening(browser, folder: Path) -> Iterator[dict]:
    """A first visit to a server that nobody has asked anything yet."""
    elsewhere, sizes = [], []
    with served(folder, ["true"]) as (process, address):
        page = browser.new_page()
        page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else elsewhere.append(r.url))
        page.on("requestfinished", lambda r: sizes.append(r.sizes()["responseBodySize"]))
        page.goto(address)
        page.wait_for_selector("#status [data-status]")
        alive = page.evaluate("performance.now()")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        page.wait_for_timeout(3000)
        yield row("first paint, cold server", paint / 1000, "s", "< 3")
        yield row("a recorded run on screen, cold server", alive / 1000, "s")
        yield row("page weight, all files", sum(sizes) / 1e6, "MB")
        yield row("requests to anywhere else", len(elsewhere), "", "0")
        maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
        yield row("torch loaded in the server", float("libtorch" in maps), "", "0")
        yield row("memory of the server", process.memory_info().rss / 1e6, "MB")
        page.close()


def long_run(browser, folder: Path, seconds: float) -> Iterator[dict]:
    """Ticks of a live run with a long history: what one costs must not depend on it."""
    worker = [sys.executable, str(Path(__file__).with_name("long_worker.py")), str(LOGGED)]
    with served(folder, worker) as (_, address):
        page = started(browser.new_context(), address)
        page.wait_for_function(f"Number(document.querySelector('.ds-chart').dataset.points) >= {LOGGED}")
        _, sizes = timed([page], seconds)
        yield row(f"a tick after {LOGGED} logged steps, median", statistics.median(sizes) / 1000, "kB", "< 20")
        yield row(f"a tick after {LOGGED} logged steps, largest", max(sizes) / 1000, "kB", "< 20")
        page.context.close()


def many_pages(browser, folder: Path, pages: int, seconds: float) -> Iterator[dict]:
    """So many pages of one visitor look on while a real run computes."""
    with served(folder, [sys.executable, "-m", "backend"]) as (process, address):
        looking = on_one_run(browser, address, pages)
        times, _ = timed(looking, seconds)
        yield row(
            f"tick with {pages} pages, median", statistics.median(times) / 1000, "s", "< 1" if pages == 10 else ""
        )
        slow = statistics.quantiles(times, n=20)[-1] / 1000 if len(times) > 1 else times[0] / 1000
        yield row(f"tick with {pages} pages, 95th percentile", slow, "s", "< 2" if pages == 10 else "")
        yield row(f"ticks timed with {pages} pages", len(times), "")
        yield row(f"memory of the server with {pages} pages", process.memory_info().rss / 1e6, "MB")
        for page in looking:
            page.context.close()


def growing(folder: Path, ticks: int) -> Iterator[dict]:
    """What the server holds after so many answers to each of ten pages that look at a run without end, above what it
    held after the first tenth of them. The pages are sessions over HTTP: ten browsers leave two cores nothing to serve
    with, and to the server they are the same."""
    worker = [sys.executable, str(Path(__file__).with_name("long_worker.py")), str(WHOLE)]
    with served(folder, worker) as (process, address):
        held = asyncio.run(looked_on(address, process, ticks))
        yield row(f"memory of the server after {ticks} ticks of each of {LOOKING} pages", held[-1], "MB")
        yield row(f"grown since the first {ticks // 10}", held[-1] - held[0], "MB", "<= 30")


async def looked_on(address: str, process: psutil.Process, ticks: int) -> list[float]:
    """Megabytes of the server after each tenth of the ticks."""
    held = []
    async with httpx.AsyncClient(timeout=60.0, limits=httpx.Limits(max_connections=4 * LOOKING)) as http:
        events = crowd.first_events((await http.get(f"{address}/config")).json())
        owner = await crowd.started(http, address, 1)
        clients = [crowd.Client(address, events, number, owner) for number in range(LOOKING)]
        for client in clients:
            await client.ask(http, "open", [owner])
        for _ in range(10):
            await asyncio.gather(*(tick_on(client, http, ticks // 10) for client in clients))
            held.append(process.memory_info().rss / 1e6)
            print(f"{held[-1]:.1f} MB", file=sys.stderr, flush=True)
    if errors := [error for client in clients for error in client.errors]:
        raise RuntimeError(f"{len(errors)} ticks failed, the first: {errors[0]}")
    return held


async def tick_on(client: crowd.Client, http: httpx.AsyncClient, count: int) -> None:
    for _ in range(count):
        await client.ask(http, "tick", [client.owner, None])


def on_one_run(browser, address: str, pages: int) -> list:
    """So many pages of one visitor, the first of which has started a run."""
    looking = [started(browser.new_context(), address)]
    kept = looking[0].context.storage_state()  # a profile each: a browser opens six connections to one server
    for _ in range(pages - 1):
        looking.append(opened(browser.new_context(storage_state=kept), address))
        looking[-1].wait_for_selector("#status [data-status=running]", timeout=120_000)
    return looking


def opened(context, address: str):
    page = context.new_page()
    page.add_init_script(LISTEN)
    page.goto(address)
    page.wait_for_selector("#status [data-status]", timeout=120_000)
    return page


def started(context, address: str):
    """A page whose visitor has started a run that is under way."""
    page = opened(context, address)
    page.click("#distil")
    page.wait_for_selector("#status [data-status=running]", timeout=120_000)
    return page


def timed(pages: list, seconds: float) -> tuple[list[float], list[int]]:
    """Milliseconds and characters of every answer from now on."""
    for page in pages:
        page.evaluate("window.ticks.length = 0")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pages[0].wait_for_timeout(500)
    found = [tick for page in pages for tick in page.evaluate("window.ticks")]
    assert found, "no tick was answered"
    return [ms for ms, _ in found], [size for _, size in found]


if __name__ == "__main__":
    main()
