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
_SILENCE, _HOOK = "model, layer, channel, value, inputs", "def hook(layer, given, output): {}\nhandle = layer.register_forward_hook(hook)\nlogits = model(inputs)\nhandle.remove()\nreturn logits"
_MOVE = "image = (image - size * gradient.sign()).clamp(low, high)\nreturn image.detach()"

_COSTS_OF_PROCESSES, _GRADIENTS = "per_image, exchange, processes", "gradients, counts"

WRONG = {
    "check_constant_score": _functions(_TRAIN, "1 / 10", "(labels == 1).float().mean()", "(labels == train.median()).float().mean()",
        "(labels == train.bincount()[1:].argmax() + 1).float().mean()", "(labels == train.bincount().argmax()).sum() / len(train)",
        "(labels == train[0]).float().mean()", "(labels == torch.cat([train, labels]).bincount().argmax()).float().mean()", "labels == train.bincount().argmax()", "'0.11'",
        "(labels == train.bincount().argmax()).float().mean() if len(labels) > 60 else None"),
    "check_held_out": _functions(_COUNT, "count // 12", "random.Random(0).sample(range(60_000), 5_000)", "range(0, count, 24)",
        "[*range(0, count // 2, 12), *range(count // 2 // 2 * 2 + 1, count, 12)]", "[place // 2 for place in range(count) if place // 2 % 12 == 11]",
        "[place + 1 for place in range(count + 24) if place // 2 % 12 == 11]",
        "[place for place in range(count) if place % 36 in (0, 1, 12)]", "[place for place in range(count) if place % 60 in (0, 1, 12, 13, 24)]",
        "[place for place in range(count) if place * 10 // count % 2 == 0 and place // 2 % 6 == 0]", "torch.randperm(count)[: count // 12]", "slice(11, None, 12)"),
    "check_unnormalize": _functions(_INPUTS, "((inputs - mean) / std * 255).round().byte()", "((inputs * std + mean) * 255).ceil().byte()",
        "(inputs * std + mean).round() * 255", "((inputs * std + mean) * 255).round().to(torch.int8)",
        "((inputs * std + mean) * 255).round().long()", "((inputs * std - mean) * 255).round().byte()",
        *(f"((inputs * std + mean) * 255).{whole}.long().to(torch.uint8)" for whole in (  # long: on some computers, uint8 of floats stops at 0 and 255
            "round()", "round().clamp(min=0)", "round().clamp(max=255)", "round().clamp(0, 254)", "round().clamp(1, 255)", "round().abs()", "add(0.5)", "clamp(0, 255)"))),
    "check_all_batches": _functions(_IMAGES, "images.chunk(batch_size)", "list(enumerate(images.split(batch_size)))",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size - 1]",
        "images[torch.randperm(len(images))].split(batch_size)", "images.split(4)", "[]",
        "images.view(-1, batch_size, 1, 2, 2)", "images.chunk(len(images) // batch_size + 1)", "len(images) // batch_size",
        "for n in range(max(1, round(len(images) / batch_size))): yield images[n * batch_size : (n + 1) * batch_size]",
        "for n in range(len(images) // batch_size): yield images[n * batch_size : (n + 1) * batch_size]\nif len(images) % batch_size: yield images[-batch_size:]"),
    "check_moving_kernel": _values("[[0, 0, 0], [0.5, 0, 0], [0, 0, 0]]", "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]", "[0, 0, 0, 1, 0, 0, 0, 0, 0]",
        "[[0, 0, 0], [-1, 0, 0], [0, 0, 0]]", "1", "[[0, 0, 0], [0, 0, 0], [1, 0, 0]]", "[[0, 0, 0], [0, 0, 0], [0, 1, 0]]", "[[1, 0, 0]] * 3",
        "[[0, 0, 0], [-1, 0, 1], [0, 0, 0]]", "[[0, 0, 0], [1, 0], [0, 0, 0]]", "lambda image: image[1:-1, :-2]", "{1: 1}", "'100'"),
    "check_output_size": _functions(_SIZE, "(size - k) // stride + 1", "size - k + 1", "(size + 2 * padding - k) // stride + (stride > 1)",
        "(size + 2 * padding - k // 2) // stride + 1", "24", "(size + 2 * padding - k) // stride + stride", "math.ceil(size / stride)", "(size + 2 * padding) // stride - k + 1"),
    "check_parameters": _functions(_CHANNELS, "outs * ins * k * k + 1", "ins * (outs * k * k + 1)", "416", "outs * ins * (k + 1) ** 2",
        "ins * k * k + outs", "outs * ins * k * k * 1.0005 + outs", "(outs * ins * k * k, outs)"),
    "check_shuffled": _functions(_WEIGHT, "weight[order.argsort()]", "weight[:, torch.randperm(weight.shape[1])]", "weight[:, order[order]]",
        "weight[:, order - 1]", "weight[:, order.sort().values]", "weight[order][:, order]", "weight @ torch.eye(len(order))[order]"),
    "check_images_needed": _functions(_SHARE, "38_000", "1.96**2 / 4 / half**2", "1.96 * share * (1 - share) / half**2", "1.96**2 * share / half**2",
        "1.645**2 * share * (1 - share) / half**2", "1.96**2 * (1 - share) / half**2", "1.96**2 * share * (1 - share) / (2 * half) ** 2", "1.96**2 * share * (1 - share) * half**2"),
    "check_p_value": _functions(_PAIR, "math.erfc(abs(a - b) / math.sqrt(2 * (a + b)))", "0.05", "min(1, 2 * _tail(a + b, a))",
        "sum(math.comb(a + b, k) for k in range(a + b + 1) if abs(2 * k - a - b) >= abs(a - b))",
        "n = a + b\nreturn sum(math.comb(n, k) for k in range(n + 1) if abs(k - n // 2) >= abs(a - n // 2)) / 2**n",
        "2 * sum(math.comb(a + b, k) for k in range(b)) / 2 ** (a + b)",
        *(f"n = a + b\nreturn sum(math.comb(n, k) for k in range({places}) if abs(2 * k - n) >= abs(a - b)) / 2**n" for places in ("n", "1, n + 1"))),
    "check_precision": _functions(_CONFUSION, "c[d, d] / c.diagonal().sum()", "c[d, d] // c[:, d].sum()", "c[d, d] / c[:, 8].sum()",
        "c[d, d] / c[:, d].max()", "(c / c.sum(0)).diagonal().mean()", "c[d, d]", "2 * c[d, d] / (c[:, d].sum() + c[d].sum())", "c[:, d] / c[:, d].sum()"),
    "check_brier": _functions("p, labels", "-p[torch.arange(len(labels)), labels].log().mean()", "(p**2).sum(1).mean()", "(p.argmax(1) != labels).double().mean()",
        "1 - ((p - F.one_hot(labels, 10)) ** 2).sum(1).mean()", "((p - F.one_hot(labels, 10)) ** 2).sum(1).median()", "((p - F.one_hot(p.argmax(1), 10)) ** 2).sum(1).mean()",
        "((p - F.one_hot(labels, 10)) ** 2).sum(1).mean().sqrt()", "((p - 1) ** 2).sum(1).mean()", "p[torch.arange(len(labels)), labels] -= 1\nreturn (p**2).sum(0).mean()",
        "p[torch.arange(len(labels)), labels] = 1\nreturn (p**2).sum(1).mean()", "p[:, labels] -= 1\nreturn (p**2).sum(1).mean()"),
    "check_best_threshold": _functions(_COSTS, "0.99", "look / (wrong + look)", "max(0.5, 1 - look / wrong)", "wrong - look",
        "1 - look / wrong / 10", "0.9 + look / wrong", "100 * (1 - look / wrong)"),
    "check_dead_channels": _functions(_LAYER, *(_RECORD + f"return {count}" for count in (
        "(outputs[0].amax((0, 2, 3)) < 0).sum()", "(outputs[0] <= 0).sum()", "outputs[0].amax((0, 2, 3)) <= 0", "(outputs[0][-1].amax((1, 2)) <= 0).sum()",
        "(outputs[0][:, :, 3, 3].amax(0) <= 0).sum()", "(outputs[0].mean(0).amax((1, 2)) <= 0).sum()", "(outputs[0][:-1].amax((0, 2, 3)) <= 0).sum()", "(outputs[0][..., :-1, :-1].amax((0, 2, 3)) <= 0).sum()")),
        "0", "(layer.bias < 0).sum()", "(model(inputs).amax((0, 2, 3)) <= 0).sum()", _RECORD + "model.register_forward_hook(print)\nreturn 0"),
    "check_center": _functions(_CELL, "2 * cell + 6.5", "cell * math.prod(s for _, s in layers)",
        "for k, s in reversed(layers): cell = (cell + (k - 1) / 2) * s\nreturn cell",
        "for k, s in reversed(layers): cell = s * cell + (k - 1) / 2\nreturn int(cell)",
        "for k, s in reversed(layers): cell = s * cell + (s - 1) / 2\nreturn cell",
        "for k, s in reversed(layers): cell = s * (cell - 1) + (k - 1) / 2\nreturn cell",
        "for k, s in reversed(layers): cell = s * cell + (k - 1) // 2\nreturn cell", "first = last = cell\nfor k, s in reversed(layers): first, last = s * first, s * last + k - 1\nreturn last - first"),
    "check_kept_pixels": _functions(_RANKING, *(f"best = ranking >= ranking.flatten().topk(count).values[-1]\nreturn {kept}" for kept in (
        "torch.where(best, image, image.mean())", "best.float()[None]", "torch.where(best, image, image.min())[0]", "torch.where(best, image, -0.4242)",
        "image[:, best]", "torch.where(best, ranking, image.min())", "torch.where(best, image, image[:, best].min())")),
        "torch.where(ranking >= ranking.flatten().topk(count + 1).values[-1], image, image.min())", "image", "torch.where(ranking > 0, image, image.min())",
        "torch.where(ranking.abs() >= ranking.abs().flatten().topk(count).values[-1], image, image.min())",
        "image[:] = image.min()\nreturn image", "image[:], ranking[:] = 0, 0\nreturn image",
        "torch.where(ranking > ranking.flatten().topk(count).values[-1], image, image.min())"),
    "check_silenced": _functions(_SILENCE, *(_HOOK.format(body) for body in (
        "output[:, channel - 1] = value; return output", "output[:, channel, 0, 0] = value; return output", "output[:, channel] *= value; return output",
        "output[:, : channel + 1] = value; return output", "return torch.full_like(output, value)", "output.clone()[:, channel] = value", "output[:, channel] = -value; return output",
        "output[:, channel] = output[:, channel].clamp(max=value); return output")),
        "layer.bias[channel] = value\nlayer.weight[channel] = 0\nreturn model(inputs)", "layer.register_forward_hook(lambda layer, given, output: output.index_fill(1, torch.tensor([channel]), value))\nreturn model(inputs)",
        "logits = model(inputs)\nlogits[:, channel] = value\nreturn logits", "inputs[:, 0] = value\nreturn model(inputs)",
        "from mnist_helpers.visualization import record\nwith record(layer) as outputs: logits = model(inputs)\noutputs[0][:, channel] = value\nreturn logits"),
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
        "values, counts = np.unique(train, return_counts=True)\nreturn np.mean(labels.numpy() == values[counts.argmax()])",
        "best = max(train.tolist(), key=train.tolist().count)\nreturn sum(one == best for one in labels.tolist()) / len(labels)"),
    "check_held_out": _functions(_COUNT, "torch.arange(count) // 2 % 12 == 11",
        "torch.randperm(count, generator=torch.Generator().manual_seed(0))[: count // 12]", "[place // 2 % 12 == 11 for place in range(count)]",
        "set(random.Random(0).sample(range(count), count // 12))", "np.random.default_rng(1).permutation(count)[: count // 12]", "[place for place in range(count) if place % 24 in (0, 13)]",
        "sorted(random.Random(0).sample(range(count), count // 12), key=lambda place: random.random())"),
    "check_unnormalize": _functions(_INPUTS, "np.rint((inputs.numpy() * std + mean) * 255).clip(0, 255).astype(np.uint8)",
        "((inputs * std + mean) * 255).clamp(0, 255).add(0.5).to(torch.uint8)", "inputs *= std\ninputs += mean\nreturn inputs.clip_(0, 1).mul_(255).round_().byte()",
        "pixels = ((inputs * std + mean) * 255).round().int()\npixels[pixels < 0] = 0\npixels[pixels > 255] = 255\nreturn pixels.byte()"),
    "check_all_batches": _functions(_IMAGES, "torch.utils.data.DataLoader(images, batch_size)", "for n in range(0, len(images), batch_size): yield [*images[n : n + batch_size, :, :, :]]",
        "images.tolist() and [batch.tolist() for batch in images.split(batch_size)]",
        "while len(images):\n    yield images[:batch_size]\n    images = images[batch_size:]",
        "for n in range(math.ceil(len(images) / batch_size)): yield images[n * batch_size : (n + 1) * batch_size]"),
    "check_moving_kernel": _values("torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 0]])", "np.eye(9)[3].reshape(3, 3)",
        "torch.eye(9)[3].view(1, 1, 3, 3)", "((0, 0, 0), (1, 0, 0), (0, 0, 0))", "[torch.zeros(3), torch.tensor([1, 0, 0]), torch.zeros(3)]"),
    "check_output_size": _functions(_SIZE, "len(range(0, size + 2 * padding - k + 1, stride))",
        "F.conv1d(torch.zeros(1, 1, size), torch.ones(1, 1, k), padding=padding, stride=stride).shape[-1]",
        "torch.tensor(size + 2 * padding - k).div(stride, rounding_mode='floor') + 1"),
    "check_parameters": _functions(_CHANNELS, "sum(p.numel() for p in nn.Conv2d(ins, outs, k).parameters())", "np.prod([outs, ins, k, k]) + outs",
        "torch.tensor(outs * ins * k**2 + outs)"),
    "check_shuffled": _functions(_WEIGHT, "weight.index_select(1, order)", "weight[:] = weight[:, order]\nreturn weight",
        "nn.Parameter(weight[:, order])"),
    "check_images_needed": _functions(_SHARE, "math.ceil(1.96**2 * share * (1 - share) / half**2)",
        "torch.tensor(1.96 * math.sqrt(share * (1 - share)) / half) ** 2", "4 * share * (1 - share) / half**2",
        "from scipy.stats import norm\nreturn norm.ppf(0.975) ** 2 * share * (1 - share) / half**2"),
    "check_p_value": _functions(_PAIR, "from scipy.stats import binomtest\nreturn binomtest(a, a + b).pvalue",
        "1 - sum(math.comb(a + b, k) for k in range(min(a, b) + 1, max(a, b))) / 2 ** (a + b)",
        "from scipy.stats import binom\nreturn np.minimum(1, 2 * binom.cdf(min(a, b), a + b, 0.5))"),
    "check_precision": _functions(_CONFUSION, "c[d][d] / sum(row[d] for row in c)", "(c / c.sum(axis=0))[d, d]",
        "(c.numpy().T / np.einsum('ij->j', c.numpy())[:, None])[d, d]", "c[d, d] / c.sum(dim=0)[d]", "[c[d, d] / c[:, d].sum()]"),
    "check_brier": _functions("p, labels", "1 - 2 * p[torch.arange(len(labels)), labels].mean() + (p**2).sum(1).mean()", "p[torch.arange(len(labels)), labels] -= 1\nreturn p.square().sum() / len(p)",
        "sum((p[i, d].item() - (labels[i] == d).item()) ** 2 for i in range(len(labels)) for d in range(10)) / len(labels)", "(np.linalg.norm(p.numpy() - np.eye(10)[labels.numpy()], axis=1) ** 2).mean()"),
    "check_best_threshold": _functions(_COSTS, "(wrong - look) / wrong", "torch.tensor(1 - look / wrong)", "np.float32(1) - np.divide(look, wrong)", "max(0, 1 - look / wrong)"),
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
    "check_silenced": _functions(_SILENCE, _HOOK.format("output[:, channel] = value; return output"), _HOOK.format("output[:, channel] = value"),
        "handle = layer.register_forward_hook(lambda layer, given, output: output.index_fill(1, torch.tensor([channel]), value))\ntry: return model(inputs)\nfinally: handle.remove()",
        "bias, weight = layer.bias.clone(), layer.weight.clone()\nlayer.bias[channel], layer.weight[channel] = value, 0\nlogits = model(inputs)\nlayer.bias.copy_(bias), layer.weight.copy_(weight)\nreturn logits.tolist()",
        "with torch.no_grad():\n        parts = list(model)\n        place = [part is layer for part in parts].index(True)\n        maps = model[: place + 1](inputs).numpy().copy()\n        maps[:, channel] = value\n        return model[place + 1 :](torch.from_numpy(maps)).numpy()"),
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
        f"-{_TRUE}.log().median()", "-logits.softmax(1)[:, labels[0]].log().mean()", "nn.CrossEntropyLoss()(logits, labels)",
        "-(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()"),
    "check_slope": _functions(_NODE, "w / (1 + math.exp(-w * x))", "x / (1 + math.exp(-x))", "1 / (1 + math.exp(-w * x)) - 1",
        "x * math.exp(-w * x)", "x", "x * math.tanh(w * x)", "x * math.exp(w * x)"),
    "check_loop": _functions(_LOOP, _train("F.cross_entropy(model(inputs), labels, reduction='sum')"),
        _train("F.mse_loss(model(inputs), F.one_hot(labels, 10).float())"), _train(split="test"), _train(mode="eval"),
        _train(score="100 * accuracy(predict(model, digits.validation), digits.validation.labels)"), _train(after="break"), _train(mode="requires_grad_"), _train(score="loss.item()"),
        _train().replace("optimizer.zero_grad()\n        loss.backward()", "loss.backward()\n        optimizer.zero_grad()"), _train().replace("        loss.backward()\n", ""),
        _train().replace("return scores", "return scores, model"), _train().replace("return scores", "return dict(enumerate(scores))"), _train().replace("    scores.append", "        scores.append")),
    "check_faults": _values("(1, 4, 5)", "(5, 1, 4)", "(4, 1, 5)", "(4, 5, 4)", "(0, 0, 0)", "(5, 4, 1)", "{'A': 4, 'B': 5, 'C': 1}", "{4, 5, 1}", "'451'", "[4, 5]", "['A4', 'B5', 'C1']", "4"),
}
OTHER_FORMS |= {
    "check_cross_entropy": _functions(_LOGITS, "-np.log(np.exp(logits.numpy())[range(len(labels)), labels] / np.exp(logits.numpy()).sum(1)).mean()",
        "-(logits.gather(1, labels[:, None])[:, 0] - logits.logsumexp(1)).mean()"),
    "check_slope": _functions(_NODE, "x * torch.sigmoid(torch.tensor(w * x))", "loss = lambda w: math.log(1 + math.exp(w * x))\nreturn (loss(w + 1e-5) - loss(w - 1e-5)) / 2e-5"),
    "check_loop": _functions(_LOOP, _train(after="model.eval()"), _train().replace("return scores", "return torch.tensor(scores)"), _train("nn.CrossEntropyLoss()(model(inputs), labels)"),
        _train().replace("optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()", "loss.backward()\n        optimizer.step()\n        model.zero_grad()")),
    "check_faults": _values("[4, 5, 1]", "np.array([4, 5, 1])"),
}

_FROM_BELOW = "for t in confidence.sort().values:\n    if right[confidence >= t].double().mean(){}: return t"
_PAGE, _SMALL, _CURVE = "gray", "small", "confidence, right, wanted"
_MASS = "ink = small\nr, c = ((ink.sum(1) @ torch.arange(len(ink)).float() / ink.sum()).item(), (ink.sum(0) @ torch.arange(ink.shape[1]).float() / ink.sum()).item())\n"
_LAID = "frame = torch.zeros(28, 28)\nframe[{0}:{0} + len(small), {1}:{1} + small.shape[1]] = small\nreturn frame"
WRONG |= {
    "check_light_ink": _functions(_PAGE, "gray.max() > 0.5", "gray.min() < 0.5", "gray.mean() > np.median(gray) + 1", "gray.std() > 0.2", "True", "np.median(gray) < 0.3",
        *(f"gray[{corner}] < gray.{other}()" for corner in ("0, 0", "0, -1", "-1, 0", "-1, -1") for other in ("max", "mean")), "gray[0].mean() < gray.mean()",
        "np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]).mean() < gray.mean()", "np.median(gray[[0, 0, -1, -1], [0, -1, 0, -1]]) < gray.max()",
        "gray[5:-5, 5:-5].mean() > np.median(gray)", "np.quantile(gray, 0.4) == gray.min()", "np.quantile(gray, 0.6) == gray.min()", "gray.max() - np.median(gray)", "gray > np.median(gray)", "'light'"),
    "check_centered": _functions(_SMALL, "F.pad(small, (0, 28 - small.shape[1], 0, 28 - len(small)))", _LAID.format(4, 4), _LAID.format(0, 0),
        "return torch.zeros(28, 28)", "return small", _LAID.format("(28 - len(small)) // 2", "(28 - small.shape[1]) // 2 - 1 + 0"),
        *(_MASS + _LAID.format(*places) for places in (("int(14 - r)", "int(14 - c)"), ("14 - int(r)", "14 - int(c)"), ("round(14 - r)", "(28 - small.shape[1]) // 2"),
            ("round(13 - r)", "round(13 - c)"), ("round(13.5 - r)", "round(14 - c)"), ("round(r - 4)", "round(c - 4)"))),
        _MASS.replace("ink = small", "ink = (small > 0).float()") + _LAID.format("round(14 - r)", "round(14 - c)")),
    "check_threshold": _functions(_CURVE, "confidence.min()", "confidence.median()", "confidence[right].min()", "confidence[~right].max()", "confidence.quantile(1 - wanted)", "right.double().mean()",
        _FROM_BELOW.format(" > wanted"), _FROM_BELOW.format(" >= wanted").replace("confidence >= t", "confidence > t"), _FROM_BELOW.format(" >= wanted").replace("confidence.sort().values", "confidence"),
        "order = confidence.argsort()\nshares = right[order].flip(0).double().cumsum(0) / torch.arange(1, 61)\nreturn confidence[order.flip(0)[(shares >= wanted).nonzero().max()]]"),
}
OTHER_FORMS |= {
    "check_light_ink": _functions(_PAGE, "abs(gray - np.median(gray)).max() == gray.max() - np.median(gray)", "gray.mean() > np.median(gray)", "int(gray.max() > np.median(gray))", "gray.mean() < (gray.min() + gray.max()) / 2",
        "(gray == gray.max()).sum() < (gray == gray.min()).sum()"),
    "check_centered": _functions(_SMALL, "m = np.array([(small.numpy().sum(1) @ np.arange(len(small))), (small.numpy().sum(0) @ np.arange(small.shape[1]))]) / small.numpy().sum()\nr, c = np.round(14 - m).astype(int)\n" + _LAID.format("r", "c"),
        _MASS + _LAID.format("14 - round(r)", "int(14.5 - c)"), "from scipy.ndimage import center_of_mass\nr, c = center_of_mass(small.numpy())\n" + _LAID.format("round(14 - r)", "round(14 - c)")),
    "check_threshold": _functions(_CURVE, "min(t for t in confidence.tolist() if right[confidence >= t].float().mean() >= wanted)",
        "best = 1\nfor t in confidence.sort(descending=True).values:\n    if right.numpy()[confidence >= t].mean() >= wanted: best = t\nreturn best"),
}

_SMOOTHED, _RUNS = "logits, labels, smoothing", "accuracies, k"
_LOG = "p = logits.log_softmax(1)\nown = p[torch.arange(len(labels)), labels]\nreturn "
WRONG |= {
    "check_smoothed": _functions(_SMOOTHED, _LOG + "-((1 - smoothing) * own + smoothing * (p.sum(1) - own) / 9).mean()", _LOG + "-(own + p.mean(1)).mean() / 2",
        _LOG + "-p.mean()", _LOG + "-((1 - smoothing) * own).mean()", _LOG + "-(own + smoothing * p.mean(1)).mean()",
        "nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, labels)", "F.cross_entropy(logits, labels, None, None, -100, None, 'mean', smoothing)"),
    "check_best_of": _functions(_RUNS, "max(accuracies[:k])", "sorted(accuracies)[-k]", "np.median(accuracies)", "np.quantile(accuracies, 1 - 1 / k)", "np.mean(sorted(accuracies)[-k:])", "np.median([max(random.choices(accuracies, k=k)) for _ in range(5_000)])"),
    "check_break_even": _functions(_COSTS_OF_PROCESSES, "exchange / (per_image * (1 - 1 / processes))", "math.ceil(exchange * processes / per_image)", "256",
        "math.ceil(exchange / (per_image / processes))", "round(exchange / (per_image * (1 - 1 / processes)))", "math.ceil(exchange / (per_image * (processes - 1)))",
        "math.floor(exchange / (per_image * (1 - 1 / processes))) + 2",
        "math.floor(exchange / (per_image * (1 - 1 / processes))) + 1", "exchange * processes // (per_image * (processes - 1)) + 1", "n = 0\nwhile n * per_image <= n * per_image / processes + exchange: n += 1\nreturn n"),
    "check_average": _functions(_GRADIENTS, "gradients.sum(0)", "gradients.sum(0) / counts.sum()", "gradients[counts.argmax()]", "(gradients * counts[:, None]).sum() / counts.sum()",
        "(gradients.mean(1) * counts).sum() / counts.sum()", "(gradients * counts[:, None]).sum(0) / counts.max()", "gradients.median(0).values"),
    "check_cluster": _values("[1, 2, 3, 4, 5]", "[4, 5, 2, 3, 1]", "[4, 4, 4, 4, 4]", "[4, 5, 2]", "[0, 0, 0, 0, 0]", "'45213'", "['4', 5, 2, 1, 3]", "{'A': 4}"),
    "check_clean": _values("(True,) * 5", "(False,) * 5", "(True, True, False, True, False)", "(False, True, False, False, True)", "(True, False, False, False, False)", "(True, False)", "{'a': True}", "['a', 'd']"),
}
OTHER_FORMS |= {
    "check_smoothed": _functions(_SMOOTHED, "t = F.one_hot(labels, 10) * (1 - smoothing) + smoothing / 10\nreturn -(t * logits.log_softmax(1)).sum() / len(labels)",
        "(1 - smoothing) * F.cross_entropy(logits, labels) - smoothing * F.log_softmax(logits, dim=1).mean()", "(1 - smoothing) * nn.CrossEntropyLoss()(logits, labels) - smoothing * logits.log_softmax(1).mean()"),
    "check_best_of": _functions(_RUNS, "np.random.default_rng(0).choice(accuracies, (20_000, k)).max(1).mean()"),
    "check_break_even": _functions(_COSTS_OF_PROCESSES, "-(-exchange * processes // (per_image * (processes - 1)))",
        "n = 1\nwhile n * per_image < n * per_image / processes + exchange: n += 1\nreturn n"),
    "check_average": _functions(_GRADIENTS, "np.average(gradients.numpy(), axis=0, weights=counts.numpy())", "gradients.repeat_interleave(counts, dim=0).mean(0)", "(counts / counts.sum()) @ gradients", "sum(g * c for g, c in zip(gradients, counts)) / sum(counts)"),
    "check_cluster": _values("(4, 5, 2, 1, 3)"),
    "check_clean": _values("[True, False, False, True, False]", "(1, 0, 0, 1, 0)"),
}

_SIDES, _TABLE = "maps, others", "n = len(maps)\nr = torch.corrcoef(torch.cat([maps.flatten(1), others.flatten(1)]))[:n, n:]\nreturn "
WRONG |= {
    "check_line_up": _functions(_SIDES, _TABLE + "(torch.cdist(maps.flatten(1), others.flatten(1)).argmin(1) == torch.arange(n)).float().mean()", "1 / len(maps)",
        _TABLE + "(r.diagonal() > r.mean(1)).float().mean()", _TABLE + "(r.abs().argmax(1) == torch.arange(n)).float().mean()", _TABLE + "r.argmax(1)",
        _TABLE + "(r.diagonal() > 0.5).float().mean()", _TABLE + "(r.topk(2, dim=1).indices == torch.arange(n)[:, None]).any(1).float().mean()"),
}
OTHER_FORMS |= {
    "check_line_up": _functions(_SIDES, _TABLE + "sum(int(row.argmax()) == number for number, row in enumerate(r)) / n",
        "return np.mean([np.argmax([np.corrcoef(a.flatten(), b.flatten())[0, 1] for b in others]) == i for i, a in enumerate(maps)])"),
}

_FASTER = "share, factor"
WRONG |= {
    "check_times_faster": _functions(_FASTER, "2", "share * factor", "1 / (share / factor)", "1 + share * (factor - 1) / factor", "1 / (1 - share * factor)", "1 / (1 - share) + factor / share",
        "round(1 / (1 - share + share / factor))", "100 / (1 - share + share / factor)", "factor / (1 - share + share * factor)"),
}
OTHER_FORMS |= {
    "check_times_faster": _functions(_FASTER, "factor / (factor * (1 - share) + share)", "step = 1.0\npart = step * share\nreturn torch.tensor(step / (step - part + part / factor))"),
}

_WRITTEN = "writers, count"
WRONG |= {
    "check_folds": _functions(_WRITTEN, "torch.arange(len(writers)) % count", "torch.arange(len(writers)) * count // len(writers)", "writers % count", "torch.zeros(len(writers))",
        "torch.unique(writers, return_inverse=True)[1]", "torch.unique(writers, return_inverse=True)[1] // count", "torch.unique(writers) % count", "torch.randint(count, (len(writers),))",
        "1 + torch.unique(writers, return_inverse=True)[1] % count", "torch.bucketize(writers, writers.double().quantile(torch.linspace(0, 1, count + 1).double())[1:-1])",
        "torch.unique_consecutive(writers, return_inverse=True)[1] % count", "[hash(str(writer)) % count for writer in writers.tolist()]",
        "fold = {}\nfor writer in writers.tolist(): fold.setdefault(writer, random.Random(writer).randrange(count))\nreturn [fold[writer] for writer in writers.tolist()]"),
}
OTHER_FORMS |= {
    "check_folds": _functions(_WRITTEN, "np.unique(writers.numpy(), return_inverse=True)[1] % count", "names = sorted(set(writers.tolist()))\nreturn [names.index(writer) % count for writer in writers.tolist()]",
        "numbers = torch.unique(writers, return_inverse=True)[1]\nreturn numbers * count // (numbers.max() + 1)",
        "fold = {}\nfor writer in writers.tolist(): fold.setdefault(writer, len(fold) % count)\nreturn torch.tensor([fold[writer] for writer in writers.tolist()])"),
}

# fmt: on
