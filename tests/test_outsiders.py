"""That nothing from outside is run, and that nobody from outside is let in."""

import ast
import os
import re
import socket
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
import requests
import yaml
from lesson_checks import LESSONS, ROOT, source_of

RUNS_TEXT = {"eval", "exec", "__import__"}
RUNS_CONTENT = {
    ("os", "system"), ("os", "popen"), ("pickle", "load"), ("pickle", "loads"), ("pickle", "Unpickler"),
    ("marshal", "loads"), ("shelve", "open"), ("joblib", "load"), ("yaml", "load"), ("yaml", "unsafe_load"),
}  # fmt: skip
OWN = {
    "test_exercises.py": {"exec"},  # it runs what stands in the project's own lessons
    # It shows that the malicious pickle it made would do harm if it were opened.
    "test_checkpoint_faults.py": {"pickle.load", "torch.load without weights_only=True"},
}
SOURCES = sorted(
    path for folder in ("mnist_helpers", "tools", "tests") for path in (ROOT / folder).rglob("*.py")
)


def dangers(source):
    """What in a program runs text or content from elsewhere, or listens on all addresses: a line each."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in RUNS_TEXT:
                found.append(f"line {node.lineno}: {name}")
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in RUNS_CONTENT:
                found.append(f"line {node.lineno}: {module}.{name}")
            case ast.ImportFrom(module=module, names=names):
                found += [
                    f"line {node.lineno}: {module}.{alias.name}"
                    for alias in names
                    if (module, alias.name) in RUNS_CONTENT
                ]
            case ast.Constant(value="0.0.0.0"):
                found.append(f"line {node.lineno}: all addresses")
        if isinstance(node, ast.Call):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if given.get("shell", "False") != "False" or given.get("allow_pickle", "False") != "False":
                found.append(f"line {node.lineno}: a shell, or a pickle")
            if ast.unparse(node.func) == "torch.load" and given.get("weights_only") != "True":
                found.append(f"line {node.lineno}: torch.load without weights_only=True")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_runs_what_comes_from_elsewhere(path):
    if path.name != "test_outsiders.py":
        found = dangers(path.read_text(encoding="utf-8"))
        assert [danger for danger in found if danger.split(": ")[1] not in OWN.get(path.name, ())] == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_lesson_runs_what_comes_from_elsewhere(path):
    assert dangers(source_of(nbformat.read(path, 4))) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)",
        "exec(text)",
        "subprocess.run(command, shell=True)",
        "subprocess.run(command, shell=wanted)",
        "os.system('ls ' + name)",
        "pickle.load(file)",
        "from pickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "server.bind(('0.0.0.0', 8888))",
    ],
)
def test_a_danger_is_seen(source):
    assert len(dangers(source)) == 1


@pytest.mark.parametrize(
    "source", ["model.eval()", "torch.load(path, weights_only=True)", "re.compile(pattern)"]
)
def test_what_only_looks_dangerous_passes(source):
    assert dangers(source) == []


def test_lab_listens_on_this_machine_alone_and_keeps_its_token(tmp_path):
    """JupyterLab is started as `make lab` starts it, and asked without the token."""
    recipe = re.search(
        r"^lab:.*\n\t@\$\(BIN\)/jupyter lab (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *recipe.split(),
        "--no-browser",
        f"--port={port}",
        "--allow-root",
    ]
    folders = {name: str(tmp_path) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    log = tmp_path / "log"
    with log.open("w") as output:
        lab = subprocess.Popen(command, cwd=ROOT, env=os.environ | folders, stdout=output, stderr=output)
    try:
        wait_for(port, lab, log)
        asked = requests.get(
            f"http://127.0.0.1:{port}/api/contents", timeout=10, proxies={"http": ""}, allow_redirects=False
        )
        assert asked.status_code == 403
        family = [psutil.Process(lab.pid), *psutil.Process(lab.pid).children(recursive=True)]
        listening = [
            connection.laddr.ip
            for process in family
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening and set(listening) <= {"127.0.0.1", "::1"}
    finally:
        lab.terminate()
        lab.wait(20)


def wait_for(port, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def test_dependencies_are_audited_every_week():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    audit = workflow["jobs"]["audit"]
    assert audit["if"] == "github.event_name == 'schedule'"
    assert any("pip_audit" in step.get("run", "") for step in audit["steps"])


def test_whoever_reports_a_fault_is_asked_what_the_doctor_says():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "fault.yml").read_text())
    doctor = next(part for part in form["body"] if part.get("id") == "doctor")
    assert "python -m mnist_helpers doctor" in doctor["attributes"]["description"]
    assert doctor["validations"]["required"]
