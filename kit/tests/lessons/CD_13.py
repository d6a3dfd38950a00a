"""Cases of CD-13."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import OWN, workflow
from kit.gate.findings import Finding


@violation("make destroy is gone")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"^destroy: .*\n\t.*\n", "")


@violation("make destroy deletes without asking")
def _(edit: Edit) -> None:
    edit.sub(
        "Makefile",
        r"\t@\$\(KIT\) destroy .*",
        r"\t$(SAM) delete --config-env $(ENV) --no-prompts",
    )


@violation("make destroy answers its own question")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "$(call option,CONFIRM,confirm)", f"--confirm {edit.service}-$(ENV)")


@violation("a workflow deletes dev each night")
def _(edit: Edit) -> None:
    steps = f"- run: aws cloudformation delete-stack --stack-name {edit.service}-dev\n"
    edit.write(OWN, workflow('schedule:\n    - cron: "0 20 * * *"', steps))


@violation("a script deletes stacks")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/tidy.py",
        'import sys\n\nimport boto3\n\nboto3.client("cloudformation").delete_stack(StackName=sys.argv[1])\n',
    )


@fix("Write the target `destroy`")
def _(edit: Edit, finding: Finding) -> None:
    edit.append("Makefile", f"\n{advised(finding)}:\n\t{advised(finding, 1)}\n")


@fix("Write `@$(KIT) destroy")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\t.*", rf"\t{advised(finding)}")


@fix("Call `.venv/bin/python .kit destroy`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(\t|run: ).*", rf"\1{advised(finding)}")


@fix("Delete the call")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@good("a workflow takes dev down by the one command, and a script deletes a change set")
def _(edit: Edit) -> None:
    steps = '- run: make destroy ENV=dev CONFIRM="$STACK"\n'
    edit.write(OWN, workflow("workflow_dispatch:", steps))
    edit.write(
        "local.mk", "tidy:\n\taws cloudformation delete-change-set --change-set-name $(NAME)\n"
    )
