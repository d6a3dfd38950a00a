"""Cases of IAM-03."""

from dataclasses import replace

from cases import fix, good, violation
from edits import Edit
from edits.access import INFRA, in_infra
from kit.gate.findings import Finding

SUBJECT = "- !Sub repo:${GitHubOwner}/${GitHubRepository}:environment:${EnvironmentName}\n"


@violation("every branch of the repository is trusted")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", SUBJECT, "- !Sub repo:${GitHubOwner}/${GitHubRepository}:*\n")


@violation("the trust is compared by patterns")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "StringEquals:", "StringLike:")


@violation("an operator for sets lets a token without the claims through")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "StringEquals:", '"ForAllValues:StringEquals":')


@violation("the other environment is trusted too")
def _(edit: Edit) -> None:
    other = SUBJECT.replace("${EnvironmentName}", "dev")
    in_infra(edit, "DeployRole", SUBJECT, f"{SUBJECT}                  {other}")


@violation("no subject is compared")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index("                token.actions.githubusercontent.com:sub:")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    in_infra(edit, "DeployRole", text[start:end], "")


WORKFLOW_REF = "                token.actions.githubusercontent.com:job_workflow_ref: "


@violation("any workflow of the branch may sign in")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index(WORKFLOW_REF)
    in_infra(edit, "DeployRole", text[start : text.index("\n", start) + 1], "")


@violation("the workflow is trusted on every branch")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "deploy.yml@refs/heads/${Branch}", "deploy.yml@*")


@violation("the trust names a workflow that is not there")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "/deploy.yml@", "/release.yml@")


@violation("a developer may become the role to debug it")
def _(edit: Edit) -> None:
    first = "        Statement:\n          - Effect: Allow\n"
    mine = (
        "        Statement:\n          - Effect: Allow\n            Principal:\n"
        "              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:user/jo\n"
        "            Action: sts:AssumeRole\n"
        "          - Effect: Allow\n"
    )
    in_infra(edit, "DeployRole", first, mine)


ISSUER = "token.actions.githubusercontent.com"
FILE = "!Sub ${GitHubOwner}/${GitHubRepository}/.github/workflows/deploy.yml@refs/heads/${Branch}"


@fix("Write `StringEquals` instead")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\S+:\n", "StringEquals:\n")


@fix("Trust one subject")
def _(edit: Edit, finding: Finding) -> None:
    """The subject is a list in the lines below."""
    edit.delete_block(finding)
    edit.in_line(finding, "^", f"                {ISSUER}:sub: {SUBJECT.removeprefix('- ')}")


@fix("Compare `token.actions.githubusercontent.com:sub`")
def _(edit: Edit, finding: Finding) -> None:
    more = f"                {ISSUER}:sub: {SUBJECT.removeprefix('- ')}"
    edit.in_line(replace(finding, line=finding.line + 1), r"\n", f"\n{more}")


@fix("Compare `token.actions.githubusercontent.com:job_workflow_ref`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", f"\n{WORKFLOW_REF}{FILE}\n")


@fix("Name the file")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, ": !Sub .*", f": {FILE}")


@fix("Delete this statement")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(finding)


@good("only the older format of the subject is trusted, of one branch")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index(f"                  {SUBJECT}")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    branch = "                  - !Sub repo:${GitHubOwner}/${GitHubRepository}:ref:refs/heads/${Branch}\n"
    in_infra(edit, "DeployRole", text[start:end], branch)


@good("only the immutable format of the subject is trusted, as a text")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index("                token.actions.githubusercontent.com:sub:")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    subject = "repo:${GitHubOwner}@${GitHubOwnerId}/shop@42:environment:${EnvironmentName}"
    line = f"                token.actions.githubusercontent.com:sub: !Sub {subject}\n"
    in_infra(edit, "DeployRole", text[start:end], line)
