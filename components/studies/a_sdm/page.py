"""The page of A-SDM: the page of any study, with panels of its own."""

from components.studies.a_sdm import panels
from components.studies.page import StudyPage


class ASdmPage(StudyPage):
    PANELS = (
        panels.Race,
        panels.PlanMap,
        panels.Inherited,
        panels.Workbench,
        panels.Switch,
        panels.Front,
        panels.Results,
    )


PAGE = ASdmPage
