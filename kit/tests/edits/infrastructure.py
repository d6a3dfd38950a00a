"""What the cases of several lessons share: infrastructure."""

import re

from edits import Edit, Function

ENV = "${EnvironmentName}"
PLAIN = """  {function.logical_id}:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub {edit.service}-{function.kebab}-${{EnvironmentName}}
      Code: {function.folder}/
      Handler: lambda_pkg.index.lambda_handler
      {runtime}
      MemorySize: 512
      Timeout: 10
      TracingConfig: {{Mode: Active}}
      LoggingConfig:
        LogGroup: !Ref {function.pascal}LogGroup
        LogFormat: JSON
        ApplicationLogLevel: !Ref LogLevel
      Role: !GetAtt {function.pascal}Role.Arn
      Environment:
        Variables:
          STAGE: !Ref EnvironmentName
          POWERTOOLS_SERVICE_NAME: {edit.service}
          CORS_ALLOW_ORIGINS: !Join [",", !Ref CorsAllowOrigins]
          TABLE_NAME: !Ref Table

  {function.pascal}Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !Sub "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/\
{edit.service}-boundary-${{EnvironmentName}}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: lambda.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: Items
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [dynamodb:GetItem, dynamodb:PutItem]
                Resource: !GetAtt Table.Arn

"""


def rename(edit: Edit, name: str) -> None:
    function = edit.function()
    old = f"FunctionName: !Sub {edit.service}-{function.kebab}-{ENV}"
    edit.in_resource(function.logical_id, old, f"FunctionName: {name}")


def require_variable(edit: Edit, function: Function, name: str) -> None:
    """Let the settings of a function require a variable."""
    settings, field = f"{function.code}/settings.py", name.lower()
    edit.replace(settings, "    stage: str\n", f"    stage: str\n    {field}: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        {field}=required("{name}"),\n')


def unlist_variable(edit: Edit, name: str) -> None:
    """Delete a variable from the READMEs of functions."""
    for path in edit.glob("src/*/*/README.md"):
        edit.write(path, re.sub(rf"^\| `{name}` .*\n", "", edit.read(path), flags=re.MULTILINE))


def without_sam(edit: Edit) -> None:
    """Declare the first api function, which has a table, as a function of Lambda itself."""
    function = edit.function("api")
    old = edit.resource(function.logical_id)
    if "TABLE_NAME: !Ref Table" not in old:
        edit.skip()
    runtime = re.findall(r"Runtime: \S+", edit.read("template.yaml"))[0]
    edit.replace("template.yaml", old, PLAIN.format(edit=edit, function=function, runtime=runtime))
