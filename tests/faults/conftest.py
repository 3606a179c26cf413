"""What the tests of faults share: MNIST itself, a machine without it, and the table of what each fault leads to."""

import gzip
import os
import re

import pytest
from machine import ROOT, Machine

from mnist_helpers import files

LIMIT = 10  # seconds that no fault may last

# These faults are made with what Windows does not have.
collect_ignore_glob = ["test_*_faults.py"] if os.name == "nt" else []


@pytest.fixture
def record_fault(record_property):
    """Note a fault, what the reader is told, what survives and the seconds, for the table of `make faults`."""

    def record(fault, told, survives, seconds):
        assert seconds < LIMIT, f"{fault} lasted {seconds:.1f} s"
        record_property("fault", [fault, plainly(told), survives, f"{seconds:.1f}"])

    return record


def plainly(told):
    """A sentence without what differs from run to run: folders, ports, seconds."""
    told = re.sub(r"[^\s`]*/python -m", "python -m", told)
    told = re.sub(r"/\S*/(?=class|checkpoints|Library/Caches)", "…/", told)
    told = re.sub(r"(?<=\.safetensors-)\w+", "…", told)
    return " ".join(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:port", told).split()).replace("|", "/")


def pytest_terminal_summary(terminalreporter):
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    reports.sort(key=lambda report: report.nodeid.partition("::")[0])  # several processes may run the files
    properties = [value for report in reports for value in getattr(report, "user_properties", ())]
    rows = [value for name, value in properties if name == "fault"]
    if rows:
        terminalreporter.section(f"{len(rows)} faults")
        for row in [("fault", "what you are told", "what survives", "seconds"), ["---"] * 4, *rows]:
            terminalreporter.write_line(f"| {' | '.join(row)} |")


@pytest.fixture(scope="session")
def mnist():
    """The folder with MNIST's four files that this machine has; it is only read."""
    near = ROOT.parent / "shared" / "mnist"
    for root in (files.named_folder(), near, files.cache_folder()):
        if root and all(state.good for state in files.look(root)):
            return files.raw_folder(root)
    pytest.skip("MNIST is not on this machine, and these faults happen to its real files")


@pytest.fixture(scope="session")
def packed(mnist):
    """What a server offers: name -> packed bytes."""
    found = {}
    for file in files.MNIST_FILES:
        found[f"{file.name}.gz"] = gzip.compress(
            files.read_bytes(mnist / file.name, file.size), compresslevel=1
        )
    return found


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)
