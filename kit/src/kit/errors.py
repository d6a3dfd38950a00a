"""What a command ends with when a person has to do something."""


class KitError(Exception):
    """What is wrong and where, and what to do about it.

    Args:
        problem: a sentence.
        remedy: what to do, a line each; they are indented below the problem.
    """

    def __init__(self, problem: str, *remedy: str) -> None:
        super().__init__("\n".join([problem, *(f"  {line}" for line in remedy)]))
        self.problem, self.remedy = problem, remedy
