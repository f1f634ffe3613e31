"""The table of studies: name -> module path. A literal, imported lazily; studies never import each other."""

STUDIES = {"text_distillation": "backend.studies.text_distillation"}
