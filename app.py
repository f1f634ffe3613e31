"""The web app: build the page, and serve it when run as a program.

    python app.py [--port 7860] [--host 127.0.0.1] [--mcp]

Knows where things lie; what is on the page is in components/. Imports no torch: computing happens in child processes.
"""

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

import gradio as gr

from backend.bench.config import PRESETS as BENCH_PRESETS
from backend.desk import Desk
from backend.jobs import LocalRunner, Runner
from backend.runs import home
from backend.studies.text_distillation.config import PRESETS
from components import bench_words
from components.api import Api
from components.pages.compare import ComparePage
from components.pages.student_bench import BenchPage
from components.pages.text_distillation import text_distillation_page
from components.shelf import Shelf
from components.tabs import open_tab, tab
from components.takeaway import MOST_MEGABYTES
from components.theme import FAVICON, STYLES, make_theme, page_header

SAMPLES = Path(__file__).parent / "assets" / "sample_runs"


def build_demo(runner: Runner | None = None, samples: Path = SAMPLES, desk: Desk | None = None) -> gr.Blocks:
    """The page. Runs are kept in, and only ever opened from, `home()/runs` and `samples`."""
    root = home() / "runs"
    runner = runner or LocalRunner(root)
    distilled = Shelf(samples, root, PRESETS, "text_distillation")
    tuned = Shelf(samples, root, BENCH_PRESETS, "bench", bench_words.title)
    with gr.Blocks(title="Distilloscope", analytics_enabled=False, fill_width=True) as demo:
        # first: a name belongs to whoever takes it first, and the pages have a `start` too
        Api([distilled, tuned], runner)
        page_header()
        with gr.Tabs(elem_id="tabs") as tabs:
            with tab("Distil", "distil") as opening:
                first = text_distillation_page(demo, distilled, runner)
            with tab("Bench", "bench") as second:
                bench = BenchPage(tuned, distilled, runner, desk or Desk(), first.owner)
            with tab("Compare", "compare") as third:
                compare = ComparePage(distilled, runner, first.owner, first.view.picker)
        bench.open_after(first.opened)  # the first page names a new visitor
        bench.filled.when_opened(second)
        compare.when_opened(third, [opening, second])
        compare.offer(first.view.beside, tabs)
        open_tab(demo, tabs)
    return demo.queue(max_size=64, default_concurrency_limit=4)


def launch(demo: gr.Blocks, host: str = "127.0.0.1", port: int | None = None, **more) -> tuple:
    """Serve the page with nothing open that it does not need."""
    return demo.launch(
        server_name=host,
        server_port=port,
        theme=make_theme(),
        css_paths=STYLES,
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
        **more,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve Distilloscope.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "7860")))
    parser.add_argument("--mcp", action="store_true", help="offer the public API as tools of an assistant too")
    args = parser.parse_args()
    if args.mcp and find_spec("mcp") is None:
        parser.error("--mcp needs one more package. Install it with: pip install -r requirements-mcp.txt")
    launch(build_demo(), args.host, args.port, mcp_server=args.mcp)


if __name__ == "__main__":
    main()
