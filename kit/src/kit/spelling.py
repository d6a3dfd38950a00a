"""How a name is spelled elsewhere. The template renders the same: macros/text.jinja there."""


def pascal(name: str) -> str:
    """In logical ids and names of roles: orders_api → OrdersApi, b2b-orders → B2bOrders."""
    return "".join(map(str.capitalize, name.replace("-", "_").split("_")))


def kebab(name: str) -> str:
    """In names of resources: orders_api → orders-api."""
    return name.replace("_", "-")


def snake(name: str) -> str:
    """In imports and paths: orders-api → orders_api."""
    return name.replace("-", "_")
