"""The page of active inheritance: the page of any study, with panels of its own."""

from components.studies.active_inheritance import panels
from components.studies.page import StudyPage


class ActiveInheritancePage(StudyPage):
    PANELS = (
        panels.Candidates,
        panels.Pool,
        panels.Profile,
        panels.Inherited,
        panels.Blind,
        panels.Results,
    )


PAGE = ActiveInheritancePage
