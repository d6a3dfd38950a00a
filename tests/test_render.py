"""What is rendered looks as if a careful person had written it for this one service."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from conftest import ROOT, SAMPLES, check, long_lines, render, sample, tree

NAMES = [path.stem for path in SAMPLES]
DESCRIPTIONS = [
    '"Quoted": it\'s 100 % & {{ more }} #1 <b> `code` \\ *bold* [link](x) | 🛒 طلبات $x$ ${ y',
    "# not a heading",
    "- not a list",
    "1. not a list either",
    "{% raw %} {# no comment #} {{ _copier_conf }}",
    "ends with a backslash \\",
    "~~struck~~ _under_ &amp; <script>alert(1)</script> https://example.com",
    "'single' and \"double\", 'more' single: '",
    "yes",
    "null",
    'a \\ \'b\' "c" "d"',
    "Orders – the customer’s view, Заказы",  # noqa: RUF001
    "שלום 👨‍👩‍👧 é",
]


class Template(yaml.SafeLoader):
    """Reads CloudFormation's YAML: !Sub x becomes {"Fn::Sub": "x"}."""


def intrinsic(loader: Template, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {f"Fn::{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"Fn::{suffix}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {f"Fn::{suffix}": loader.construct_mapping(node, deep=True)}


Template.add_multi_constructor("!", intrinsic)


def load(text: str) -> Any:
    return yaml.load(text, Loader=Template)  # noqa: S506 — it is a SafeLoader


def cloudformation(service: Path) -> dict[str, Any]:
    template: dict[str, Any] = load((service / "template.yaml").read_text("utf-8"))
    return template


def resources(service: Path, kind: str) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in cloudformation(service)["Resources"].items()
        if resource["Type"] == kind
    }


# ── Files ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_files_are_clean(rendered_samples: dict[str, Path], name: str) -> None:
    problems = []
    for path, content in tree(rendered_samples[name]).items():
        text = content.decode("utf-8")
        checks = {
            "starts with a blank line": text.startswith("\n"),
            "does not end in one newline": text != "" and not re.search(r"[^\n]\n\Z", text),
            "has trailing blanks": re.search(r"[ \t]+$", text, re.MULTILINE),
            "has stray blank lines": "\n" * (4 if path.endswith(".py") else 3) in text,
            "has Windows line ends": "\r" in text,
            "has an empty block": re.search(r":\n\n\n|\{\n\n|\[\n\n", text),
            "has a gap": path.endswith((".yml", ".yaml")) and re.search(r":\n\n", text),
            "has a lone comment": path.endswith(".yml") and re.search(r"\n +#.*\n\n", text),
        }
        problems += [f"{path} {problem}" for problem, found in checks.items() if found]
    assert problems == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "everything"])
def test_no_template_markers_are_left(rendered_samples: dict[str, Path], name: str) -> None:
    """The sample `everything` has them in its description, on purpose."""
    for path, content in tree(rendered_samples[name]).items():
        # GitHub's expressions, and Docker's formats, are no template's.
        text = re.sub(r'"\$\{\{"|\$\{\{.*?\}\}|\{\{\.\w+\}\}', "", content.decode("utf-8"))
        assert not re.search(r"\{\{|\{%|%\}|\{#|#\}", text), path
        assert not path.endswith(".jinja")


def test_paths_are_portable(rendered_samples: dict[str, Path]) -> None:
    sources = check("git", "ls-files", "-z", cwd=ROOT).split("\0")
    assert [path for path in sources if '"' in path or "\\" in path] == []
    for service in rendered_samples.values():
        assert all(re.fullmatch(r"[\w./-]+", path) for path in tree(service))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_same_answers_render_the_same_bytes(
    template: Path, tmp_path: Path, rendered_samples: dict[str, Path], path: Path
) -> None:
    again = render(template, tmp_path / "again", **sample(path))
    assert tree(again) == tree(rendered_samples[path.stem])


@pytest.mark.parametrize("name", NAMES)
def test_structured_files_parse(rendered_samples: dict[str, Path], name: str) -> None:
    read = 0
    for path, content in tree(rendered_samples[name]).items():
        text = content.decode("utf-8")
        if path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith((".yml", ".yaml")):
            load(text)
        elif path.endswith(".py"):
            ast.parse(text)
        else:
            continue
        read += 1
    assert read > 20


def test_the_tree_is_the_documented_one(orders: Callable[..., Path]) -> None:
    """Every room that a user is told of is there."""
    files = tree(orders())
    for path in [
        "README.md",
        "CHANGELOG.md",
        "Makefile",
        "template.yaml",
        "samconfig.toml",
        "pyproject.toml",
        ".python-version",
        "requirements-dev.txt",
        "requirements-deploy.txt",
        "requirements-sam.txt",
        ".gitignore",
        ".dockerignore",
        ".editorconfig",
        ".github/dependabot.yml",
        ".github/workflows/dev_cicd.yml",
        ".github/workflows/prod_cicd.yml",
        "src/orders/app/README.md",
        "src/orders/app/requirements.txt",
        "src/orders/app/lambda_pkg/__init__.py",
        "src/orders/app/lambda_pkg/index.py",
        "src/orders/app/lambda_pkg/settings.py",
        "src/orders/app/lambda_pkg/services/__init__.py",
        "src/orders/app/lambda_pkg/utils/__init__.py",
        "events/app/get-health.json",
        "tests/unit/README.md",
        "tests/unit/app/test_index.py",
        "tests/integration/app/test_api.py",
        ".kit/kit/setup.py",
        "docs/architecture.md",
        "docs/cicd.md",
        "docs/access.md",
        "docs/first-deployment.md",
        "docs/operations.md",
        "docs/decisions/README.md",
    ]:
        assert path in files, path


# ── Free text ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_the_description_reads_the_same_everywhere(
    orders: Callable[..., Path], description: str
) -> None:
    service = orders(service_description=description, api_framework="fastapi")
    assert cloudformation(service)["Description"] == f"orders: {description}"
    project = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["description"] == description

    index = ast.parse((service / "src/orders/app/lambda_pkg/index.py").read_text("utf-8"))
    texts = {node.value for node in ast.walk(index) if isinstance(node, ast.Constant)}
    assert description in texts

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        (service / "README.md").read_text("utf-8")
    )
    assert tokens[3].type == "paragraph_open"
    children = tokens[4].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == description


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_python_with_the_description_is_clean(
    orders: Callable[..., Path], description: str
) -> None:
    service = orders(service_description=description, api_framework="fastapi")
    check("ruff", "format", "--check", ".", cwd=service)
    check("ruff", "check", ".", cwd=service)


# ── The stack ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_names_end_in_the_environment_and_fit(rendered_samples: dict[str, Path], name: str) -> None:
    """IAC-04, IAC-05: physical names carry service and environment, within AWS's limits."""
    limits = {"FunctionName": 64, "TableName": 255, "TopicName": 256, "AlarmName": 255}
    limits |= {"LogGroupName": 512, "Name": 64, "BudgetName": 100, "QueueName": 80}
    service = sample(ROOT / "tests" / "samples" / f"{name}.yml")["service_name"]
    names = []
    for resource in cloudformation(rendered_samples[name])["Resources"].values():
        if resource["Type"].startswith("AWS::Lambda::") or resource["Type"].endswith("Filter"):
            continue  # these name what they belong to, and have no name themselves
        properties = resource["Properties"]
        properties = properties.get("Budget", properties)
        names += [(key, properties[key]) for key in limits.keys() & properties.keys()]
    assert len(names) >= 9
    for key, value in names:
        physical = value["Fn::Sub"]
        assert physical.endswith("-${EnvironmentName}")
        assert service in physical
        assert len(physical.replace("${EnvironmentName}", "prod")) <= limits[key]


def test_every_function_has_what_it_needs(rendered_samples: dict[str, Path]) -> None:
    functions = resources(rendered_samples["everything"], "AWS::Serverless::Function")
    groups = resources(rendered_samples["everything"], "AWS::Logs::LogGroup")
    alarms = resources(rendered_samples["everything"], "AWS::CloudWatch::Alarm")
    assert functions.keys() == {
        *("ApiFunction", "AppFunction", "AnAdminFunctionOf24cFunction", "ChatNotifierFunction"),
        "TrafficCheckFunction",
    }
    for name, function in functions.items():
        prefix = name.removesuffix("Function")
        assert (rendered_samples["everything"] / function["CodeUri"]).is_dir()
        assert function["Handler"] == "lambda_pkg.index.lambda_handler"
        assert isinstance(function["Timeout"], int)
        assert isinstance(function["MemorySize"], int)
        assert function["LoggingConfig"] == {"LogGroup": {"Fn::Ref": f"{prefix}LogGroup"}}
        assert groups[f"{prefix}LogGroup"]["RetentionInDays"]
        assert {f"{prefix}ErrorsAlarm", f"{prefix}ThrottlesAlarm"} <= alarms.keys()
    for name, alarm in alarms.items():
        # What the code logs has alarms of its own; this one is for rolling back.
        tells = not name.endswith("NewVersionFailuresAlarm")
        assert alarm.get("AlarmActions", []) == [{"Fn::Ref": "AlarmTopic"}] * tells
        assert alarm["AlarmDescription"]


def test_a_function_may_do_what_its_code_does_and_no_more(
    rendered_samples: dict[str, Path],
) -> None:
    function = resources(rendered_samples["everything"], "AWS::Serverless::Function")["AppFunction"]
    (policy,) = function["Policies"]
    table, secrets = policy["Statement"]
    assert table == {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
        "Resource": {"Fn::GetAtt": "Table.Arn"},
    }
    assert secrets["Action"] == "secretsmanager:GetSecretValue"
    assert [arn["Fn::Sub"].split(":secret:")[1] for arn in secrets["Resource"]] == [
        "an-order-service-19/class-${EnvironmentName}-??????",
        "an-order-service-19/str-${EnvironmentName}-??????",
        "an-order-service-19/twilio-api-key-${EnvironmentName}-??????",
    ]
    bare = resources(rendered_samples["no-table"], "AWS::Serverless::Function")["AppFunction"]
    assert "Policies" not in bare


def test_the_table_outlives_mistakes(rendered_samples: dict[str, Path]) -> None:
    table = cloudformation(rendered_samples["default"])["Resources"]["Table"]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"
    in_prod = {"Fn::If": ["IsProd", True, False]}
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] == in_prod
    recovery = properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert recovery == in_prod
    assert properties["TimeToLiveSpecification"]["Enabled"] is True
    assert "Table" not in cloudformation(rendered_samples["no-table"])["Resources"]


def test_cors_is_said_once_and_used_twice(rendered_samples: dict[str, Path]) -> None:
    """The gateway and the functions allow the same origins, methods and headers."""
    for name in ("default", "fastapi"):
        service = rendered_samples[name]
        cors = resources(service, "AWS::Serverless::HttpApi")["Api"]["CorsConfiguration"]
        function = resources(service, "AWS::Serverless::Function")["AppFunction"]
        origins = function["Environment"]["Variables"]["CORS_ALLOW_ORIGINS"]
        assert cors["AllowOrigins"] == {"Fn::Ref": "CorsAllowOrigins"}
        assert origins["Fn::Join"] == [",", {"Fn::Ref": "CorsAllowOrigins"}]
        (index,) = service.glob("src/*/app/lambda_pkg/index.py")
        assert json.dumps(cors["AllowHeaders"]) in index.read_text("utf-8")


def test_readme_and_template_list_the_same_variables(rendered_samples: dict[str, Path]) -> None:
    """STR-08: the variables in a function's README are those that the template passes."""
    for service in rendered_samples.values():
        shared = cloudformation(service)["Globals"]["Function"]["Environment"]["Variables"]
        for function in resources(service, "AWS::Serverless::Function").values():
            readme = (service / function["CodeUri"] / "README.md").read_text("utf-8")
            listed = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", readme, re.MULTILINE))
            assert listed == {*shared, *function["Environment"]["Variables"]}


def test_samconfig_is_complete_in_each_environment(orders: Callable[..., Path]) -> None:
    config = tomllib.loads((orders(aws_region="eu-north-1") / "samconfig.toml").read_text("utf-8"))
    assert config.keys() == {"version", "dev", "prod"}
    for environment in ("dev", "prod"):
        section = {key: value["parameters"] for key, value in config[environment].items()}
        assert section["global"]["stack_name"] == f"orders-{environment}"
        assert section["global"]["region"] == "eu-north-1"
        assert section["build"]["use_container"] is True
        assert section["validate"]["lint"] is True
        assert section["deploy"]["confirm_changeset"] is False
        assert section["deploy"]["fail_on_empty_changeset"] is False
        assert section["deploy"]["resolve_s3"] is False
        assert f"EnvironmentName={environment}" in section["deploy"]["parameter_overrides"]


def test_placeholder_repository_is_said_where_it_matters(orders: Callable[..., Path]) -> None:
    service = orders()
    for path in ("README.md", "docs/access.md"):
        assert "`your-org/orders` is a placeholder" in (service / path).read_text("utf-8")


def test_a_real_repository_is_no_placeholder(orders: Callable[..., Path]) -> None:
    service = orders(github_repository="example/orders")
    files = tree(service).items()
    assert not [
        path
        for path, content in files
        if b"`your-org/" in content or b"` is a placeholder." in content
    ]


def test_dependabot_sees_every_requirements_file(rendered_samples: dict[str, Path]) -> None:
    service = rendered_samples["everything"]
    bot = yaml.safe_load((service / ".github/dependabot.yml").read_text("utf-8"))
    python, actions = bot["updates"]
    assert python["package-ecosystem"] == "uv"
    covered = {
        path
        for pattern in python["directories"]
        for folder in ([service] if pattern == "/" else service.glob(pattern.strip("/")))
        for path in folder.glob("requirements*.txt")
    }
    assert covered == set(service.rglob("requirements*.txt"))
    assert len(covered) == 10
    assert actions["package-ecosystem"] == "github-actions"
    assert {python["target-branch"], actions["target-branch"]} == {"dev/next+1"}


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_named_as_they_can_be_changed(
    rendered_samples: dict[str, Path], name: str
) -> None:
    """Whatever tells to change an answer does it with the service's own command."""
    service = rendered_samples[name]
    asked = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8")).keys()
    named = set()
    for path, content in tree(service).items():
        text = content.decode()
        assert not re.search(r"copier update .*--data \w", text), path
        named |= set(re.findall(r"make answer NAME=(\w+)", text))
    assert {"github_repository", "alarm_email", "python_version"} <= named <= asked


@pytest.mark.parametrize("name", NAMES)
def test_documents_name_the_required_check_as_github_does(
    rendered_samples: dict[str, Path], name: str
) -> None:
    """GitHub shows the job of a called workflow as: the calling job / the called one."""
    service = rendered_samples[name]
    shown = set()
    for file in ("dev_cicd.yml", "prod_cicd.yml"):
        workflow = yaml.safe_load((service / ".github/workflows" / file).read_text("utf-8"))
        for caller, job in workflow["jobs"].items():
            if job["if"] == "github.event_name == 'pull_request'":
                called = yaml.safe_load((service / job["uses"]).read_text("utf-8"))["jobs"]
                outer = job.get("name", caller)
                shown |= {f"{outer} / {each.get('name', key)}" for key, each in called.items()}
    (check_name,) = shown
    for document in ("access.md", "cicd.md", "first-deployment.md"):
        assert f"`{check_name}`" in (service / "docs" / document).read_text("utf-8")


def test_documents_name_every_secret(rendered_samples: dict[str, Path]) -> None:
    """SEC-06: those that the preflight asks for, which include the chat's."""
    service = rendered_samples["everything"]
    wanted = {
        value["Fn::Sub"].split("/")[1].removesuffix("-${EnvironmentName}")
        for function in resources(service, "AWS::Serverless::Function").values()
        for variable, value in function["Environment"]["Variables"].items()
        if variable.endswith("_SECRET")
    }
    assert {"chat-webhook", "twilio-api-key"} <= wanted
    access = (service / "docs/access.md").read_text("utf-8")
    first = (service / "docs/first-deployment.md").read_text("utf-8")
    assert set(re.findall(r"^\| (\S+) \| `\S+-dev` \|", access, re.MULTILINE)) == wanted
    for environment in ("dev", "prod"):
        stored = re.findall(rf"^make secrets ENV={environment} SET=(\S+) <", first, re.MULTILINE)
        assert set(stored) == wanted
    readme = (service / "src/an_order_service_19/chat_notifier/README.md").read_text("utf-8")
    assert "make secrets ENV=dev SET=chat-webhook" in readme


def test_readers_may_what_the_preflight_reads(rendered_samples: dict[str, Path]) -> None:
    """The sample policy for people has what the deploy role has for the preflight."""
    service = rendered_samples["default"]
    access = (service / "docs/access.md").read_text("utf-8")
    (policy,) = re.findall(r"```json\n(.*?)```", access, re.DOTALL)
    allowed = [
        action
        for statement in json.loads(policy)["Statement"]
        for action in [statement["Action"]]
        for action in (action if isinstance(action, list) else [action])
    ]
    infra = (service / "infra/environment.yaml").read_text("utf-8")
    reads = infra.split("# ── What the preflight reads ──")[1].split("\n  ExecutionRole:")[0]
    wanted = set(re.findall(r"(?:Action: |- |\[|,\s+)([a-z0-9]+:[A-Z]\w+)", reads))
    assert {"sqs:GetQueueUrl", "lambda:GetAccountSettings", "iam:GetPolicy"} <= wanted
    assert wanted <= set(allowed)
    verbs = {re.match(r"[A-Z][a-z]+", action.split(":")[1])[0] for action in allowed}  # type: ignore[index]
    assert verbs == {"Describe", "Filter", "Get", "List", "View"}


@pytest.mark.parametrize("name", NAMES)
def test_documents_name_commands_and_files_that_exist(
    rendered_samples: dict[str, Path], name: str
) -> None:
    service = rendered_samples[name]
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (service / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    for document in service.rglob("*.md"):
        text = document.read_text("utf-8")
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
        assert named <= targets, document
        for link in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"\\\[.*", "", text)):
            assert (document.parent / link).exists(), f"{document}: {link}"


# Answers that bring documents, or sections of them.
OPTIONAL = {
    "functions": "apis:api, listener:event, days:schedule, jobs:queue, changes:stream, files:bucket,"
    " notices:topic",
    "alarm_chat_webhook": "chat-webhook",
    "alarm_email": "oncall@example.com",
    "jwt_issuer": "https://login.example.com/",
    "private_index": "acme/python",
    "secrets": "stripe-key:apis",
}


@pytest.mark.parametrize("answers", [{}, OPTIONAL], ids=["default", "everything"])
def test_prose_is_wrapped(orders: Callable[..., Path], answers: dict[str, str]) -> None:
    """At 100 columns, with names of a common length."""
    service = orders(**answers)
    documents = [path for path in service.rglob("*.md") if ".kit" not in path.parts]
    long = {
        str(path.relative_to(service)): lines
        for path in documents
        if (lines := long_lines(path.read_text("utf-8")))
    }
    assert not long
