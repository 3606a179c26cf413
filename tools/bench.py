"""Measure how fast this series reaches which accuracy, beside two other ways, on this machine.

python -m tools.bench                 table, build/benchmark.json and build/benchmark.png; about ten minutes
python -m tools.bench --quick         the short recipes only, two seeds; under a minute
python -m tools.bench --only NAME …   the recipes whose names begin so, and nothing compiled
python -m tools.bench --keep NAME     also keep the numbers as mnist_lessons/measured/NAME.json

Each way to train runs in a process of its own, so that its peak memory is its own and its first run is a cold one.
benchmarks/README.md tells what the clock covers.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import islice, starmap
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import v2
from tqdm import tqdm

from mnist_helpers.data import Digits, Split, batches, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import accuracy, predict
from mnist_helpers.figures import draw_curves, render, set_style
from mnist_helpers.model import CNN, count_parameters, seeded
from mnist_helpers.training import get_device, train_step, trained
from mnist_lessons.networks import FastCNN
from mnist_lessons.speed import synchronize
from tools.machine import describe_machine, dtype_name, peak_memory_mb
from tools.paths import BUILD, MEASURED
from tools.recipes import RECIPES, Recipe, deep_dense, flops_per_image
from tools.text import argument_parser

LEVELS = (0.9841, 0.99, 0.994, 0.996, 0.997)

# A run of training: after each look at the test images, the seconds so far and the share that was right.
Run = list[tuple[float, float]]


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="the short recipes only, two seeds each")
    parser.add_argument(
        "--keep", metavar="NAME", help="also keep the numbers as mnist_lessons/measured/NAME.json"
    )
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", default=[""], help="recipes whose names begin so"
    )
    parser.add_argument("--into", metavar="FOLDER", type=Path, default=BUILD, help="for numbers and picture")
    arguments = parser.parse_args()
    try:
        digits = load_digits()
        if arguments.keep and not re.fullmatch(r"[a-z0-9-]+", arguments.keep):
            raise WalkthroughError(
                "A kept result is named in small letters, digits and hyphens: two-core-laptop."
            )
        if arguments.keep and (arguments.quick or not digits.is_mnist):
            raise WalkthroughError("Only numbers of all seeds, and on MNIST, are kept: without --quick.")
        print(repr(digits), flush=True)
        written = write(run(digits, arguments.quick, arguments.only), digits, arguments.into)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.keep:
        shutil.copy(written, MEASURED / f"{arguments.keep}.json")
    return 0


def run(digits: Digits, quick: bool, only: Sequence[str] = ("",)) -> dict[str, Any]:
    """Measure everything, and print what is found as it is found."""
    machine = describe_machine()
    print(*(f"{name}: {value}" for name, value in machine.items()), "", HEADER, sep="\n", flush=True)
    recipes = []
    for recipe in (*RECIPES, *RIVALS):
        if (recipe.quick or not quick) and recipe.name.startswith(tuple(only)):
            recipes.append(in_new_process(measure, recipe, 2 if quick else recipe.seeds))
            print(table_row(recipes[-1]), flush=True)
    rates, grown = throughput(digits, 2_000 if quick else 20_000), growth(digits, quick)
    print("\nImages a second:", ", ".join(f"{rate:,.0f} from {source}" for source, rate in rates.items()))
    for what, measured in grown.items():
        print(f"Seconds of an epoch grow as the {what} to the power of {measured['exponent']:.2f}.")
    compiled = (
        {}
        if quick or only[0]
        else {build.__name__: in_new_process(compile_cost, build) for build in (CNN, FastCNN)}
    )
    for name, cost in compiled.items():
        print(
            "A step of {}, in ms: {eager_ms:.2f}, compiled {compiled_ms:.2f}, after {compile_seconds:.1f} s.".format(
                name, **cost
            )
        )
    return {
        "dataset": "mnist" if digits.is_mnist else "practice",
        "date": date.today().isoformat(),
        "command": shlex.join(["python", "-m", "tools.bench", *sys.argv[1:]]),
        "machine": machine,
        "images_per_second": rates,
        "recipes": recipes,
        "growth": grown,
        "compiled": compiled,
    }


def compile_cost(build: Callable[[], nn.Module], steps: int = 60) -> dict[str, float]:
    """Milliseconds of a step of 256 images as it is and compiled, and the seconds that compiling takes, from nothing."""
    digits = load_digits().to(get_device())
    found = {}
    with tempfile.TemporaryDirectory() as cache, patch.dict(os.environ, TORCHINDUCTOR_CACHE_DIR=cache):
        for name in ("eager", "compiled"):
            model = seeded(build, 0).to(digits.train.images.device)
            optimizer = torch.optim.Adam(model.parameters(), fused=True)
            step = partial(
                train_step, torch.compile(model) if name == "compiled" else model, optimizer=optimizer
            )
            several = list(islice(batches(digits.train, 256), steps))
            first, *rest = (timed(step, *batch) for batch in several)
            found[f"{name}_ms"] = 1_000 * statistics.median(rest)
            found["compile_seconds"] = first - statistics.median(rest)  # of the second, which is compiled
    return found


def timed(step: Callable, *batch) -> float:
    """Seconds of a step, which ends when its loss is known."""
    start = time.perf_counter()
    step(*batch)
    return time.perf_counter() - start


def write(result: dict[str, Any], digits: Digits, folder: Path) -> Path:
    """Write numbers and picture into `folder`; return the path of the numbers."""
    folder.mkdir(exist_ok=True)
    numbers, picture = folder / "benchmark.json", folder / "benchmark.png"
    numbers.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    with redirect_stdout(None):  # what else it shows is for notebooks
        set_style(digits)
    picture.write_bytes(render(draw_benchmark(result))[0])
    print(f"Numbers: {os.path.relpath(numbers)}, picture: {os.path.relpath(picture)}")
    return numbers


def in_new_process(function: Callable, *arguments):
    """What a function returns in a process that has done nothing before, and does nothing after."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(recipe: Recipe, seeds: int) -> dict[str, Any]:
    """Train from so many seeds; seconds are medians over them. No choice depends on the test images."""
    device = get_device()
    digits = load_digits().to(device)

    def look(model: nn.Module, seconds: float) -> tuple[float, float]:
        return seconds, accuracy(predict(model, digits.test), digits.test.labels)

    runs = [list(starmap(look, recipe.train(digits, seed))) for seed in range(seeds)]
    curve = [tuple(map(statistics.median, zip(*looks, strict=True))) for looks in zip(*runs, strict=True)]
    last = [run[-1][1] for run in runs]
    gflop = flops_per_image(recipe.build()) * len(recipe.part(digits).train) / 1e9
    on_cpu = device.type == "cpu"
    return {
        "name": recipe.name,
        "seeds": seeds,
        "parameters": count_parameters(recipe.build()),
        "dtype": dtype_name(recipe.dtype(device)),
        "accuracy_mean": statistics.mean(last),
        "accuracy_std": statistics.stdev(last) if seeds > 1 else None,
        "accuracy": last,
        "seconds": curve[-1][0],
        "seconds_first": runs[0][-1][0],
        "seconds_to": {f"{level:g}": found for level in LEVELS if (found := seconds_to(level, runs))},
        "gflop_per_epoch": gflop,
        "training_gflops": gflop * recipe.passes / curve[-1][0],
        "peak_memory_mb": peak_memory_mb(),
        "device_memory_mb": None if on_cpu else torch.accelerator.max_memory_allocated() // 2**20,
        "curve": curve,
    }


def seconds_to(level: float, runs: Sequence[Run]) -> float | None:
    """When a run first stands at `level` or above, the median over seeds; None unless most seeds get there.

    A median seed that reaches 99.0% is not yet a mean of 99.0%, so the mean of some look has to reach it, too.
    """
    median = statistics.median(
        next((seconds for seconds, right in run if right >= level), math.inf) for run in runs
    )
    means = [statistics.mean(right for _, right in looks) for looks in zip(*runs, strict=True)]
    return median if math.isfinite(median) and max(means) >= level else None


def throughput(digits: Digits, images: int) -> dict[str, float]:
    """Images a second that a DataLoader delivers one by one, and tensors by index; both normalized, nothing trained."""

    def rate(source) -> float:
        start = time.perf_counter()
        return sum(len(labels) for _, labels in source) / (time.perf_counter() - start)

    generator = torch.Generator().manual_seed(0)
    return {
        "loader": rate(DataLoader(OneByOne(digits.train[:images]), batch_size=256, shuffle=True)),
        "tensors": max(rate(batches(digits.train, 256, generator)) for _ in range(3)),
    }


def growth(digits: Digits, quick: bool) -> dict[str, Any]:
    """Seconds of an epoch against images, and against width, each with the exponent of a power law."""
    digits = replace(digits, validation=digits.validation[:100]).to(get_device())
    most = 5_000 if quick else len(digits.train)
    sizes = [size for size in (1_000, 2_000, 5_000, 10_000, 20_000, 40_000) if size < most] + [most]
    widths = [4, 8, 16, 32] if quick else [4, 8, 16, 32, 64, 128]

    def seconds(build: Callable[[], nn.Module], images: int) -> float:
        part = replace(digits, train=digits.train[:images])
        return min(trained(build, part, epochs=1)[1].seconds for _ in range(3))

    def measured(values: list[int], times: list[float]) -> dict[str, Any]:
        exponent, _ = np.polyfit(np.log(values), np.log(times), 1)
        return {"values": values, "seconds": times, "exponent": float(exponent)}

    seconds(CNN, 1_000)  # warms up
    return {
        "number of images": measured(sizes, [seconds(CNN, size) for size in sizes]),
        "width of the fast network": measured(
            widths, [seconds(partial(FastCNN, width), 5_000) for width in widths]
        ),
    }


class OneByOne(MNIST):
    """torchvision's dataset, which makes a picture of each image and transforms it, over images that are in memory."""

    def __init__(self, split: Split):
        self.data, self.targets = split.images.cpu()[:, 0], split.labels.cpu()
        normalize = v2.Normalize((split.mean,), (split.std,))
        self.transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), normalize])
        self.target_transform = None


@dataclass(frozen=True)
class Rival(Recipe):
    """A network and the usual loop over a DataLoader. decay: what the learning rate is multiplied by after an epoch."""

    batch_size: int = 64
    autocast: bool = False
    seeds: int = 1
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    decay: float = 1.0

    def train(self, digits: Digits, seed: int) -> Iterator[tuple[nn.Module, float]]:
        """Yield the network and the seconds so far after each epoch."""
        device, seconds = digits.train.images.device, 0.0
        # `seeded` lays the weights out channels last, which the usual way does not.
        model = seeded(self.build, seed).to(device).to(memory_format=torch.contiguous_format)
        optimizer = self.optimizer(model.parameters(), lr=self.learning_rate)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=self.decay)
        generator = torch.Generator().manual_seed(seed)
        loader: DataLoader = DataLoader(
            OneByOne(digits.train), self.batch_size, shuffle=True, generator=generator
        )
        for _ in range(self.epochs):
            model.train()
            start = time.perf_counter()
            for inputs, labels in tqdm(loader, self.name, leave=False):
                loss = F.cross_entropy(model(inputs.to(device)), labels.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            synchronize(device)
            seconds += time.perf_counter() - start
            scheduler.step()
            yield model, seconds


def usual_cnn() -> nn.Module:
    """The network that tutorials train on MNIST: two convolutions of 3×3, dropout, 1,199,882 parameters."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
        *(nn.Flatten(), nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )


RIVALS = (
    # As tutorials do, but for three of their fourteen epochs.
    Rival(
        "the usual way: DataLoader, 1.2 million parameters",
        usual_cnn,
        epochs=3,
        learning_rate=1.0,
        optimizer=torch.optim.Adadelta,
        decay=0.7,
    ),
    Rival("a dense network of 569,226 parameters", deep_dense, epochs=15, learning_rate=0.001),
)

LEVEL_HEADS = "".join(f"{100 * level:7.4g}%" for level in LEVELS)
HEADER = f"{'way to train':50} seeds seconds  {'test accuracy':15}{LEVEL_HEADS} GFLOP/s   memory"


def table_row(recipe: dict[str, Any]) -> str:
    """A line of the table: seconds to each level, a dash where it is not reached."""
    spread = "" if recipe["accuracy_std"] is None else f" ± {100 * recipe['accuracy_std']:.2f}"
    right = f"{100 * recipe['accuracy_mean']:.2f}{spread}%"
    levels = (recipe["seconds_to"].get(f"{level:g}") for level in LEVELS)
    to = "".join(f"{'-' if seconds is None else f'{seconds:.2f}':>9}" for seconds in levels)
    memory = f"{recipe['peak_memory_mb'] or '-'} MB"
    return f"{recipe['name']:50}{recipe['seeds']:6}{recipe['seconds']:8.2f}  {right:15}{to}{recipe['training_gflops']:8.0f}{memory:>9}"


def draw_benchmark(result: dict[str, Any]) -> Figure:
    """Seconds against accuracy for each way to train; beside it, how seconds grow."""
    figure, (race, *panels) = plt.subplots(1, 3, figsize=(12.5, 5.2), width_ratios=(2.2, 1, 1))
    curves = {}
    for recipe in result["recipes"]:
        seconds, right = zip(*recipe["curve"], strict=True)
        curves[recipe["name"]] = (seconds, [100 * share for share in right])
    title = f"{result['machine']['cpu_cores']} cores, device {result['machine']['device']}"
    draw_curves(curves, "seconds of training", "test images right (%)", title, log="x", axes=race)
    for line in race.lines[6:]:  # colors and markers begin again
        line.set_fillstyle("none")
    race.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    for axes, (what, measured) in zip(panels, result["growth"].items(), strict=True):
        points = {what: (measured["values"], measured["seconds"])}
        draw_curves(points, what, "seconds of an epoch", f"exponent {measured['exponent']:.2f}", "xy", axes)
    for axis in (race.xaxis, *(axis for axes in panels for axis in (axes.xaxis, axes.yaxis))):
        axis.set(major_locator=LogLocator(subs=(1, 2, 5)), minor_formatter=NullFormatter())
        axis.set_major_formatter("{x:g}")
        axis.set_tick_params(labelsize=8)
    return figure


if __name__ == "__main__":
    sys.exit(main())
