"""`python -m backend race`: a prompt drawn by the full model and by a faster setting, from the same noise.

Knows its flags and how the answer is printed. The model is loaded only when the command runs, so that `--help` is
quick.
"""

import argparse
import base64
import json
from pathlib import Path


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the verb and its flags."""
    one = commands.add_parser("race", help="draw a prompt by the full model and by a faster setting of an A-SDM run")
    one.add_argument("--run", type=Path, required=True, metavar="DIR", help="the run whose model and settings are used")
    one.add_argument("--prompt", default="", help="what is to be drawn")
    one.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    one.add_argument("--setting", help="a setting of the run, such as deep1@every2")
    one.add_argument("--plan", type=Path, metavar="FILE", help="a plan as JSON, as the map saves it")
    one.add_argument("--measure", action="store_true", help="measure the plan on prompts of the run instead")
    one.add_argument("--to", type=Path, metavar="DIR", help="write both pictures there")
    one.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Draw and print; UserErrors are left to the caller."""
    from backend.studies.a_sdm import questions  # noqa: PLC0415 - torch takes seconds to import
    from backend.studies.a_sdm.entries import read_plan  # noqa: PLC0415 - see above

    plan = read_plan(str(args.plan)).as_dict() if args.plan else None
    if args.measure:
        print(json.dumps(questions.measure(None, str(args.run), plan), indent=1))
        return 0
    found = questions.race(None, str(args.run), args.prompt, args.seed, args.setting, plan)
    for lane in found["lanes"]:
        right = {True: ", as asked", False: ", not as asked", None: ""}[lane["right"]]
        read = f"read: {lane['read']}{right}" if lane["read"] else ""
        print(f"{lane['who']:24} {lane['seconds'][-1]:7.3f} s of the processor  {read}")
        if args.to:
            args.to.mkdir(parents=True, exist_ok=True)
            name = "".join(letter if letter.isalnum() else "_" for letter in lane["who"])
            (args.to / f"{name}.png").write_bytes(base64.b64decode(lane["clean"][-1]))
    print(f"PSNR between both: {found['psnr']:.1f} dB")
    return 0
