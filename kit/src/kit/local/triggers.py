"""What invokes each function of a service that runs here, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.delivery.service import Service

from .bridge import Bridged
from .emulator import Running

INVOKED = re.compile(r"functions/\$\{(\w+?)(?:Alias\w*)?(?:\.Arn)?\}")


@dataclass(frozen=True)
class Trigger:
    """How a function is invoked.

    Args:
        function: its folder in src/.
        kind: api, queue, …; empty where the template says nothing.
        where: the address, or the name of what invokes it.
    """

    function: str
    kind: str
    where: str


def kinds(service: Service) -> dict[str, str]:
    """The trigger of each function, as the answers have them."""
    pairs = (part.split(":") for part in str(service.answers["functions"]).split(","))
    return {name.strip(): kind.strip() for name, kind in pairs}


def triggers(service: Service, running: Running, result: Bridged) -> list[Trigger]:
    """The functions in the order of the template."""
    addresses = _addresses(running, result)
    known = kinds(service)
    return [
        Trigger(
            folder.name,
            known.get(folder.name, ""),
            addresses.get(name) or running.functions.get(folder.name, "").partition(":")[0],
        )
        for name, folder in result.functions.items()
    ]


def _addresses(running: Running, result: Bridged) -> dict[str, str]:
    """Where the HTTP APIs have the first path of a function, by its logical id."""
    resources = result.template["Resources"]
    found: dict[str, str] = {}
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            properties = resource["Properties"]
            integration = resources[re.findall(r"\{(\w+)\}", properties["Target"]["Fn::Sub"])[0]]
            function = INVOKED.search(str(integration["Properties"]["IntegrationUri"]))
            path = properties["RouteKey"].partition(" ")[2].replace("/{proxy+}", "")
            if function:
                address = running.apis.get(properties["ApiId"]["Ref"], "")
                found.setdefault(function[1], address + path)
    return found
