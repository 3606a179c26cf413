"""What deeper/06_other_runtimes exports and quantizes reads digits as the network itself does."""

import nbformat
import pytest
import torch

from mnist_helpers.data import load_digits
from mnist_helpers.evaluation import predict
from mnist_helpers.model import CNN
from mnist_helpers.training import trained
from tools.kit.editions import definitions_of
from tools.lesson_checks import source_of
from tools.paths import ROOT

PATH = ROOT / "notebooks" / "deeper" / "06_other_runtimes.ipynb"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The notebook's functions, in a folder with the exported file, and a network trained for a moment."""
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is missing: nothing was exported.")
    digits = load_digits()
    names = {"digits": digits, "folder": tmp_path_factory.mktemp("network")}
    exec(definitions_of(nbformat.read(PATH, 4)), names)
    names["model"], _ = trained(CNN, digits.with_train(digits.train[:10_000]), epochs=1)
    names["some"] = digits.test[:1_000]
    names["export"](names["model"], names["folder"] / "float.onnx")
    names["reference"] = predict(names["model"], names["some"])
    return names


def changed(here, path):
    answers = here["answers"](path, here["as_inputs"](here["some"]))
    return (answers.argmax(dim=1) != here["reference"].argmax(dim=1)).double().mean().item(), answers


def test_exported_file_is_whole_and_gives_the_same_logits(here):
    path = here["folder"] / "float.onnx"
    assert path.stat().st_size > 4 * 80_202 and not list(here["folder"].glob("*.data"))
    share, answers = changed(here, path)
    assert share == 0 and torch.allclose(answers, here["reference"], atol=1e-3)


@pytest.mark.parametrize("network", ["CNN", "Reordered"])
@pytest.mark.parametrize("way", ["dynamic", "QDQ", "QOperator"])
def test_eight_bits_change_few_predictions_except_where_a_relu_is_lost(here, way, network):
    other, path = here[network](), here["folder"] / f"{network}.onnx"
    other.load_state_dict(here["model"].state_dict())
    here["export"](other, path)
    file = here["quantize"](path, way, here["as_inputs"](here["digits"].train[:500]))
    found = here["layers"](file, here["as_inputs"](here["some"])) if way == "QOperator" else {"relu": 0}
    lost = "relu" not in found and found["max_pool2d"].min() < 0
    assert (changed(here, file)[0] > 0.02) == lost


def test_onnx_runtime_is_told_not_to_report_before_it_is_imported():
    lines = source_of(nbformat.read(PATH, 4)).splitlines()
    asked = next(
        n for n, line in enumerate(lines) if line.startswith('os.environ["ORT_DISABLE_TELEMETRY"] = "1"')
    )
    assert asked < next(n for n, line in enumerate(lines) if "onnx" in line and "import" in line)
