"""What several checks need to know, found out once."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from kit.template import Template

from .account import Account
from .service import Service

T = TypeVar("T")


class Situation:
    """A service, the account that it is to be deployed to, and what is there."""

    def __init__(self, service: Service, account: Account) -> None:
        self.service = service
        self.aws = account
        self._known: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def identity(self) -> dict[str, str]:
        return self._once("identity", self.aws.identity)

    @property
    def account(self) -> str:
        """The id of the account."""
        return self.identity["Account"]

    @property
    def template(self) -> Template:
        return self._once("template", lambda: self.service.template(self.account))

    @property
    def stack(self) -> dict[str, Any] | None:
        """The service's stack, if there is one."""
        return self._once("stack", lambda: self._made(self.service.stack))

    @property
    def infra(self) -> dict[str, Any] | None:
        """The stack of infra/environment.yaml, if there is one."""
        return self._once("infra", lambda: self._made(self.service.infra_stack))

    def _made(self, name: str) -> dict[str, Any] | None:
        """A stack; one of which only a change set was ever proposed has nothing in it."""
        found = self.aws.stack(name)
        return None if found and found["StackStatus"] == "REVIEW_IN_PROGRESS" else found

    def _once(self, name: str, find: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._known:
                self._known[name] = find()
            found: T = self._known[name]
            return found
