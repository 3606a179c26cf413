"""Climb from the dense network to the most accurate one and keep every run.

python -m tools.accuracy              train what is missing from mnist_lessons/measured/accuracy.jsonl, then open the test set
python -m tools.accuracy --into FILE  the same into a file of your own, for example build/accuracy.jsonl
python -m tools.accuracy --only NAME  experiments whose names begin so, and no test

A line of the file is a run. A run that is stopped is lost, those before it are kept, and the next call goes on.
Run k trains on five sixths of MNIST's 60,000 training images and is validated on the k-th sixth, 10,000 images; the
runs marked "all" train on all 60,000. Test images are opened when every run is there, once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import count, groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mnist_helpers.augmentation import RandomAffine
from mnist_helpers.data import HELD_OUT, Digits, Split, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import predict
from mnist_helpers.model import CNN, count_parameters, seeded
from mnist_lessons.networks import DeepCNN, FastCNN, RandomElastic, quantized, stored_bytes
from tools.machine import describe_machine
from tools.paths import ACCURACY_LOG, BUILD
from tools.recipes import Autocast, adam, cross_entropy, deep_dense, fitted, flops_per_image
from tools.text import argument_parser, read_log

WEIGHTS = BUILD / "accuracy"
FOLDS = 6


class NormalizedCNN(nn.Module):
    """The lessons' CNN with batch normalization after each of its first three layers: 80,554 parameters."""

    def __init__(self):
        super().__init__()
        cnn = CNN()
        self.conv1, self.conv2, self.hidden, self.output = cnn.conv1, cnn.conv2, cnn.hidden, cnn.output
        self.norm1, self.norm2, self.norm3 = nn.BatchNorm2d(16), nn.BatchNorm2d(32), nn.BatchNorm1d(128)

    def forward(self, images):
        maps = F.relu(self.norm1(F.max_pool2d(self.conv1(images), 2)))
        maps = F.relu(self.norm2(F.max_pool2d(self.conv2(maps), 2)))
        return self.output(F.relu(self.norm3(self.hidden(maps.flatten(start_dim=1)))))


class SmallCNN(nn.Sequential):
    """Four convolutions of so many channels, the mean of each map, and a linear layer: 1,144 parameters for 6.

    thrice: whether the last three convolutions are one and the same. early: whether maps are pooled before they are
    normalized, which is faster.
    """

    def __init__(self, channels, thrice=False, early=False):
        layers: list[nn.Module] = []
        for number, inputs in enumerate((1, channels, channels, channels)):
            if number < 2 or not thrice:
                convolution = nn.Conv2d(inputs, channels, 3, bias=False)
            pool = [nn.MaxPool2d(2)] if number in (0, 2) else []
            norm = [nn.BatchNorm2d(channels), nn.ReLU()]
            layers += [convolution, *pool, *norm] if early else [convolution, *norm, *pool]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def deep_with(channels: int = 24, **layers: nn.Module) -> DeepCNN:
    """The deep network with other layers in the place of its own."""
    model = DeepCNN(channels)
    for name, layer in layers.items():
        setattr(model, name, layer)
    return model


def padded() -> DeepCNN:
    """The deep network whose convolutions keep the maps' size: 14×14, and 7×7 after the pooling."""
    model = deep_with(output=nn.Linear(96 * 7 * 7, 10))
    for layer in (model.conv1, model.conv2, model.conv3, model.conv4):
        layer.padding = (1, 1)
    return model


def pooled() -> DeepCNN:
    """The deep network whose last layer is given the mean of each map."""
    mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return deep_with(flatten=mean, output=nn.Linear(96, 10))


class Residual(nn.Conv2d):
    """A 3×3 convolution whose maps are added to those that it is given, cut to their size (He and others, 2015)."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps[:, :, 1:-1, 1:-1] + super().forward(maps)


def whole(channels: int = 24, residual: bool = False) -> DeepCNN:
    """The deep network whose first kernels see every pixel: 5×5 of them, then the largest of four places.

    residual: whether there is a connection around its third convolution, too.
    """
    first = nn.Sequential(nn.Conv2d(1, channels, kernel_size=5), nn.MaxPool2d(2))
    model = deep_with(channels, unshuffle=nn.Identity(), conv1=first)
    if residual:
        model.conv3 = Residual(2 * channels, 2 * channels, kernel_size=3)
    return model


def residual() -> DeepCNN:
    """The deep network with a connection around its third convolution, which has as many channels before as after."""
    return deep_with(conv3=Residual(48, 48, kernel_size=3))


class Cutout(nn.Module):
    """Makes a square of 7×7 pixels paper, anywhere in each image, in training (DeVries and Taylor, 2017)."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return images
        far = (torch.arange(28) - torch.randint(28, (2, len(images), 1))).abs()
        rows, columns = far <= 3
        return images.masked_fill((rows[:, :, None] & columns[:, None])[:, None], images.min())


class Mixup(nn.Module):
    """Lays each image over another of its batch, in training, and its label over the other's (Zhang and others, 2017)."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return images
        self.share = torch.distributions.Beta(0.2, 0.2).sample().item()
        return self.share * images + (1 - self.share) * images.flip(0)

    def loss(self, logits: torch.Tensor, labels: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        own, others = (cross_entropy(logits, those, label_smoothing) for those in (labels, labels.flip(0)))
        return self.share * own + (1 - self.share) * others


@dataclass(frozen=True)
class Experiment:
    """An experiment of the log: a network and how it is trained.

    bend: pixels of elastic distortion beside the affine one; None trains on the images as they are. strength: of the
    affine one, 1 for turns by 8 degrees. constant: whether the rate stays as it is. plain: epochs at the end, on the
    images as they are, at a tenth of the rate. decay: of the weights, a share per unit of learning rate. average: what
    a step leaves of an exponential average of the weights. dtype: what is computed in. seed: of run 0. folds: which
    sixths of the images are held out, one after the other. everything: how many runs on all images follow.
    mixed: what is done to distorted images besides. hardest: the share of the images that epochs after the first see.
    """

    name: str
    build: Callable[[], nn.Module]
    epochs: int = 8
    learning_rate: float = 0.01
    constant: bool = False
    bend: float | None = None
    strength: float = 1.0
    plain: int = 0
    decay: float = 0.0
    label_smoothing: float = 0.0
    average: float = 0.0
    dtype: torch.dtype = torch.float32
    seed: int = 0
    folds: tuple[str, ...] = ("0", "1", "2", "3")
    everything: int = 0
    mixed: Callable[[], nn.Module] = nn.Identity
    hardest: float = 1.0
    optimizer: Callable[..., torch.optim.Optimizer] = adam

    @property
    def runs(self) -> list[str]:
        return [*self.folds, *(f"all {seed}" for seed in range(self.everything))]

    def measure(self, run: str, digits: Digits) -> dict[str, Any]:
        """Train once, keep the weights, and say which validation images are read wrong."""
        start = time.process_time()  # of this thread, whatever else the machine does
        networks = train_experiment(self, run, held_out(digits, run))
        seconds = time.process_time() - start
        WEIGHTS.mkdir(parents=True, exist_ok=True)
        for which, network in networks.items():
            torch.save(network.state_dict(), weights_path(self, run, which))
        network = networks["last"]
        size = {"parameters": count_parameters(network), "bytes": stored_bytes(network, 32)}
        return {
            "epochs": self.epochs + self.plain,
            **size,
            "seconds": round(seconds, 1),
            "teraflop": self.teraflop(run),
            "wrong": self.wrong(run, digits),
        }

    def teraflop(self, run: str) -> float:
        """What a run computes: the same on every machine, in every number format, whatever else is done there."""
        passes = 1 + (self.epochs - 1) * self.hardest + self.plain
        images = (60_000 if run.startswith("all") else 50_000) * passes
        return float(f"{flops_per_image(self.build()) * images / 1e12:.3g}")

    def wrong(self, run: str, digits: Digits, split: str = "validation") -> dict[str, Mistakes] | None:
        """The mistakes of each network that a run has left; None for a validation that there is not."""
        if split == "validation" and run.startswith("all"):
            return None
        which = ("last", "average") if self.average else ("last",)
        return {
            name: mistakes(load(self, run, name), getattr(held_out(digits, run), split)) for name in which
        }


@dataclass(frozen=True)
class Combined:
    """An experiment that trains nothing: it asks networks that other experiments have left, and adds up what they answer.

    of: their experiments. shifts: whether each reads an image five times, also moved by a pixel each way. bits: of each weight.
    seeds: for the runs on all images, how many of each experiment's are asked together.
    """

    name: str
    of: tuple[str, ...]
    shifts: bool = False
    bits: int = 32
    seeds: int = 1
    runs: tuple[str, ...] = ("0", "1", "2", "3")

    def build(self, run: str) -> Vote:
        runs = [f"all {seed}" for seed in range(self.seeds)] if run == "all" else [run]
        networks = [load(experiment, one) for experiment in map(find, self.of) for one in runs]
        return Vote([quantized(network, self.bits) for network in networks], self.shifts)

    def measure(self, run: str, digits: Digits) -> dict[str, Any]:
        networks: list[nn.Module] = [*self.build(run).networks]
        size = {
            "parameters": sum(map(count_parameters, networks)),
            "bytes": sum(stored_bytes(network, self.bits) for network in networks),
        }
        return {**size, "wrong": self.wrong(run, digits)}

    def wrong(self, run: str, digits: Digits, split: str = "validation") -> dict[str, Mistakes] | None:
        if split == "validation" and run.startswith("all"):
            return None
        return {"last": mistakes(self.build(run), getattr(held_out(digits, run), split))}


class Vote(nn.Module):
    """The logarithm of the mean of what networks find probable, each image read once or, with `shifts`, five times."""

    def __init__(self, networks: list[nn.Module], shifts: bool):
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.moves = MOVES if shifts else MOVES[:1]

    def forward(self, images):
        views = [images.roll(move, dims=(2, 3)) for move in self.moves]
        return (
            torch.stack([net(view).softmax(dim=1) for net in self.networks for view in views])
            .mean(dim=0)
            .log()
        )


MOVES = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
Mistakes = list[list[int]]

TWO = ("0", "2")
cnn = partial(Experiment, build=NormalizedCNN)
deep = partial(Experiment, build=partial(DeepCNN, 32), bend=0.8, label_smoothing=0.1, average=0.998)
small = partial(Experiment, epochs=24, bend=0.0, folds=TWO)
BASE = "deep 24, affine"
WHOLE, WIDE = "whole 24, residual, 20 epochs", "whole 32, residual, 20 epochs, float32"
LONG = "whole 32, residual, 50 epochs, float32, hardest"
affine = partial(Experiment, build=DeepCNN, bend=0.0, label_smoothing=0.1, dtype=torch.bfloat16, folds=TWO)
wide = partial(affine, build=partial(whole, 32, residual=True), epochs=20, dtype=torch.float32)
tiny = partial(small, dtype=torch.bfloat16)
SGD = partial(torch.optim.SGD, momentum=0.9, nesterov=True)
THREE = ("deep 32", "deep 32, decay", "deep 32, dropout")

EXPERIMENTS: tuple[Experiment | Combined, ...] = (
    Experiment("dense", deep_dense, learning_rate=0.001, constant=True),
    Experiment("cnn", CNN, learning_rate=0.001, constant=True),
    Experiment("cnn, schedule", CNN),
    cnn("cnn, batch norm"),
    cnn("cnn, label smoothing", label_smoothing=0.1),
    cnn("cnn, affine", label_smoothing=0.1, bend=0.0),
    cnn("cnn, elastic", label_smoothing=0.1, bend=0.8),
    deep("deep 24", build=partial(DeepCNN, 24)),
    deep("deep 32"),
    deep("deep 32, decay", decay=0.05, average=0.0, folds=TWO),
    deep("deep 32, dropout", build=partial(DeepCNN, 32, 0.3), average=0.0, folds=TWO),
    deep("deep 32, plain end", epochs=7, plain=1, average=0.0, folds=TWO),
    deep("deep 32, 20 epochs", epochs=20, plain=1, average=0.0, folds=TWO),
    deep("deep 48, 9 epochs", build=partial(DeepCNN, 48), epochs=9, plain=1, average=0.0, folds=TWO),
    deep(
        "deep 48, 20 epochs",
        build=partial(DeepCNN, 48),
        epochs=20,
        plain=1,
        average=0.0,
        folds=(),
        everything=5,
    ),
    Combined("five deep 48", ("deep 48, 20 epochs",), seeds=5, runs=("all",)),
    Combined(
        "deep 48, shifts",
        ("deep 48, 20 epochs",),
        shifts=True,
        runs=tuple(f"all {seed}" for seed in range(5)),
    ),
    Combined("five deep 48, shifts", ("deep 48, 20 epochs",), shifts=True, seeds=5, runs=("all",)),
    Combined("deep 32, shifts", ("deep 32",), shifts=True),
    Combined("deep 32, 8 bits", ("deep 32",), bits=8),
    Combined("deep 32, 4 bits", ("deep 32",), bits=4),
    Combined("three deep 32", THREE, runs=TWO),
    Experiment("fast 16", FastCNN, bend=0.8, label_smoothing=0.1, folds=TWO),
    *(small(f"small {channels}", partial(SmallCNN, channels)) for channels in (6, 14)),
    affine(BASE),
    affine(f"{BASE}, other seed", seed=100),
    affine(f"{BASE}, half the rate", learning_rate=0.005),
    affine(f"{BASE}, double the rate", learning_rate=0.02),
    affine(f"{BASE}, stronger", strength=1.75),
    affine(f"{BASE}, weaker", strength=0.5),
    affine(f"{BASE}, float32", dtype=torch.float32),
    affine(f"{BASE}, no smoothing", label_smoothing=0.0),
    affine(f"{BASE}, whole", build=whole),
    affine(f"{BASE}, padded", build=padded),
    affine(f"{BASE}, residual", build=residual),
    affine(f"{BASE}, pooled", build=pooled),
    affine(f"{BASE}, cutout", mixed=Cutout),
    affine(f"{BASE}, mixup", mixed=Mixup),
    affine(f"{BASE}, SGD", optimizer=SGD, learning_rate=0.1),
    affine(f"{BASE}, SGD, double the rate", optimizer=SGD, learning_rate=0.2),
    affine(f"{BASE}, averaged at a constant rate", constant=True, learning_rate=0.002, average=0.99),
    affine(f"{BASE}, 20 epochs", epochs=20),
    affine("whole 24, 20 epochs", build=whole, epochs=20),
    affine(WHOLE, build=partial(whole, residual=True), epochs=20, everything=5),
    Combined("five whole 24", (WHOLE,), seeds=5, runs=("all",)),
    Combined("five whole 24, shifts", (WHOLE,), shifts=True, seeds=5, runs=("all",)),
    wide(WIDE),
    wide(f"{WIDE}, hardest", hardest=0.3),
    wide(LONG, hardest=0.3, epochs=50, everything=5),
    Combined("five whole 32", (LONG,), seeds=5, runs=("all",)),
    Combined("five whole 32, shifts", (LONG,), shifts=True, seeds=5, runs=("all",)),
    affine("deep 12, affine", build=partial(DeepCNN, 12)),
    tiny("early 16", partial(SmallCNN, 16, early=True)),
    tiny("thrice 16", partial(SmallCNN, 16, thrice=True, early=True)),
    *(
        Combined(f"{name}, {bits} bits", (name,), bits=bits, runs=TWO)
        for name in ("early 16", "thrice 16", "deep 12, affine")
        for bits in (8, 4)
    ),
)


def find(name: str) -> Experiment:
    return next(
        experiment
        for experiment in EXPERIMENTS
        if experiment.name == name and isinstance(experiment, Experiment)
    )


def held_out(digits: Digits, run: str) -> Digits:
    """All 60,000 with one sixth held out, pairs of neighbors as in deeper/01_splits; for "all" none, and 100 to look at."""
    twelfth = torch.arange(len(digits.train) + len(digits.validation)) // 2 % HELD_OUT
    everything = digits.train[torch.zeros(len(twelfth), dtype=torch.long)]
    for split, where in (
        (digits.train, twelfth != HELD_OUT - 1),
        (digits.validation, twelfth == HELD_OUT - 1),
    ):
        everything.images[where], everything.labels[where] = split.images, split.labels
    if run.startswith("all"):
        return replace(digits, train=everything, validation=everything[:100])
    fold = twelfth % FOLDS == int(run)
    return replace(digits, train=everything[~fold], validation=everything[fold])


def train_experiment(experiment: Experiment, run: str, digits: Digits) -> dict[str, nn.Module]:
    """The networks of a run, "last" and where there is one "average"."""
    seed = experiment.seed + int(run.split()[-1])
    torch.manual_seed(seed)  # for dropout, which draws from PyTorch's own generator
    network = seeded(experiment.build, seed)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(experiment.average), use_buffers=True)
    model: nn.Module = network
    if experiment.dtype != torch.float32:
        model = Autocast(network, torch.device("cpu"), experiment.dtype)
    plain, mixed = model, experiment.mixed()
    if experiment.bend is not None:
        degrees, zoom, shift = (experiment.strength * most for most in (8, 0.08, 1.5))
        bend = {"bend": experiment.bend} if experiment.bend else {}
        distort = (RandomElastic if bend else RandomAffine)(degrees, zoom, shift, **bend)
        distort.batches.fill_(seed * 10**6)
        model = nn.Sequential(distort, mixed, model)
    loss = partial(cross_entropy, label_smoothing=experiment.label_smoothing)
    mixed_loss = partial(getattr(mixed, "loss", cross_entropy), label_smoothing=experiment.label_smoothing)

    def before(group: dict[str, Any]) -> None:
        if experiment.constant:
            group["lr"] = experiment.learning_rate
        if experiment.decay:
            with torch.no_grad():
                for weights in group["params"]:
                    weights.mul_(1 - group["lr"] * experiment.decay)

    def after() -> None:
        if experiment.average:
            averaged.update_parameters(network)

    rate = experiment.learning_rate
    fit = partial(
        fitted, digits=digits, batch_size=256, optimizer=experiment.optimizer, before=before, after=after
    )
    history = fit(
        model,
        epochs=experiment.epochs,
        learning_rate=rate,
        seed=seed,
        loss=mixed_loss,
        hardest=experiment.hardest,
    )
    if experiment.plain and history.finished:
        history = fit(plain, epochs=experiment.plain, learning_rate=rate / 10, seed=seed + 1, loss=loss)
    if not history.finished:
        raise KeyboardInterrupt
    return {"last": network} | ({"average": averaged.module} if experiment.average else {})


def weights_path(experiment: Experiment, run: str, which: str) -> Path:
    return WEIGHTS / f"{experiment.name}-{run}-{which}.pt".replace(", ", "-").replace(" ", "-")


def load(experiment: Experiment, run: str, which: str = "last") -> nn.Module:
    """A network that an earlier run left in build/, ready to be asked."""
    path = weights_path(experiment, run, which)
    if not path.exists():
        raise WalkthroughError(
            f"{experiment.name!r} has a result, but {os.path.relpath(path)} is gone, which a later experiment needs. "
            "Measure into a file of your own: make accuracy INTO=build/accuracy.jsonl"
        )
    model = seeded(experiment.build, 0)
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def mistakes(model: nn.Module, split: Split) -> Mistakes:
    """Which images are read wrong, and what is read instead: pairs of a number in the split and a digit."""
    prediction = predict(model, split).argmax(dim=1)
    wrong = (prediction != split.labels).nonzero().flatten()
    return torch.stack([wrong, prediction[wrong]], dim=1).tolist()


def measure(experiment: Experiment | Combined, run: str, opened: bool) -> dict[str, Any]:
    """A run of an experiment, or what an earlier one reads wrong among the test images, in a process of one thread."""
    torch.set_num_threads(1)
    digits = load_digits()
    found = {"test": experiment.wrong(run, digits, "test")} if opened else experiment.measure(run, digits)
    return {"line": experiment.name, "run": run, **found}


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument(
        "--into", metavar="FILE", type=Path, default=ACCURACY_LOG, help="where the runs are kept"
    )
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", default=[""], help="only experiments whose names begin so"
    )
    arguments = parser.parse_args()
    try:
        if not load_digits().is_mnist:
            raise WalkthroughError(
                "There is no MNIST here, and the log is about MNIST: python -m mnist_helpers data --get"
            )
        experiments = [
            experiment for experiment in EXPERIMENTS if experiment.name.startswith(tuple(arguments.only))
        ]
        climb(experiments, arguments.into, opened=False)
        if arguments.only == [""]:
            climb(experiments, arguments.into, opened=True)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The runs so far are kept; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def climb(experiments: Sequence[Experiment | Combined], path: Path, opened: bool) -> None:
    """Measure what the file does not hold yet, as many runs side by side as there are cores, a line a run."""
    kept = read_log(path) if path.exists() else []
    done = {(record["line"], record["run"]) for record in kept if ("test" in record) == opened}
    todo = [
        (experiment, run)
        for experiment in experiments
        for run in experiment.runs
        if (experiment.name, run) not in done
    ]
    what = "tests" if opened else "runs"
    print(f"{len(todo)} {what} are missing from {os.path.relpath(path)}, {len(done)} are there.", flush=True)
    if not todo:
        return
    os.environ["TQDM_DISABLE"] = "1"  # two bars at a time would write over each other
    machine = describe_machine()
    measured_on = {
        "date": date.today().isoformat(),
        **{key: machine[key] for key in ("cpu", "cpu_cores", "torch")},
    }
    ended = count(1)
    # What asks the networks of other experiments begins when all before it have ended.
    for _, runs in groupby(todo, key=lambda run: bool(getattr(run[0], "of", ()))):
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool, path.open("a") as file:
            for future in as_completed([pool.submit(measure, *run, opened) for run in runs]):
                record = future.result() | measured_on
                file.write(json.dumps(record) + "\n")
                file.flush()
                print(f"{next(ended)} of {len(todo)}: {describe(record)}", flush=True)


def describe(record: dict[str, Any]) -> str:
    split = "test" if "test" in record else "wrong"
    wrong = ", ".join(f"{len(those)} ({which})" for which, those in (record[split] or {}).items())
    what = f"{wrong} of 10,000 {'test' if split == 'test' else 'held-out'} images wrong" if wrong else "done"
    return f"{record['line']}, run {record['run']}: {what}"


if __name__ == "__main__":
    sys.exit(main())
