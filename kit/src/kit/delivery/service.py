"""What a service's own files say: its names, its environments, its template."""

import os
import re
import shlex
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from kit.errors import KitError
from kit.layout import ANSWERS, ENVIRONMENTS, INFRA, ROOT
from kit.template import Template, UnknownError, read

# `aws` with a service that has Regions.
COMMAND = re.compile(r"\baws (?!configure\b|sso\b|login\b|iam\b|budgets\b)[a-z0-9]+ [a-z]")


@dataclass(frozen=True)
class Service:
    """A service in one environment.

    Args:
        root: the folder of the service.
        environment: dev or prod, a section of samconfig.toml.
    """

    root: Path
    environment: str

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The answers to the template's questions: the name, the repository, the branches."""
        return dict(yaml.safe_load(self._text(ANSWERS)))

    @cached_property
    def name(self) -> str:
        return str(self.answers["service_name"])

    @cached_property
    def config(self) -> dict[str, Any]:
        """The environment's section of samconfig.toml."""
        try:
            config: dict[str, Any] = tomllib.loads(self._text("samconfig.toml"))
        except tomllib.TOMLDecodeError as error:
            raise KitError(
                f"samconfig.toml can't be read: {error}.", "Fix it there: it is TOML."
            ) from error
        try:
            return {
                "global": config[self.environment]["global"]["parameters"],
                "deploy": config[self.environment]["deploy"]["parameters"],
            }
        except KeyError as error:
            raise KitError(
                f"samconfig.toml has no whole section for {self.environment}: {error} is missing.",
                f"It needs [{self.environment}.global.parameters] with stack_name and region, and"
                f" [{self.environment}.deploy.parameters].",
            ) from error

    @cached_property
    def stack(self) -> str:
        return str(self.config["global"]["stack_name"])

    @cached_property
    def region(self) -> str:
        return str(self.config["global"]["region"])

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters that samconfig.toml passes."""
        return self._pairs("parameter_overrides")

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags that samconfig.toml gives to the stack."""
        return self._pairs("tags")

    def _pairs(self, name: str) -> dict[str, str]:
        value = self.config["deploy"].get(name, [])
        pairs = shlex.split(value) if isinstance(value, str) else value
        return dict(pair.split("=", 1) for pair in pairs)

    @cached_property
    def declared_parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters that template.yaml declares.

        Raises:
            KitError: it is not YAML.
        """
        return dict(self._template_data.get("Parameters") or {})

    @cached_property
    def all_parameters(self) -> dict[str, str]:
        """Every parameter with its value in this environment.

        SAM leaves a parameter that it isn't given as it was deployed before, so that a new default
        would change nothing.
        """
        defaults = {
            name: str(body["Default"])
            for name, body in self.declared_parameters.items()
            if "Default" in body
        }
        return defaults | self.parameters

    def template(self, account: str) -> Template:
        """template.yaml in this environment of that account.

        Raises:
            KitError: it is not YAML.
        """
        pseudo = {
            "AWS::AccountId": account,
            "AWS::Region": self.region,
            "AWS::StackName": self.stack,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": self.domain,
        }
        return Template(self._template_data, self.parameters, pseudo)

    @cached_property
    def _template_data(self) -> dict[str, Any]:
        return self._yaml("template.yaml")

    @property
    def partition(self) -> str:
        """The part of AWS in which the Region lies."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def domain(self) -> str:
        """How addresses of AWS end there."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    @property
    def branch(self) -> str:
        """The branch that deploys this environment."""
        return str(self.answers[f"{self.environment}_branch"])

    @property
    def repository(self) -> str:
        return str(self.answers["github_repository"])

    @property
    def has_placeholder_repository(self) -> bool:
        """Whether the repository is the one that was proposed, and nobody's."""
        return self.repository.startswith("your-org/")

    # ── Names that infra/environment.yaml gives ──

    @property
    def infra_stack(self) -> str:
        return f"{self.name}-infra-{self.environment}"

    @property
    def deploy_role(self) -> str:
        return self._name("DeployRole", "RoleName")

    @property
    def execution_role(self) -> str:
        return self._name("ExecutionRole", "RoleName")

    @property
    def boundary(self) -> str:
        return self._name("Boundary", "ManagedPolicyName")

    def bucket(self, account: str) -> str:
        return self._name("ArtifactBucket", "BucketName", account)

    @cached_property
    def infra_data(self) -> dict[str, Any]:
        return self._yaml(INFRA)

    def _name(self, logical_id: str, key: str, account: str = "") -> str:
        """The name that infra/environment.yaml gives to one of its resources."""
        pseudo = {"AWS::AccountId": account}
        template = Template(self.infra_data, {"EnvironmentName": self.environment}, pseudo)
        try:
            return str(
                template.resolve(self.infra_data["Resources"][logical_id]["Properties"][key])
            )
        except (KeyError, TypeError, UnknownError) as error:
            raise KitError(
                f"{INFRA} gives no {key} to {logical_id} that the file alone gives.",
                f"Bring it back as git has it: git log -p -- {INFRA}",
            ) from error

    def arn(self, account: str, kind: str, name: str) -> str:
        """The ARN of something that IAM has: a role, a policy."""
        return f"arn:{self.partition}:iam::{account}:{kind}/{name}"

    def in_region(self, line: str) -> str:
        """A line that ends in a command of AWS, with the Region: the shell may have another."""
        where = f" --region {self.region}"
        return line + where if COMMAND.search(line) and "--region" not in line else line

    def _yaml(self, name: str) -> dict[str, Any]:
        try:
            return read(self._text(name))
        except yaml.YAMLError as error:
            why = " ".join(str(error).split())
            if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
                why = f"line {error.problem_mark.line + 1}: {error.problem}"
            raise KitError(f"{name} can't be read: {why}", "Fix it: make lint") from error

    def _text(self, name: str) -> str:
        try:
            return (self.root / name).read_text("utf-8")
        except OSError as error:
            raise KitError(
                f"{self.root / name} can't be read: {error.strerror}.",
                "Run this in the service's folder, with make.",
            ) from error


def current_service(environment: str | None = None) -> Service:
    """The service in whose folder `make` runs, in the environment of ENV.

    Raises:
        KitError: there is no such environment.
    """
    environment = environment or os.environ.get("ENV") or "dev"
    if environment not in ENVIRONMENTS:
        raise KitError(f"There is no environment {environment!r}.", "ENV=dev or ENV=prod")
    return Service(ROOT, environment)
