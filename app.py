"""The web app: build a page for every study, and serve them when run as a program.

    python app.py [--port 7860] [--host 127.0.0.1] [--mcp]

Knows where things lie; what is on the page is in components/. Imports no torch: computing happens in child processes.
On a Space that lends its GPU in slices the first slice imports it.
"""

if __name__ == "__main__":  # before all imports: Gradio's alone takes seconds
    print("Starting Distilloscope. Its address follows in some seconds.", flush=True)

from components.frame.stubs import write_no_stubs

write_no_stubs()  # before anything imports Gradio

import argparse
import importlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from backend.desk.desk import Desk
from backend.disk import home
from backend.errors import UserError
from backend.limits.hosts import STORE, Host, keeps, this_host
from backend.runners.chosen import chosen_runner
from backend.runners.contract import Runner
from backend.runners.processes import worker_environment
from backend.runners.replay import ReplayDesk, ReplayRunner, can_compute
from backend.runners.slices import SliceRunner
from backend.runs.pace import measure_in_background
from backend.serving.health import health
from backend.serving.journal import open_journal
from backend.serving.keeper import Keeper
from backend.study import Study, all_studies
from components.api import Api
from components.frame.answers import pass_over_numbers
from components.frame.assets import InHead
from components.frame.frame import Frame, sorry
from components.frame.language import chinese
from components.frame.lean import LeanBlocks
from components.frame.navigation import COMPARE, NoSuchPage, OldLinks, Place, address_of, places
from components.frame.routes import health_route, shut_routes
from components.frame.sessions import describe_no_widgets, keep_places, spare_connections, sum_up_no_events
from components.frame.theme import FAVICON, make_theme, page_assets
from components.run.shares import Shares
from components.run.shelf import Shelf
from components.run.slices import lent_gpu
from components.run.takeaway import MOST_MEGABYTES
from components.studies.page import House, page_class

LOG = logging.getLogger(__name__)
PORTS_TRIED = 100
SAMPLES = Path(__file__).parent / "assets" / "sample_runs"


def build_demo(
    runner: Runner | None = None, samples: Path = SAMPLES, desk: Desk | None = None, host: Host | None = None
) -> gr.Blocks:
    """A page for every study, and one that lays runs side by side.

    Runs are kept in, and only ever opened from, `home()/runs` and `samples`.
    """
    keep_places()
    describe_no_widgets()
    spare_connections()
    sum_up_no_events()
    pass_over_numbers()
    root, host = home() / "runs", host or this_host()
    runner = runner or make_runner(root, host)
    studies = {address_of(study.name): study for study in all_studies() if study.shown}
    shelves = {s.name: Shelf.of(s, samples, root, host, strays=not number) for number, s in enumerate(studies.values())}
    house = House(shelves, runner, desk or make_desk(runner))
    frame = Frame(keeps(), runner.abilities.computes)
    first, *others = places()
    with LeanBlocks(title="Distilloscope", analytics_enabled=False, fill_width=True) as demo:
        # first: a name belongs to whoever takes it first, and the pages have a `start` too
        Api(list(shelves.values()), runner)
        fill(demo, first, frame, house, studies)
    for place in others:
        with demo.route(place.title, place.address, show_in_navbar=False):
            fill(demo, place, frame, house, studies)
    return demo.queue(max_size=64, default_concurrency_limit=4)


def fill(demo: gr.Blocks, place: Place, frame: Frame, house: House, studies: Mapping[str, Study]) -> None:
    """One page: its frame, and what is at this place."""
    frame.make(place)
    make = maker(place, studies.get(place.address))
    if make is None:
        sorry(place.title)
    else:
        make(demo, house)


def maker(place: Place, study: Study | None) -> Callable[[gr.Blocks, House], object] | None:
    """What makes the page at this place; None where it cannot be loaded, for the other pages go on."""
    try:
        if study is not None:
            kind = page_class(study)
            return lambda demo, house: kind(demo, study, house)
        if place.address == COMPARE:
            return importlib.import_module("components.compare.page").compare_page
    except Exception:  # whatever a module raises while it is imported
        LOG.exception("The page %s cannot be loaded", place.title)
    return None  # a study that cannot be loaded: backend.study wrote to the log


def make_runner(root: Path, host: Host) -> Runner:
    """What computes on this host: nothing, slices of a lent GPU, child processes, or a cluster."""
    if not can_compute():
        return ReplayRunner(root, host)
    return SliceRunner(root, host, lent_gpu()) if host.slice_s else chosen_runner(root, host)


def make_desk(runner: Runner) -> Desk | ReplayDesk:
    return Desk() if runner.abilities.computes else ReplayDesk()


def settle_home(environment: Mapping[str, str]) -> dict[str, str]:
    """What to add to the environment of this process and its workers: a Space with a bucket keeps its runs there."""
    if environment.get("DISTILLOSCOPE_HOME") or not environment.get("SPACE_ID") or not os.path.ismount(STORE):
        return {}
    return {"DISTILLOSCOPE_HOME": str(STORE / "distilloscope")}


def default_host(environment: Mapping[str, str]) -> str:
    """This machine alone can reach the page, unless the environment says otherwise; a Space's proxy must."""
    return environment.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if environment.get("SPACE_ID") else "127.0.0.1")


def default_port(environment: Mapping[str, str]) -> str:
    """The port that a platform sets, or Gradio's own variable, or Gradio's own port."""
    return environment.get("PORT") or environment.get("GRADIO_SERVER_PORT") or "7860"


def free_port(host: str, first: int) -> int | None:
    """The first port from `first` on where a server can listen at `host`; None where `PORTS_TRIED` are taken."""
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server's own: one just left is free
            probe.bind((host, port))
            return port
    return None


def launch(
    demo: gr.Blocks, host: str = "127.0.0.1", port: int | None = None, routes: Sequence[Route] = (), **more
) -> tuple:
    """Serve the pages with nothing open that they do not need."""
    assets = page_assets()
    tags = "".join(asset.tag for asset in assets)
    return demo.launch(
        server_name=host,
        server_port=port,
        theme=make_theme(),
        favicon_path=FAVICON,
        footer_links=["settings"],
        allowed_paths=[],
        blocked_paths=[str(home())],
        max_file_size=f"{MOST_MEGABYTES}mb",
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        strict_cors=True,
        state_session_capacity=500,
        show_error=False,
        app_kwargs={
            "routes": [*routes, *shut_routes(), *(asset.route() for asset in [*assets, chinese()])],
            "middleware": [Middleware(OldLinks), Middleware(NoSuchPage), Middleware(InHead, tags=tags)],
        },
        **more,
    )


def serve(address: str, port: int, **more) -> None:
    """Serve until SIGTERM or Ctrl-C, then end every child process. A run that computes is offered again afterwards."""
    root, host = home() / "runs", this_host()
    runner = make_runner(root, host)
    desk = make_desk(runner)
    shares = Shares(root.parent / "shared")
    keeper = Keeper(runner, forget=shares.stop)
    open_journal()
    keeper.start()
    if runner.abilities.computes and not host.slice_s:  # a lent GPU is lent to runs alone
        measure_in_background(worker_environment)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        route = health_route(lambda: health(runner, keeper))
        launch(build_demo(runner, desk=desk, host=host), address, port, [route], **more)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        keeper.close()
        desk.close()
        runner.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve Distilloscope.")
    parser.add_argument("--host", default=default_host(os.environ))
    parser.add_argument("--port", type=int, default=default_port(os.environ), help="if it is taken, the next free one")
    parser.add_argument("--mcp", action="store_true", help="offer the public API as tools of an assistant too")
    args = parser.parse_args()
    if args.mcp and find_spec("mcp") is None:
        parser.error("--mcp needs one more package. Install it with: pip install -r requirements-mcp.txt")
    port = free_port(args.host, args.port)
    if port is None:
        last = args.port + PORTS_TRIED - 1
        parser.error(f"no port from {args.port} to {last} is free at {args.host}. Name another with --port or --host.")
    if port != args.port:
        print(f"Port {args.port} is taken, so the page is at port {port}.", flush=True)
    os.environ.update(settle_home(os.environ))
    try:
        serve(args.host, port, mcp_server=args.mcp)
    except UserError as error:  # of this host's variables
        parser.error(str(error))


if __name__ == "__main__":
    main()
