"""Cases of IAM-04."""

from cases import fix, good, violation
from edits import Edit
from edits.access import in_infra, list_actions
from kit.gate.findings import Finding


@violation("after an evening of refusals queues are every queue")
def _(edit: Edit) -> None:
    old = "!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
    old += f"{edit.service}-*-${{EnvironmentName}}\n"
    in_infra(edit, "EventsPolicy", old, '"*"\n')


@violation("tables of both environments")
def _(edit: Edit) -> None:
    old = f"table/{edit.service}-*-${{EnvironmentName}}\n"
    in_infra(edit, "DataPolicy", old, f"table/{edit.service}-*\n")


@violation("everything of a service of AWS")
def _(edit: Edit) -> None:
    in_infra(edit, "OperationsPolicy", "cloudwatch:PutDashboard,", "cloudwatch:*,")


@violation("the boundary lets functions read each secret of the account")
def _(edit: Edit) -> None:
    in_infra(edit, "Boundary", f"secret:{edit.service}/*-${{EnvironmentName}}-??????", "secret:*")


def allow(edit: Edit, *lines: str) -> None:
    """Put a statement of these lines before that of the dashboard."""
    text = "".join(f"            {line}\n" for line in lines)
    mine = f"          - Sid: Mine\n            Effect: Allow\n{text}"
    dashboard = "          - Sid: Dashboard\n"
    in_infra(edit, "OperationsPolicy", dashboard, mine + dashboard)


@violation("every bucket and table, as long as it is over TLS")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: [s3:PutObject, dynamodb:DeleteTable]",
        'Resource: "*"',
        "Condition:",
        "  Bool:",
        '    aws:SecureTransport: "true"',
    )


@violation("a condition that holds for every table of the account")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: dynamodb:DeleteTable",
        'Resource: "*"',
        "Condition:",
        "  StringEquals:",
        "    aws:ResourceAccount: !Ref AWS::AccountId",
    )


@violation("a condition on a tag that any value fulfils, and that a resource may lack")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: dynamodb:DeleteTable",
        'Resource: "*"',
        "Condition:",
        "  StringLike:",
        '    aws:ResourceTag/Service: "*"',
        "  StringEqualsIfExists:",
        f"    aws:ResourceTag/Owner: {edit.service}",
    )


@violation("a comment tells what is allowed, and no reason")
def _(edit: Edit) -> None:
    allow(edit, "Action: dynamodb:UpdateItem", 'Resource: "*" # for all items')


@violation("a reason is promised")
def _(edit: Edit) -> None:
    allow(edit, "Action: dynamodb:UpdateItem", 'Resource: "*" # No narrower scope: TODO')


@violation("a reason is for later")
def _(edit: Edit) -> None:
    allow(edit, "# No narrower scope: will fix it later", "Action: s3:GetObject", "Resource: '*'")


@good("the reason is on the line below its label")
def _(edit: Edit) -> None:
    allow(
        edit,
        "# No narrower scope:",
        "# certificates are listed as a whole.",
        "Action: acm:ListCertificates",
        "Resource: '*'",
    )


@violation("roles by a pattern")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: iam:*Role*",
        "Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
        f"{edit.service}-${{EnvironmentName}}-*",
    )


@violation("everything but IAM")
def _(edit: Edit) -> None:
    allow(edit, "NotAction: iam:*", "Resource: '*' # No narrower scope: it deploys everything")


MANAGED = "      ManagedPolicyArns: [!Ref FunctionsPolicy,"


@violation("CloudFormation's role is an administrator beside its own policies")
def _(edit: Edit) -> None:
    arn = "!Sub 'arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess'"
    more = f"      ManagedPolicyArns:\n        - {arn}\n        - !Ref FunctionsPolicy\n#"
    in_infra(edit, "ExecutionRole", MANAGED, more)


@violation("CloudFormation's role may do whatever there is in IAM")
def _(edit: Edit) -> None:
    arn = "!Join ['', ['arn:', !Ref AWS::Partition, ':iam::aws:policy/IAMFullAccess']]"
    more = f"      ManagedPolicyArns:\n        - !Ref FunctionsPolicy\n        - {arn}\n#"
    in_infra(edit, "ExecutionRole", MANAGED, more)


@fix("Delete this line")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Scope `Resource`")
def _(edit: Edit, finding: Finding) -> None:
    kind = "sqs:*:*:" if finding.resource == "EventsPolicy" else "dynamodb:*:*:table/"
    arn = f"arn:${{AWS::Partition}}:{kind}{edit.service}-*-${{EnvironmentName}}"
    edit.in_line(finding, r"""["']\*["'].*""", f"!Sub {arn}")


@fix("Scope `Resource`", "tables of both environments")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, rf"{edit.service}-\*$", rf"{edit.service}-*-${{EnvironmentName}}")


@fix("Scope `Resource`", "the boundary lets functions read each secret of the account")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"secret:\*", rf"secret:{edit.service}/*-${{EnvironmentName}}-??????")


@fix("Scope `Resource`", "a comment tells what is allowed, and no reason", "a reason is promised")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "#.*", "# No narrower scope: the ids of these tables are random")


@fix("List the single actions")
def _(edit: Edit, finding: Finding) -> None:
    list_actions(edit, finding, "cloudwatch:ListDashboards")


@fix("Write `Action` with the single actions")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "NotAction: .*", "Action: s3:ListAllMyBuckets")


@good("a list of everything, with its reason")
def _(edit: Edit) -> None:
    in_infra(
        edit,
        "OperationsPolicy",
        "          - Sid: Dashboard\n",
        "          - Sid: Certificates\n            Effect: Allow\n"
        "            Action: acm:ListCertificates\n"
        '            Resource: "*" # No narrower scope: certificates are listed as a whole\n'
        "          - Sid: Dashboard\n",
    )


@good("one resource whose name has a random id, and everything with a tag")
def _(edit: Edit) -> None:
    in_infra(
        edit,
        "OperationsPolicy",
        "          - Sid: Dashboard\n",
        "          - Sid: Zone\n            Effect: Allow\n"
        "            Action: route53:ChangeResourceRecordSets\n"
        "            Resource: !Sub arn:${AWS::Partition}:route53:::hostedzone/Z0123456789ABCDEFGHIJ\n"
        "          - Sid: Keys\n            Effect: Allow\n"
        "            Action: kms:DescribeKey\n"
        '            Resource: "*"\n            Condition:\n              StringEquals:\n'
        f"                aws:ResourceTag/Service: {edit.service}\n"
        "          - Sid: Dashboard\n",
    )


@good("everything that a function of the service is for, and reading by a prefix")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: [lambda:UpdateEventSourceMapping, lambda:GetFunction*]",
        'Resource: "*"',
        "Condition:",
        "  ArnLike:",
        "    lambda:FunctionArn: !Sub arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:"
        f"{edit.service}-*-${{EnvironmentName}}",
    )
