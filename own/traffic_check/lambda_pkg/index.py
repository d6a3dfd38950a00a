"""Entry point of the traffic check: CodeDeploy calls it before a new version gets traffic."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from .services import versions
from .settings import load_settings
from .utils.aws import CONFIG

# Seconds for the last call that begins and for the answer to CodeDeploy, by their timeouts.
RESERVE = 30 + 25

# Service and level come from POWERTOOLS_SERVICE_NAME and LoggingConfig in template.yaml.
# Lambda reads the level of a line only beside a timestamp of RFC 3339.
logger = Logger(use_rfc3339=True)
# A new version starts cold, and may take as long as API Gateway waits for it. What fails once is refused.
ONCE = CONFIG.merge(Config(read_timeout=29, retries={"total_max_attempts": 1}))
functions: Any = boto3.client("lambda", config=ONCE)
deployments: Any = boto3.client("codedeploy", config=CONFIG.merge(Config(read_timeout=5)))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    def left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - RESERVE

    try:
        settings = load_settings()
        logger.append_keys(stage=settings.stage)
        tried = [
            versions.problem_of(version, logger.service, settings.stage, functions, left)
            for version in settings.new_function_versions
        ]
        problems = [problem for problem in tried if problem]
    except Exception:
        # Not raised: Lambda might try again, and CodeDeploy takes one answer. Without any it waits for an hour.
        logger.exception("the check itself failed")
        problems = ["the check itself failed"]
    for problem in problems:
        logger.error("a new version is refused", problem=problem)
    deployments.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if problems else "Succeeded",
    )
