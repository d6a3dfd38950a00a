"""What a person has to fix."""


class DeliveryError(Exception):
    """Something that a person has to fix.

    Args:
        what: what is wrong, and where.
        remedy: what to do about it, a line each.
    """

    def __init__(self, what: str, *remedy: str) -> None:
        super().__init__("\n".join([what, *(f"  {line}" for line in remedy)]))
        self.what, self.remedy = what, remedy
