"""For each check of an exercise: answers that are wrong in ways not in its own table, and right ones in other forms."""

# fmt: off


def _functions(arguments, *bodies):
    """Each body as a function `answer`; a body that neither returns nor yields is what it returns."""
    whole = [body if "return " in body or "yield " in body else f"return {body}" for body in bodies]
    return [f"def answer({arguments}):\n    " + body.replace("\n", "\n    ") for body in whole]


def _values(*values): return [f"answer = {value}" for value in values]


_TRAIN, _COUNT, _INPUTS, _IMAGES = "train, labels", "count", "inputs, mean, std", "images, batch_size"
_SIZE, _CHANNELS, _WEIGHT = "size, k, padding=0, stride=1", "size, ins, outs, k", "weight, order"
_SHARE, _PAIR, _CONFUSION, _COSTS = "share, half", "a, b", "c, d", "wrong, look"
_LAYER, _CELL, _RANKING, _STEER = "model, layer, inputs", "cell, layers", "image, ranking, count", "model, image, target, size, steps"
_RECORD = "from mnist_helpers.visualization import record\nwith record(layer) as outputs: model(inputs)\n"
_FIRST = "low, high = image.min(), image.max()\nfor _ in range(steps):\n    image = image.detach().requires_grad_()\n    "
_LOSS, _GRADIENT = "F.cross_entropy(model(image[None]), torch.tensor([target]))", "gradient = torch.autograd.grad({}, image)[0]\n    "
_STEP = _GRADIENT.format(_LOSS)
_MOVE = "image = (image - size * gradient.sign()).clamp(low, high)\nreturn image.detach()"

_COSTS_OF_PROCESSES, _GRADIENTS = "per_image, exchange, processes", "gradients, counts"

WRONG = {
    "check_constant_score": _functions(_TRAIN, "1 / 10", "(labels == 1).float().mean()", "(labels == train.median()).float().mean()",
        "(labels == train.bincount()[1:].argmax() + 1).float().mean()", "(labels == train.bincount().argmax()).sum() / len(train)",
        "(labels == train[0]).float().mean()"),
    "check_held_out": _functions(_COUNT, "count // 12", "random.Random(0).sample(range(60_000), 5_000)", "range(0, count, 24)",
        "[*range(0, count // 2, 12), *range(count // 2 // 2 * 2 + 1, count, 12)]", "[place // 2 for place in range(count) if place // 2 % 12 == 11]",
        "[place + 1 for place in range(count + 24) if place // 2 % 12 == 11]"),
    "check_unnormalize": _functions(_INPUTS, "((inputs - mean) / std * 255).round().byte()", "((inputs * std + mean) * 255).ceil().byte()",
        "(inputs * std + mean).round() * 255", "((inputs * std + mean) * 255).round().to(torch.int8)",
        "((inputs * std + mean) * 255).round().long()", "((inputs * std - mean) * 255).round().byte()"),
    "check_all_batches": _functions(_IMAGES, "images.chunk(batch_size)", "list(enumerate(images.split(batch_size)))",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size - 1]",
        "images[torch.randperm(len(images))].split(batch_size)", "images.split(4)", "[]"),
    "check_moving_kernel": _values("[[0, 0, 0], [0.5, 0, 0], [0, 0, 0]]", "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]", "[0, 0, 0, 1, 0, 0, 0, 0, 0]",
        "[[0, 0, 0], [-1, 0, 0], [0, 0, 0]]", "1", "[[0, 0, 0], [0, 0, 0], [1, 0, 0]]"),
    "check_output_size": _functions(_SIZE, "(size - k) // stride + 1", "size - k + 1", "(size + 2 * padding - k) // stride + (stride > 1)",
        "(size + 2 * padding - k // 2) // stride + 1", "24", "(size + 2 * padding - k) // stride + stride"),
    "check_parameters": _functions(_CHANNELS, "outs * ins * k * k + 1", "ins * (outs * k * k + 1)", "416", "outs * ins * (k + 1) ** 2",
        "ins * k * k + outs", "outs * (ins * k * k + 1) * size * size"),
    "check_shuffled": _functions(_WEIGHT, "weight[order.argsort()]", "weight[:, torch.randperm(weight.shape[1])]", "weight[:, order[order]]",
        "weight[:, order - 1]", "weight[:, order.sort().values]", "weight[order][:, order]"),
    "check_images_needed": _functions(_SHARE, "38_000", "1.96**2 / 4 / half**2", "1.96 * share * (1 - share) / half**2", "1.96**2 * share / half**2",
        "2.576**2 * share * (1 - share) / half**2", "1.96**2 * share * (1 - share) * half**2"),
    "check_p_value": _functions(_PAIR, "math.erfc(abs(a - b) / math.sqrt(2 * (a + b)))", "0.05", "min(1, 2 * _tail(a + b, a))",
        "sum(math.comb(a + b, k) for k in range(a + b + 1) if abs(2 * k - a - b) >= abs(a - b))",
        "n = a + b\nreturn sum(math.comb(n, k) for k in range(n + 1) if abs(k - n // 2) >= abs(a - n // 2)) / 2**n",
        "2 * sum(math.comb(a + b, k) for k in range(b)) / 2 ** (a + b)"),
    "check_precision": _functions(_CONFUSION, "c[d, d] / c.diagonal().sum()", "c[d, d] // c[:, d].sum()", "c[d, d] / c[:, 8].sum()",
        "c[d, d] / c[:, d].max()", "(c / c.sum(0)).diagonal().mean()", "100 * c[d, d] / c[:, d].sum()"),
    "check_best_threshold": _functions(_COSTS, "0.99", "look / (wrong + look)", "max(0.5, 1 - look / wrong)", "wrong - look",
        "1 - look / wrong / 10", "0.9 + look / wrong"),
    "check_dead_channels": _functions(_LAYER, *(_RECORD + f"return {count}" for count in (
        "(outputs[0].amax((0, 2, 3)) < 0).sum()", "(outputs[0] <= 0).sum()", "outputs[0].amax((0, 2, 3)) <= 0", "(outputs[0][-1].amax((1, 2)) <= 0).sum()",
        "(outputs[0][:, :, 3, 3].amax(0) <= 0).sum()", "(outputs[0].mean(0).amax((1, 2)) <= 0).sum()", "(outputs[0][:-1].amax((0, 2, 3)) <= 0).sum()", "(outputs[0][..., :-1, :-1].amax((0, 2, 3)) <= 0).sum()")),
        "0", "(layer.bias < 0).sum()", "(model(inputs).amax((0, 2, 3)) <= 0).sum()", _RECORD + "model.register_forward_hook(print)\nreturn 0"),
    "check_center": _functions(_CELL, "2 * cell + 6.5", "cell * math.prod(s for _, s in layers)",
        "for k, s in reversed(layers): cell = (cell + (k - 1) / 2) * s\nreturn cell",
        "for k, s in reversed(layers): cell = s * cell + (k - 1) / 2\nreturn int(cell)",
        "for k, s in reversed(layers): cell = s * cell + (s - 1) / 2\nreturn cell",
        "for k, s in reversed(layers): cell = s * (cell - 1) + (k - 1) / 2\nreturn cell"),
    "check_kept_pixels": _functions(_RANKING, *(f"best = ranking >= ranking.flatten().topk(count).values[-1]\nreturn {kept}" for kept in (
        "torch.where(best, image, image.mean())", "best.float()[None]", "torch.where(best, image, image.min())[0]", "torch.where(best, image, -0.4242)",
        "image[:, best]", "torch.where(best, ranking, image.min())", "torch.where(best, image, image[:, best].min())")),
        "torch.where(ranking >= ranking.flatten().topk(count + 1).values[-1], image, image.min())", "image", "torch.where(ranking > 0, image, image.min())",
        "torch.where(ranking.abs() >= ranking.abs().flatten().topk(count).values[-1], image, image.min())",
        "image[:] = image.min()\nreturn image", "image[:], ranking[:] = 0, 0\nreturn image"),
    "check_steered": _functions(_STEER, _FIRST.replace("image = ", "low, high = image.min(), image.max()\n    image = ", 1) + _STEP + _MOVE,
        _FIRST + _STEP + "image = image - size * gradient.sign()\nreturn image.detach().clamp(low, high)",
        "low, high = image.min(), image.max()\nimage.requires_grad_()\nfor _ in range(steps):\n    " + _LOSS + ".backward()\n    "
        "image.data = (image.data - size * image.grad.sign()).clamp(low, high)\nreturn image.detach()",
        _FIRST.replace("(steps)", "(steps + 1)") + _STEP + _MOVE, _FIRST + _STEP + _MOVE.replace("gradient.sign()", "gradient / gradient.norm()"),
        _FIRST + _GRADIENT.format(_LOSS.replace("[target]", "[9 - target]")) + _MOVE),
}
OTHER_FORMS = {
    "check_constant_score": _functions(_TRAIN, "np.mean(labels.numpy() == np.bincount(train.numpy()).argmax())",
        "(labels == train.mode().values).double().mean().item()",
        "best = max(train.tolist(), key=train.tolist().count)\nreturn sum(one == best for one in labels.tolist()) / len(labels)"),
    "check_held_out": _functions(_COUNT, "torch.arange(count) // 2 % 12 == 11",
        "torch.randperm(count, generator=torch.Generator().manual_seed(0))[: count // 12]", "[place // 2 % 12 == 11 for place in range(count)]"),
    "check_unnormalize": _functions(_INPUTS, "np.rint((inputs.numpy() * std + mean) * 255).astype(np.uint8)",
        "((inputs * std + mean) * 255 + 0.5).to(torch.uint8)", "inputs *= std\ninputs += mean\nreturn inputs.mul_(255).round_().byte()"),
    "check_all_batches": _functions(_IMAGES, "images.tolist() and [batch.tolist() for batch in images.split(batch_size)]",
        "while len(images):\n    yield images[:batch_size]\n    images = images[batch_size:]",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size]"),
    "check_moving_kernel": _values("torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 0]])", "np.eye(9)[3].reshape(3, 3)",
        "torch.eye(9)[3].view(1, 1, 3, 3)"),
    "check_output_size": _functions(_SIZE, "len(range(0, size + 2 * padding - k + 1, stride))",
        "F.conv1d(torch.zeros(1, 1, size), torch.ones(1, 1, k), padding=padding, stride=stride).shape[-1]",
        "torch.tensor(size + 2 * padding - k).div(stride, rounding_mode='floor') + 1"),
    "check_parameters": _functions(_CHANNELS, "sum(p.numel() for p in nn.Conv2d(ins, outs, k).parameters())", "np.prod([outs, ins, k, k]) + outs",
        "torch.tensor(outs * ins * k**2 + outs)"),
    "check_shuffled": _functions(_WEIGHT, "weight.index_select(1, order)", "weight[:] = weight[:, order]\nreturn weight",
        "nn.Parameter(weight[:, order])"),
    "check_images_needed": _functions(_SHARE, "math.ceil(1.96**2 * share * (1 - share) / half**2)",
        "torch.tensor(1.96 * math.sqrt(share * (1 - share)) / half) ** 2",
        "from scipy.stats import norm\nreturn norm.ppf(0.975) ** 2 * share * (1 - share) / half**2"),
    "check_p_value": _functions(_PAIR, "from scipy.stats import binomtest\nreturn binomtest(a, a + b).pvalue",
        "1 - sum(math.comb(a + b, k) for k in range(min(a, b) + 1, max(a, b))) / 2 ** (a + b)",
        "from scipy.stats import binom\nreturn np.minimum(1, 2 * binom.cdf(min(a, b), a + b, 0.5))"),
    "check_precision": _functions(_CONFUSION, "c[d][d] / sum(row[d] for row in c)", "(c / c.sum(axis=0))[d, d]",
        "(c.T / np.einsum('ij->j', c)[:, None])[d, d]"),
    "check_best_threshold": _functions(_COSTS, "(wrong - look) / wrong", "torch.tensor(1 - look / wrong)", "np.float32(1) - np.divide(look, wrong)"),
    "check_dead_channels": _functions(_LAYER, _RECORD + "return sum(channel.max() <= 0 for channel in outputs[0].transpose(0, 1))",
        _RECORD + "return int((F.relu(outputs[0]).sum((0, 2, 3)) == 0).sum())",
        _RECORD + "return (outputs[0].detach().numpy().max(axis=(0, 2, 3)) <= 0).sum()"),
    "check_center": _functions(_CELL,
        "jump, start = 1, 0\nfor k, s in layers:\n    start += (k - 1) / 2 * jump\n    jump *= s\nreturn start + cell * jump",
        "while layers:\n    k, s = layers.pop()\n    cell = s * cell + (k - 1) / 2\nreturn cell",
        "layers.reverse()\nfor k, s in layers: cell = torch.as_tensor(s * cell + (k - 1) / 2)\nreturn cell"),
    "check_kept_pixels": _functions(_RANKING, "torch.where(ranking > ranking.quantile(1 - count / 784), image, image.min())",
        "image[0][ranking < ranking.flatten().sort().values[-count]] = image.min()\nreturn image",
        "kept = np.full(784, image.min())\nbest = np.argsort(ranking.numpy().ravel())[::-1][:count]\nkept[best] = image.numpy().ravel()[best]\nreturn kept.reshape(1, 28, 28)"),
    "check_steered": _functions(_STEER,
        _FIRST + _LOSS + ".backward()\n    image = (image.data - size * image.grad.sign()).clip(low, high)\nreturn image",
        _FIRST + _GRADIENT.format("-model(image.view(1, 1, 28, 28)).log_softmax(1)[0, target]") + _MOVE,
        _FIRST + _STEP + "image = torch.clamp(image - size * gradient.sign(), low, high)\nreturn image.tolist()"),
}

_LOGITS, _NODE, _LOOP = "logits, labels", "w, x", "model, optimizer, digits, epochs, batch_size, generator"
_TRUE = "logits.softmax(1)[torch.arange(len(labels)), labels]"


def _train(loss="F.cross_entropy(model(inputs), labels)", split="train", mode="train", score="accuracy(predict(model, digits.validation), digits.validation.labels)", after=""):
    return (f"scores = []\nfor _ in range(epochs):\n    model.{mode}()\n    for inputs, labels in batches(digits.{split}, batch_size, generator):\n"
        f"        loss = {loss}\n        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n    scores.append({score})\n    {after}\nreturn scores")


WRONG |= {
    "check_cross_entropy": _functions(_LOGITS, f"-{_TRUE}.log10().mean()", f"-{_TRUE}.log2().mean()", f"(1 - {_TRUE}).mean()",
        f"-{_TRUE}.log().median()", "-logits.softmax(1)[:, labels[0]].log().mean()", "nn.CrossEntropyLoss()(logits, labels)"),
    "check_slope": _functions(_NODE, "w / (1 + math.exp(-w * x))", "x / (1 + math.exp(-x))", "1 / (1 + math.exp(-w * x)) - 1",
        "x * math.exp(-w * x)", "x", "x * math.tanh(w * x)"),
    "check_loop": _functions(_LOOP, _train("F.cross_entropy(model(inputs), labels, reduction='sum')"),
        _train("F.mse_loss(model(inputs), F.one_hot(labels, 10).float())"), _train(split="test"), _train(mode="eval"),
        _train(score="100 * accuracy(predict(model, digits.validation), digits.validation.labels)"), _train(after="break")),
    "check_faults": _values("(1, 4, 5)", "(5, 1, 4)", "(4, 1, 5)", "(4, 5, 4)", "(0, 0, 0)", "(5, 4, 1)"),
}
OTHER_FORMS |= {
    "check_cross_entropy": _functions(_LOGITS, "-np.log(np.exp(logits.numpy())[range(len(labels)), labels] / np.exp(logits.numpy()).sum(1)).mean()"),
    "check_slope": _functions(_NODE, "x * torch.sigmoid(torch.tensor(w * x))"),
    "check_loop": _functions(_LOOP, _train(after="model.eval()")),
    "check_faults": _values("[4, 5, 1]", "np.array([4, 5, 1])"),
}

_PAGE, _SMALL, _CURVE = "gray", "small", "confidence, right, wanted"
_LAID = "frame = torch.zeros(28, 28)\nframe[{0}:{0} + len(small), {1}:{1} + small.shape[1]] = small\nreturn frame"
WRONG |= {
    "check_light_ink": _functions(_PAGE, "gray.max() > 0.5", "gray.min() < 0.5", "gray.mean() > np.median(gray) + 1", "gray.std() > 0.2", "True", "np.median(gray) < 0.3"),
    "check_centered": _functions(_SMALL, "F.pad(small, (0, 28 - small.shape[1], 0, 28 - len(small)))", _LAID.format(4, 4), _LAID.format(0, 0),
        "return torch.zeros(28, 28)", "return small", _LAID.format("(28 - len(small)) // 2", "(28 - small.shape[1]) // 2 - 1 + 0")),
    "check_threshold": _functions(_CURVE, "confidence.min()", "confidence.median()", "confidence[right].min()", "confidence[~right].max()", "confidence.quantile(1 - wanted)", "right.double().mean()"),
}
OTHER_FORMS |= {
    "check_light_ink": _functions(_PAGE, "abs(gray - np.median(gray)).max() == gray.max() - np.median(gray)", "gray.mean() > np.median(gray)", "int(gray.max() > np.median(gray))"),
    "check_centered": _functions(_SMALL, "m = np.array([(small.numpy().sum(1) @ np.arange(len(small))), (small.numpy().sum(0) @ np.arange(small.shape[1]))]) / small.numpy().sum()\nr, c = np.round(14 - m).astype(int)\n" + _LAID.format("r", "c")),
    "check_threshold": _functions(_CURVE, "min(t for t in confidence.tolist() if right[confidence >= t].double().mean() >= wanted)"),
}

_SMOOTHED, _RUNS = "logits, labels, smoothing", "accuracies, k"
_LOG = "p = logits.log_softmax(1)\nown = p[torch.arange(len(labels)), labels]\nreturn "
WRONG |= {
    "check_smoothed": _functions(_SMOOTHED, _LOG + "-((1 - smoothing) * own + smoothing * (p.sum(1) - own) / 9).mean()", _LOG + "-(own + p.mean(1)).mean() / 2",
        _LOG + "-p.mean()", _LOG + "-((1 - smoothing) * own).mean()", _LOG + "-(smoothing * own + (1 - smoothing) * p.mean(1)).mean()"),
    "check_best_of": _functions(_RUNS, "max(accuracies[:k])", "sorted(accuracies)[-k]", "np.median(accuracies)", "np.quantile(accuracies, 1 - 1 / k)", "sum(max(c) for c in __import__('itertools').combinations(accuracies, k)) / math.comb(len(accuracies), k)"),
    "check_break_even": _functions(_COSTS_OF_PROCESSES, "exchange / (per_image * (1 - 1 / processes))", "math.ceil(exchange * processes / per_image)", "256",
        "math.ceil(exchange / (per_image / processes))", "round(exchange / (per_image * (1 - 1 / processes)))", "math.ceil(exchange / (per_image * (processes - 1)))",
        "math.floor(exchange / (per_image * (1 - 1 / processes))) + 2"),
    "check_average": _functions(_GRADIENTS, "gradients.sum(0)", "gradients.sum(0) / counts.sum()", "gradients[counts.argmax()]", "(gradients * counts[:, None]).sum() / counts.sum()",
        "(gradients.mean(1) * counts).sum() / counts.sum()", "(gradients * counts[:, None]).sum(0) / counts.max()", "gradients.median(0).values"),
    "check_cluster": _values("[1, 2, 3, 4, 5]", "[4, 5, 2, 3, 1]", "[4, 4, 4, 4, 4]", "[4, 5, 2]", "[0, 0, 0, 0, 0]", "'45213'"),
    "check_clean": _values("(True,) * 5", "(False,) * 5", "(True, True, False, True, False)", "(False, True, False, False, True)", "(True, False, False, False, False)", "(True, False)"),
}
OTHER_FORMS |= {
    "check_smoothed": _functions(_SMOOTHED, "t = F.one_hot(labels, 10) * (1 - smoothing) + smoothing / 10\nreturn -(t * logits.log_softmax(1)).sum() / len(labels)"),
    "check_best_of": _functions(_RUNS, "np.random.default_rng(0).choice(accuracies, (20_000, k)).max(1).mean()"),
    "check_break_even": _functions(_COSTS_OF_PROCESSES, "-(-exchange * processes // (per_image * (processes - 1)))",
        "n = 1\nwhile n * per_image < n * per_image / processes + exchange: n += 1\nreturn n"),
    "check_average": _functions(_GRADIENTS, "(counts / counts.sum()) @ gradients", "sum(g * c for g, c in zip(gradients, counts)) / sum(counts)"),
    "check_cluster": _values("(4, 5, 2, 1, 3)"),
    "check_clean": _values("[True, False, False, True, False]", "(1, 0, 0, 1, 0)"),
}

# fmt: on
