"""What a comparison can be asked for by name: arms, starts, regimes, places of adapters. Standard library only."""

from backend.selection import SELECTORS
from backend.studies.text_distillation.config import OWN, OWN_MODEL_ONLY
from backend.studies.text_distillation.config import REGIMES as DISTILLED_REGIMES
from backend.studies.text_distillation.decoders import DECODERS as ALL_DECODERS
from backend.studies.text_distillation.decoders import SEARCH

SELECTED = tuple(SELECTORS)
COSTLY = ("select", "evolve")  # reported beside the baselines: they see experts, or train as often as the search
BASELINES = tuple(name for name in SELECTED if name not in COSTLY)
DECODERS = tuple(name for name in ALL_DECODERS if name != SEARCH)  # whose texts learned embeddings became
EMBEDDED = (*DECODERS, *OWN_MODEL_ONLY)
LEARNED = ("init", "text", *EMBEDDED)
CONTROLS = ("text_shuffled",)
ARMS = ("base", *BASELINES, *COSTLY, *LEARNED, *CONTROLS, "full")  # those of text distillation, and more
WRITTEN = "written"  # as a start: texts of a writer, see search/writing.py
SETS, FINAL, FINAL_SEEDS = 16, 4, 3  # of written texts: judged by one student, then the best by more
STARTS = ("best", *SELECTED, WRITTEN)
FREE_TASKS = tuple(f"{OWN}{kind}" for kind in ("text", "prompts", "chat"))  # see core/text/tasks.py
PLACES = ("attention", "mlp", "both")  # see core/models/adapted.py
REGIMES = DISTILLED_REGIMES[::-1]  # the ordinary one first: every data set has it
