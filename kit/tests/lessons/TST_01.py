"""Cases of TST-01."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.documents import addopts, marked, module, new_test, tests
from kit.gate.findings import Finding

PYPROJECT = "pyproject.toml"
CHECK_TEST = "\t@$(KIT) check test\n"


@violation("the network is opened for all tests")
def _(edit: Edit) -> None:
    edit.sub("pyproject.toml", r"^    \"--disable-socket\",\n", "")


@violation("a test opens the network by a mark")
def _(edit: Edit) -> None:
    body = 'assert boto3.client("sts").get_caller_identity()'
    mark = "@pytest.mark.enable_socket\ndef test_it_is_there() -> None:"
    new_test(edit, f"import boto3\nimport pytest\n\n\n{mark}\n    {body}\n")


@violation("a fixture opens the network")
def _(edit: Edit) -> None:
    fixture = "\n\n@pytest.fixture\ndef live(socket_enabled: None) -> None: ...\n"
    edit.append(f"{tests(edit.function())}/conftest.py", f"\n\nimport pytest\n{fixture}")


@violation("a file of settings takes the place of pyproject.toml")
def _(edit: Edit) -> None:
    edit.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\npythonpath = src\n")


@violation("a function's tests are deleted")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{tests(edit.function())}/*.py"):
        edit.delete(path)


@violation("the floor of the coverage sinks with it")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 40")


@violation("coverage counts only what a test imports")
def _(edit: Edit) -> None:
    edit.sub(PYPROJECT, r"^include_namespace_packages .*\n", "")


@violation("coverage counts one module of all")
def _(edit: Edit) -> None:
    edit.replace(PYPROJECT, 'source = ["src"]', f'source = ["{edit.function().code}/services"]')


@violation("coverage omits a function")
def _(edit: Edit) -> None:
    edit.replace(
        PYPROJECT, "branch = true\n", f'branch = true\nomit = ["*/{edit.function().name}/*"]\n'
    )


@violation("the report omits every entry point")
def _(edit: Edit) -> None:
    edit.replace(PYPROJECT, "fail_under = 90\n", 'fail_under = 90\nomit = ["**/index.py"]\n')


@violation("the floor of the coverage is deleted")
def _(edit: Edit) -> None:
    edit.replace(PYPROJECT, "fail_under = 90\n", "")


@violation("an argument lowers the floor")
def _(edit: Edit) -> None:
    addopts(edit, "--cov-fail-under=10")


@violation("an argument switches coverage off")
def _(edit: Edit) -> None:
    addopts(edit, "--no-cov")


@violation("only one module of tests is collected")
def _(edit: Edit) -> None:
    path = f"{tests(edit.function())}/test_index.py"
    edit.replace(PYPROJECT, 'testpaths = ["tests/unit"]', f'testpaths = ["{path}"]')


@violation("the settings ignore the tests of a function")
def _(edit: Edit) -> None:
    addopts(edit, f"--ignore={tests(edit.function())}")


@violation("the settings deselect a module of tests, in two words")
def _(edit: Edit) -> None:
    addopts(edit, "--deselect", f"{tests(edit.function())}/test_index.py")


@violation("the settings choose tests by their names")
def _(edit: Edit) -> None:
    addopts(edit, "-k settings")


@violation("make chooses tests by their names")
def _(edit: Edit) -> None:
    edit.replace("Makefile", CHECK_TEST, "\t$(BIN)/pytest --cov -k 'not index'\n")


@violation("make tests one module")
def _(edit: Edit) -> None:
    path = f"{tests(edit.function())}/test_settings.py"
    edit.replace("Makefile", CHECK_TEST, f"\t$(BIN)/pytest {path} --cov\n")


@violation("a workflow gives pytest an expression")
def _(edit: Edit) -> None:
    env = "        env:\n          PYTEST_ADDOPTS: -k settings\n"
    edit.replace(
        ".github/workflows/checks.yml",
        "        run: make check\n",
        f"        run: make check\n{env}",
    )


@violation("make exports options of pytest")
def _(edit: Edit) -> None:
    edit.write("local.mk", f"export PYTEST_ADDOPTS := --ignore={tests(edit.function())}\n")


@violation("a conftest leaves out the tests of a function")
def _(edit: Edit) -> None:
    edit.append("tests/unit/conftest.py", f'\ncollect_ignore = ["{edit.function().name}"]\n')


@violation("all modules of a function's tests are skipped")
def _(edit: Edit) -> None:
    marked(edit, 'pytestmark = pytest.mark.skip(reason="flaky since the update")')


@violation("all modules of a function's tests are skipped under a condition")
def _(edit: Edit) -> None:
    marked(edit, 'pytestmark = [pytest.mark.skipif(True, reason="later")]')


@violation("modules skip themselves")
def _(edit: Edit) -> None:
    marked(edit, 'pytest.skip("needs the network", allow_module_level=True)')


@violation("the tests have a mark that the settings deselect")
def _(edit: Edit) -> None:
    marked(edit, "pytestmark = pytest.mark.slow")
    addopts(edit, "-m", "not slow")


@violation("the only tests are expected to fail, one by one")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{tests(edit.function('queue', 'event'))}/test_*.py"):
        edit.write(path, re.sub(r"(?m)^def test", "@pytest.mark.xfail\ndef test", edit.read(path)))


@violation("no test of a function asserts anything")
def _(edit: Edit) -> None:
    function = edit.function("queue", "event")
    for path in edit.glob(f"{tests(function)}/*.py"):
        edit.delete(path)
    body = f"from {module(function)} import index\n\n\ndef test_it() -> None:\n    index.lambda_handler\n"
    edit.write(f"{tests(function)}/test_index.py", body)


@violation("the only test is a placeholder")
def _(edit: Edit) -> None:
    function = edit.function("queue", "event")
    for path in edit.glob(f"{tests(function)}/*.py"):
        edit.delete(path)
    edit.write(f"{tests(function)}/test_index.py", "def test_it() -> None:\n    assert True\n")


@fix("Assert in each test", "the only test is a placeholder")
def _(edit: Edit, finding: Finding) -> None:
    function = edit.function("queue", "event")
    body = (
        f"from {module(function)} import index\n\n\ndef test_it() -> None:\n    assert index.done\n"
    )
    edit.write(finding.path, body)


@violation("a file of tests has a name that pytest does not look for")
def _(edit: Edit) -> None:
    new_test(edit, "def test_it() -> None:\n    assert str(1)\n")
    folder = tests(edit.function())
    edit.move(f"{folder}/test_more.py", f"{folder}/more_checks.py")


@fix("Begin the name of the file")
def _(edit: Edit, finding: Finding) -> None:
    folder, _, name = finding.path.rpartition("/")
    edit.move(finding.path, f"{folder}/test_{name}")


@violation("a class of tests has a name that pytest does not look for")
def _(edit: Edit) -> None:
    test = "    def test_it(self) -> None:\n        assert str(1)\n"
    new_test(edit, f"class JobChecks:\n{test}")


@fix("Begin its name with `Test`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "class JobChecks", "class TestJobChecks")


@good("a fixture is called like a test, and a class of tests is the base of another")
def _(edit: Edit) -> None:
    path = f"{tests(edit.function())}/helpers.py"
    edit.write(path, "import pytest\n\n\n@pytest.fixture\ndef test_job() -> int:\n    return 1\n")
    base = "class Contract:\n    def test_it(self) -> None:\n        assert str(1)\n"
    new_test(edit, f"{base}\n\nclass TestJob(Contract):\n    pass\n")


@fix("Add `--disable-socket`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\[\n", '[\n    "--disable-socket",\n')


@fix("Use moto, or a stub with")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "@pytest.mark.enable_socket", "@moto.mock_aws")


@fix("Use moto, or a stub with", "a fixture opens the network")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "socket_enabled", "environment")


@fix("Delete it, and keep its settings")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("Write `tests/unit/")
def _(edit: Edit, finding: Finding) -> None:
    calls = (
        (200, "GET", "/health"),
        (404, "GET", "/no"),
        (500, "POST", "/"),
        (204, "OPTIONS", "/"),
    )
    test = (
        f"def test_browsers_may_read_it(request_to) -> None:\n    for status, *call in {calls}:\n"
        "        answer = request_to(*call)\n        assert answer['statusCode'] == status\n"
        "        assert answer['headers']['Access-Control-Allow-Origin'] == '*'\n"
    )
    edit.write(f"tests/unit/{finding.path.rpartition('/')[2]}/test_index.py", test)


@fix("Assert in each test")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, "    index.", "    assert index.")


@fix("Delete this mark or call")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Delete `")
def _(edit: Edit, finding: Finding) -> None:
    option = r'"?(-k|--(ignore|no-cov|cov-fail-under))[^"\n]*"?,?'
    edit.in_line(finding, option, "")


@fix("Delete `", "the settings deselect a module of tests, in two words")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
    edit.delete_line(finding)


@fix("Delete `", "a conftest leaves out the tests of a function")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Let it have all of `tests/unit`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"tests/unit/[\w/]+\.py", "tests/unit")


@fix("Set `include_namespace_packages = true`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\ninclude_namespace_packages = true\n")


@fix("Set `source")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"source = .*", 'source = ["src"]')


@fix("Take `")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\[.*\]", "[]")


@fix("Set `fail_under = 90`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"fail_under = 40", "fail_under = 90")


@fix("Set `fail_under = 90`", "the floor of the coverage is deleted")
def _(edit: Edit, finding: Finding) -> None:
    assert finding.message.endswith("no `fail_under` is set")
    edit.in_line(finding, r"\n", "\nfail_under = 90\n")


@good("a test may connect to a stub on this machine")
def _(edit: Edit) -> None:
    mark = '@pytest.mark.allow_hosts(["127.0.0.1", "localhost"])'
    body = "def test_the_stub_answers() -> None:\n    assert True\n"
    new_test(edit, f"import pytest\n\n\n{mark}\n{body}")


@good("a fixture of all tests closes the network, and an argument sets the floor")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", '"--disable-socket"', '"--cov-fail-under=90"')
    edit.replace("pyproject.toml", "fail_under = 90\n", "")
    fixture = "@pytest.fixture(autouse=True)\ndef closed(socket_disabled: None) -> None: ...\n"
    edit.append("tests/unit/conftest.py", f"\n\n{fixture}")


@good("arguments are one text, the floor is lower, and tests have another folder")
def _(edit: Edit) -> None:
    arguments = "--import-mode=importlib --disable-socket --allow-unix-socket --strict-markers"
    edit.sub("pyproject.toml", r"^addopts = \[\n(.*\n)+?\]", f'addopts = "{arguments}"')
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 85")
    edit.move(tests(edit.function()), f"{tests(edit.function())}_tests")


@good("the settings ignore other tests, and coverage what is generated")
def _(edit: Edit) -> None:
    addopts(edit, "--ignore=tests/integration", "--ignore-glob=tests/load/*", "-m", "not slow")
    omit = 'omit = ["tests/*", "*/__init__.py", "src/*/lambda_pkg/generated/*"]\n'
    edit.replace(PYPROJECT, "branch = true\n", f"branch = true\n{omit}")
    edit.write(f"{edit.function().code}/generated/__init__.py", "")
    edit.write(f"{edit.function().code}/generated/model.py", "def parse() -> None: ...\n")


@good("the unit tests are all that is below tests, and some are skipped")
def _(edit: Edit) -> None:
    edit.replace(PYPROJECT, 'testpaths = ["tests/unit"]', 'testpaths = ["./tests/"]')
    edit.replace(PYPROJECT, 'source = ["src"]', f'source = ["./src/{edit.package}"]')
    mark = 'pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")'
    marked(edit, mark)
    new_test(edit, "import pytest\n\n\n@pytest.mark.skip\ndef test_it() -> None:\n    assert 1\n")


@good("an own command runs some tests, and make runs them in parallel")
def _(edit: Edit) -> None:
    run = f"\t.venv/bin/pytest {tests(edit.function())} -k health --no-cov\n"
    edit.write("local.mk", f"quick: ## Run few tests\n{run}")
    edit.replace("Makefile", CHECK_TEST, "\t$(BIN)/pytest --cov src tests/unit --durations=5\n")
