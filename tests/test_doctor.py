"""What the doctor says of this machine, and of one that lacks something."""

import os
import subprocess
import sys
import time
from importlib import metadata

import pytest
from lesson_checks import ROOT
from packaging.requirements import Requirement

from mnist_helpers import doctor


@pytest.fixture
def run(tmp_path):
    """Ask the doctor with these settings; returns the exit code, the lines, and the seconds."""

    def ask(**settings):
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "mnist_helpers", "doctor"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "MNIST_PRACTICE": ""} | settings,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout.splitlines(), time.monotonic() - start

    return ask


def test_doctor_looks_at_everything_and_fails_on_a_damaged_file(run, tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"damaged")
    code, lines, seconds = run(MNIST_DIR=str(tmp_path), MNIST_MIRRORS="http://127.0.0.1:9/")
    assert code == 1 and seconds < 30  # about 7 on an idle machine
    findings = [line for line in lines if line.startswith("[")]
    assert all(line[:6] in ("[OK]  ", "[WARN]", "[FAIL]") for line in findings)
    text = "\n".join(lines)
    for name in (
        "Python 3",
        "torch",
        "pooch",
        "device",
        "thread",
        "memory",
        "disk",
        "6 × 7 = 42",
        "ipywidgets",
    ):
        assert name in text
    broken = next(number for number, line in enumerate(lines) if "is of the wrong kind" in line)
    assert lines[broken].startswith("[FAIL]") and lines[broken + 1].startswith("       Let MNIST_DIR name")
    assert any(line.startswith("[FAIL]") and "holds no" in line for line in findings)
    assert lines[-1] == f"{text.count('[FAIL]')} to mend."


@pytest.mark.parametrize("level", ["OK", "WARN", "FAIL"])
def test_exit_code_is_1_on_a_fail_alone(level, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: iter([doctor.Finding(level, "it", "do this")]),))
    assert doctor.main() == (1 if level == "FAIL" else 0)
    assert f"[{level}]" in capsys.readouterr().out


def test_a_check_that_breaks_is_a_finding():
    def digits():
        raise ImportError("No module named 'platformdirs'")
        yield

    (finding,) = doctor.findings(digits)
    assert finding.level == "FAIL" and "digits could not be looked at" in finding.found
    assert "platformdirs" in finding.found and finding.remedy


VERSION = metadata.version("packaging")


@pytest.mark.parametrize(
    ("requirement", "tested", "level", "words"),
    [
        ("packaging>=1", VERSION, "OK", "as tested"),
        ("packaging>=1", f"{VERSION}.9", "OK", "tested with"),
        ("packaging>=1", "1.0", "WARN", "tested with 1.0"),
        ("packaging>=1", None, "OK", "not compared"),
        ("packaging>=999", VERSION, "FAIL", "needed is >=999"),
        ("no-such-package>=1", "1.0", "FAIL", "is not installed"),
    ],
)
def test_packages_are_compared_with_the_range_and_the_tested_version(requirement, tested, level, words):
    finding = doctor._package(Requirement(requirement), tested)
    assert finding.level == level and words in finding.found
    assert (finding.remedy == "") == (level == "OK")


def test_away_from_the_checkout_tested_versions_are_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "_requirements", lambda: ["packaging>=1", 'ruff>=1; extra == "test"'])
    findings = list(doctor.packages())
    assert "unknown" in findings[0].found and len(findings) == 2


def test_room_is_compared_with_what_the_lessons_need():
    assert [doctor._room(free, (1, 2), "", "").level for free in (0.5, 1.5, 2.5)] == ["FAIL", "WARN", "OK"]


def test_neither_the_package_nor_its_data_command_imports_torch():
    """Importing a module only defines; a teacher who fetches digits does not wait for a network's library."""
    code = "import sys, mnist_helpers.__main__, mnist_helpers.cache; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"
