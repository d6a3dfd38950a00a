"""CloudFormation templates as data, and what their intrinsic functions come to in one environment."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

# Where a resource of each type says its physical name: the path of its property.
# A name that CloudFormation makes up itself can't be taken already.
NAMES: dict[str, tuple[str, ...]] = {
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::Events::EventBus": ("Name",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::Scheduler::ScheduleGroup": ("Name",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::Serverless::Function": ("FunctionName",),
}
# What SAM makes of its types, and those of its own properties that can't change.
SAM = {
    "AWS::Serverless::Api": ("AWS::ApiGateway::RestApi",),
    "AWS::Serverless::Function": ("AWS::Lambda::Function",),
    "AWS::Serverless::HttpApi": ("AWS::ApiGatewayV2::Api",),
    "AWS::Serverless::LayerVersion": ("AWS::Lambda::LayerVersion",),
    "AWS::Serverless::SimpleTable": ("AWS::DynamoDB::Table", "PrimaryKey"),
    "AWS::Serverless::StateMachine": ("AWS::StepFunctions::StateMachine", "Name", "Type"),
}
# Words that somebody was to replace.
PLACEHOLDER = re.compile(r"\bYOUR_[A-Z0-9_]+|\bCHANGE_?ME\b|\bREPLACE_?ME\b|<YOUR[^>]*>")

if TYPE_CHECKING:
    from yaml import SafeLoader as FastLoader
else:  # PyYAML that was built without libyaml has only the slow one
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LocatedMapping(dict[Any, Any]):
    """A mapping that knows the line of each of its keys, and its own, from 1."""

    line = 0

    def __init__(self, *items: Any) -> None:
        super().__init__(*items)
        self.lines: dict[str, int] = {}


class LocatedList(list[Any]):
    """A list that knows the line of each of its items."""

    def __init__(self, *items: Any) -> None:
        super().__init__(*items)
        self.lines: list[int] = []


class Loader(FastLoader):
    """Reads `!Sub x` as {"Fn::Sub": "x"}, and remembers the lines of keys and items."""

    def located_mapping(self, node: yaml.MappingNode) -> Iterator[LocatedMapping]:
        data = LocatedMapping()
        data.line = node.start_mark.line + 1
        yield data
        self.flatten_mapping(node)
        data.update(self.construct_mapping(node))
        data.lines = {key.value: key.start_mark.line + 1 for key, _value in node.value}

    def located_list(self, node: yaml.SequenceNode) -> Iterator[LocatedList]:
        data = LocatedList()
        yield data
        data.extend(self.construct_sequence(node))
        data.lines = [item.start_mark.line + 1 for item in node.value]


def _intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        value: Any = text.split(".", 1) if name == "Fn::GetAtt" else text
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    found = LocatedMapping({name: value})
    found.line = node.start_mark.line + 1
    found.lines = {name: found.line}
    return found


Loader.add_constructor("tag:yaml.org,2002:map", Loader.located_mapping)
Loader.add_constructor("tag:yaml.org,2002:seq", Loader.located_list)
Loader.add_multi_constructor("!", _intrinsic)


class LiteralLoader(Loader):
    """Keeps each scalar as the text that it is written as, to compare two versions of a file."""

    yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}  # noqa: RUF012


def read(text: str, *, literal: bool = False) -> dict[str, Any]:
    """A template as data; intrinsics as {"Ref": …}, {"Fn::Sub": …}, {"Fn::GetAtt": [name, key]}.

    Args:
        text: the YAML.
        literal: whether scalars stay text: "yes", "0012".

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    data: dict[str, Any] = yaml.load(text, LiteralLoader if literal else Loader)  # noqa: S506
    return data


# ── Parts of a template, with their lines ──


def at(node: Any, *keys: str | int) -> Any:
    """What is at these keys, or None: at(template, "Resources", "Table", "Properties")."""
    for key in keys:
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int) and key < len(node):
            node = node[key]
        else:
            return None
    return node


def mapping_of(node: Any, *keys: str | int) -> dict[Any, Any]:
    """The mapping at these keys; empty where there is none."""
    node = at(node, *keys)
    return node if isinstance(node, dict) else {}


def line_of(node: Any, *keys: str | int) -> int:
    """The line of what is at these keys, or of the last of them that is there. 0 if none is."""
    line = node.line if isinstance(node, LocatedMapping) else 0
    for key in keys:
        if isinstance(node, LocatedMapping):
            line = node.lines.get(str(key), line)
        elif isinstance(node, LocatedList) and isinstance(key, int) and key < len(node):
            line = node.lines[key]
        node = at(node, key)
    return line


def merged(shared: Any, own: Any) -> Any:
    """A function's property with what Globals say of it, as SAM merges them."""
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    if not isinstance(shared, dict) or not isinstance(own, dict):
        return own
    if is_intrinsic(shared) or is_intrinsic(own):
        return own
    both = LocatedMapping(shared)
    for key, value in own.items():
        both[key] = merged(shared[key], value) if key in shared else value
    for item in (shared, own):
        if isinstance(item, LocatedMapping):
            both.lines |= item.lines
            both.line = item.line
    return both


def is_intrinsic(node: Any) -> bool:
    """Whether it is a !Ref, !Sub and so on."""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    (key,) = node
    return key in ("Ref", "Condition") or str(key).startswith("Fn::")


def leaves(
    node: Any, key: str = "", line: int = 0, *, literal: bool = False
) -> Iterator[tuple[str, str, int]]:
    """Every text in a part of YAML, with the key that it is at and its line.

    Args:
        literal: whether what intrinsics are given is left out: the `Table` of `!Ref Table`.
    """
    if isinstance(node, str):
        yield key, node, line
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from leaves(item, key, line_of(node, number) or line, literal=literal)
    elif isinstance(node, dict) and not (literal and is_intrinsic(node)):
        for name, value in node.items():
            inner = key if is_intrinsic(node) else str(name)
            yield from leaves(value, inner, line_of(node, name) or line, literal=literal)


@dataclass(frozen=True)
class Reference:
    """What a !Ref, !GetAtt or !Sub points to."""

    target: str
    attribute: str
    line: int


def references(node: Any, line: int = 0) -> Iterator[Reference]:
    """Everything that a part of a template refers to, pseudo parameters (AWS::Region) too."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from references(item, line_of(node, number) or line)
    elif isinstance(node, dict):
        for key, value in node.items():
            here = line_of(node, key) or line
            if key == "Ref":
                yield Reference(str(value), "", here)
            elif key == "Fn::GetAtt":
                parts = value.split(".") if isinstance(value, str) else list(map(str, value))
                yield Reference(parts[0], ".".join(parts[1:]), here)
            elif key == "Fn::Sub":
                yield from _substituted(value, here)
            else:
                yield from references(value, here)


def _substituted(value: Any, line: int) -> Iterator[Reference]:
    text, local = (value, {}) if isinstance(value, str) else (at(value, 0), at(value, 1) or {})
    for name in re.findall(r"\$\{([^!}][^}]*)\}", str(text)):
        target, _, attribute = name.strip().partition(".")
        if name.strip() not in local:
            yield Reference(target, attribute, line)
    yield from references(local, line)


def strings(node: Any, line: int = 0) -> Iterator[tuple[str, int]]:
    """Every text in a part of YAML with its line; of mappings the values, not the keys."""
    return ((text, number) for _key, text, number in leaves(node, line=line))


def statements(node: Any) -> Iterator[dict[str, Any]]:
    """The statements of every policy in it."""
    if isinstance(node, dict) and "Effect" in node:
        yield node
    elif isinstance(node, (dict, list)):
        for part in node.values() if isinstance(node, dict) else node:
            yield from statements(part)


# ── A template in one environment ──


class UnknownError(Exception):
    """What a part of a template comes to is only known once it is deployed."""


@dataclass(frozen=True)
class Resource:
    """A resource that is deployed in this environment."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    deletion_policy: str
    name: str | None
    """Its physical name, when the template gives one."""


@dataclass
class Template:
    """A template in one environment.

    Args:
        data: what `read` returned.
        parameters: values for its parameters; others have their default.
        pseudo: values of AWS::AccountId, AWS::Region, AWS::StackName and AWS::Partition.
        known: values of !Ref and !GetAtt that only a deployment knows: {"Table.Arn": "arn:…"}.
    """

    data: dict[str, Any]
    parameters: Mapping[str, str]
    pseudo: Mapping[str, str]
    known: Mapping[str, Any] = field(default_factory=dict)

    def resources(self) -> Iterator[Resource]:
        """The resources whose condition holds."""
        for logical_id, body in self.data["Resources"].items():
            if "Condition" in body and not self.holds(body["Condition"]):
                continue
            properties = body.get("Properties", {})
            yield Resource(
                logical_id,
                body["Type"],
                properties,
                body.get("DeletionPolicy", "Delete"),
                self.name(body["Type"], properties),
            )

    def name(self, kind: str, properties: Mapping[str, Any]) -> str | None:
        """The physical name of a resource of that type; None when CloudFormation makes it up."""
        value: Any = properties
        for key in NAMES.get(kind, ("",)):
            value = value.get(key) if isinstance(value, Mapping) else None
        try:
            return None if value is None else str(self.resolve(value))
        except UnknownError:
            return None

    def resolve(self, node: Any) -> Any:
        """What a part of the template comes to.

        Raises:
            UnknownError: it refers to what only a deployment knows.
        """
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        return {key: self.resolve(value) for key, value in node.items()}

    def holds(self, condition: Any) -> bool:
        """Whether a condition, by its name or as it is written, is true."""
        if isinstance(condition, str):
            return self.holds(self.data["Conditions"][condition])
        ((function, argument),) = condition.items()
        if function == "Condition":
            return self.holds(argument)
        if function == "Fn::Not":
            return not self.holds(argument[0])
        if function == "Fn::And":
            return all(map(self.holds, argument))
        if function == "Fn::Or":
            return any(map(self.holds, argument))
        one, other = argument  # Fn::Equals
        return str(self.resolve(one)) == str(self.resolve(other))

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                return self._known(argument if isinstance(argument, str) else ".".join(argument))
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join":
                separator, items = argument
                return str(separator).join(map(str, self.resolve(items)))
            case "Fn::If":
                condition, then, otherwise = argument
                return self.resolve(then if self.holds(condition) else otherwise)
            case "Fn::FindInMap":
                first, second, third = self.resolve(argument)
                return self.data["Mappings"][first][second][third]
            case "Fn::Select":
                index, items = self.resolve(argument)
                return items[int(index)]
            case "Fn::Split":
                separator, text = self.resolve(argument)
                return text.split(separator)
        raise UnknownError(function)

    def _ref(self, name: str) -> Any:
        if name in self.pseudo:
            return self.pseudo[name]
        parameter = self.data.get("Parameters", {}).get(name)
        if parameter is None:
            return self._known(name)
        value = self.parameters.get(name, parameter.get("Default", ""))
        is_list = parameter["Type"] == "CommaDelimitedList"
        return [word.strip() for word in str(value).split(",")] if is_list else value

    def _known(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        logical_id, _, attribute = name.partition(".")
        body = self.data["Resources"].get(logical_id, {})
        if not attribute and (found := self.name(body.get("Type", ""), body.get("Properties", {}))):
            return found
        raise UnknownError(name)

    def _sub(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in local:
                return str(self.resolve(local[name]))
            return str(self._known(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", value, text)
