// From a picture of any size to 28×28, as mnist_helpers/handwriting.py does it; its functions have the same names.
// A picture is { values, width, height }, one row after the other.

const WORKING_SIDE = 400; // pixels; pictures are made this small before anything is computed
const BOX = 20; // pixels a side that a digit fills
const SIDE = 28;
const NO_INK = "No ink was found in the picture. Draw darker, or on plainer paper.";
const THINNEST = 2.4; // of the 28×28 pixels; thinner strokes are made as thick

/** gray: brightness 0 to 255. Returns 28×28 pixels, the pictures on the way, and where the 28×28 lie in the picture. */
function toMnist(gray, width, height, { invert = true, center = true, scale = true } = {}) {
  const block = Math.min(Math.ceil(Math.max(width, height) / WORKING_SIDE), width, height);
  const small = shrink({ values: gray, width, height }, block);
  const brightness = { ...small, values: new Float64Array(small.values).map((value) => value / 255) };
  const ink = invert ? findInk(brightness) : brightness; // without this step, bright paper is taken for ink
  const { pixels, cropped, place } = fitFrame(ink, center, scale);
  const inPicture = { left: place.left * block, top: place.top * block, pixel: place.pixel * block };
  return { pixels, steps: [{ ...ink, high: 1 }, cropped], place: inPicture };
}

/** Means of blocks of side × side pixels. What is left over at the bottom and on the right joins no block. */
function shrink({ values, width, height }, side) {
  if (side === 1) return { values, width, height };
  const [wide, high] = [Math.floor(width / side), Math.floor(height / side)];
  const means = new Float64Array(wide * high);
  for (let y = 0; y < high * side; y++)
    for (let x = 0; x < wide * side; x++) means[Math.floor(y / side) * wide + Math.floor(x / side)] += values[y * width + x];
  return { values: means.map((sum) => sum / (side * side)), width: wide, height: high };
}

// ---- the ink

/** How much ink lies where, 0 to 1: what is darker than the paper around it, without noise and specks. */
function findInk({ values, width, height }) {
  const sigma = Math.max(width, height) / 400;
  const size = Math.floor(Math.max(width, height) / 3) + 1;
  if (!isDrawing(values)) {
    const gray = blur({ values, width, height }, sigma);
    const ink = inkOf({ values: gray, width, height }, size, median(gray), true);
    return { values: ink, width, height };
  }
  // Most of a drawing is paper of one color: only the rest is looked at, which is as good and faster.
  const box = boundingBox(values, width, height, (value) => value !== values[0], 8);
  if (box.width <= 0) throw new Error(NO_INK);
  const cut = part(values, width, box);
  const ink = inkOf({ ...cut, values: blur(cut, sigma) }, size, values[0], false);
  const whole = new Float64Array(values.length);
  for (let y = 0; y < box.height; y++)
    whole.set(ink.subarray(y * box.width, (y + 1) * box.width), (box.top + y) * width + box.left);
  return { values: whole, width, height };
}

/** Whether most pixels are the very same, as only in a picture that nobody photographed. */
function isDrawing(values) {
  let same = 0;
  for (const value of values) if (value === values[0]) same++;
  return same > 0.6 * values.length;
}

/** The same for a picture without noise. usual: its median. noisy: whether its paper has to be measured. */
function inkOf({ values, width, height }, size, usual, noisy) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const gray = 2 * usual < least + most ? values.map((value) => 1 - value) : values; // ink is rare
  const paper = closing({ values: gray, width, height }, size);
  let ink = paper.map((value, index) => value - gray[index]);
  if (noisy) {
    const offset = median(ink);
    ink = ink.map((value) => value - offset);
  }
  const peak = ink.reduce((one, other) => Math.max(one, other));
  const level = percentile(ink.filter((value) => value >= peak / 2), 75);
  if (!(level >= Math.max(0.05, noisy ? 9 * median(ink.map(Math.abs)) : 0))) throw new Error(NO_INK);
  return withoutSpecks(ink.map((value) => Math.min(1, Math.max(0, (value / level - 0.1) / 0.9))), width, height);
}

/** A grayscale closing: dark places that are narrower than size × size are filled. */
function closing({ values, width, height }, size) {
  const [ahead, behind] = [Math.floor((size - 1) / 2), Math.floor(size / 2)];
  const grown = both(values, width, height, (line) => slidingMaximum(line, ahead, behind));
  if (grown.every((value) => value === grown[0])) return grown; // nothing is left to do, as in most drawings
  const turned = grown.map((value) => -value); // the smallest is the largest with the sign turned
  return both(turned, width, height, (line) => slidingMaximum(line, behind, ahead)).map((value) => -value);
}

/** Change each row, and then each column of the result. */
function both(values, width, height, change) {
  const result = new Float64Array(values.length);
  for (let y = 0; y < height; y++) result.set(change(values.subarray(y * width, (y + 1) * width)), y * width);
  const column = new Float64Array(height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) column[y] = result[y * width + x];
    change(column).forEach((value, y) => (result[y * width + x] = value));
  }
  return result;
}

/** The largest of each value, those before it and those after it. The line of candidates falls from its start on. */
function slidingMaximum(values, before, after) {
  const result = new Float64Array(values.length), candidates = new Int32Array(values.length);
  let first = 0, end = 0;
  for (let next = 0, place = 0; place < values.length; place++) {
    for (; next < values.length && next <= place + after; next++) {
      while (end > first && values[candidates[end - 1]] <= values[next]) end--;
      candidates[end++] = next;
    }
    while (candidates[first] < place - before) first++;
    result[place] = values[candidates[first]];
  }
  return result;
}

/** A Gaussian blur, along the rows and then along the columns; at the edge the picture is mirrored. */
function blur({ values, width, height }, sigma) {
  const radius = Math.floor(4 * sigma + 0.5);
  const bell = Float64Array.from({ length: 2 * radius + 1 }, (_, index) => Math.exp(-((index - radius) ** 2) / (2 * sigma * sigma)));
  const sum = bell.reduce((one, other) => one + other);
  const kernel = bell.map((value) => value / sum);
  const along = (values, length, stride, lines, lineStride) => {
    const result = new Float64Array(values.length);
    const mirrored = Int32Array.from({ length: length + 2 * radius }, (_, index) => {
      const place = (((index - radius) % (2 * length)) + 2 * length) % (2 * length);
      return (place < length ? place : 2 * length - 1 - place) * stride;
    });
    for (let line = 0; line < lines; line++)
      for (let place = 0; place < length; place++) {
        let sum = 0;
        for (let index = 0; index <= 2 * radius; index++) sum += kernel[index] * values[line * lineStride + mirrored[place + index]];
        result[line * lineStride + place * stride] = sum;
      }
    return result;
  };
  return along(along(values, height, width, width, 1), width, 1, height, width);
}

function median(values) {
  return percentile(values.slice(), 50);
}

/** Of values that may be sorted on the spot. As NumPy's: between two values, the straight line. */
function percentile(values, share) {
  values.sort();
  const place = ((values.length - 1) * share) / 100;
  const below = Math.floor(place), above = Math.ceil(place);
  return values[below] + (values[above] - values[below]) * (place - below);
}

/** Keep only marks that have at least a fiftieth of the heaviest one's ink, and what lies within 2 pixels of them. */
function withoutSpecks(ink, width, height) {
  const marks = new Int32Array(ink.length);
  const masses = [0], inside = [0]; // of marks; those that touch the edge of the picture have no mass inside
  const queue = new Int32Array(ink.length);
  for (let start = 0; start < ink.length; start++) {
    if (marks[start] || !(ink[start] > 0.25)) continue;
    const mark = masses.length;
    let mass = 0, from = 0, to = 0, neighbors = 0;
    marks[start] = mark;
    queue[to++] = start;
    while (from < to) {
      const place = queue[from++];
      mass += ink[place];
      eachNeighbor(place, width, height, (other) => {
        neighbors++;
        if (marks[other] || !(ink[other] > 0.25)) return;
        marks[other] = mark;
        queue[to++] = other;
      });
    }
    masses.push(mass);
    inside.push(neighbors < 4 * to ? 0 : mass);
  }
  const heaviest = Math.max(...masses);
  // What runs off the picture is the edge of a shadow or of the paper, if there is anything else.
  const counted = Math.max(...inside) > 0.02 * heaviest ? inside : masses;
  const least = 0.02 * Math.max(...counted);
  let ring = [];
  const near = new Uint8Array(ink.length);
  marks.forEach((mark, place) => {
    if (mark && counted[mark] > least) near[place] = ring.push(place) && 1;
  });
  for (let round = 0; round < 2; round++) {
    const next = [];
    for (const place of ring)
      eachNeighbor(place, width, height, (other) => {
        if (!near[other]) near[other] = next.push(other) && 1;
      });
    ring = next;
  }
  return ink.map((value, place) => value * near[place]);
}

/** The pixels above, below, left and right. */
function eachNeighbor(place, width, height, visit) {
  const x = place % width;
  if (x > 0) visit(place - 1);
  if (x < width - 1) visit(place + 1);
  if (place >= width) visit(place - width);
  if (place < width * (height - 1)) visit(place + width);
}

// ---- the frame

/**
 * The ink in a frame of 28×28: cut out, at most 20×20, its center of mass in the middle. Without `scale`, the whole
 * picture is made 28 pixels long. Without `center`, the ink's box stays where it was in the picture.
 */
function fitFrame({ values, width, height }, center, scale) {
  const box = boundingBox(values, width, height, (value) => value > 0.3);
  const zoom = scale ? BOX / Math.max(box.width, box.height) : SIDE / Math.max(width, height);
  let cut = part(values, width, box), pad = 0;
  const grow = (THINNEST / zoom - 4 * meanDepth(cut)) / 2; // a stroke is four times as wide as its pixels are deep
  if (grow > 0) {
    pad = Math.floor(grow) + 2;
    cut = grown(cut, grow, pad);
  }
  const longest = Math.max(cut.width, cut.height);
  const factor = (scale ? BOX : Math.min(SIDE, zoom * longest)) / longest;
  const [wide, high] = [cut.width, cut.height].map((length) => Math.max(1, roundHalfToEven(length * factor)));
  const small = reduce(cut, wide, high);
  const most = small.reduce((one, other) => Math.max(one, other));
  const shares = small.map((value) => value / most);
  const moved = [
    SIDE / 2 + ((box.left + box.width / 2 - width / 2) * SIDE) / Math.max(width, height) - wide / 2,
    SIDE / 2 + ((box.top + box.height / 2 - height / 2) * SIDE) / Math.max(width, height) - high / 2,
  ];
  const inFrame = (corner) => corner.map((place, axis) => Math.min(Math.max(roundHalfToEven(place), 0), SIDE - [wide, high][axis]));
  const before = inFrame(moved);
  const [left, top] = center ? inFrame(centerOfMass(shares, wide).map((middle) => 13.5 - middle)) : before;
  return {
    pixels: placed(shares, wide, high, left, top),
    cropped: { values: placed(shares, wide, high, ...before), width: SIDE, height: SIDE, high: 255 },
    place: { left: box.left - pad - left / factor, top: box.top - pad - top / factor, pixel: 1 / factor },
  };
}

/** The smallest box around all values that count, with a margin as far as the picture goes. */
function boundingBox(values, width, height, counts, margin = 0) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (counts(values[y * width + x])) {
        if (x < left) left = x;
        if (x >= right) right = x + 1;
        if (y < top) top = y;
        bottom = y + 1;
      }
  left = Math.max(0, left - margin);
  top = Math.max(0, top - margin);
  return { left, top, width: Math.min(width, right + margin) - left, height: Math.min(height, bottom + margin) - top };
}

function part(values, width, box) {
  const result = new Float64Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * width + box.left;
    result.set(values.subarray(start, start + box.width), y * box.width);
  }
  return { values: result, width: box.width, height: box.height };
}

/** How far pixels with ink are from the nearest one without, on average. */
function meanDepth({ values, width, height }) {
  const framed = new Float64Array((width + 2) * (height + 2));
  let count = 0;
  values.forEach((value, index) => {
    if (value <= 0.3) return;
    framed[(Math.floor(index / width) + 1) * (width + 2) + (index % width) + 1] = 1;
    count++;
  });
  return distanceToZero(framed, width + 2, height + 2).reduce((one, other) => one + other) / count;
}

/** Make strokes wider by `grow` on each side, in a picture that is padded by `pad`. */
function grown(cut, grow, pad) {
  const width = cut.width + 2 * pad, height = cut.height + 2 * pad;
  const empty = new Float64Array(width * height).fill(1);
  cut.values.forEach((value, index) => {
    if (value > 0.5) empty[(Math.floor(index / cut.width) + pad) * width + (index % cut.width) + pad] = 0;
  });
  const distances = distanceToZero(empty, width, height);
  return { values: distances.map((distance) => Math.min(1, Math.max(0, grow + 0.5 - distance))), width, height };
}

/**
 * The exact distance from each pixel to the nearest one that is zero: first along the columns, then along the rows,
 * where it is the lowest of parabolas. Source: Felzenszwalb and Huttenlocher, Distance Transforms of Sampled
 * Functions, 2012.
 */
function distanceToZero(values, width, height) {
  const far = 1e12;
  const squares = new Float64Array(values.length);
  for (let x = 0; x < width; x++) {
    for (let y = 0, away = far; y < height; y++) {
      away = values[y * width + x] ? away + 1 : 0;
      squares[y * width + x] = away;
    }
    for (let y = height - 1, away = far; y >= 0; y--) {
      away = values[y * width + x] ? away + 1 : 0;
      squares[y * width + x] = Math.min(squares[y * width + x], away) ** 2;
    }
  }
  const centers = new Int32Array(width), ends = new Float64Array(width + 1), row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    row.set(squares.subarray(y * width, (y + 1) * width));
    let last = 0;
    centers[0] = 0;
    ends[0] = -Infinity;
    for (let x = 1; x < width; x++) {
      const crossing = () => (row[x] + x * x - row[centers[last]] - centers[last] ** 2) / (2 * (x - centers[last]));
      while (last > 0 && crossing() <= ends[last]) last--;
      ends[last + 1] = crossing();
      centers[++last] = x;
    }
    for (let x = 0, which = 0; x < width; x++) {
      while (which < last && ends[which + 1] < x) which++;
      squares[y * width + x] = (x - centers[which]) ** 2 + row[centers[which]];
    }
  }
  return squares.map(Math.sqrt);
}

/** Reduce a picture, each new pixel a mean that falls off to the sides, as PyTorch's interpolate with antialias. */
function reduce({ values, width, height }, newWidth, newHeight) {
  const across = triangles(width, newWidth), down = triangles(height, newHeight);
  const rows = new Float64Array(newWidth * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      across[x].weights.forEach((weight, index) => (sum += weight * values[y * width + across[x].start + index]));
      rows[y * newWidth + x] = sum;
    }
  const result = new Float64Array(newWidth * newHeight);
  for (let y = 0; y < newHeight; y++)
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      down[y].weights.forEach((weight, index) => (sum += weight * rows[(down[y].start + index) * newWidth + x]));
      result[y * newWidth + x] = sum;
    }
  return result;
}

/** For each new pixel, the first old one that counts, and the weights from there on. */
function triangles(length, newLength) {
  const ratio = length / newLength, support = Math.max(1, ratio);
  return Array.from({ length: newLength }, (_, index) => {
    const center = ratio * (index + 0.5);
    const start = Math.max(0, Math.floor(center - support + 0.5)), end = Math.min(length, Math.floor(center + support + 0.5));
    const weights = Array.from({ length: end - start }, (_, step) => Math.max(0, 1 - Math.abs(start + step + 0.5 - center) / support));
    const sum = weights.reduce((one, other) => one + other);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

function centerOfMass(values, width) {
  let mass = 0, x = 0, y = 0;
  values.forEach((value, index) => {
    mass += value;
    x += value * (index % width);
    y += value * Math.floor(index / width);
  });
  return [x / mass, y / mass];
}

/** As Python rounds. */
function roundHalfToEven(value) {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

function placed(shares, width, height, left, top) {
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels[(top + y) * SIDE + left + x] = roundHalfToEven(255 * shares[y * width + x]);
  return pixels;
}
