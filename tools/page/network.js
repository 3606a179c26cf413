// The two networks, as PyTorch computes them: plain loops over numbers.
// Maps lie in memory as in PyTorch: one map after the other, in each one row after the other.

const KERNEL = 5; // pixels a side

/** Pixels from 0 to 255 on the scale that the networks were trained on. */
function normalize(pixels, mean, std) {
  return Float32Array.from(pixels, (pixel) => (pixel / 255 - mean) / std);
}

/** Slide each kernel over all maps at once. maps: (channels, side, side). Returns (kernels, side - 4, side - 4). */
function convolve(maps, channels, side, weight, bias) {
  const out = side - KERNEL + 1;
  const result = new Float32Array(bias.length * out * out);
  let next = 0; // which weight comes next
  for (let kernel = 0; kernel < bias.length; kernel++) {
    const start = kernel * out * out;
    result.fill(bias[kernel], start, start + out * out);
    for (let channel = 0; channel < channels; channel++)
      for (let down = 0; down < KERNEL; down++, next += KERNEL) {
        const a = weight[next], b = weight[next + 1], c = weight[next + 2], d = weight[next + 3], e = weight[next + 4];
        for (let row = 0, to = start; row < out; row++) {
          let from = (channel * side + row + down) * side;
          for (const end = to + out; to < end; to++, from++) // five products at once: a third of the time
            result[to] += a * maps[from] + b * maps[from + 1] + c * maps[from + 2] + d * maps[from + 3] + e * maps[from + 4];
        }
      }
  }
  return result;
}

/** Max pooling: of each square of 2×2 entries the largest stays. maps: (channels, side, side). */
function pool(maps, channels, side) {
  const out = side / 2;
  const result = new Float32Array(channels * out * out);
  for (let row = 0, to = 0; row < channels * out; row++)
    for (let column = 0; column < out; column++, to++) {
      const from = 2 * row * side + 2 * column;
      result[to] = Math.max(maps[from], maps[from + 1], maps[from + side], maps[from + side + 1]);
    }
  return result;
}

/** ReLU: what is below zero becomes zero. */
function relu(values) {
  return values.map((value) => (value > 0 ? value : 0));
}

/** A fully connected layer: each output is a weighted sum of all inputs. */
function connect(inputs, weight, bias) {
  return Float32Array.from(bias, (sum, output) => {
    const start = output * inputs.length;
    for (let input = 0; input < inputs.length; input++) sum += weight[start + input] * inputs[input];
    return sum;
  });
}

/** The CNN, with what each of its layers puts out. image: 28×28, normalized. */
function readWithCnn(image, weights) {
  const conv1 = convolve(image, 1, 28, weights["conv1.weight"], weights["conv1.bias"]); // 16 maps, 24×24
  const pool1 = relu(pool(conv1, 16, 24)); // 16 maps, 12×12
  const conv2 = convolve(pool1, 16, 12, weights["conv2.weight"], weights["conv2.bias"]); // 32 maps, 8×8
  const pool2 = relu(pool(conv2, 32, 8)); // 32 maps, 4×4
  const hidden = relu(connect(pool2, weights["hidden.weight"], weights["hidden.bias"])); // 128 features
  const logits = connect(hidden, weights["output.weight"], weights["output.bias"]);
  return { conv1, pool1, conv2, pool2, hidden, logits };
}

/** The dense network, which sees a list of 784 pixels and no picture. Returns its logits. */
function readWithDense(image, weights) {
  const hidden = relu(connect(image, weights["hidden.weight"], weights["hidden.bias"]));
  return connect(hidden, weights["output.weight"], weights["output.bias"]);
}

/** Logits as probabilities, which add up to one. */
function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((one, other) => one + other);
  return powers.map((power) => power / sum);
}

/** The square of the picture that one entry of a layer's maps depends on: its first row and column, and its side. */
function receptiveField(layer, row, column) {
  const [side, stride] = { conv1: [5, 1], pool1: [6, 2], conv2: [14, 2], pool2: [16, 4] }[layer];
  return { row: row * stride, column: column * stride, side };
}
