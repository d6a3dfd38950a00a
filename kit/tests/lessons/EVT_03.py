"""Cases of EVT-03."""

from cases import good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, delete, watch_metrics


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
