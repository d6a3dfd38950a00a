"""Cases of EVT-03."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, delete, missing_alarm, watch_metrics, write
from kit.gate.findings import Finding


@violation("a function has no destination for failures")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    delete(edit, function.logical_id, "DestinationConfig:")


@violation("an event has no queue for what EventBridge can't deliver")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    delete(edit, function.logical_id, "DeadLetterConfig:")


@violation("a CloudWatchEvent has no queue for what EventBridge can't deliver")
def _(edit: Edit) -> None:
    function = edit.function("event")
    delete(edit, function.logical_id, "DeadLetterConfig:")
    edit.in_resource(function.logical_id, "EventBridgeRule", "CloudWatchEvent")


@violation("a queue has no redrive policy")
def _(edit: Edit) -> None:
    delete(edit, f"{edit.function('queue').pascal}Queue", "RedrivePolicy:")


@violation("a stream has no destination for failures")
def _(edit: Edit) -> None:
    function = edit.function("stream")
    delete(edit, f"{function.pascal}StreamMapping", "DestinationConfig:")
    sending = "            - Effect: Allow\n              Action: sqs:SendMessage\n"
    queue = f"              Resource: !GetAtt {function.pascal}DeadLetterQueue.Arn\n"
    edit.in_resource(function.logical_id, sending + queue, "")


@violation("dead letters have no alarm")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("a subscription of a partner has no redrive policy")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerSubscription:
  Type: AWS::SNS::Subscription
  Properties:
    TopicArn: !Ref AlarmTopic
    Protocol: https
    Endpoint: https://partner.example.com/alarms"""
    )


@good("a function has its destination in a resource of its own")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    delete(edit, function.logical_id, "DestinationConfig:")
    edit.declare(
        f"""{function.pascal}Failures:
  Type: AWS::Lambda::EventInvokeConfig
  Properties:
    FunctionName: !Ref {function.logical_id}
    Qualifier: live
    DestinationConfig:
      OnFailure:
        Destination: !GetAtt {function.pascal}DeadLetterQueue.Arn"""
    )


@good("a subscription is for a person, and an alarm on dead letters has Metrics")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    queue = alarm.replace("DeadLettersAlarm", "DeadLetterQueue")
    watch_metrics(
        edit,
        alarm,
        f"""        - Id: waiting
          MetricStat:
            Metric:
              Namespace: AWS/SQS
              MetricName: ApproximateNumberOfMessagesVisible
              Dimensions:
                - Name: QueueName
                  Value: !GetAtt {queue}.QueueName
            Period: 300
            Stat: Maximum
""",
    )
    edit.declare(
        """ManagerSubscription:
  Type: AWS::SNS::Subscription
  Properties:
    TopicArn: !Ref AlarmTopic
    Protocol: email
    Endpoint: manager@example.com"""
    )


@good("an alarm on dead letters has the physical name of their queue")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS, "queue", "stream")
    queue = f"{function.pascal}DeadLetterQueue"
    lines = edit.resource(queue).splitlines()
    name = next(line for line in lines if "QueueName:" in line).partition(": ")[2]
    edit.in_resource(f"{function.pascal}DeadLettersAlarm", f"!GetAtt {queue}.QueueName", name)


def queue_of(finding: Finding) -> str:
    """The queue that the template makes for what a function, its queue or its stream fails at."""
    name = re.sub(r"(Function|StreamMapping|Queue)$", "", str(finding.resource))
    return f"!GetAtt {name}DeadLetterQueue.Arn"


@fix("Write `DestinationConfig:")
def _(edit: Edit, finding: Finding) -> None:
    text = f"DestinationConfig: {{OnFailure: {{Destination: {queue_of(finding)}}}}}"
    write(edit, finding, "      EventInvokeConfig:\n", f"        {text}\n")


@fix("Write `DestinationConfig:", "a stream has no destination for failures")
def _(edit: Edit, finding: Finding) -> None:
    text = f"      DestinationConfig: {{OnFailure: {{Destination: {queue_of(finding)}}}}}"
    write(edit, finding, "    Properties:\n", f"{text}\n")
    name = str(finding.resource).replace("StreamMapping", "Function")
    below = "          Statement:\n"
    sending = f"            - Effect: Allow\n              Action: sqs:SendMessage\n              Resource: {queue_of(finding)}\n"
    edit.in_resource(name, below, f"{below}{sending}")


@fix("Write `DeadLetterConfig: {Arn: !GetAtt <queue>.Arn}`")
def _(edit: Edit, finding: Finding) -> None:
    text = f"            DeadLetterConfig: {{Arn: {queue_of(finding)}}}\n            RetryPolicy:\n"
    edit.in_resource(str(finding.resource), "            RetryPolicy:\n", text)


@fix("Write `RedrivePolicy` with")
def _(edit: Edit, finding: Finding) -> None:
    text = f"      RedrivePolicy: {{deadLetterTargetArn: {queue_of(finding)}, maxReceiveCount: 5}}"
    write(edit, finding, "    Properties:\n", f"{text}\n")


@fix("Write `RedrivePolicy: {deadLetterTargetArn: !GetAtt <queue>.Arn}`")
def _(edit: Edit, finding: Finding) -> None:
    edit.declare(
        f"""PartnerDeadLetters:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: !Sub {edit.service}-partner-dead-letters-${{EnvironmentName}}
    MessageRetentionPeriod: 1209600
    SqsManagedSseEnabled: true

PartnerDeadLettersPolicy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref PartnerDeadLetters]
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {{Service: sns.amazonaws.com}}
          Action: sqs:SendMessage
          Resource: !GetAtt PartnerDeadLetters.Arn
          Condition: {{ArnEquals: {{aws:SourceArn: !Ref AlarmTopic}}}}"""
    )
    queue = "QueueName, Value: !GetAtt PartnerDeadLetters.QueueName"
    missing_alarm(edit, "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)
    text = "      RedrivePolicy: {deadLetterTargetArn: !GetAtt PartnerDeadLetters.Arn}"
    write(edit, finding, "    Properties:\n", f"{text}\n")


@fix("Declare one on `ApproximateNumberOfMessagesVisible`")
def _(edit: Edit, finding: Finding) -> None:
    missing_alarm(
        edit,
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        f"QueueName, Value: !GetAtt {finding.resource}.QueueName",
    )


@violation("the alarm of a dead-letter queue has its URL for its name")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue', *ASYNCHRONOUS).pascal}Dead"
    new = f"!Ref {name}LetterQueue"
    edit.in_resource(f"{name}LettersAlarm", f"!GetAtt {name}LetterQueue.QueueName", new)
