"""Cases of RUN-04."""

from cases import fix, good, violation
from edits import Edit
from edits.runtime import api, in_handler, index
from kit.gate.findings import Finding


@violation("the handler becomes async")
def _(edit: Edit) -> None:
    edit.replace(index(edit.function()), "\ndef lambda_handler(", "\nasync def lambda_handler(")


@violation("the handler returns a coroutine")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.append(path, "\n\nasync def gather(event: dict[str, Any]) -> None:\n    return None\n")
    in_handler(edit, edit.function(), 'if "all" in event:\n        return gather(event)')


@violation("Mangum decides itself about the lifespan")
def _(edit: Edit) -> None:
    edit.replace(index(api(edit, "mangum")), 'Mangum(app, lifespan="off")', "Mangum(app)")


@violation("a startup event prepares the application")
def _(edit: Edit) -> None:
    path = index(api(edit, "mangum"))
    text = '@app.on_event("startup")\ndef warm() -> None:\n    logger.info("warm")\n\n\n'
    edit.replace(path, "app.include_router(router)", f"{text}app.include_router(router)")


@good("a handler runs what is asynchronous to its end")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.append(path, "\n\nasync def gather(event: dict[str, Any]) -> None:\n    return None\n")
    in_handler(
        edit, edit.function(), 'if "all" in event:\n        return asyncio.run(gather(event))'
    )
    edit.replace(path, "from typing import Any\n", "import asyncio\nfrom typing import Any\n")


@good("routes are asynchronous")
def _(edit: Edit) -> None:
    edit.replace(index(api(edit, "mangum")), "def health(", "async def health(")


@fix("Write `def lambda_handler`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "async def", "def")


@fix("Write `return asyncio.run(gather(…))`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"return gather\(event\)", "return asyncio.run(gather(event))")


@fix('Write `Mangum(app, lifespan="off")`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Mangum\(app\)", 'Mangum(app, lifespan="off")')


@fix("Do at the top of the module what it shall do")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^@app\.on_event.*\ndef warm\(.*\n    (.*)\n", r"\1\n")
