"""A stand-in for the package `spaces` of a ZeroGPU Space: its decorator has the same manners, and there is no GPU.

Like the real one (0.51.3) it forks a daemon for each task and keeps it for the next call, sends arguments and results
as pickles, works in a thread of that daemon, wants the visitor's request and ends what takes longer than it asked for.
"""

import functools
import json
import multiprocessing
import os
import threading
import time
from pathlib import Path

import gradio as gr
from gradio.context import LocalContext

LOG = "FAKE_ZERO_GPU_LOG"  # a file that gets a line for each call
QUOTA = "FAKE_ZERO_GPU_QUOTA"  # seconds in all; unlimited without it
CONTEXT = multiprocessing.get_context("fork")
spent = 0.0


def GPU(task=None, *, duration=60):
    if task is None:
        return functools.partial(GPU, duration=duration)
    workers = []

    @functools.wraps(task)
    def handler(*args):
        global spent
        if LocalContext.request.get(None) is None:
            raise gr.Error(
                "Space app has reached its GPU limit.", title="ZeroGPU quota exceeded", print_exception=False
            )
        seconds = duration(*args) if callable(duration) else duration
        left = float(os.environ.get(QUOTA, "inf")) - spent
        if seconds > left:
            raise refused(f"You have exceeded your ZeroGPU quota ({seconds:.0f}s requested vs. {left:.0f}s left).")
        worker = workers.pop() if workers else Worker(task)
        began = time.monotonic()
        worker.ask.put(args)
        found = worker.take(seconds)
        spent += time.monotonic() - began
        note(asked=seconds, took=time.monotonic() - began, pid=worker.process.pid, aborted=found is None)
        if found is None:
            raise refused("GPU task aborted")
        workers.append(worker)
        if found[0] == "raised":
            raise refused(found[1])
        return found[1]

    return handler


def refused(said: str) -> gr.Error:
    return gr.Error(said, title="ZeroGPU", print_exception=False)


class Worker:
    def __init__(self, task):
        self.ask, self.answer = CONTEXT.SimpleQueue(), CONTEXT.SimpleQueue()
        self.process = CONTEXT.Process(target=serve, args=(task, self.ask, self.answer), daemon=True)
        self.process.start()

    def take(self, seconds: float):
        """What the task gave; None where it took too long or its process died."""
        until = time.monotonic() + seconds
        while self.answer.empty() and self.process.is_alive() and time.monotonic() < until:
            time.sleep(0.05)
        if self.answer.empty():
            self.process.kill()
            self.process.join()
            return None
        return self.answer.get()


def serve(task, ask, answer) -> None:
    while True:
        args, found = ask.get(), []
        thread = threading.Thread(target=lambda args=args, found=found: found.append(tried(task, args)))
        thread.start()
        thread.join()
        answer.put(found[0])


def tried(task, args) -> tuple:
    try:
        return "done", task(*args)
    except Exception as error:
        return "raised", type(error).__name__


def note(**facts) -> None:
    if os.environ.get(LOG):
        with Path(os.environ[LOG]).open("a") as log:
            log.write(json.dumps(facts) + "\n")
