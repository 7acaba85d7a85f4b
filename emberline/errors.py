"""How trouble leaves the command line: `error: …` and an exit code, never a traceback."""


class Unusable(Exception):
    """Wrong use or unusable input: exit code 2. The message says what, where and what to do; one line an item."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class AnswerIsNo(Exception):
    """The answer to what was asked is no: exit code 1. The lines say why."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
