"""The table of studies: name -> the module that describes it as STUDY. A literal; studies never import each other.

Who adds a study adds a line here, and no other file outside its folder names it. The comparison is no study but is run
as one: it stands above the others and uses them.
"""

STUDIES = {
    "text_distillation": "backend.studies.text_distillation.study",
    "bench": "backend.studies.bench.study",
    "ba_lora": "backend.studies.ba_lora.study",
    "active_inheritance": "backend.studies.active_inheritance.study",
    "tiny_clip": "backend.studies.tiny_clip.study",
    "light_clip": "backend.studies.light_clip.study",
    "a_sdm": "backend.studies.a_sdm.study",
    "comparison": "backend.comparison.study",
}
