// From a picture of any size to 28×28, as mnist_lessons/handwriting.py does it; its functions have the same names.
// A picture is { values, width, height }, one row after the other.

const WORKING_SIDE = 400; // pixels; pictures are made this small before anything is computed
const SHEET_SIDE = 1200; // of a sheet, on which a digit may be small
const BOX = 20; // pixels a side that a digit fills
const SIDE = 28;
const NO_INK = "No ink was found in the picture. Draw darker, or on plainer paper.";
const THINNEST = 2.4; // of the 28×28 pixels; thinner strokes are made as thick

/**
 * gray: brightness 0 to 255. plain: it is dark ink on white paper, as drawn here. Returns 28×28 pixels, the pictures on
 * the way, and where the 28×28 lie in the picture.
 */
function toMnist(gray, width, height, { invert = true, center = true, scale = true, plain = false } = {}) {
  const picture = { values: gray, width, height };
  const first = look(picture, { left: 0, top: 0, width, height }, invert, plain);
  const nearer = center && scale && first.block > 1 ? surroundings(first, picture) : null;
  const { ink, block, left, top } = nearer ? look(picture, nearer, invert, plain) : first;
  const { pixels, cropped, place } = fitFrame(ink, center, scale);
  const inPicture = { left: left + place.left * block, top: top + place.top * block, pixel: place.pixel * block };
  return { pixels, steps: [{ ...first.ink, high: 1 }, cropped], place: inPicture };
}

/** The rows of a page from top to bottom, each a list of boxes and of what `toMnist` returns, from left to right. */
function readSheet(gray, width, height, { center = true, scale = true } = {}) {
  const block = Math.ceil(Math.max(width, height) / SHEET_SIDE);
  const picture = shares(shrink({ values: gray, width, height }, block));
  const digits = findDigits(darkerThanPaper(picture, Math.max(Math.max(picture.width, picture.height) / 800, 0.7), { sheet: true }));
  const read = ({ box, ink }) => {
    const { pixels, cropped, place } = fitFrame(ink, center, scale);
    const [left, top] = [box[1] - 2 + place.left, box[0] - 2 + place.top]; // `cutOut` left a margin of 2
    const inPicture = { left: left * block, top: top * block, pixel: place.pixel * block };
    return { box: box.map((side) => side * block), pixels, steps: [{ ...ink, high: 1 }, cropped], place: inPicture };
  };
  return splitRows(digits.map(({ box }) => box)).map((row) => row.map((at) => read(digits[at])));
}

function shares({ values, width, height }) {
  return { values: new Float64Array(values).map((value) => value / 255), width, height };
}

/** The ink in a part of a picture, each of whose pixels stands for a block of block × block. */
function look(picture, box, invert, plain) {
  if (plain && invert) return { ink: findDrawnInk(picture), block: 1, left: 0, top: 0 };
  const block = Math.ceil(Math.max(box.width, box.height) / WORKING_SIDE);
  const gray = shares(shrink(part(picture.values, picture.width, box), block));
  const ink = invert ? findInk(gray, Math.max(gray.width, gray.height) / 400) : gray; // else bright paper is taken for ink
  return { ink, block, left: box.left, top: box.top };
}

/** The ink of a drawing, of which only the box around the strokes is looked at. */
function findDrawnInk({ values, width, height }) {
  const box = boundingBox(values, width, height, (value) => value < 255, 8), whole = new Float64Array(values.length);
  if (!box.width) throw new Error(NO_INK);
  const ink = findInk(shares(part(values, width, box)), Math.max(width, height) / 400, true).values;
  for (let y = 0; y < box.height; y++) whole.set(ink.subarray(y * box.width, (y + 1) * box.width), (box.top + y) * width + box.left);
  return { values: whole, width, height };
}

/** The part of a large picture around small ink, to look at again, at more of its pixels; null if the ink is large. */
function surroundings({ ink, block }, { width, height }) {
  const box = inkBox(ink);
  const margin = Math.floor((Math.max(box.width, box.height) - 1) / 2) + 4;
  if (margin >= 80) return null;
  const [left, top] = [box.left, box.top].map((start) => Math.max(0, start - margin) * block);
  const right = Math.min(width, (box.left + box.width + margin) * block);
  const bottom = Math.min(height, (box.top + box.height + margin) * block);
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * Means of blocks of side × side pixels, or their least or largest value. What is left over at the bottom and on the
 * right joins no block.
 */
function shrink({ values, width, height }, side, take = null) {
  if (side === 1) return { values, width, height };
  const [across, down] = [Math.min(side, width), Math.min(side, height)];
  const [wide, high] = [Math.floor(width / across), Math.floor(height / down)];
  const result = new Float64Array(wide * high).fill(take ? take() : 0);
  for (let y = 0; y < high * down; y++)
    for (let x = 0, row = Math.floor(y / down) * wide, at = y * width; x < wide; x++)
      for (let step = 0; step < across; step++, at++) result[row + x] = take ? take(result[row + x], values[at]) : result[row + x] + values[at];
  return { values: take ? result : result.map((total) => total / (across * down)), width: wide, height: high };
}

// ---- the ink

/**
 * How much ink lies where, 0 to 1: what is darker than the paper around it, without noise and specks, nor what comes in
 * from a side of the picture, a neighbor or a table, if there is ink inside and far from it.
 */
function findInk(gray, blurred, plain = false) {
  const ink = darkerThanPaper(gray, blurred, { plain });
  const { marks, mass } = labelMarks(ink), least = 0.02 * largestOf(mass);
  const boxes = findBoxes(marks), lengths = boxes.map(([top, left, bottom, right]) => Math.max(bottom - top, right - left));
  const longest = Math.max(0, ...lengths.filter((_, at) => mass[at] > least));
  const large = lengths.map((length, at) => mass[at] > least && length >= 0.15 * longest); // else small print, or a speck
  const outer = boxes.map((box) => isAtSide(box, ink, 4)), inside = mass.map((one, at) => (outer[at] ? 0 : one));
  const inner = inside.indexOf(largestOf(inside));
  if (large.some((one, at) => one && outer[at]) && mass[inner] > 0.5 * largestOf(mass)) {
    const far = Float64Array.from(marks.values, (at) => (at === inner ? 0 : 1)), nearest = lengths.map(() => Infinity);
    toDistances(far, ink.width, ink.height);
    marks.values.forEach((at, place) => (nearest[at] = Math.min(nearest[at], far[place])));
    outer.forEach((is, at) => is && nearest[at] >= 0.1 * lengths[inner] && (large[at] = false));
  }
  const near = dilated({ ...ink, values: marks.values.map((at) => (large[at] ? 1 : 0)) }, 2);
  for (let place = 0; place < near.length; place++) if (!near[place]) ink.values[place] = 0;
  return ink;
}

/** How much ink lies where, 0 to 1, without the lines of ruled paper. blurred: against noise, in pixels. */
function darkerThanPaper(given, blurred, { sheet = false, plain = false }) {
  const gray = { ...given, values: given.values.slice() }, { width, height } = gray;
  blur(gray, blurred);
  if (!plain && lightOnDark(gray)) gray.values.forEach((value, place) => (gray.values[place] = 1 - value));
  const values = plain ? gray.values.map((light) => 1 - light) : closing(gray, Math.floor(Math.max(width, height) / 6) + 1);
  if (!plain) {
    for (let place = 0; place < values.length; place++) // in a shadow, ink differs less from its paper
      values[place] = (values[place] - gray.values[place]) / Math.max(0.1, values[place]);
    const rest = percentile(values, 20); // paper, also where ink covers most of the picture
    for (let place = 0; place < values.length; place++) values[place] -= rest;
  }
  const half = largestOf(values) / 2, level = percentile(values.filter((value) => value >= half), 75);
  if (!(level >= Math.max(0.05, plain ? 0 : 17 * percentile(values.map(Math.abs), 20)))) throw new Error(NO_INK);
  for (let place = 0; place < values.length; place++) values[place] = Math.min(1, Math.max(0, (values[place] / level - 0.1) / 0.9));
  const ink = { values, width, height };
  if (plain) return ink;
  const card = findCard(inked(ink, 0.5), sheet ? 0.8 : 0.93); // it is the paper
  try {
    if (card) return darkerThanPaper(spreadOut(given, card), blurred, { sheet });
  } catch {
    // there is no ink on it, so it is none
  }
  return withoutLines(ink, sheet);
}

/** A picture in which what lies outside of a mask is as it is at the mask's edge. */
function spreadOut({ values, width, height }, mask) {
  const result = values.slice(), known = mask.values.slice();
  let ring = [];
  for (let place = 0; place < values.length; place++) if (known[place]) ring.push(place);
  while (ring.length) {
    const next = [];
    for (const place of ring)
      eachNeighbor(place, width, height, (other) => {
        if (known[other]) return;
        result[other] = result[place];
        known[other] = next.push(other) && 1;
      });
    ring = next;
  }
  return { values: result, width, height };
}

/** Is the ink lighter than the paper? Where there is ink nearby, most of what lies around is paper. */
function lightOnDark(gray) {
  const side = Math.max(1, Math.floor(Math.max(gray.width, gray.height) / 50));
  const small = shrink(gray, side), light = { ...small, values: Float64Array.from(small.values) };
  blur(light, Math.max(small.width, small.height) / 4); // a lamp's light changes slowly
  const size = Math.floor(Math.max(small.width, small.height) / 3) + 1;
  const before = Math.floor(size / 2), after = size - 1 - before;
  const above = (take, sign) => ({ ...small, values: shrink(gray, side, take).values.map((value, place) => sign * (value - light.values[place])) });
  const low = maximumFilter(above(Math.min, -1), before, after).map((value) => -value); // a thin stroke is lost in a mean
  const high = maximumFilter(above(Math.max, 1), before, after), middle = medianFilter(above(null, 1), size);
  const enough = largestOf(high.map((value, place) => value - low[place])) / 2;
  return high.reduce((total, value, place) => (value - low[place] >= enough ? total + low[place] + value - 2 * middle[place] : total), 0) > 0;
}

/** The largest value from `before` pixels on the left and above to `after` pixels on the right and below. */
function maximumFilter({ values, width, height }, before, after) {
  const result = new Float64Array(values), slide = slidingMaximum(Math.max(width, height), before, after);
  for (let y = 0; y < height; y++) slide(result, y * width, 1, width);
  for (let x = 0; x < width; x++) slide(result, x, width, height);
  return result;
}

/**
 * The median of the size × size pixels around each; beyond its edge, the picture goes on as it is there. The window
 * goes along a row; how often it holds each rank is counted, and also for the ranks in groups, to find the median soon.
 */
function medianFilter({ values, width, height }, size) {
  const order = Int32Array.from(values.keys()).sort((one, other) => values[one] - values[other]);
  const before = Math.floor(size / 2), group = 64;
  const columns = Int32Array.from({ length: width + size - 1 }, (_, x) => Math.min(Math.max(x - before, 0), width - 1));
  const rows = Int32Array.from({ length: height + size - 1 }, (_, y) => Math.min(Math.max(y - before, 0), height - 1) * width);
  const ranks = new Int32Array(values.length);
  order.forEach((place, rank) => (ranks[place] = rank));
  const counts = new Int32Array(Math.ceil(values.length / group) * group), groups = new Int32Array(counts.length / group);
  const count = (x, y, change) => {
    for (let step = 0; step < size; step++) {
      const rank = ranks[rows[y + step] + columns[x]];
      counts[rank] += change;
      groups[Math.floor(rank / group)] += change;
    }
  };
  const result = new Float64Array(values.length);
  for (let y = 0, index = 0; y < height; y++) {
    counts.fill(0);
    groups.fill(0);
    for (let x = 0; x < size - 1; x++) count(x, y, 1);
    for (let x = 0; x < width; x++, index++) {
      count(x + size - 1, y, 1);
      let place = Math.floor((size * size) / 2), which = 0;
      while (place >= groups[which]) place -= groups[which++];
      let rank = which * group;
      while (place >= counts[rank]) place -= counts[rank++];
      result[index] = values[order[rank]];
      count(x, y, -1);
    }
  }
  return result;
}

/** As NumPy's: between two values, the straight line. */
function percentile(values, share) {
  const sorted = values.slice().sort(), place = ((values.length - 1) * share) / 100;
  const below = sorted[Math.floor(place)], above = sorted[Math.ceil(place)];
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * A grayscale closing: dark places that are narrower than 2 · reach + 1 are filled. Beyond its edge, the picture goes
 * on as it is there.
 */
function closing({ values, width, height }, reach) {
  const wide = width + 2 * reach, high = height + 2 * reach;
  const padded = new Float64Array(wide * high);
  const slide = slidingMaximum(Math.max(wide, high), reach, reach);
  for (let y = 0; y < height; y++) {
    const row = padded.subarray((y + reach) * wide, (y + reach + 1) * wide);
    row.fill(values[y * width], 0, reach).fill(values[(y + 1) * width - 1], reach + width);
    row.set(values.subarray(y * width, (y + 1) * width), reach);
    slide(row, 0, 1, wide);
  }
  for (let y = 0; y < reach; y++) {
    padded.copyWithin(y * wide, reach * wide, (reach + 1) * wide);
    padded.copyWithin((high - 1 - y) * wide, (reach + height - 1) * wide, (reach + height) * wide);
  }
  for (let x = 0; x < wide; x++) slide(padded, x, wide, high);
  const result = new Float64Array(values.length);
  const [first] = padded;
  if (padded.every((value) => Math.abs(value - first) < 1e-9)) return result.fill(first); // as in most drawings
  for (let index = 0; index < padded.length; index++) padded[index] *= -1; // the smallest is the largest then
  for (let x = 0; x < wide; x++) slide(padded, x, wide, high);
  for (let y = 0; y < height; y++) {
    const start = (y + reach) * wide;
    slide(padded, start, 1, wide);
    for (let x = 0; x < width; x++) result[y * width + x] = -padded[start + reach + x];
  }
  return result;
}

/**
 * A function that changes each value of a line to the largest of those from `before` to `after` it. The candidates in
 * the queue fall from its start on.
 */
function slidingMaximum(longest, before, after) {
  const line = new Float64Array(longest), queue = new Int32Array(longest);
  return (values, start, step, count) => {
    for (let place = 0, at = start; place < count; place++, at += step) line[place] = values[at];
    for (let place = 0, next = 0, first = 0, end = 0, at = start; place < count; place++, at += step) {
      for (; next < count && next <= place + after; next++) {
        while (end > first && line[queue[end - 1]] <= line[next]) end--;
        queue[end++] = next;
      }
      if (queue[first] < place - before) first++;
      values[at] = line[queue[first]];
    }
  };
}

/** A Gaussian blur on the spot, along the rows and then along the columns; at the edge the picture is mirrored. */
function blur({ values, width, height }, sigma) {
  const radius = Math.floor(4 * sigma + 0.5);
  const bell = Float64Array.from({ length: radius + 1 }, (_, far) => Math.exp(-(far ** 2) / (2 * sigma * sigma)));
  const sum = 2 * bell.reduce((one, other) => one + other) - bell[0];
  const weights = bell.map((value) => value / sum);
  const line = new Float64Array(Math.max(width, height) + 2 * radius);
  const along = (start, step, count) => {
    for (let index = 0; index < count; index++) line[radius + index] = values[start + index * step];
    for (let far = 1; far <= radius; far++) {
      line[radius - far] = values[start + mirrored(-far, count) * step];
      line[radius + count - 1 + far] = values[start + mirrored(count - 1 + far, count) * step];
    }
    for (let index = 0, at = start; index < count; index++, at += step) {
      let total = weights[0] * line[radius + index];
      for (let far = 1; far <= radius; far++) total += weights[far] * (line[radius + index - far] + line[radius + index + far]);
      values[at] = total;
    }
  };
  for (let y = 0; y < height; y++) along(y * width, 1, width);
  for (let x = 0; x < width; x++) along(x, width, height);
}

/** Where a place beyond the edge of a line of `count` pixels finds its value: … 1 0 0 1 2 … */
function mirrored(place, count) {
  const within = ((place % (2 * count)) + 2 * count) % (2 * count);
  return within < count ? within : 2 * count - 1 - within;
}

// ---- the frame

/**
 * The ink in a frame of 28×28: cut out, at most 20×20, its center of mass at pixel 14. Without `scale`, the whole
 * picture is made 28 pixels long. Without `center`, the ink's box stays where it was in the picture.
 */
function fitFrame({ values, width, height }, center, scale) {
  const box = inkBox({ values, width, height });
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
  const most = largestOf(small);
  const shares = small.map((value) => value / most);
  const moved = [
    SIDE / 2 + ((box.left + box.width / 2 - width / 2) * SIDE) / Math.max(width, height) - wide / 2,
    SIDE / 2 + ((box.top + box.height / 2 - height / 2) * SIDE) / Math.max(width, height) - high / 2,
  ];
  const inFrame = (corner) => corner.map((place, axis) => Math.min(Math.max(roundHalfToEven(place), 0), SIDE - [wide, high][axis]));
  const before = inFrame(moved);
  const [left, top] = center ? inFrame(centerOfMass(shares, wide).map((middle) => 14 - middle)) : before;
  return {
    pixels: placed(shares, wide, high, left, top),
    cropped: { values: placed(shares, wide, high, ...before), width: SIDE, height: SIDE, high: 255 },
    place: { left: box.left - pad - left / factor, top: box.top - pad - top / factor, pixel: 1 / factor },
  };
}

/** The smallest box around the ink. */
function inkBox({ values, width, height }) {
  const box = boundingBox(values, width, height, (value) => value > 0.3);
  if (!box.width) throw new Error(NO_INK);
  return box;
}

/** The smallest box around all values that count, with a margin as far as the picture goes; 0 wide if there is none. */
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
  if (!bottom) return { left: 0, top: 0, width: 0, height: 0 };
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
  for (let y = 0, index = 0; y < height; y++)
    for (let x = 0; x < width; x++, index++)
      if (values[index] > 0.3) {
        framed[(y + 1) * (width + 2) + x + 1] = 1;
        count++;
      }
  toDistances(framed, width + 2, height + 2);
  return framed.reduce((one, other) => one + other) / count;
}

/** Make strokes wider by `grow` on each side, in a picture that is padded by `pad`. */
function grown(cut, grow, pad) {
  const width = cut.width + 2 * pad, height = cut.height + 2 * pad;
  const values = new Float64Array(width * height).fill(1);
  for (let y = 0, index = 0; y < cut.height; y++)
    for (let x = 0; x < cut.width; x++, index++)
      if (cut.values[index] > 0.5) values[(y + pad) * width + x + pad] = 0;
  toDistances(values, width, height);
  for (let index = 0; index < values.length; index++) values[index] = Math.min(1, Math.max(0, grow + 0.5 - values[index]));
  return { values, width, height };
}

/**
 * Change each value, on the spot, to the exact distance to the nearest pixel that is zero: first along the columns,
 * then along the rows, where it is the lowest of parabolas. Source: Felzenszwalb and Huttenlocher, Distance Transforms
 * of Sampled Functions, 2012.
 */
function toDistances(values, width, height) {
  const far = 1e12;
  for (let x = 0; x < width; x++) {
    for (let y = 0, at = x, away = far; y < height; y++, at += width) values[at] = away = values[at] ? away + 1 : 0;
    for (let y = height - 1, at = y * width + x, away = far; y >= 0; y--, at -= width) {
      away = values[at] ? away + 1 : 0;
      values[at] = Math.min(values[at], away) ** 2;
    }
  }
  const centers = new Int32Array(width), ends = new Float64Array(width + 1), row = new Float64Array(width);
  const crossing = (x, other) => (row[x] + x * x - row[other] - other * other) / (2 * (x - other));
  ends[0] = -Infinity;
  for (let y = 0, start = 0; y < height; y++, start += width) {
    for (let x = 0; x < width; x++) row[x] = values[start + x];
    let last = 0;
    centers[0] = 0;
    for (let x = 1; x < width; x++) {
      let end = crossing(x, centers[last]);
      while (last > 0 && end <= ends[last]) end = crossing(x, centers[--last]);
      ends[last + 1] = end;
      centers[++last] = x;
    }
    for (let x = 0, which = 0; x < width; x++) {
      while (which < last && ends[which + 1] < x) which++;
      values[start + x] = Math.sqrt((x - centers[which]) ** 2 + row[centers[which]]);
    }
  }
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
