"""Cases of EVT-02."""

from cases import fix, good, violation
from edits import Edit, Function
from kit.gate.findings import Finding


def publisher(edit: Edit) -> Function:
    """A function that publishes."""
    for function in edit.functions:
        if edit.has(f"{function.code}/utils/publisher.py"):
            return function
    edit.skip()
    raise AssertionError


@violation("a module publishes without the helper")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/audit.py",
        "import json\nfrom typing import Any\n\n\ndef tell(client: Any, bus: str, item: dict[str, str]) -> None:\n"
        "    client.put_events(\n        Entries=[\n            {\n"
        '                "EventBusName": bus,\n                "Source": "audit",\n'
        '                "DetailType": "audited",\n                "Detail": json.dumps(item),\n'
        "            }\n        ]\n    )\n",
    )


@violation("the helper does not look at the results any more")
def _(edit: Edit) -> None:
    path = f"{publisher(edit).code}/utils/publisher.py"
    text = edit.read(path)
    start, end = text.index("            results = "), text.index("            if not entries:")
    edit.write(
        path, text[:start] + "            self._client.put_events(Entries=entries)\n" + text[end:]
    )


@violation("there are two helpers that publish")
def _(edit: Edit) -> None:
    edit.write(
        f"{publisher(edit).code}/services/audit.py",
        "from typing import Any\n\n\ndef tell(client: Any, entries: list[Any]) -> None:\n"
        '    if client.put_events(Entries=entries)["FailedEntryCount"]:\n'
        '        raise RuntimeError("not told")\n',
    )


@good("a helper of one's own, with another name, that looks at the results")
def _(edit: Edit) -> None:
    functions = [f for f in edit.functions if not edit.has(f"{f.code}/utils/publisher.py")]
    if not functions:
        edit.skip()
    for function in functions:
        edit.write(
            f"{function.code}/utils/bus.py",
            "from typing import Any\n\n\ndef tell(client: Any, entries: list[Any]) -> None:\n"
            "    answer = client.put_events(Entries=entries)\n"
            '    if answer["FailedEntryCount"]:\n        raise RuntimeError("not told")\n',
        )


@good("other clients have methods called put_…")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/audit.py",
        "from typing import Any\n\n\ndef tell(client: Any, table: Any) -> None:\n"
        '    client.put_metric_data(Namespace="audit", MetricData=[])\n'
        '    table.put_item(Item={"pk": "1"})\n',
    )


@fix("Raise an error, or send again what was refused")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(\w+\.)(?=\S*put_events)", r"answer = \1")
    text = '    if answer["FailedEntryCount"]:\n        raise RuntimeError("not published")\n'
    edit.append(finding.path, text)


@fix("Raise an error", "the helper does not look at the results any more")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(
        finding, r"( *)(.*)\n", r"\1answer = \2\n\1if answer['FailedEntryCount']:\n\1    return\n"
    )


@fix("Call the publisher of `")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(
        finding.path,
        "from ..utils.publisher import Event, Publisher\n\n\n"
        "def tell(publisher: Publisher, events: list[Event]) -> None:\n"
        "    publisher.publish(events)\n",
    )
