"""What deeper/06_other_runtimes does before anything is shown; what it shows and claims is compared with the stored run."""

import re

import nbformat

from tools.lesson_checks import source_of
from tools.paths import ROOT


def test_onnx_runtime_is_told_not_to_report_before_it_is_imported():
    source = source_of(nbformat.read(ROOT / "notebooks" / "deeper" / "06_other_runtimes.ipynb", 4))
    asked = source.index('\nos.environ["ORT_DISABLE_TELEMETRY"] = "1"')
    assert asked < re.search(r"^(import|from) .*onnx", source, re.MULTILINE).start()
