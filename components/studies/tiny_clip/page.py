"""The page of TinyCLIP: the page of any study, with panels of its own."""

from components.studies.page import StudyPage
from components.studies.tiny_clip import panels


class TinyClipPage(StudyPage):
    PANELS = (
        panels.Reach,
        panels.Affinity,
        panels.Inheritance,
        panels.OwnWords,
        panels.Retrieval,
        panels.Ladder,
        panels.Results,
    )


PAGE = TinyClipPage
