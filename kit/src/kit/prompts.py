"""Questions to a person, and what to do where nobody can answer."""

from kit.errors import KitError


def ask(question: str, instead: str) -> str:
    """What a person types.

    Args:
        instead: what to give to `make` where nobody can type.

    Raises:
        KitError: the input has ended.
    """
    try:
        return input(question).strip()
    except EOFError as error:
        print()
        raise KitError("Nobody has answered.", f"Without a question: {instead}") from error


def agreed(question: str, instead: str) -> bool:
    """Whether a person says yes."""
    return ask(f"{question} [y/N] ", instead).lower() in ("y", "yes")
