"""What a service's own files say about it: its names, its environments, its template."""

import os
import re
import shlex
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from kit.template import Template, UnknownError, read

from .errors import DeliveryError

ENVIRONMENTS = ("dev", "prod")
INFRA = "infra/environment.yaml"
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
        """What the template was answered: the name, the repository, the branches."""
        answers: dict[str, Any] = yaml.safe_load(self._text(".copier-answers.yml"))
        return answers

    @cached_property
    def name(self) -> str:
        return str(self.answers["service_name"])

    @cached_property
    def config(self) -> dict[str, Any]:
        """The environment's section of samconfig.toml."""
        try:
            config: dict[str, Any] = tomllib.loads(self._text("samconfig.toml"))
        except tomllib.TOMLDecodeError as error:
            raise DeliveryError(
                f"samconfig.toml can't be read: {error}.", "Fix it there: it is TOML."
            ) from error
        try:
            return {
                "global": config[self.environment]["global"]["parameters"],
                "deploy": config[self.environment]["deploy"]["parameters"],
            }
        except KeyError as error:
            raise DeliveryError(
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
        given = self.config["deploy"].get(name, [])
        pairs = shlex.split(given) if isinstance(given, str) else given
        return dict(pair.split("=", 1) for pair in pairs)

    @cached_property
    def declared_parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters that template.yaml declares.

        Raises:
            DeliveryError: it is not YAML.
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

    @cached_property
    def template_text(self) -> str:
        return self._text("template.yaml")

    def template(self, account: str) -> Template:
        """template.yaml in this environment of that account.

        Raises:
            DeliveryError: it is not YAML.
        """
        pseudo = {
            "AWS::AccountId": account,
            "AWS::Region": self.region,
            "AWS::StackName": self.stack,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
        }
        return Template(self._template_data, self.parameters, pseudo)

    @cached_property
    def _template_data(self) -> dict[str, Any]:
        try:
            return read(self.template_text)
        except yaml.YAMLError as error:
            raise DeliveryError(
                f"template.yaml can't be read: {_in_a_line(error)}", "Fix it: make lint"
            ) from error

    @property
    def partition(self) -> str:
        """The part of AWS in which the Region lies."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def branch(self) -> str:
        """The branch that deploys this environment."""
        return str(self.answers[f"{self.environment}_branch"])

    @property
    def repository(self) -> str:
        return str(self.answers["github_repository"])

    # ── What infra/environment.yaml makes, by its names ──

    @property
    def infra_stack(self) -> str:
        return f"{self.name}-infra-{self.environment}"

    @property
    def deploy_role(self) -> str:
        return self._made("DeployRole", "RoleName")

    @property
    def execution_role(self) -> str:
        return self._made("ExecutionRole", "RoleName")

    @property
    def boundary(self) -> str:
        return self._made("Boundary", "ManagedPolicyName")

    def bucket(self, account: str) -> str:
        return self._made("ArtifactBucket", "BucketName", account)

    @cached_property
    def infra_data(self) -> dict[str, Any]:
        try:
            return read(self._text(INFRA))
        except yaml.YAMLError as error:
            raise DeliveryError(
                f"{INFRA} can't be read: {_in_a_line(error)}", "Correct it: make lint"
            ) from error

    def _made(self, logical_id: str, key: str, account: str = "") -> str:
        """The name that infra/environment.yaml gives to one of its resources."""
        pseudo = {"AWS::AccountId": account}
        template = Template(self.infra_data, {"EnvironmentName": self.environment}, pseudo)
        try:
            return str(
                template.resolve(self.infra_data["Resources"][logical_id]["Properties"][key])
            )
        except (KeyError, TypeError, UnknownError) as error:
            raise DeliveryError(
                f"{INFRA} gives no {key} to {logical_id} that can be told from the file.",
                f"Bring it back as git has it: git log -p -- {INFRA}",
            ) from error

    def arn(self, account: str, kind: str, name: str) -> str:
        """The ARN of something that IAM has: a role, a policy."""
        return f"arn:{self.partition}:iam::{account}:{kind}/{name}"

    def in_region(self, line: str) -> str:
        """A line that ends in a command of AWS, with the Region: the shell may have another."""
        where = f" --region {self.region}"
        return line + where if COMMAND.search(line) and "--region" not in line else line

    def _text(self, name: str) -> str:
        try:
            return (self.root / name).read_text("utf-8")
        except OSError as error:
            raise DeliveryError(
                f"{self.root / name} can't be read: {error.strerror}.",
                "Run this in the service's folder, with make.",
            ) from error


def _in_a_line(error: yaml.YAMLError) -> str:
    """Where a text is no YAML, and why."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def here(environment: str | None = None) -> Service:
    """The service in whose folder `make` runs, in the environment of ENV.

    Raises:
        DeliveryError: there is no such environment.
    """
    environment = environment or os.environ.get("ENV") or "dev"
    if environment not in ENVIRONMENTS:
        raise DeliveryError(f"There is no environment {environment!r}.", "ENV=dev or ENV=prod")
    return Service(Path(__file__).resolve().parents[3], environment)
