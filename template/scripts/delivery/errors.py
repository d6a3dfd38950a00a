"""What stands in the way, told on one screen."""


class DeliveryError(Exception):
    """Something that a person has to mend.

    Args:
        what: what is wrong, and where.
        remedy: what to do about it, a line each.
    """

    def __init__(self, what: str, *remedy: str) -> None:
        super().__init__("\n".join([what, *(f"  {line}" for line in remedy)]))
        self.what, self.remedy = what, remedy
