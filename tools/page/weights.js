// The weights come as whole numbers: compressed, in base64, the lowest byte of all numbers first, then the next.

/** Undo the packing. size: bytes a number has. Returns an Int32Array. */
async function unpack(text, size) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = bytes.length / size;
  const numbers = new Int32Array(count);
  const unused = 32 - 8 * size;
  for (let index = 0; index < count; index++) {
    let number = 0;
    for (let plane = size - 1; plane >= 0; plane--) number = (number << 8) | bytes[plane * count + index];
    numbers[index] = (number << unused) >> unused; // the topmost bit that is used is the sign
  }
  return numbers;
}

/** Cut a row of whole numbers into layers, and multiply each by its step. layers: name, count and step of each. */
function scaled(numbers, layers) {
  const weights = {};
  let start = 0;
  for (const { name, count, step } of layers) {
    weights[name] = Float32Array.from(numbers.subarray(start, start + count), (number) => number * step);
    start += count;
  }
  return weights;
}

/** One network. */
async function loadNetwork({ data, size, layers }) {
  return scaled(await unpack(data, size), layers);
}

/** The networks of a training: of each but the first, only the difference from the one before is stored. */
async function loadSnapshots({ data, size, layers }) {
  const differences = await unpack(data, size);
  const count = layers.reduce((sum, layer) => sum + layer.count, 0);
  const numbers = new Int32Array(count);
  const snapshots = [];
  for (let start = 0; start < differences.length; start += count) {
    for (let index = 0; index < count; index++) numbers[index] += differences[start + index];
    snapshots.push(scaled(numbers, layers));
  }
  return snapshots;
}
