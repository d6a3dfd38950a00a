"""The commands: list, add, rename, remove, answer and update."""

from __future__ import annotations

import contextlib
import difflib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from kit.errors import KitError
from kit.layout import ANSWERS, ROOT, TEMPLATE
from kit.prompts import agreed

from .git import all_or_nothing, git, need_clean_tree, remove_empty, tracked
from .plan import carry_out, need_places_after_update, plan
from .renaming import changed_paths, need_new_names, reformat, renamed_texts
from .rendering import render, rendered, update_to
from .report import say, say_by_hand, say_changed, say_left, say_next, say_public
from .service import (
    Function,
    answers,
    answers_with,
    content,
    entries,
    files,
    function,
    functions,
    kinds,
    new_ids,
    owners,
    resources,
    secrets,
    text,
    user_paths,
)

# Answers that are recorded and not for `answer`: which questions were asked, and what the template notes.
HIDDEN = ("more_questions", "seen")
# Answers that other commands change, or none.
FIXED = {
    "functions": (
        "Functions come and go with their files:",
        "make add-function, make rename-function, make remove-function",
    ),
    "service_name": (
        "A service keeps its name: its stacks and everything in them have it.",
        "For another name, render another service, and move your files.",
    ),
}
TRIGGERS = ("api", "event", "schedule", "queue", "stream", "bucket", "topic")
# Answers that decide what functions get or who may call them: the functions' files follow.
FOLLOWED = ("jwt_issuer", "secrets", "table")
# Answers that `make bootstrap` gives to the AWS account or to GitHub.
BOOTSTRAPPED = ("aws_region", "dev_branch", "github_repository", "prod_branch")


def list_functions() -> None:
    """Print each function with its folder and its resources."""
    from kit.terminal import table  # which the environment of the other commands lacks

    rows = [
        (item.name, item.trigger, item.folders[0], ", ".join(resources(item.name)))
        for item in functions()
    ]
    table(rows, "function", "trigger", "folder", "resources in template.yaml")


def add(name: str, trigger: str) -> None:
    """Render a function, and put it beside the others."""
    if not name or trigger in ("", "help"):
        raise KitError(
            "Which function, and what invokes it?",
            "make add-function NAME=nightly TRIGGER=schedule",
            f"TRIGGER is one of {', '.join(TRIGGERS)}.",
        )
    _need_one(NAME=name, TRIGGER=trigger)
    need_clean_tree()
    new = Function(name, trigger)
    others = functions()
    # The template refuses a bad answer before anything is touched.
    with rendered(**answers_with([*others, new])) as (before, after):
        _need_free(new, others)
        _need_new_ids(before, after)
        changes = plan(before, after)
        with all_or_nothing({}):
            carry_out(changes, after)
    say(f"{name} ({trigger}) is added, at version {answers()['_commit']} of the template.", "")
    say("New:", *(f"  {folder}/" for folder in new.folders if (ROOT / folder).exists()))
    say_changed(new.folders)
    say_next(
        ("edit its code", f"{new.folders[0]}/lambda_pkg/"),
        ("make setup check", "its requirements, and every check"),
    )


def rename(name: str, new_name: str) -> None:
    """Move a function's folders, and let everything follow its new name."""
    if not name or not new_name:
        raise KitError(
            "Which function, and what is its new name?",
            "make rename-function NAME=app TO=orders_api",
        )
    _need_one(TO=new_name)
    old = function(name)
    if name == new_name:
        raise KitError(f"It is called {name} already.")
    need_clean_tree()
    new = Function(new_name, old.trigger)
    items = [new if item == old else item for item in functions()]
    pairs = zip(old.folders, new.folders, strict=True)
    moves = {source: target for source, target in pairs if tracked(source)}
    with rendered(**answers_with(items, {name: new_name})) as (before, after):
        _need_free(new, [item for item in items if item != new])
        _need_new_ids(before, after)
        old_ids = new_ids(after, before)
        replaced = {key: kind for key, kind in resources(name).items() if key in old_ids}
        texts = renamed_texts(old, new, moves, before, after)
        need_new_names(old, items, texts.get(TEMPLATE, ""), new_ids(before, after))
        paths = changed_paths(before, after)
        lines = _lines(after)
    with all_or_nothing(moves):
        for source, target in moves.items():
            (ROOT / target).parent.mkdir(parents=True, exist_ok=True)
            git("mv", source, target)
        for path, new_text in texts.items():
            (ROOT / path).write_text(new_text, "utf-8")
        reformat([path for path in texts if path.endswith(".py")])
    for source in moves:
        remove_empty(source)
    say(f"{name} is called {new_name} now.", "", "Moved:")
    say(*(f"  {source}/ → {target}/" for source, target in moves.items()))
    say_changed(moves.values())
    say_left(old, replaced, lines, f"These lines still say {name}. Do they mean the function?")
    _say_replaced(replaced)
    say(*(f"  Callers must follow: its path was {was} and is {path}" for was, path in paths))
    say_next(("make check", "every check"))


def _say_replaced(ids: dict[str, str]) -> None:
    """What the next deployment after a rename replaces."""
    say(
        "",
        "Where it is deployed, the next deployment replaces it:",
        "  CloudFormation creates the function again, with a new name and log group, and deletes the",
        "  old one. Other resources of its own are replaced too.",
    )
    stays = [logical_id for logical_id, kind in ids.items() if kind.endswith("(stays)")]
    if stays:
        say(
            f"  These stay in the account under their old name, with their data: {', '.join(stays)}",
            "  The new ones are empty.",
        )
    queues = [logical_id for logical_id, kind in ids.items() if kind == "AWS::SQS::Queue"]
    if queues:
        say(f"  Messages that still wait are lost with their queue: {', '.join(queues)}")


def remove(name: str, sure: bool) -> None:
    """Remove a function with its files and resources, after a question unless `sure`."""
    if not name:
        raise KitError(
            "Which function? make functions lists them.", "make remove-function NAME=app"
        )
    old = function(name)
    items = [item for item in functions() if item != old]
    if not items:
        raise KitError(f"{name} is the only function, and a service has at least one.")
    without = f"make remove-function NAME={name} YES=1"
    if not sure and not sys.stdin.isatty():
        raise KitError("There is no terminal to ask at. To remove it without a question:", without)
    need_clean_tree()
    with rendered(**answers_with(items)) as (before, after):
        lines, stay = _lines(after), {key for _, key in entries(after)}
        unneeded = new_ids(after, before)
        named = resources(name, shared=stay)
        ids = resources(name, shared=stay, own=False)
        changes = plan(before, after, removing=True, gone=frozenset(unneeded | ids.keys()))
        _say_removed(old, ids, kinds(sorted(unneeded - ids.keys())), changes.dropped)
        if not sure and not agreed("Remove it?", without):
            say("Nothing is changed.")
            return
        with all_or_nothing({}):
            carry_out(changes, after)
            for folder in old.folders:
                if tracked(folder):
                    git("rm", "-r", "--quiet", "--", folder)
                remove_empty(folder)
    say("", f"{name} is removed.")
    say_changed(old.folders)
    left = [folder for folder in old.folders if (ROOT / folder).exists()]
    if left:
        say("Still there, as git does not have it and could not restore it:")
        say(*(f"  {folder}/" for folder in left))
    say_left(old, named, lines, "These lines mention it. Does any of them have to go too?")
    say_next(("make check", "every check"))


def _say_removed(
    old: Function, ids: dict[str, str], unneeded: dict[str, str], dropped: list[str]
) -> None:
    """What goes with a function, and what stays in the account."""

    def table(resources: dict[str, str]) -> list[str]:
        return [f"  {logical_id:<32} {kind}" for logical_id, kind in resources.items()]

    say(f"Removing {old.name} ({old.trigger}) deletes:")
    say(*(f"  {folder}/" for folder in old.folders if tracked(folder)))
    say("and from template.yaml:", *table(ids))
    if unneeded:
        say("and what no other function needs:", *table(unneeded))
    if dropped:
        say("and with the template's lines what you changed in them:")
        say(*(f"  {line}" for line in dropped))
    stays = [logical_id for logical_id, kind in (ids | unneeded).items() if "(stays)" in kind]
    if stays:
        say(f"What is deployed of these stays in the account, with its data: {', '.join(stays)}")
    for secret, reader in secrets():
        if reader == old.name:
            say(f"It reads the secret {secret}, whose value stays in Secrets Manager.")
    if "AWS::SQS::Queue" in (ids | unneeded).values():
        say("Messages that still wait in its queues are lost at the next deployment.")


def answer(name: str, value: str | None) -> None:
    """Change an answer to a question of the template, and what follows from it."""
    _need_question(name, value)
    need_clean_tree()
    # The template refuses a bad answer before anything is touched.
    with rendered(**{name: value}) as (before, after):
        was, becomes = answers(before)[name], answers(after)[name]
        if was == becomes:  # in the answers file, perhaps by hand
            was = _earlier(name)
            if was != becomes:
                before = before.with_name("earlier")
                render(before, **{name: was})
            if was == becomes or _is_followed(before, after):
                say(f"{name} is {_shown(becomes)} already. Nothing is changed.")
                return
            say(f"{name} was changed in {ANSWERS}, and nothing followed. It does now.")
        _need_new_ids(before, after)
        changes = plan(before, after, offer=name in FOLLOWED)
        # Half an example would not work.
        left = [f.name for f in functions() if name == "table" and changes.leave(f.folders)]
        with all_or_nothing({}):
            carry_out(changes, after)
            reformat([path for path, new in changes.files.items() if new and path.endswith(".py")])
    say(f"{name} is {_shown(becomes)} now; it was {_shown(was)}.", "")
    say_changed()
    if name not in FOLLOWED:
        say("What is in the functions' own folders is yours, and unchanged.")
    for item in left:
        say(f"{item} is unchanged: you have changed its example, of which no half would work.")
        say("  make check shows where its code and template.yaml differ now.")
    say_by_hand(changes)
    if name == "jwt_issuer":
        say_public()
    steps = [("make setup check", "the requirements, and every check")]
    if name in BOOTSTRAPPED:
        steps.append(("make bootstrap ENV=dev", "and ENV=prod, where the account was prepared"))
    say_next(*steps)


def _need_question(name: str, value: str | None) -> None:
    """KitError unless there is such a question, and a value that is one for it."""
    known = [question for question in answers() if question[0] != "_" and question not in HIDDEN]
    open_questions = ", ".join(question for question in known if question not in FIXED)
    if not name or value is None:
        raise KitError(
            "Which question of the template, and what is the answer?",
            "make answer NAME=alarm_email VALUE=oncall@example.com",
            "VALUE= empties an answer.",
            f"The questions are: {open_questions}",
        )
    if name in FIXED:
        raise KitError(*FIXED[name])
    if name not in known:  # Copier would ignore it silently
        raise KitError(
            f'The template asks no question "{name}".',
            *(f"Did you mean {match}?" for match in difflib.get_close_matches(name, known, 1)),
            f"Its questions are: {open_questions}",
        )
    is_switch = isinstance(answers()[name], bool)  # for which Copier takes any word as true
    if is_switch and value.lower() not in ("yes", "no", "true", "false"):
        raise KitError(f'{name} is yes or no, and not "{value}".')


def _earlier(name: str) -> Any:
    """The last answer that git knows beside the present one; otherwise the present one."""
    now = answers()[name]
    for commit in git("log", "--format=%H", "--", ANSWERS).split():
        with contextlib.suppress(KitError, yaml.YAMLError, AttributeError):
            was = yaml.safe_load(git("show", f"{commit}:./{ANSWERS}")).get(name, now)
            if was != now:
                return was
    return now


def _is_followed(before: Path, after: Path) -> bool:
    """Whether some line is here that the template has only after an answer changed."""
    own = (*user_paths(), ANSWERS)
    for path in files(after):
        was, becomes, here = (
            {*(content(root / path) or b"").splitlines()} for root in (before, after, ROOT)
        )
        if not path.startswith(own) and (becomes - was) & here:
            return True
    return False


def _shown(value: object) -> str:
    return "empty" if value == "" else str(value)


def update(version: str) -> None:
    """Merge a version of the template into this service; the newest where none is given."""
    need_clean_tree()
    was = answers()["_commit"]
    mine = {path: data for path in tracked() if (data := content(ROOT / path)) is not None}
    with tempfile.TemporaryDirectory() as folder, all_or_nothing({}):
        before, after = Path(folder, "before"), Path(folder, "after")
        render(before)
        update_to(version)
        if was != answers()["_commit"]:
            render(after)
            need_places_after_update(before, mine, after)
    if was == answers()["_commit"]:
        say(f"This is {was}, the newest version of the template. Nothing is changed.")
        return
    say(f"Updated from {was} to {answers()['_commit']} of the template.", "")
    say_changed()
    say_next(("make setup check", "new requirements, and every check"))


# ── What must hold ───────────────────────────────────────────────────────────


def _need_one(**values: str) -> None:
    """KitError when a value would be more than one item of the `functions` answer."""
    for name, value in values.items():
        if set(value) & set(",:"):
            raise KitError(f'{name} is a single one, and "{value}" has a comma or a colon.')


def _need_free(new: Function, others: list[Function]) -> None:
    """KitError when something of a function of that name is here already."""
    for folder in new.folders:
        paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        if any("__pycache__" not in path.parts for path in paths):
            raise KitError(
                f"{folder} exists already, and would be mixed with the new function's files.",
                "Rename or delete it, commit that, and try again.",
            )
        shutil.rmtree(ROOT / folder, ignore_errors=True)  # nothing but caches
    for logical_id, owner in owners([*others, new]).items():
        if owner == new.name:
            raise KitError(
                f"template.yaml has a resource {logical_id} already, which reads as one of {owner}.",
                "Choose another name for the function, or rename the resource.",
            )


def _need_new_ids(before: Path, after: Path) -> None:
    """KitError when something that the template adds to template.yaml is there already."""
    taken = sorted((entries(after) - entries(before)) & entries())
    if taken:
        raise KitError(
            "template.yaml has already what the template would add:",
            *(f"{section}: {name}" for section, name in taken),
            "Rename yours, commit that, and try again.",
        )


def _lines(root: Path) -> set[str]:
    """Every line of a rendered service."""
    return {line for path in files(root) for line in (text(root / path) or "").splitlines()}
