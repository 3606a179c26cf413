"""Measure other engines with lesson 3's CNN: how far their logits lie from PyTorch's, and how fast they are.

python -m tools.runtimes [FOLDER]

Each engine that this environment lacks is installed in one of its own, 20 GB in all, in FOLDER, or else in a temporary
folder. It reads 1,000 test images, one at a time, on one thread.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import torch

from mnist_helpers.data import load_digits
from mnist_helpers.evaluation import accuracy, predict
from mnist_helpers.model import CNN
from mnist_helpers.training import trained_cnn
from tools.kit.editions import definitions_of
from tools.machine import describe_machine
from tools.paths import DEEPER, MEASURED, ROOT

# Name: the function of engines.py, its settings, and what is installed for it, the engine itself first.
ENGINES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "PyTorch": ("pytorch", {}, ["torch"]),
    "ONNX Runtime": ("onnxruntime", {}, ["onnxruntime"]),
    "ONNX Runtime, dynamic int8": ("onnxruntime", {"file": "dynamic, from float.onnx"}, ["onnxruntime"]),
    "ONNX Runtime, QDQ int8": ("onnxruntime", {"file": "QDQ, from float.onnx"}, ["onnxruntime"]),
    "ONNX Runtime, QOperator int8": ("onnxruntime", {"file": "QOperator, from float.onnx"}, ["onnxruntime"]),
    "ONNX Runtime Web, in Node": ("web", {}, ["onnxruntime-web"]),
    "OpenVINO": ("openvino", {}, ["openvino"]),
    "OpenVINO, asked for accuracy": ("openvino", {"EXECUTION_MODE_HINT": "ACCURACY"}, ["openvino"]),
    "LiteRT": ("litert", {}, ["ai-edge-litert", "litert-torch"]),
    "ExecuTorch": ("executorch", {}, ["executorch", "torch"]),
    "ncnn": ("ncnn", {}, ["ncnn", "pnnx"]),
    "ncnn, asked for float32": ("ncnn", {"fp16": 0}, ["ncnn", "pnnx"]),
    "MNN": ("mnn", {}, ["MNN"]),
    "OpenCV": ("opencv", {}, ["opencv-python-headless"]),
    "tract": ("tract", {}, ["tract"]),
}


def main() -> None:
    digits, records = load_digits(), []
    some, model, machine = digits.test[::10], trained_cnn(digits)[0], describe_machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_files(model, digits, some, folder)
        for name in ENGINES:
            record = {"engine": name, "date": date.today().isoformat(), "cpu": machine["cpu"]}
            try:
                record |= measure(name, folder, Path(sys.argv[1] if sys.argv[1:] else folder).absolute())
                record |= compare(
                    np.fromfile(folder / "logits.f32", np.float32), predict(model, some), some.labels
                )
            except (subprocess.SubprocessError, OSError):
                record["fault"] = "could not be installed, or did not run"
            records.append(json.dumps(record) + "\n")
            print(records[-1], end="", flush=True)
    (MEASURED / "runtimes.jsonl").write_text("".join(records), encoding="utf-8")


def write_files(model, digits, some, folder: Path) -> None:
    """The network, also as the notebook exports and quantizes it, and images."""
    (path,) = (path for path in DEEPER if "other_runtimes" in path.stem)
    names: dict[str, Any] = {"digits": digits}
    exec(definitions_of(nbformat.read(path, 4)), names)
    names["export"](model, folder / "float.onnx")
    for way in ("dynamic", "QDQ", "QOperator"):
        names["quantize"](folder / "float.onnx", way, names["as_inputs"](digits.train[:500]))
    plain = CNN()  # whose weights lie in the usual order; ExecuTorch takes no other
    plain.load_state_dict(model.state_dict())
    torch.save(plain.eval(), folder / "model.pt")
    names["as_inputs"](some).numpy().tofile(folder / "images.f32")


def measure(name: str, folder: Path, environments: Path) -> dict[str, Any]:
    """Version, time, and how many times ONNX Runtime's that is; the logits are left in logits.f32."""
    function, settings, needs = ENGINES[name]
    home, here = environments / needs[0], Path(__file__).parent
    if function == "web":
        run(folder, "npm", "install", "--prefix", home, *needs)
        return json.loads(run(folder, "node", here / "web.mjs", home))
    python = Path(sys.executable)
    if needs[0] not in ("torch", "onnxruntime"):  # which are here already
        python = home / "bin" / "python"
        if not home.exists():
            run(folder, sys.executable, "-m", "venv", home)
            run(folder, python, "-m", "pip", "install", *needs, "numpy", "onnxruntime")
    return json.loads(run(folder, python, here / "engines.py", function, json.dumps(settings), needs[0]))


def run(folder: Path, *command: str | Path) -> str:
    """What a program prints. Raises CalledProcessError where it fails; why stands in its error stream."""
    settings = os.environ | {"PYTHONPATH": str(ROOT), "ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=settings, stdout=-1, check=True, text=True).stdout


def compare(logits: np.ndarray, reference: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    others = torch.from_numpy(logits).view(-1, 10)
    changed = (others.argmax(dim=1) != reference.argmax(dim=1)).sum().item()
    difference = (others - reference).abs().max().item()
    return {"difference": difference, "changed": changed, "right": accuracy(others, labels)}


if __name__ == "__main__":
    main()
