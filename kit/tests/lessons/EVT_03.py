"""Cases of EVT-03."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, cut


@violation("a function keeps nothing that fails")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    cut(edit, function.logical_id, "        DestinationConfig:", "      Events:")


@violation("what EventBridge can't hand over is lost")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    text = edit.resource(function.logical_id)
    line = "              Arn: !GetAtt "
    start = text.index("            DeadLetterConfig:\n")
    end = text.index("\n", text.index(line, start)) + 1
    edit.in_resource(function.logical_id, text[start:end], "")


@violation("a rule has its former name, and what it can't hand over is lost")
def _(edit: Edit) -> None:
    function = edit.function("event")
    text = edit.resource(function.logical_id)
    start = text.index("            DeadLetterConfig:\n")
    end = text.index("\n", text.index("              Arn: !GetAtt ", start)) + 1
    changed = (text[:start] + text[end:]).replace("EventBridgeRule", "CloudWatchEvent")
    edit.in_resource(function.logical_id, text, changed)


@violation("a queue tries for ever")
def _(edit: Edit) -> None:
    queue = f"{edit.function('queue').pascal}Queue"
    text = edit.resource(queue)
    edit.in_resource(queue, text[text.index("      RedrivePolicy:\n") :].rstrip("\n") + "\n", "")


@violation("a stream drops what it gave up on")
def _(edit: Edit) -> None:
    function = edit.function("stream")
    mapping = f"{function.pascal}StreamMapping"
    text = edit.resource(mapping)
    edit.in_resource(
        mapping, text[text.index("      DestinationConfig:\n") :].rstrip("\n") + "\n", ""
    )
    sending = "            - Effect: Allow\n              Action: sqs:SendMessage\n"
    queue = f"              Resource: !GetAtt {function.pascal}DeadLetterQueue.Arn\n"
    edit.in_resource(function.logical_id, sending + queue, "")


@violation("dead letters raise no alarm")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("a partner's address gets a topic, and what it does not take is lost")
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
    cut(edit, function.logical_id, "        DestinationConfig:", "      Events:")
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


@good("people get a topic, and an alarm on dead letters is a formula")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    text = edit.resource(alarm)
    queue = alarm.replace("DeadLettersAlarm", "DeadLetterQueue")
    start, end = text.index("      Namespace:"), text.index("      EvaluationPeriods:")
    edit.in_resource(
        alarm,
        text[start:end],
        f"""      Metrics:
        - Id: waiting
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


@good("an alarm on dead letters says the name of their queue")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS, "queue", "stream")
    queue = f"{function.pascal}DeadLetterQueue"
    lines = edit.resource(queue).splitlines()
    name = next(each for each in lines if "QueueName:" in each).partition(": ")[2]
    edit.in_resource(f"{function.pascal}DeadLettersAlarm", f"!GetAtt {queue}.QueueName", name)
