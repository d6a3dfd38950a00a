"""What stands in the way, told on one screen."""

import unicodedata

# Escapes of terminals, invisible characters and those that turn the direction of text.
CONTROLS = ("Cc", "Cf", "Zl", "Zp")


def printable(text: str) -> str:
    """Text from elsewhere, with control characters as `\\x1b`; tabs and new lines stay."""
    return "".join(
        character
        if character in "\t\n" or unicodedata.category(character) not in CONTROLS
        else character.encode("unicode_escape").decode()
        for character in text
    )


class DeliveryError(Exception):
    """Something that a person has to fix.

    Args:
        what: what is wrong, and where.
        remedy: what to do about it, a line each.
    """

    def __init__(self, what: str, *remedy: str) -> None:
        super().__init__("\n".join([what, *(f"  {line}" for line in remedy)]))
        self.what, self.remedy = what, remedy
