"""A visitor who reads Chinese, a server whose worker and desk are stand-ins, and a search for English on the page.

Knows the page's ids. What imports this skips where there is no browser.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from backend import settings
from backend.study import all_studies
from tests import browsing
from tests.browsing import ROOT, wait_served
from tests.page.bench import test_bench_browser
from tests.page.frame.test_browser import STAND_IN
from tests.waiting import free_port

# every text and every attribute that is said aloud, on screen or folded away, but not what is data
SAID = """() => {
  const skip = "script, style, textarea, code, pre, [translate=no], .options, noscript", found = new Set();
  const attributes = ["aria-label", "title", "placeholder", "alt", "aria-valuetext"];
  const kinds = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
  const walker = document.createTreeWalker(document.documentElement, kinds, (node) =>
    node.nodeType === 1 && node.matches(skip) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === 3) found.add(node.data.trim().replace(/\\s+/g, " "));
    else attributes.forEach((name) => found.add(node.getAttribute(name) || ""));
  }
  return [...found];
}"""
# of things, models and formats: they are the same in Chinese
NAMES = """Distilloscope|Hugging Face|Hub|hub|Gradio|OPT|Llama|SmolLM2|MMLU|ARC-Easy|LoRA|AdamW|YAML|CSV|HTTP|Python
McNemar|Ctrl|pocket science|pocket mmlu|pocket MMLU|arc easy|Quick|Standard|MB|GB|kB|pip|pickle|safetensors|transformers
opt-pocket|llama-pocket|CLIP|LightCLIP|Sinkhorn|Published method
dB|PSNR|Fréchet|KiB|Faster Diffusion|DeepCache|Stable Diffusion|UNet
apache|file|seed-\\d|jsonl|json|csv|tsv|parquet|xlsx|account/name|name|hf auth login""".replace("\n", "|")
SETTINGS = [item for study in all_studies() for item in settings.describe(study.config)]
SPELLED = {word for item in SETTINGS for word in (item.name, *(item.choices or ()))}  # as a command has them
LONGEST_FIRST = sorted(SPELLED, key=len, reverse=True)
NAMED = re.compile(rf"\b({NAMES})\b", re.ASCII)
IN_CHINESE = re.compile(rf"\b({'|'.join(map(re.escape, LONGEST_FIRST))})\b", re.ASCII)
# a word with an underscore or a sign in it, a file's ending, a quotation
SIGNS = re.compile(r"[\w.*-]*[_/=·][\w./*-]*|\.[a-z.]+\b|\w+-\w+-\w+|“[^”]*”", re.ASCII)
LATIN = re.compile(r"[A-Za-z][A-Za-z'-]+")
HAN = re.compile(r"[\u4e00-\u9fff]")


def english(texts: list[str]) -> list[str]:
    """What nobody translated: two or more Latin words that are no names, or one that stands alone, as on a button."""
    return sorted(
        text for text in texts if len(words(text)) > 1 or re.fullmatch(r"[A-Z][a-z]{2,}( \d+)?", NAMED.sub("", text))
    )


def words(text: str) -> list[str]:
    plain = NAMED.sub(" ", SIGNS.sub(" ", text))
    return LATIN.findall(IN_CHINESE.sub(" ", plain) if HAN.search(text) else plain)


def served(folder: Path):
    """`(process, address)`: all recorded runs, a worker and a desk of a few lines each."""
    (folder / "worker.py").write_text(STAND_IN)
    shutil.copytree(ROOT / "assets" / "sample_runs", folder / "samples")
    port = free_port()
    env = os.environ | {"DISTILLOSCOPE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", test_bench_browser.SERVE, str(port), str(folder / "samples")]
    command += [sys.executable, str(folder / "worker.py")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=ROOT, env=env, **quiet)
    wait_served(f"http://127.0.0.1:{port}")
    return server, f"http://127.0.0.1:{port}"


class Reader(browsing.Visitor):
    """One browser profile on the page in Chinese. `left` gathers what was still English on any screen."""

    START, READY = "/?lang=zh&run=recorded/quick", "html[lang=zh-CN] #status [data-status]"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.left: dict[str, str] = {}

    def look(self, where: str) -> None:
        """Read the whole page, once what was asked for is there."""
        self.page.wait_for_timeout(400)
        for text in english(self.page.evaluate(SAID)):
            self.left.setdefault(text, where)

    def click(self, selector: str, number: int = 0) -> None:
        self.page.locator(selector).nth(number).click()
        self.look(selector)

    def unfold(self, inside: str) -> None:
        """Every fold of the form and every <details>."""
        folds = f"[...document.querySelectorAll('{inside} button.label-wrap:not(.open)')].filter((b) => b.offsetParent)"
        self.page.evaluate(f"{folds}.forEach((b) => b.click())")
        details = f"document.querySelectorAll('{inside} details:not(.ds-save)')"  # that one would cover what is clicked
        self.page.evaluate(f"{details}.forEach((d) => {{ d.open = true; }})")
        self.look(f"folds of {inside}")
