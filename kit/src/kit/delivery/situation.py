"""What several checks need to know, looked up once."""

from functools import cached_property
from typing import Any

from kit.template import Template

from .account import Account
from .service import Service


class Situation:
    """A service, the account that it is to be deployed to, and what is there."""

    def __init__(self, service: Service, account: Account) -> None:
        self.service, self.aws = service, account

    @cached_property
    def identity(self) -> dict[str, str]:
        return self.aws.identity()

    @property
    def account(self) -> str:
        """The id of the account."""
        return self.identity["Account"]

    @cached_property
    def template(self) -> Template:
        return self.service.template(self.account)

    @cached_property
    def stack(self) -> dict[str, Any] | None:
        """The service's stack, if there is one."""
        return self._stack(self.service.stack)

    @cached_property
    def infra(self) -> dict[str, Any] | None:
        """The stack of infra/environment.yaml, if there is one."""
        return self._stack(self.service.infra_stack)

    def _stack(self, name: str) -> dict[str, Any] | None:
        """A stack, unless it has nothing but a proposed change set."""
        stack = self.aws.stack(name)
        return None if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack
