"""A worker that writes a long history at once and then goes on at the pace of a real one: `long_worker.py STEPS ...`.

Stands in for an engine, so that the page's ticks are measured and not the engine. Knows the run folder's contract.
"""

import math
import sys
import time

from backend.runs.folder import RunDir

WORDS = "Which of these materials lets an electric current pass through it most easily of all".split()
PAUSE_S = 0.4


def log(run: RunDir, step: int) -> None:
    """The rows of an update, and a snapshot every five."""
    loss = 0.4 + math.exp(-step / 300)
    found = {"matching_loss": loss, "regulariser": 0.123456, "cosine": 0.654321}
    run.append("metrics", {"stage": "distil", "step": step, **found})
    if step % 5:
        return
    text = " ".join(WORDS[(step + k) % len(WORDS)] for k in range(14))
    prompts = [{"slot": s, "text": text, "answer": "copper", "changed": 0.5, "distance": 0.2} for s in range(8)]
    run.append("prompts", {"step": step, "prompts": prompts})
    way = [[round(k / 16, 4), 0.1234] for k in range(17)]
    layers = [{"layer": k, "left": 0.5, "share": 0.25} for k in range(4)]
    run.append("paths", {"step": step, "student": way, "expert": way, "layers": layers})


def main(steps: int, run: RunDir) -> None:
    run.claim()
    for step in range(1, steps + 1):
        log(run, step)
    for step in range(steps + 1, 3 * steps):
        if run.stop_requested():
            break
        run.set_status(stage="distil", done=step, total=3 * steps, eta_s=100.0, message="Matching loss 0.41")
        log(run, step)
        time.sleep(PAUSE_S)
    run.set_status(state="stopped", eta_s=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), RunDir(sys.argv[sys.argv.index("--out") + 1]))
