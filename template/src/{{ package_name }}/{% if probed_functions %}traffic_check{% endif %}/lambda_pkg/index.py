"""Entry point of the traffic check: CodeDeploy calls it before a new version gets traffic."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from .services import versions
from .settings import load_settings
from .utils.aws import client

settings = load_settings()
# Service and level come from POWERTOOLS_SERVICE_NAME and LoggingConfig in template.yaml.
# Lambda reads the level of a line only beside a timestamp of RFC 3339.
logger = Logger(stage=settings.stage, use_rfc3339=True)
functions = client("lambda")
deployments = client("codedeploy")


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    problems = ["the check itself failed"]
    try:
        tried = [
            versions.problem_of(versions.parse(each, logger.service, settings.stage), functions)
            for each in settings.new_function_versions
        ]
        problems = [problem for problem in tried if problem]
        for problem in problems:
            logger.error("a new version is refused", problem=problem)
    finally:
        # Whatever happened: without an answer CodeDeploy waits for an hour.
        deployments.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="Failed" if problems else "Succeeded",
        )
