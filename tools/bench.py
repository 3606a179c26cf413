"""Measure how fast this series reaches which accuracy, beside two other ways, on this machine.

python -m tools.bench                 table, build/benchmark.json and build/benchmark.png; about ten minutes
python -m tools.bench --quick         the short recipes only, two seeds; under a minute
python -m tools.bench --keep NAME     also keep the numbers as benchmarks/NAME.json

Each way to train runs in a process of its own, so that its peak memory is its own and its first run is a cold one.
The clock covers the training steps: fetching and normalising a batch, forward, backward, optimizer and schedule. It
does not cover imports, reading the digits, choosing a number format, and evaluation.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.datasets import MNIST
from torchvision.transforms import v2

from mnist_helpers.data import Digits, Split, WalkthroughError, batches, load_digits, normalize
from mnist_helpers.figures import COLORS, MARKERS, describe, render, set_style
from mnist_helpers.machine import describe_machine, peak_memory_mb
from mnist_helpers.model import CNN, FastCNN, count_parameters, seeded
from mnist_helpers.recipes import RECIPES, Recipe
from mnist_helpers.training import accuracy, fast_dtype, finish, fit, get_device, predict
from tools.walkthrough import BUILD, ROOT

LEVELS = (0.9841, 0.99, 0.994, 0.996, 0.997)
KEPT = ROOT / "benchmarks"

# A run of training: after each look at the test images, the seconds so far and the share that was right.
Run = list[tuple[float, float]]


@dataclass(frozen=True)
class Contender:
    """A way to train. train: takes digits and a seed, yields the network and the seconds so far at each look.

    images: how many an epoch has.
    """

    name: str
    build: Callable[[], nn.Module]
    train: Callable[[Digits, int], Iterator[tuple[nn.Module, float]]]
    images: Callable[[Digits], int]
    seeds: int
    dtype: torch.dtype = torch.float32


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the short recipes only, two seeds each")
    parser.add_argument("--keep", metavar="NAME", help="also keep the numbers as benchmarks/NAME.json")
    parser.add_argument(
        "--into", metavar="FOLDER", type=Path, default=BUILD, help="where numbers and picture go"
    )
    parser.add_argument("--only", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--seeds", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        if arguments.keep and not re.fullmatch(r"[a-z0-9-]+", arguments.keep):
            raise WalkthroughError(
                "A kept result is named in small letters, digits and hyphens: --keep two-core-laptop."
            )
        if arguments.only:
            (contender,) = (one for one in contenders() if one.name == arguments.only)
            print(json.dumps(measure(contender, arguments.seeds)))
            return 0
        report(arguments.quick, arguments.keep, arguments.into)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def report(quick: bool, keep: str | None, into: Path) -> None:
    """Measure everything; print the table; write numbers and picture."""
    digits = load_digits()
    if keep and (quick or not digits.is_mnist):
        raise WalkthroughError(
            "Numbers are kept of whole runs on MNIST: without --quick, with MNIST_DIR if need be."
        )
    print(digits, *digits.steps, sep="\n", flush=True)
    result: dict[str, Any] = {
        "dataset": "mnist" if digits.is_mnist else "practice",
        "date": date.today().isoformat(),
        "command": "MNIST_DIR=... " * bool(os.environ.get("MNIST_DIR"))
        + shlex.join(["python", "-m", "tools.bench", *sys.argv[1:]]),
        "clock": "training steps only: fetching and normalising batches, forward, backward, optimizer, schedule",
        "machine": describe_machine(),
        "images_per_second": throughput(digits, 20_000 if not quick else 2_000),
        "recipes": [],
    }
    print("\n".join(machine_lines(result["machine"])), "", HEADER, sep="\n", flush=True)
    for contender in contenders():
        if quick and contender.name not in {recipe.name for recipe in RECIPES if recipe.quick}:
            continue
        seeds = min(2, contender.seeds) if quick else contender.seeds
        measured = in_a_process_of_its_own(contender.name, seeds)
        result["recipes"].append(summary(contender.name, measured, result["machine"]))
        print(table_row(result["recipes"][-1]), flush=True)
    result["growth"] = growth(digits, quick)
    rates = result["images_per_second"]
    print(
        f"\nOne pass over the training images: {rates['loader']:,.0f} images a second through a DataLoader, "
        f"{rates['tensors']:,.0f} as tensors."
    )
    for what, measured in result["growth"].items():
        print(f"Seconds of an epoch grow as the {what} to the power of {measured['exponent']:.2f}.")
    into.mkdir(exist_ok=True)
    written = into / "benchmark.json"
    written.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    set_style(digits)
    png, _ = render(draw_benchmark(result))
    (into / "benchmark.png").write_bytes(png)
    print(f"Numbers: {os.path.relpath(written)}, picture: {os.path.relpath(into / 'benchmark.png')}")
    if keep:
        KEPT.mkdir(exist_ok=True)
        shutil.copy(written, KEPT / f"{keep}.json")


def contenders() -> list[Contender]:
    """The recipes of this series, then the usual way, then a dense network."""
    dtype = fast_dtype(get_device())
    return [
        *(contender_of(recipe, dtype) for recipe in RECIPES),
        Contender("the usual way: DataLoader, 1.2 million parameters", UsualCNN, train_usual, everything, 1),
        Contender("a dense network of 569,226 parameters", DeepDense, train_dense, everything, 1),
    ]


def contender_of(recipe: Recipe, dtype: torch.dtype) -> Contender:
    def train(digits: Digits, seed: int) -> Iterator[tuple[nn.Module, float]]:
        model, history = recipe.train(digits, seed)
        yield model, history.seconds

    return Contender(
        recipe.name,
        recipe.build,
        train,
        lambda digits: len(recipe.part(digits).train),
        recipe.seeds,
        dtype if recipe.fast_dtype else torch.float32,
    )


def everything(digits: Digits) -> int:
    return len(digits.train)


def measure(contender: Contender, seeds: int) -> dict[str, Any]:
    """Train from so many seeds; the test images are looked at for the report only, and nothing depends on them."""
    device = get_device()
    digits = load_digits().to(device)
    runs: list[Run] = []
    for seed in range(seeds):
        run: Run = []
        for model, seconds in contender.train(digits, seed):
            run.append((seconds, accuracy(predict(model, digits.test), digits.test.labels)))
        runs.append(run)
    return {
        "runs": runs,
        "parameters": count_parameters(contender.build()),
        "dtype": str(contender.dtype).removeprefix("torch."),
        "flops_per_image": flops_per_image(contender.build()),
        "images": contender.images(digits),
        "step": step_seconds(contender, digits),
        "peak_memory_mb": peak_memory_mb(),
        "device_memory_mb": None
        if device.type == "cpu"
        else round(torch.accelerator.max_memory_allocated() / 2**20),
    }


def in_a_process_of_its_own(name: str, seeds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tools.bench", "--only", name, "--seeds", str(seeds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise WalkthroughError(f"Measuring {name} failed; the lines above say why.")
    return json.loads(done.stdout.splitlines()[-1])


def summary(name: str, measured: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    """What the runs of one contender say together. Seconds are medians over seeds."""
    runs: list[Run] = measured["runs"]
    last = [run[-1][1] for run in runs]
    gflops = measured["flops_per_image"] * 256 / measured["step"] / 1e9
    return {
        "name": name,
        "seeds": len(runs),
        "parameters": measured["parameters"],
        "dtype": measured["dtype"],
        "accuracy_mean": statistics.mean(last),
        "accuracy_std": statistics.stdev(last) if len(last) > 1 else None,
        "accuracy": last,
        "seconds": statistics.median(run[-1][0] for run in runs),
        "seconds_first": runs[0][-1][0],
        "seconds_to": {
            f"{level:g}": seconds for level in LEVELS if (seconds := seconds_to(level, runs)) is not None
        },
        "gflop_per_epoch": measured["flops_per_image"] * measured["images"] / 1e9,
        "gflops": gflops,
        "share_of_ceiling": {
            dtype: gflops / rate for dtype, rate in machine["matrix_product_gflops"].items()
        },
        "peak_memory_mb": measured["peak_memory_mb"],
        "device_memory_mb": measured["device_memory_mb"],
        "curve": [
            [statistics.median(run[look][part] for run in runs) for part in (0, 1)]
            for look in range(min(len(run) for run in runs))
        ],
    }


def seconds_to(level: float, runs: list[Run]) -> float | None:
    """When a run first stands at `level` or above, the median over seeds; None unless most seeds get there.

    A median seed that reaches 99.0 % is not yet a mean of 99.0 %, so the mean of the last looks has to reach it, too.
    """
    reached = [next((seconds for seconds, right in run if right >= level), math.inf) for run in runs]
    best_mean = max(
        statistics.mean(rights)
        for rights in zip(*([right for _, right in run] for run in runs), strict=False)
    )
    median = statistics.median(reached)
    return median if math.isfinite(median) and best_mean >= level else None


def step_seconds(contender: Contender, digits: Digits, batch_size: int = 256, repeats: int = 30) -> float:
    """The median step of 256 images, its batch at hand: forward, backward and Adam."""
    split, device = digits.train[:batch_size], digits.train.images.device
    inputs = normalize(split.images, split.mean, split.std)
    model = seeded(contender.build, 0).to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        with torch.autocast(device.type, contender.dtype, enabled=contender.dtype != torch.float32):
            loss = F.cross_entropy(model(inputs), split.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        finish(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def flops_per_image(model: nn.Module) -> float:
    """Floating-point operations of a forward and a backward pass, as PyTorch counts them."""
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(model(torch.zeros(8, 1, 28, 28)), torch.zeros(8, dtype=torch.long)).backward()
    return counter.get_total_flops() / 8


def machine_lines(described: dict[str, Any]) -> list[str]:
    rates = described["matrix_product_gflops"]
    return [
        f"Machine: {described['cpu']}, {described['cpu_cores']} cores, device {described['device']}; "
        f"Python {described['python']}, torch {described['torch']}",
        f"Its ceiling: {rates['float32']:,} GFLOP/s in float32, {rates['bfloat16']:,} in bfloat16 "
        f"(products of 2048×2048 matrices); recipes in the fast number format use {described['fast_dtype']}",
    ]


def throughput(digits: Digits, images: int) -> dict[str, float]:
    """Images a second that a DataLoader delivers one by one, and tensors by index; both normalised, nothing trained."""
    part = digits.train[:images]

    def rate(source) -> float:
        start = time.perf_counter()
        delivered = sum(len(labels) for _, labels in source)
        return delivered / (time.perf_counter() - start)

    generator = torch.Generator().manual_seed(0)
    whole = digits.train
    return {
        "loader": rate(DataLoader(OneByOne(part), batch_size=256, shuffle=True)),
        "tensors": max(rate(batches(whole, 256, generator)) for _ in range(3)),
    }


def growth(digits: Digits, quick: bool) -> dict[str, Any]:
    """Seconds of an epoch against images, and against width, each with the exponent of a power law."""
    device = get_device()
    joined = replace(
        digits.train,
        images=torch.cat([digits.train.images, digits.validation.images]),
        labels=torch.cat([digits.train.labels, digits.validation.labels]),
    )
    digits = replace(digits, train=joined, validation=digits.validation[:100]).to(device)
    most = 5_000 if quick else len(joined)
    sizes = sorted({min(size, most) for size in (1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000)})
    widths = (4, 8, 16, 32) if quick else (4, 8, 16, 32, 64, 128)

    def seconds(build: Callable[[], nn.Module], images: int, epochs: int) -> float:
        part = replace(digits, train=digits.train[:images])
        return min(fit(seeded(build, 0).to(device), part, epochs=1).seconds for _ in range(epochs))

    def measured(values, times: list[float]) -> dict[str, Any]:
        slope, _ = np.polyfit(np.log(values), np.log(times), 1)
        return {"values": list(values), "seconds": times, "exponent": float(slope)}

    few = min(5_000, most)
    fit(seeded(CNN, 0).to(device), replace(digits, train=digits.train[:1_000]), epochs=1)  # warms up
    return {
        "number of images": measured(sizes, [seconds(CNN, size, 2) for size in sizes]),
        "width of the fast network": measured(
            widths, [seconds(partial(FastCNN, width), few, 3) for width in widths]
        ),
    }


class OneByOne(MNIST):
    """torchvision's dataset, which makes a picture of each image and transforms it, over images that are in memory."""

    def __init__(self, split: Split):
        self.data, self.targets = split.images.cpu()[:, 0], split.labels.cpu()
        steps = [
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((split.mean,), (split.std,)),
        ]
        self.transform, self.target_transform = v2.Compose(steps), None


class UsualCNN(nn.Module):
    """The network that tutorials train on MNIST: two convolutions of 3×3, dropout, 1,199,882 parameters."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        )

    def forward(self, images):
        return self.classifier(self.convolutions(images))


class DeepDense(nn.Module):
    """Four dense layers with batch normalization: 569,226 parameters."""

    def __init__(self):
        super().__init__()
        sizes = (28 * 28, 512, 256, 128)
        hidden = (
            part
            for inputs, outputs in pairwise(sizes)
            for part in (nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())
        )
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], 10))

    def forward(self, images):
        return self.layers(images)


def train_usual(digits: Digits, seed: int) -> Iterator[tuple[nn.Module, float]]:
    """Adadelta from 1.0, times 0.7 an epoch, batches of 64: as tutorials do; three epochs of their fourteen."""
    model = seeded(UsualCNN, seed).to(digits.train.images.device)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    yield from train_with_loader(model, optimizer, digits, epochs=3, seed=seed, decay=0.7)


def train_dense(digits: Digits, seed: int) -> Iterator[tuple[nn.Module, float]]:
    """Adam at 0.001, batches of 64, fifteen epochs."""
    model = seeded(DeepDense, seed).to(digits.train.images.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    yield from train_with_loader(model, optimizer, digits, epochs=15, seed=seed, decay=1.0)


def train_with_loader(model, optimizer, digits: Digits, epochs: int, seed: int, decay: float):
    """The usual loop over a DataLoader; yields the network after each epoch."""
    device, seconds = digits.train.images.device, 0.0
    loader: DataLoader = DataLoader(
        OneByOne(digits.train), batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(seed)
    )
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=decay)
    for epoch in range(epochs):
        print(f"  epoch {epoch + 1} of {epochs}", file=sys.stderr, flush=True)
        model.train()
        start = time.perf_counter()
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
        finish(device)
        seconds += time.perf_counter() - start
        scheduler.step()
        yield model, seconds


HEADER = f"{'way to train':52} {'seeds':>5} {'seconds':>8} {'test accuracy':>18} {'98.41 %':>8} {'99.0 %':>7} {'99.4 %':>7} {'99.6 %':>7} {'GFLOP/s':>8} {'memory':>8}"


def table_row(recipe: dict[str, Any]) -> str:
    """A line of the table: seconds to each level, a dash where it is not reached."""
    spread = f" ± {100 * recipe['accuracy_std']:.2f}" if recipe["accuracy_std"] is not None else ""
    levels = (recipe["seconds_to"].get(f"{level:g}") for level in LEVELS[:4])
    to = " ".join(
        f"{'-' if seconds is None else f'{seconds:.2f}':>{width}}"
        for seconds, width in zip(levels, (8, 7, 7, 7), strict=True)
    )
    return (
        f"{recipe['name']:52} {recipe['seeds']:5} {recipe['seconds']:8.2f} {100 * recipe['accuracy_mean']:10.2f}{spread:8} "
        f"{to} {recipe['gflops']:8.0f} {recipe['peak_memory_mb'] or 0:5} MB"
    )


def draw_benchmark(result: dict[str, Any]) -> Figure:
    """Seconds against accuracy for each way to train; beside it, how seconds grow."""
    figure, (race, images, width) = plt.subplots(1, 3, figsize=(12.5, 5.2), width_ratios=(2.2, 1, 1))
    told = []
    for number, recipe in enumerate(result["recipes"]):
        seconds, right = zip(*recipe["curve"], strict=True)
        look = {"color": COLORS[number % 5], "marker": MARKERS[(number // 5 + number) % 5]}
        race.plot(seconds, [100 * share for share in right], label=recipe["name"], markersize=6, **look)
        told.append(f"{recipe['name']} {100 * right[-1]:.2f} % after {seconds[-1]:.1f} s")
    race.set(
        xscale="log",
        xlabel="seconds of training",
        ylabel="test images right (%)",
        title=f"{result['machine']['cpu_cores']} cores, device {result['machine']['device']}",
    )
    race.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    describe(race, f"Accuracy against seconds of training: {'; '.join(told)}.")
    for axes, (what, measured) in zip((images, width), result["growth"].items(), strict=True):
        axes.plot(measured["values"], measured["seconds"], "o-", color=COLORS[0])
        title = f"exponent {measured['exponent']:.2f}"
        axes.set(xscale="log", yscale="log", xlabel=what, ylabel="seconds of an epoch", title=title)
        describe(axes, f"Seconds of an epoch against {what}: {title}.")
    for axis in (race.xaxis, images.xaxis, images.yaxis, width.xaxis, width.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    for axes in figure.axes:
        axes.grid(alpha=0.25)
        axes.tick_params(labelsize=8)
    return figure


if __name__ == "__main__":
    sys.exit(main())
