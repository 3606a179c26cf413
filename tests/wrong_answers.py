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

WRONG = {
    "check_constant_score": _functions(_TRAIN, "1 / 10", "(labels == 1).float().mean()", "(labels == train.bincount().max()).float().mean()",
        "(labels == train.median()).float().mean()", "(labels == train.float().mean().round()).float().mean()",
        "(labels == train.bincount()[1:].argmax() + 1).float().mean()", "(labels == train.bincount().argmax()).sum() / len(train)",
        "train.bincount().max() / len(labels)", "(labels == train[0]).float().mean()", "(labels == train.bincount().argmax()).float()"),
    "check_held_out": _functions(_COUNT, "count // 12", "range(11, 60_000, 13)", "random.Random(0).sample(range(60_000), 5_000)",
        "torch.randperm(count)[: count // 12]", "np.random.default_rng(0).integers(count, size=count // 12)", "range(0, count, 24)",
        "[place for place in range(count) if place % 24 in (11, 23)]", "[place for place in range(count) if place // 2 % 12 == 12]",
        "[*range(0, count // 2, 12), *range(count // 2 // 2 * 2 + 1, count, 12)]", "range(count // 2, count // 2 + count // 12)",
        "torch.arange(count) // 2 % 12 != 11", "[place // 2 for place in range(count) if place // 2 % 12 == 11]", "torch.rand(count) < 1 / 12",
        "list(range(0, count, 24)) * 2", "[place + 1 for place in range(count + 24) if place // 2 % 12 == 11]", "torch.randperm(5_000)",
        "torch.randperm(60_000, generator=torch.Generator().manual_seed(0))[:5_000] % count"),
    "check_unnormalize": _functions(_INPUTS, "((inputs - mean) / std * 255).round().byte()", "((inputs * std + mean) * 256).round().byte()",
        "((inputs * std + mean) * 255).ceil().byte()", "(inputs * 255 * std + mean).round().byte()", "(inputs * std + mean).round() * 255",
        "((inputs * 0.3081 + 0.1307) * 255).round().byte()", "((inputs * std + mean) * 255).round().to(torch.int8)",
        "((inputs * std + mean) * 255).round()", "((inputs * std + mean) * 255).round().long()", "((inputs * std + mean) * 255).round().clamp(0, 1)",
        "((inputs * std - mean) * 255).round().byte()", "((inputs * std + mean) * 255).round().byte().flatten()"),
    "check_all_batches": _functions(_IMAGES, "images.chunk(batch_size)", "len(images) // batch_size", "images", "list(enumerate(images.split(batch_size)))",
        "for start in range(0, len(images) - batch_size, batch_size): yield images[start : start + batch_size]",
        "for start in range(0, len(images) + 1, batch_size): yield images[start : start + batch_size]",

        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size - 1]",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n : n + batch_size]", "for image in images: yield image",
        "F.pad(images, (0, -len(images) % batch_size)).split(batch_size)", "images[torch.randperm(len(images))].split(batch_size)",
        "np.array_split(images.numpy(), math.ceil(len(images) / batch_size))", "images.split(batch_size)[::-1]", "images.split(4)",
        "full = images.split(batch_size)\nreturn [*full[:-2], torch.cat(full[-2:])]", "images[:0]", "[]", "[images.sort().values[:batch_size]]",
        "yield images[:batch_size]\nyield images[batch_size:]", "images[: len(images) // batch_size * batch_size].view(-1, batch_size)"),
    "check_moving_kernel": _values("[[0, 0, 0], [0.5, 0, 0], [0, 0, 0]]", "np.ones((3, 3)) / 9", "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]", "torch.eye(3)",
        "[0, 0, 0, 1, 0, 0, 0, 0, 0]", "[[0, 0, 0], [1, 1, 0], [0, 0, 0]]", "[[0, 0, 0], [-1, 0, 0], [0, 0, 0]]", "[[0, 0, 0], [1, 0, 0]]", "1",
        "[[0, 0, 0], [1, 0, -1], [0, 0, 0]]", "[[0, 0, 0], [0, 0, 0], [1, 0, 0]]", "torch.zeros(3, 3)", "[[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]"),
    "check_output_size": _functions(_SIZE, "(size - k) // stride + 1", "round((size + 2 * padding - k) / stride) + 1", "size - k + 1", "size // stride",
        "(size + 2 * padding - k) // stride + (stride > 1)", "(size + 2 * (padding or 1) - k) // stride + 1", "((size + 2 * padding - k) // stride + 1) ** 2",
        "(size + 2 * padding - k // 2) // stride + 1", "(size - 2 * padding - k) // stride + 1", "24", "math.ceil(size / stride)",
        "(size + 2 * padding - k) // stride + stride", "size + 2 * padding - k // stride + 1", "int((size + 2 * padding - k) / stride + 0.5) + 1"),
    "check_parameters": _functions(_CHANNELS, "outs * ins * k * k + 1", "outs * ins * k * k + ins", "ins * (outs * k * k + 1)", "16 * (ins * k * k + 1)",
        "416", "outs * (ins * k * 2 + 1)", "outs * ins * (k + 1) ** 2", "outs * (ins * k * k + k)", "ins * k * k + outs", "(outs + 1) * ins * k * k",
        "outs * (ins * k * k + 1) * size * size", "sum(p.numel() for p in nn.Conv2d(outs, ins, k).parameters())"),
    "check_shuffled": _functions(_WEIGHT, "weight[order.argsort()]", "weight.flip(1)", "weight[:, torch.randperm(weight.shape[1])]", "weight[:, order].T",
        "weight[:, order[order]]", "weight @ torch.eye(len(order))[order]", "torch.zeros_like(weight).index_copy(1, order, weight)", "weight[:, order - 1]",
        "weight[:, order.flip(0)]", "weight[:, order.sort().values]", "weight * order", "weight[order][:, order]", "order", "weight[0, order]"),
    "check_images_needed": _functions(_SHARE, "38_000", "1.645**2 * share * (1 - share) / half**2", "1.96**2 / 4 / half**2", "1 / half**2",
        "1.96 * share * (1 - share) / half**2", "1.96**2 * share * (1 - share) / half", "1.96**2 * share / half**2", "1.96**2 * (1 - share) / half**2",
        "2.576**2 * share * (1 - share) / half**2", "(1.96 * share * (1 - share) / half) ** 2", "1.96**2 * share * (1 - share) * half**2", "share / half"),
    "check_p_value": _functions(_PAIR, "math.erfc(abs(a - b) / math.sqrt(2 * (a + b)))", "math.erfc(max(abs(a - b) - 1, 0) / math.sqrt(2 * (a + b)))",
        "0.05", "2 * math.comb(a + b, a) / 2 ** (a + b)", "_tail(a + b, b)", "min(1, 2 * _tail(a + b, a))", "min(a, b) / (a + b)", "1 - _tail(a + b, max(a, b))",
        "sum(math.comb(a + b, k) for k in range(a + b + 1) if abs(2 * k - a - b) >= abs(a - b))", "2 * _tail(a + b, max(a, b)) - math.comb(a + b, a) / 2 ** (a + b)",
        "n = a + b\nreturn sum(math.comb(n, k) for k in range(n + 1) if abs(k - n // 2) >= abs(a - n // 2)) / 2**n", "2 * _tail(a + b, min(a, b))",
        "n = a + b\nreturn sum(math.comb(n, k) for k in range(n + 1) if abs(k - n / 2) >= a - n / 2) / 2**n", "2 * sum(math.comb(a + b, k) for k in range(b)) / 2 ** (a + b)",
        "n = a + b\nreturn sum(math.comb(n, k) for k in range(n) if abs(2 * k - n) >= abs(a - b)) / 2**n", "_tail(abs(a - b), 1)"),
    "check_precision": _functions(_CONFUSION, "c[d, d] / c.diagonal().sum()", "c.diagonal().sum() / c.sum()", "c[d, d] // c[:, d].sum()", "c[d, d]",
        "2 * c[d, d] / (c[d].sum() + c[:, d].sum())", "c[d, d] / c[:, 8].sum()", "c[:, d].sum() / c[d].sum()", "c[d, d] / c[:, d].max()", "c[d, d] / c[:, d]",
        "(c / c.sum(0)).diagonal()", "(c / c.sum(0)).diagonal().mean()", "c[d - 1, d - 1] / c[:, d - 1].sum()", "100 * c[d, d] / c[:, d].sum()",
        "(c / c.sum(1))[d, d]", "c[d, d] / (c[:, d].sum() + c[d].sum() - c[d, d])"),
    "check_best_threshold": _functions(_COSTS, "0.99", "1 - 1 / wrong", "look / (wrong + look)", "(wrong - look) / (wrong + look)", "max(0.5, 1 - look / wrong)",
        "1 - look / (wrong - look)", "wrong - look", "1 - (look / wrong) ** 2", "1 - look / wrong / 10", "1 - look / 100", "0.9 + look / wrong", "look"),
    "check_dead_channels": _functions(_LAYER, *(_RECORD + f"return {count}" for count in (
        "(outputs[0].amax((0, 2, 3)) < 0).sum()", "(outputs[0].amin((0, 2, 3)) <= 0).sum()", "(outputs[0] <= 0).sum()", "outputs[0].amax((0, 2, 3)) <= 0",
        "(outputs[0].amax((1, 2, 3)) <= 0).sum()", "(F.relu(outputs[0]).mean((0, 2, 3)) < 0.1).sum()", "(outputs[0][-1].amax((1, 2)) <= 0).sum()",
        "(outputs[0][:, :, 3, 3].amax(0) <= 0).sum()", "(outputs[0].mean(0).amax((1, 2)) <= 0).sum()", "(outputs[0].amax((2, 3)) <= 0).sum()",
        "(outputs[0].amax((0, 2, 3)) <= 0).any()", "(outputs[0].amax((0, 2, 3)) <= 0).float().mean()", "(outputs[0].abs().amax((0, 2, 3)) <= 0).sum()",
        "(outputs[0][:-1].amax((0, 2, 3)) <= 0).sum()", "(outputs[0][..., :-1, :-1].amax((0, 2, 3)) <= 0).sum()")),
        "0", "(layer.bias < 0).sum()", "(model(inputs).amax((0, 2, 3)) <= 0).sum()", _RECORD + "model.register_forward_hook(print)\nreturn 0"),
    "check_center": _functions(_CELL, "2 * cell + 6.5", "cell", "cell * math.prod(s for _, s in layers)", "cell + sum((k - 1) / 2 for k, _ in layers)",
        "for k, s in reversed(layers): cell = (cell + (k - 1) / 2) * s\nreturn cell", "for k, s in reversed(layers): cell = s * cell + k // 2\nreturn cell",
        "for k, s in reversed(layers[:-1]): cell = s * cell + (k - 1) / 2\nreturn cell", "for k, s in reversed(layers): cell = s * cell + (k - 1) / 2\nreturn int(cell)",
        "for k, s in reversed(layers): return s * cell + (k - 1) / 2", "for k, s in reversed(layers): cell = s * cell + (s - 1) / 2\nreturn cell",
        "for k, s in reversed(layers): cell = s * cell + k - 1\nreturn cell", "for k, s in reversed(layers): cell = s * (cell - 1) + (k - 1) / 2\nreturn cell",
        "for s, k in reversed(layers): cell = s * cell + (k - 1) / 2\nreturn cell", "(cell + 0.5) * math.prod(s for _, s in layers) - 0.5"),
    "check_kept_pixels": _functions(_RANKING, *(f"best = ranking >= ranking.flatten().topk(count).values[-1]\nreturn {kept}" for kept in (
        "torch.where(best, image, image.max())", "torch.where(best, image, image.mean())", "torch.where(best, image, ranking.min())", "best.float()[None]",
        "torch.where(best, image, image.min())[0]", "torch.where(best, image, -0.4242)", "torch.where(best.T, image, image.min())", "image[:, best]",
        "torch.where(best, ranking, image.min())", "torch.where(best, image, image[:, best].min())", "torch.where(best, image.max(), image.min())")),
        "torch.where(ranking >= ranking.flatten().topk(count + 1).values[-1], image, image.min())", "image", "torch.where(ranking > 0, image, image.min())",
        "torch.where(ranking.abs() >= ranking.abs().flatten().topk(count).values[-1], image, image.min())",
        "torch.where(ranking >= ranking.flatten().topk(100).values[-1], image, image.min())",
        "torch.where(image * ranking >= (image * ranking).flatten().topk(count).values[-1], image, image.min())",
        "image[:] = image.min()\nreturn image", "image[:], ranking[:] = 0, 0\nreturn image"),
    "check_steered": _functions(_STEER, _FIRST.replace("image = ", "low, high = image.min(), image.max()\n    image = ", 1) + _STEP + _MOVE, "image",
        _FIRST + _STEP + "image = image - size * gradient.sign()\nreturn image.detach().clamp(low, high)", _FIRST + _STEP + _MOVE.replace("low, high", "0, 1"),
        "low, high = image.min(), image.max()\nimage.requires_grad_()\nfor _ in range(steps):\n    " + _LOSS + ".backward()\n    "
        "image.data = (image.data - size * image.grad.sign()).clamp(low, high)\nreturn image.detach()", _FIRST + _STEP + _MOVE.replace("detach()", "detach()[None]"),
        _FIRST.replace("(steps)", "(steps - 1)") + _STEP + _MOVE, _FIRST.replace("(steps)", "(steps + 1)") + _STEP + _MOVE, _FIRST + _STEP + _MOVE.replace("size", "size / steps"),
        _FIRST + _STEP + _MOVE.replace("gradient.sign()", "gradient / gradient.norm()"), "start = image\n" + _FIRST + _STEP + _MOVE + " - start",
        _FIRST + _GRADIENT.format(_LOSS.replace("[target]", "[9 - target]")) + _MOVE, _FIRST + _STEP + "if model(image[None]).argmax() == target: break\n    " + _MOVE,
        _FIRST + _GRADIENT.format("-" + _LOSS.replace("torch.tensor([target])", "model(image[None]).argmax(1)")) + _MOVE),
}
OTHER_FORMS = {
    "check_constant_score": _functions(_TRAIN, "np.mean(labels.numpy() == np.bincount(train.numpy()).argmax())", "(labels == train.mode().values).double().mean().item()",
        "best = max(train.tolist(), key=train.tolist().count)\nreturn sum(one == best for one in labels.tolist()) / len(labels)"),
    "check_held_out": _functions(_COUNT, "torch.arange(count) // 2 % 12 == 11", "np.flatnonzero(np.arange(count) // 2 % 12 == 5)", "range(5, count, 13)",
        "torch.randperm(count, generator=torch.Generator().manual_seed(0))[: count // 12]", "random.Random(3).sample(range(count), count // 12)",
        "(place for place in range(count) if place // 2 % 12 == 0)", "[place // 2 % 12 == 11 for place in range(count)]", "{*range(0, count, 24), *range(1, count, 24)}",
        "[12 * n + n % 2 for n in range(count // 12)]", "torch.manual_seed(0)\nreturn torch.randperm(count)[: count // 12]"),
    "check_unnormalize": _functions(_INPUTS, "np.rint((inputs.numpy() * std + mean) * 255).astype(np.uint8)", "((inputs * std + mean) * 255 + 0.5).to(torch.uint8)",
        "inputs *= std\ninputs += mean\nreturn inputs.mul_(255).round_().byte()", "((inputs + mean / std) * std * 255).round().clamp(0, 255).byte()"),
    "check_all_batches": _functions(_IMAGES, "images.tolist() and [batch.tolist() for batch in images.split(batch_size)]", "images.split(batch_size)",
        "while len(images):\n    yield images[:batch_size]\n    images = images[batch_size:]", "np.split(images.numpy(), range(batch_size, len(images), batch_size))",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size]",
        "torch.utils.data.DataLoader(images, batch_size=batch_size)"),
    "check_moving_kernel": _values("torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 0]])", "np.eye(9)[3].reshape(3, 3)", "((0, 0, 0), (1.0, 0, 0), (0, 0, 0))",
        "torch.eye(9)[3].view(1, 1, 3, 3)", "nn.Parameter(torch.eye(9)[3].view(3, 3))"),
    "check_output_size": _functions(_SIZE, "len(range(0, size + 2 * padding - k + 1, stride))", "math.floor((size + 2 * padding - k) / stride) + 1",
        "F.conv1d(torch.zeros(1, 1, size), torch.ones(1, 1, k), padding=padding, stride=stride).shape[-1]", "-(-(size + 2 * padding - k + 1) // stride)",
        "torch.tensor(size + 2 * padding - k).div(stride, rounding_mode='floor') + 1", "[(size - k + 2 * padding) // stride + 1]"),
    "check_parameters": _functions(_CHANNELS, "sum(p.numel() for p in nn.Conv2d(ins, outs, k).parameters())", "np.prod([outs, ins, k, k]) + outs",
        "torch.tensor(outs * ins * k**2 + outs)", "float(outs) * (ins * k * k + 1)"),
    "check_shuffled": _functions(_WEIGHT, "weight.index_select(1, order)", "weight.numpy()[:, order.numpy()]", "weight.T[order].T", "weight[:] = weight[:, order]\nreturn weight",
        "weight @ torch.eye(len(order))[:, order]", "[[row[place] for place in order] for row in weight]", "nn.Parameter(weight[:, order])",
        "torch.stack([weight[:, place] for place in order], dim=1)", "torch.einsum('hp,qp->hq', weight, torch.eye(len(order))[order])"),
    "check_images_needed": _functions(_SHARE, "math.ceil(1.96**2 * share * (1 - share) / half**2)", "torch.tensor(1.96 * math.sqrt(share * (1 - share)) / half) ** 2",
        "from scipy.stats import norm\nreturn norm.ppf(0.975) ** 2 * share * (1 - share) / half**2",
        "n = 1\nwhile 1.96 * math.sqrt(share * (1 - share) / n) > half: n += 1\nreturn n"),
    "check_p_value": _functions(_PAIR, "from scipy.stats import binomtest\nreturn binomtest(a, a + b).pvalue", "1 - sum(math.comb(a + b, k) for k in range(min(a, b) + 1, max(a, b))) / 2 ** (a + b)",
        "from scipy.stats import binom\nreturn np.minimum(1, 2 * binom.cdf(min(a, b), a + b, 0.5))", "1.0 if a == b else 2 * _tail(a + b, max(a, b))"),
    "check_precision": _functions(_CONFUSION, "c[d][d] / sum(row[d] for row in c)", "(c / c.sum(axis=0))[d, d]", "torch.tensor(c)[d, d] / torch.tensor(c)[:, d].sum()",
        "(c.T / np.einsum('ij->j', c)[:, None])[d, d]", "from fractions import Fraction\nreturn Fraction(int(c[d, d]), int(c[:, d].sum()))"),
    "check_best_threshold": _functions(_COSTS, "(wrong - look) / wrong", "torch.tensor(1 - look / wrong)", "np.float32(1) - np.divide(look, wrong)",
        "next(c / 10**5 for c in range(10**5) if (1 - c / 10**5) * wrong <= look)"),
    "check_dead_channels": _functions(_LAYER, _RECORD + "return sum(channel.max() <= 0 for channel in outputs[0].transpose(0, 1))",
        _RECORD + "return int((F.relu(outputs[0]).sum((0, 2, 3)) == 0).sum())", _RECORD + "return (outputs[0].detach().numpy().max(axis=(0, 2, 3)) <= 0).sum()",
        "kept = []\nhandle = layer.register_forward_hook(lambda *given: kept.append(given[2]))\nwith torch.no_grad():\n    for image in inputs: model(image[None])\n"
        "handle.remove()\nreturn len(torch.where(torch.cat(kept).amax((0, 2, 3)) <= 0)[0])"),
    "check_center": _functions(_CELL, "jump, start = 1, 0\nfor k, s in layers:\n    start += (k - 1) / 2 * jump\n    jump *= s\nreturn start + cell * jump",
        "while layers:\n    k, s = layers.pop()\n    cell = s * cell + (k - 1) / 2\nreturn cell", "layers.reverse()\nfor k, s in layers: cell = torch.as_tensor(s * cell + (k - 1) / 2)\nreturn cell",
        "first = last = cell\nfor k, s in layers[::-1]: first, last = s * first, s * last + k - 1\nreturn np.mean([first, last])"),
    "check_kept_pixels": _functions(_RANKING, "torch.where(ranking > ranking.quantile(1 - count / 784), image, image.min())",
        "image[0][ranking < ranking.flatten().sort().values[-count]] = image.min()\nreturn image", "kept = np.full(784, image.min())\nbest = np.argsort(ranking.numpy().ravel())[::-1][:count]\n"
        "kept[best] = image.numpy().ravel()[best]\nreturn kept.reshape(1, 28, 28)", "rest = ranking.flatten().argsort()[:-count]\nreturn image.flatten().index_fill(0, rest, image.min()).view(1, 28, 28)"),
    "check_steered": _functions(_STEER, _FIRST + _LOSS + ".backward()\n    image = (image.data - size * image.grad.sign()).clip(low, high)\nreturn image",
        _FIRST + _GRADIENT.format("-model(image.view(1, 1, 28, 28)).log_softmax(1)[0, target]") + _MOVE, _FIRST + _STEP + "image = torch.clamp(image - size * gradient.sign(), low, high)\nreturn image.tolist()",
        "low, high = image.min(), image.max()\nimage.requires_grad_()\nfor _ in range(steps):\n    model.zero_grad()\n    image.grad = None\n    nn.CrossEntropyLoss()(model(image[None]), "
        "torch.tensor([target])).backward()\n    with torch.no_grad(): image.sub_(size * image.grad.sign()).clamp_(low, high)\nreturn image"),
}

_LOGITS, _NODE, _LOOP = "logits, labels", "w, x", "model, optimizer, digits, epochs, batch_size, generator"
_TRUE = "logits.softmax(1)[torch.arange(len(labels)), labels]"


def _train(loss="F.cross_entropy(model(inputs), labels)", split="train", mode="train", score="accuracy(predict(model, digits.validation), digits.validation.labels)", after=""):
    return (f"scores = []\nfor _ in range(epochs):\n    model.{mode}()\n    for inputs, labels in batches(digits.{split}, batch_size, generator):\n"
        f"        loss = {loss}\n        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n    scores.append({score})\n    {after}\nreturn scores")


WRONG |= {
    "check_cross_entropy": _functions(_LOGITS, f"-{_TRUE}.log10().mean()", f"-{_TRUE}.log2().mean()", f"(1 - {_TRUE}).mean()", f"-{_TRUE}.log().sum() / 10",
        f"-{_TRUE}.log().median()", "-logits.softmax(1)[:, labels[0]].log().mean()", "nn.CrossEntropyLoss()(logits, labels)", "math.log(10)"),
    "check_slope": _functions(_NODE, "w / (1 + math.exp(-w * x))", "x / (1 + math.exp(-x))", "1 / (1 + math.exp(-w * x)) - 1", "x * math.exp(-w * x)", "x",
        "x * math.tanh(w * x)", "x / 2"),
    "check_loop": _functions(_LOOP, _train("F.cross_entropy(model(inputs), labels, reduction='sum')"), _train("F.mse_loss(model(inputs), F.one_hot(labels, 10).float())"),
        _train(split="test"), _train(mode="eval"), _train(score="100 * accuracy(predict(model, digits.validation), digits.validation.labels)"),
        _train(after="break"), _train(score="loss.item()")),
    "check_faults": _values("(1, 4, 5)", "(5, 1, 4)", "(4, 1, 5)", "(4, 5, 4)", "(0, 0, 0)", "(5, 4, 1)"),
}
OTHER_FORMS |= {
    "check_cross_entropy": _functions(_LOGITS, "-np.log(np.exp(logits.numpy())[range(len(labels)), labels] / np.exp(logits.numpy()).sum(1)).mean()"),
    "check_slope": _functions(_NODE, "x * torch.sigmoid(torch.tensor(w * x))"),
    "check_loop": _functions(_LOOP, _train(after="model.eval()")),
    "check_faults": _values("[4, 5, 1]", "np.array([4, 5, 1])"),
}

# fmt: on
