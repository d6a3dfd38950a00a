"""Edits that break CD lessons, and innocent ones."""

from __future__ import annotations

from .edits import CONFIG, Edit, Function, innocent, mutant
from .pipelines import DEPLOY, OWN, SIGN_IN, workflow

SAMCONFIG = "samconfig.toml"


def region(edit: Edit) -> str:
    return edit.answers["aws_region"]


def other_region(edit: Edit) -> str:
    return "eu-west-3" if region(edit) != "eu-west-3" else "us-west-2"


def with_is_prod(edit: Edit) -> None:
    """The condition IsProd, which a service without a table may not have."""
    if "  IsProd: " not in edit.read("template.yaml"):
        condition = "  IsProd: !Equals [!Ref EnvironmentName, prod]\n"
        edit.replace("template.yaml", "Conditions:\n", f"Conditions:\n{condition}")


# ── CD-01: names of stacks ───────────────────────────────────────────────────


@mutant("CD-01", "the stack is called as SAM proposes")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r'^stack_name = ".*"', 'stack_name = "sam-app"')


@mutant("CD-01", "sam deploy --guided left a section of its own")
def _(edit: Edit) -> None:
    edit.append(SAMCONFIG, '\n[default.deploy.parameters]\nstack_name = "sam-app"\n')


@mutant("CD-01", "prod's stack has no environment in its name")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, f'stack_name = "{edit.service}-prod"', f'stack_name = "{edit.service}"')


@mutant("CD-01", "a target deploys a copy under somebody's name")
def _(edit: Edit) -> None:
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env dev --stack-name test-of-anna\n")


@innocent("CD-01", "the name stands at the deployment, and a target takes it from make")
def _(edit: Edit) -> None:
    edit.append(SAMCONFIG, f'\n[dev.logs.parameters]\nstack_name = "{edit.service}-dev"\n')
    edit.write("local.mk", 'mine:\n\t$(SAM) deploy --config-env dev --stack-name "$(STACK)"\n')


# ── CD-02: builds in the container ───────────────────────────────────────────


@mutant("CD-02", "dev is built without the container, as that is faster")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, "use_container = true", "use_container = false")


@mutant("CD-02", "prod's build lost its settings")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG)
    section = "[prod.build.parameters]\nuse_container = true\n"
    assert section in text
    edit.write(SAMCONFIG, text.replace(section, "[prod.build.parameters]\n"))


@mutant("CD-02", "CI builds without the container")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make build CONTAINER=yes", "make build CONTAINER=no")


@mutant("CD-02", "CI builds as it happens")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make build CONTAINER=yes", "make build")


@mutant("CD-02", "a workflow calls SAM without its settings")
def _(edit: Edit) -> None:
    edit.write(OWN, workflow("workflow_dispatch:", "- run: sam build --parallel\n"))


@innocent("CD-02", "the setting is for all commands, and CI says it by a variable")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG).replace("use_container = true\n", "")
    for env in ("dev", "prod"):
        head = f"[{env}.global.parameters]\n"
        text = text.replace(head, f"{head}use_container = true\n")
    edit.write(SAMCONFIG, text)
    edit.replace(
        DEPLOY,
        "run: make build CONTAINER=yes",
        "run: make build\n        env:\n          CONTAINER: yes",
    )
    edit.write(OWN, workflow("workflow_dispatch:", "- run: sam build --config-env dev\n"))


# ── CD-03: one Region ────────────────────────────────────────────────────────


@mutant("CD-03", "prod goes elsewhere")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG)
    before, found, after = text.rpartition(f'region = "{region(edit)}"')
    assert found
    edit.write(SAMCONFIG, f'{before}region = "{other_region(edit)}"{after}')


@mutant("CD-03", "the Region is changed in samconfig.toml, and the answers are not")
def _(edit: Edit) -> None:
    edit.replace_all(SAMCONFIG, f'region = "{region(edit)}"', 'region = "eu-west-3"')


@mutant("CD-03", "samconfig.toml leaves the Region to the profile")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^region = .*\n", "")


@mutant("CD-03", "a workflow signs in elsewhere")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"aws-region: \$\{\{ steps.facts.*", f"aws-region: {other_region(edit)}")


@mutant("CD-03", "a target follows a log elsewhere")
def _(edit: Edit) -> None:
    edit.write("local.mk", "tail:\n\taws logs tail /aws/lambda/x --region eu-north-1\n")


@mutant("CD-03", "a target looks elsewhere")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        f"REGION = {other_region(edit)}\n\ntables:\n\taws dynamodb list-tables --region $(REGION)\n",
    )


@innocent("CD-03", "the Region of a workflow comes from a variable, and of the budget from AWS")
def _(edit: Edit) -> None:
    steps = f"""\
- uses: {SIGN_IN}
  with:
    role-to-assume: ${{{{ vars.ROLE }}}}
    aws-region: ${{{{ vars.AWS_REGION }}}}
- run: aws ce get-cost-and-usage --region us-east-1
"""
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))


# ── CD-08: replaced text and placeholders ────────────────────────────────────


@mutant("CD-08", "a workflow writes the address into a page")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        "      - name: Deploy\n",
        '      - name: Configure\n        run: sed -i "s|API_URL|$URL|" site/config.js\n      - name: Deploy\n',
    )


@mutant("CD-08", "a target fills variables into a file")
def _(edit: Edit) -> None:
    edit.write("local.mk", "page:\n\tenvsubst < page.html.in > page.html\n")


@mutant("CD-08", "an action replaces tokens")
def _(edit: Edit) -> None:
    steps = "- uses: cschleiden/replace-tokens@6a7b2b0a3d1f4b0b3c9a8c8a5d8e6f7a9b0c1d2e # v1.3\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


@mutant("CD-08", "a script replaces a placeholder")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/page.sh",
        '#!/bin/sh\nset -e\nsed "s/YOUR_API_ENDPOINT_HERE/$1/" page.html.in > page.html\n',
    )


@mutant("CD-08", "a variable of a function is still to be filled in")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py", 'PARTNER = "https://YOUR_API_ENDPOINT_HERE/"\n'
    )


@mutant("CD-08", "a parameter is still to be filled in")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, '"LogLevel=INFO"', '"LogLevel=INFO", "AlarmEmail=CHANGE_ME"')


@innocent("CD-08", "a release writes its version, and code refuses placeholders")
def _(edit: Edit) -> None:
    steps = "- run: sed -i \"s/^version = .*/version = '$V'/\" pyproject.toml\n- run: sed -n 's/^version//p' pyproject.toml\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        '"""Refuses YOUR_API_ENDPOINT_HERE."""\n\n\ndef is_set(value: str) -> bool:\n'
        '    """Whether a value is no placeholder like CHANGE_ME."""\n    return value != "CHANGE_ME"\n',
    )


# ── CD-09: deployments ask nothing ───────────────────────────────────────────


@mutant("CD-09", "a deployment asks before it changes prod")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG)
    before, found, after = text.rpartition("confirm_changeset = false")
    assert found
    edit.write(SAMCONFIG, f"{before}confirm_changeset = true{after}")


@mutant("CD-09", "having nothing to change fails")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^fail_on_empty_changeset = false\n", "")


@mutant("CD-09", "a target deploys as SAM would")
def _(edit: Edit) -> None:
    edit.write("local.mk", f"mine:\n\t$(SAM) deploy --stack-name {edit.service}-dev --resolve-s3\n")


@mutant("CD-09", "a target asks for everything")
def _(edit: Edit) -> None:
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env $(ENV) --guided\n")


@innocent(
    "CD-09", "a target deploys with the settings, and confirm_changeset is left as SAM has it"
)
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^confirm_changeset = false\n", "")
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env $(ENV) --no-progressbar\n")


# ── CD-10: traffic moves gradually ───────────────────────────────────────────


def rollback_alarms(function: Function) -> str:
    """What the template writes as the alarms that roll a new version of a function back."""
    failures = f", !Ref {function.pascal}NewVersionFailuresAlarm"
    return (
        f"[!Ref {function.pascal}NewVersionAlarm"
        f"{failures if function.trigger in ('api', 'queue', 'stream') else ''}]"
    )


@mutant("CD-10", "prod gets all traffic at once, as dev does")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"TrafficShifting=Canary\w+", "TrafficShifting=AllAtOnce")


@mutant("CD-10", "prod's TrafficShifting is lost")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r', "TrafficShifting=Canary\w+"', "")


@mutant("CD-10", "a function gets all traffic at once")
def _(edit: Edit) -> None:
    first = edit.function()
    edit.in_resource(
        first.logical_id,
        "      DeploymentPreference:\n",
        "      DeploymentPreference:\n        Type: AllAtOnce\n",
    )


@mutant("CD-10", "a function's shifting is turned off in prod")
def _(edit: Edit) -> None:
    with_is_prod(edit)
    edit.in_resource(
        edit.function().logical_id,
        "      DeploymentPreference:\n",
        "      DeploymentPreference:\n        Enabled: !If [IsProd, false, true]\n",
    )


@mutant("CD-10", "a function's shifting has no alarm")
def _(edit: Edit) -> None:
    first = edit.function()
    edit.in_resource(
        first.logical_id,
        f"        Alarms: {rollback_alarms(first)}\n",
        "        Alarms: []\n",
    )


@mutant("CD-10", "a function's alarm is that of its neighbour")
def _(edit: Edit) -> None:
    first, second = edit.two()
    edit.in_resource(
        first.logical_id,
        f"Alarms: {rollback_alarms(first)}",
        f"Alarms: {rollback_alarms(second)}",
    )


@mutant("CD-10", "an API's new version is watched by Lambda's errors alone")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.in_resource(
        first.logical_id,
        f"Alarms: {rollback_alarms(first)}",
        f"Alarms: [!Ref {first.pascal}NewVersionAlarm, !Ref {first.pascal}ErrorsAlarm]",
    )


@mutant("CD-10", "the code logs another message than the one that is counted")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.replace(f"{first.code}/index.py", '"request failed"', '"request_failed"')


@mutant("CD-10", "the filter counts another message than the one that is logged")
def _(edit: Edit) -> None:
    first = edit.function("queue", "stream")
    edit.in_resource(f"{first.pascal}FailuresFilter", " failed", " was not done")


@innocent("CD-10", "a filter counts all errors, whatever they say")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.in_resource(f"{first.pascal}FailuresFilter", ' && $.message = "request failed"', "")


@mutant("CD-10", "no function has a pace any more")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "      Type: !Ref TrafficShifting\n", "")


@innocent("CD-10", "a function has a pace and an alarm of its own, gradual in prod alone")
def _(edit: Edit) -> None:
    with_is_prod(edit)
    first = edit.function()
    alarms = rollback_alarms(first)
    edit.in_resource(
        first.logical_id,
        f"        Alarms: {alarms}\n",
        "        Type: !If [IsProd, Linear10PercentEvery3Minutes, AllAtOnce]\n"
        f"        Alarms: !If [IsProd, {alarms[:-1]}, !Ref {first.pascal}ErrorsAlarm], {alarms}]\n",
    )


# ── CD-11: one value decides ─────────────────────────────────────────────────


@mutant("CD-11", "a workflow repeats the Region")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"aws-region: \$\{\{ steps.facts.*", f"aws-region: {region(edit)}")


@mutant("CD-11", "a client of boto3 names the Region")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f'import boto3\n{CONFIG}\nsts = boto3.client("sts", region_name="{region(edit)}", config=CONFIG)\n',
    )


@mutant("CD-11", "code has the Region for when no variable is set")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'import os\n\nREGION = os.getenv("AWS_REGION", "{region(edit)}")\n',
    )


@mutant("CD-11", "code has a queue's address")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f'QUEUE = "https://sqs.{other_region(edit)}.amazonaws.com/123456789012/jobs"\n',
    )


@mutant("CD-11", "a parameter repeats the Region")
def _(edit: Edit) -> None:
    edit.parameter(
        f"HomeRegion:\n  Type: String\n  Description: Where it is.\n  Default: {region(edit)}"
    )


@mutant("CD-11", "a parameter would compute the Region")
def _(edit: Edit) -> None:
    edit.parameter(
        "HomeRegion:\n  Type: String\n  Description: Where it is.\n  Default: ${AWS::Region}"
    )


@mutant("CD-11", "code falls back to the Region")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'import os\n\nHOME = os.environ.get("AWS_REGION") or "{region(edit)}"\n',
    )


@mutant("CD-11", "a function of code has the Region as its default")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'def host(name: str, *, region: str = "{region(edit)}") -> str:\n'
        '    """The address of a service."""\n    return f"{name}.{region}"\n',
    )


@mutant("CD-11", "a queue of the service is passed by its ARN")
def _(edit: Edit) -> None:
    edit.parameter('JobsArn:\n  Type: String\n  Description: Where jobs wait.\n  Default: ""')
    arn = f"arn:aws:sqs:{region(edit)}:123456789012:{edit.service}-jobs-dev"
    edit.replace("samconfig.toml", '"LogLevel=', f'"JobsArn={arn}", "LogLevel=')


@mutant("CD-11", "a target repeats the Region")
def _(edit: Edit) -> None:
    edit.write("local.mk", f"tables:\n\taws dynamodb list-tables --region {region(edit)}\n")


@innocent("CD-11", "certificates of CloudFront, costs and time zones are where they are")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"import os\n\nimport boto3\n{CONFIG}\n"
        'ZONES = {"eu-west-1": "Europe/Dublin", "us-east-1": "America/New_York"}\n'
        'costs = boto3.client("ce", region_name="us-east-1", config=CONFIG)\n\n\n'
        'def zone() -> str:\n    return ZONES[os.environ["AWS_REGION"]]\n',
    )
    edit.parameter(
        'CertificateArn:\n  Type: String\n  Description: Certificate of CloudFront.\n  Default: ""'
    )
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/1f2e3d4c-aaaa-bbbb-cccc-1234567890ab"
    passed = f'["CertificateArn={arn}", "EnvironmentName='
    edit.replace_all(SAMCONFIG, '["EnvironmentName=', passed)
    edit.write("local.mk", "certificates:\n\taws acm list-certificates --region us-east-1\n")


# ── CD-12: a budget ──────────────────────────────────────────────────────────


@mutant("CD-12", "the budget is deleted")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", edit.resource("Budget"), "")


@mutant("CD-12", "the budget is for prod alone")
def _(edit: Edit) -> None:
    if edit.answers["monthly_budget_usd"] == "0":
        edit.skip()
    with_is_prod(edit)
    edit.in_resource("Budget", "Condition: HasBudget", "Condition: IsProd")


@mutant("CD-12", "the budget warns nobody")
def _(edit: Edit) -> None:
    text = edit.resource("Budget")
    begin = text.index("      NotificationsWithSubscribers:")
    edit.replace("template.yaml", text, text[:begin] + "\n")


@mutant("CD-12", "the topic does not take what the budget says")
def _(edit: Edit) -> None:
    edit.replace(
        "template.yaml",
        "[budgets.amazonaws.com, cloudwatch.amazonaws.com]",
        "cloudwatch.amazonaws.com",
    )


@innocent("CD-12", "somebody decided against a budget, and dev's has another address")
def _(edit: Edit) -> None:
    edit.replace(
        SAMCONFIG, '"EnvironmentName=prod"', '"EnvironmentName=prod", "MonthlyBudgetUsd=0"'
    )
    edit.in_resource(
        "Budget",
        "            - SubscriptionType: SNS\n              Address: !Ref AlarmTopic\n",
        "            - SubscriptionType: EMAIL\n              Address: costs@example.com\n",
    )


@innocent("CD-12", "the Region has no budgets")
def _(edit: Edit) -> None:
    edit.replace_all(SAMCONFIG, f'region = "{region(edit)}"', 'region = "eu-north-1"')
    edit.replace(".copier-answers.yml", f"aws_region: {region(edit)}", "aws_region: eu-north-1")
    edit.replace("template.yaml", edit.resource("Budget"), "")


# ── CD-13: one way to take a stack down ──────────────────────────────────────


@mutant("CD-13", "make destroy is gone")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"^destroy: .*\n\t.*\n", "")


@mutant("CD-13", "make destroy deletes without asking")
def _(edit: Edit) -> None:
    edit.sub(
        "Makefile",
        r"\t@\$\(DELIVERY\) destroy .*",
        r"\t$(SAM) delete --config-env $(ENV) --no-prompts",
    )


@mutant("CD-13", "make destroy answers its own question")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "$(call given,CONFIRM,confirm)", f"--confirm {edit.service}-$(ENV)")


@mutant("CD-13", "a workflow deletes dev each night")
def _(edit: Edit) -> None:
    steps = f"- run: aws cloudformation delete-stack --stack-name {edit.service}-dev\n"
    edit.write(OWN, workflow('schedule:\n    - cron: "0 20 * * *"', steps))


@mutant("CD-13", "a script deletes stacks")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/tidy.py",
        'import sys\n\nimport boto3\n\nboto3.client("cloudformation").delete_stack(StackName=sys.argv[1])\n',
    )


@innocent(
    "CD-13", "a workflow takes dev down by the one command, and a script deletes a change set"
)
def _(edit: Edit) -> None:
    steps = '- run: make destroy ENV=dev CONFIRM="$STACK"\n'
    edit.write(OWN, workflow("workflow_dispatch:", steps))
    edit.write(
        "local.mk", "tidy:\n\taws cloudformation delete-change-set --change-set-name $(NAME)\n"
    )
