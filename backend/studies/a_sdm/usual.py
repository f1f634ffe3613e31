"""What a whole sweep tries, as recipes: the defaults of the settings. Standard library only."""

from backend.studies.a_sdm.arms import ARMS

LEVELS_TWICE = tuple(
    f"{level}@every2"
    for level in ("mid", "deep2", "deep1", "deepcache0", "encoder", "decoder", "whole", "cross", "self", "ff")
)
READINGS_TWICE = tuple(
    f"{level}.{reading}@every2" for level in ("resnets", "attentions") for reading in ("branch", "output")
)
STEP_SETS = tuple(f"deep1@{name}" for name in ("uniform5", "start5", "middle5", "end5", "warmup3_4", "gate8"))
TRAINED = tuple(arm for arm in ARMS if arm != "narrow")
NAMED = ("deepcache0@every3", "faster@every2", "tgate@gate8", "broadcast@every2", "deep1@change0.15")
EARLY = (  # early steps are computed, late ones inherit
    *("deep2@start10", "deep1@start10", "deep1@start14", "deep1@warmup8_2"),
    *("deepcache0@start10", "deepcache0@start14", "deepcache0@warmup10_3"),
    *("deep1@warmup4_2", "deepcache0@warmup4_2", "deepcache1@warmup4_2", "deepcache0@warmup4_3"),
    "deepcache0@hand0_1_2_4_6_9_12_15_18",  # the best of nine, step by step on validation prompts, as that in MIXED
)
PLANS = (*LEVELS_TWICE, *READINGS_TWICE, *STEP_SETS, *EARLY, *NAMED)
TWICE = "deepcache0@hand0_1_2_3_5_7_10_13_15:16"
FEWER = (3, 4, 5, 6, 8, 10, 13, 16)
SWITCHES = ("base>full@5", "base>full@10", "base>full@15", "full>base@5", "full>base@10", "full>base@15")
MIXED = ("base:10", "base+deep1@every2", "base>full@10+deep1@every2", "deep1@every2:10", "tiny>full@10", TWICE)
