"""The one exception meant for people: what was found, what was expected, what to do next.

Knows nothing of where it is shown: the command line prints it, the run folder stores it, the page displays it.
Anything else that is raised is a defect of ours and is logged with its trace.
"""


class UserError(Exception):
    """Input that cannot be used. `found` and `expected` are clauses, `next_step` is an instruction.

    `kind` is a word for programs, such as disk, model or setting, where one has to tell errors apart, and `about` the
    name of the very model or setting; nobody reads them.
    """

    def __init__(self, found: str, expected: str, next_step: str, kind: str = "", about: str = ""):
        self.found, self.expected, self.next_step, self.kind, self.about = found, expected, next_step, kind, about
        super().__init__(f"{found} Expected {expected}. {next_step}")

    def __reduce__(self):  # an exception is rebuilt from its message alone, which would not fit __init__
        return UserError, (self.found, self.expected, self.next_step, self.kind, self.about)

    def as_dict(self) -> dict[str, str]:
        """The three parts, and `kind` and `about` where there are some."""
        told = {"found": self.found, "expected": self.expected, "next_step": self.next_step}
        return told | {name: word for name, word in (("kind", self.kind), ("about", self.about)) if word}
