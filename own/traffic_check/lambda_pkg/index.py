"""Entry point of the traffic check: CodeDeploy calls it before a new version gets traffic."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from .services import versions
from .settings import load_settings
from .utils.aws import client

# Seconds for the last call that is begun and for the answer to CodeDeploy, by their timeouts.
RESERVE = 30 + 25

# Service and level come from POWERTOOLS_SERVICE_NAME and LoggingConfig in template.yaml.
# Lambda reads the level of a line only beside a timestamp of RFC 3339.
logger = Logger(use_rfc3339=True)
# A new version starts cold, and may take as long as API Gateway waits for it. Not tried twice:
# what fails once is refused.
functions = client("lambda", read_timeout=29, attempts=1)
deployments = client("codedeploy", read_timeout=5, attempts=3)


def problems_of_new_versions(context: LambdaContext) -> list[str]:
    """Try those without traffic; why each that is refused is."""
    settings = load_settings()
    logger.append_keys(stage=settings.stage)

    def left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - RESERVE

    named = [
        versions.parse(text, logger.service, settings.stage)
        for text in settings.new_function_versions
    ]
    tried = [
        versions.problem_of(version, functions, left)
        for version in named
        if not versions.is_live(version, functions)
    ]
    return [problem for problem in tried if problem]


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    problems = ["the check itself failed"]
    try:
        problems = problems_of_new_versions(context)
    except Exception:
        logger.exception("the check itself failed")
        raise
    finally:
        for problem in problems:
            logger.error("a new version is refused", problem=problem)
        # Whatever happened: without an answer CodeDeploy waits for an hour.
        deployments.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="Failed" if problems else "Succeeded",
        )
