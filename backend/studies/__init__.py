"""The table of studies: name -> module path. A literal, imported lazily; studies never import each other. The bench and
the comparison are run in the same way."""

STUDIES = {
    "text_distillation": "backend.studies.text_distillation",
    "bench": "backend.bench",
    "comparison": "backend.comparison",
}
