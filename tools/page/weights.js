// The weights come as whole numbers, compressed, in base64. Each layer has a step, the weight that 1 stands for.

/** Undo base64 and the compression. */
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Cut a row of whole numbers into layers, and multiply each by its step. */
function scaled(numbers, layers) {
  const weights = {};
  let start = 0;
  for (const { name, count, step } of layers) {
    weights[name] = Float32Array.from(numbers.subarray(start, start + count), (number) => number * step);
    start += count;
  }
  return weights;
}

/** The numbers of one network: the lower bytes of all, then the upper ones. */
async function loadNumbers({ data }) {
  const bytes = await unpack(data), count = bytes.length / 2;
  return Int32Array.from({ length: count }, (_, index) => ((bytes[count + index] << 24) >> 16) | bytes[index]);
}

/**
 * The networks of a training. From the final one, whose numbers and layers are given, each is some changes from -2 to 2
 * away from the one after it; three changes are one byte.
 */
async function loadSnapshots({ data, layers }, numbers, finalLayers) {
  const triples = await unpack(data);
  const now = Int32Array.from(numbers);
  let place = 0;
  layers.forEach(({ count, step }, layer) => {
    for (const end = place + count; place < end; place++) now[place] = Math.round((numbers[place] * finalLayers[layer].step) / step);
  });
  const snapshots = [];
  for (let next = 0; 3 * triples.length - next >= now.length; snapshots.unshift(scaled(now, layers)))
    for (let index = 0; index < now.length; index++, next++) {
      const triple = triples[Math.floor(next / 3)];
      now[index] += (next % 3 === 0 ? Math.floor(triple / 25) : next % 3 === 1 ? Math.floor(triple / 5) % 5 : triple % 5) - 2;
    }
  return snapshots;
}
