"""Read images with one engine, in an environment that has it and ONNX Runtime; __main__ starts this in a folder of files.

Writes logits.f32, and prints the median seconds for one image, and how many times those of ONNX Runtime they are: the
two are measured in turn, so that a busy machine slows down both.
"""

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np


def network():
    torch = import_module("torch")
    torch.set_num_threads(1)
    return torch.load("model.pt", weights_only=False), (torch.zeros(1, 1, 28, 28),)


def pytorch():
    torch, (model, _) = import_module("torch"), network()
    return torch.inference_mode()(lambda image: model(torch.from_numpy(image)).numpy())


def onnxruntime(file="float.onnx"):
    ort = import_module("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"images": image})[0]


def openvino(**settings):
    compile_model = import_module("openvino").compile_model
    compiled = compile_model("float.onnx", "CPU", {"INFERENCE_NUM_THREADS": 1} | settings)
    return lambda image: compiled(image)[0].copy()


def litert():
    import_module("litert_torch").convert(*network()).export("cnn.tflite")
    interpreter = import_module("ai_edge_litert.interpreter").Interpreter("cnn.tflite", num_threads=1)
    run = interpreter.get_signature_runner()
    (name,) = run.get_input_details()
    return lambda image: next(iter(run(**{name: image}).values()))


def executorch():
    torch, xnnpack = import_module("torch"), "executorch.backends.xnnpack.partition.xnnpack_partitioner"
    lower = import_module("executorch.exir").to_edge_transform_and_lower
    parts = [import_module(xnnpack).XnnpackPartitioner()]
    program = lower(torch.export.export(*network()), partitioner=parts).to_executorch()
    loaded = import_module("executorch.runtime").Runtime.get().load_program(program.buffer)
    forward, kept = loaded.load_method("forward"), (program, loaded)  # which it reads, and does not hold
    return lambda image, kept=kept: forward.execute([torch.from_numpy(image)])[0].numpy()


def ncnn(fp16=1):
    convert("pnnx", "float.onnx", "inputshape=[1,1,28,28]f32", f"fp16={fp16}")
    library = import_module("ncnn")
    net = library.Net()
    net.opt.num_threads = 1
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = bool(fp16)
    net.load_param("float.ncnn.param")
    net.load_model("float.ncnn.bin")

    def read(image):
        extractor = net.create_extractor()
        extractor.input("in0", library.Mat(image[0]))
        return np.array(extractor.extract("out0")[1])[None]

    return read


def mnn():
    convert("mnnconvert", "-f", "ONNX", "--modelFile", "float.onnx", "--MNNModel", "cnn.mnn")
    library = import_module("MNN")
    manager = library.nn.create_runtime_manager(({"backend": "CPU", "numThread": 1, "precision": "high"},))
    files = "cnn.mnn", ["images"], ["logits"]
    net, expr = library.nn.load_module_from_file(*files, runtime_manager=manager), library.expr

    def read(image):
        given = expr.placeholder(list(image.shape), expr.NCHW)
        given.write(image.ravel().tolist())
        return np.array(net.forward([given])[0].read()).reshape(1, 10)

    return read


def opencv():
    cv2 = import_module("cv2")
    cv2.setNumThreads(1)
    net = cv2.dnn.readNetFromONNX("float.onnx")
    return lambda image: (net.setInput(image), net.forward().copy())[1]


def tract():
    model = import_module("tract").onnx().load("float.onnx").into_model().into_runnable()
    return lambda image: model.run([image])[0].to_numpy()


def convert(program, *arguments):
    subprocess.run([Path(sys.executable).with_name(program), *arguments], check=True)


def median_seconds(read, image):
    times = [time.perf_counter()]
    times += [(read(image), time.perf_counter())[1] for _ in range(40)]
    return float(np.median(np.diff(times)))


if __name__ == "__main__":
    out = os.dup(1)
    os.dup2(2, 1)  # what the engines print goes where errors go
    images = np.fromfile("images.f32", np.float32).reshape(-1, 1, 1, 28, 28)
    read, yardstick = globals()[sys.argv[1]](**json.loads(sys.argv[2])), onnxruntime()
    np.concatenate([read(image) for image in images]).tofile("logits.f32")
    pairs = np.array([[median_seconds(one, images[0]) for one in (read, yardstick)] for _ in range(50)])
    own, ratios = 1e6 * np.median(pairs[:, 0]), np.median(pairs[:, 0] / pairs[:, 1])
    os.write(
        out,
        json.dumps({"version": version(sys.argv[3]), "microseconds": own, "of_onnxruntime": ratios}).encode(),
    )
