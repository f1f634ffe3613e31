"""Peak memory of the same work at several sizes. Each size is measured in a process of its own.

The processes are forked from one that has imported what the work needs: torch and transformers take seconds.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MEASURE = """
import os, resource, sys
{imports}
torch.set_num_threads(1)
for size in map(int, sys.argv[1:]):
    child = os.fork()
    if child == 0:
        try:
{work}
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def peak_megabytes(imports: str, work: str, *sizes: int) -> list[float]:
    """What `work` takes at most for each `size`, of which it knows by that name."""
    indented = "".join(f"            {line}\n" for line in work.strip().splitlines())
    code = MEASURE.format(imports=imports.strip(), work=indented)
    words = [sys.executable, "-W", "ignore", "-c", code, *map(str, sizes)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]
