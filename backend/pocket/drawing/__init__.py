"""A model that draws: how it is taught, how its pictures are judged, and the fixed prompts it is scored on."""
