// Which marks of ink on a sheet are digits, in which rows, and which are lines, printed boxes, specks or the grain of a
// table, as mnist_lessons/marks.py finds them; its functions have the same names. A mask is a picture of 0 and 1. Marks
// are a picture of their numbers, from 1 on. A box is [top, left, bottom, right].

const MOST_MARKS = 400; // of digits on a sheet
const BROAD = 1.4; // times the typical height: broader than a digit
const NEARER = "Photograph the digits alone, from nearer.";

/** The digits of a sheet, each a box and its ink, without its neighbors'. */
function findDigits(ink) {
  const reach = Math.floor(Math.max(ink.width, ink.height) / 60), darkest = maximumFilter(ink, reach, reach); // nearby
  const even = { ...ink, values: ink.values.map((value, place) => (darkest[place] > 0.4 ? value / Math.max(0.5, darkest[place]) : value)) };
  const { marks, mass } = labelMarks(even); // a pencil is fainter than a pen
  let boxes = findBoxes(marks);
  const height = boxes.map(([top, , bottom]) => bottom - top), width = boxes.map(([, left, , right]) => right - left);
  standsOut(ink, marks).forEach((more, at) => more < 0.4 && (mass[at] = 0)); // the grain of a table
  if (!mass.some((one) => one > 0)) throw new Error(`There are faint marks in the picture, but no strokes of a pen. ${NEARER}`);
  const sizes = tally(marks);
  const isThing = (at) => sizes[at] > 0.75 * height[at] * width[at] && Math.min(height[at], width[at]) > 0.4 * Math.max(height[at], width[at]);
  if (mass.some((one, at) => one > 0 && !isThing(at))) mass.forEach((_, at) => isThing(at) && (mass[at] = 0)); // a phone
  const near = Math.floor(Math.max(ink.width, ink.height) / 100), outer = boxes.map((box) => isAtSide(box, ink, near));
  const inner = mass.map((one, at) => (outer[at] ? 0 : one)); // the others may be a table, or the paper's edge
  const counted = sum(inner) > 0.03 * sum(mass) ? inner : mass.slice();
  const order = [...height.keys()].sort((one, other) => height[one] - height[other]);
  let typical = 0, half = sum(counted) / 2; // half of the ink is in marks that are no higher
  for (const at of order) if ((half -= counted[at]) <= 0 && !typical) typical = height[at];
  mass.forEach((_, at) => outer[at] && width[at] > 2 * typical && (mass[at] = 0));
  const kept = order.filter((at) => mass[at] > 0 && Math.max(height[at], width[at]) >= 0.15 * typical && height[at] < 2.5 * typical).sort((one, other) => one - other);
  if (kept.length > MOST_MARKS) throw new Error(`${kept.length} marks were found, which looks like text or cloth. ${NEARER}`);
  const keeps = new Set(kept);
  marks.values.forEach((at, place) => at && !keeps.has(at) && (marks.values[place] = 0));
  const isPart = (at) => height[at] < 0.75 * typical || height[at] < width[at];
  for (const at of kept.filter(isPart)) joinNearest(marks, boxes, at, typical);
  for (const at of kept) if (boxes[at][3] - boxes[at][1] > BROAD * typical) cutTouching(marks, at, typical);
  boxes = findBoxes(marks);
  const isTall = ([top, , bottom], at) => bottom - top >= (isAtSide(boxes[at], ink) ? 0.75 : 0.4) * typical;
  const found = [...boxes.keys()].filter((at) => isTall(boxes[at], at)); // others are cut off, or a dash
  const isInside = (one, other) => one.every((side, index) => (index < 2 ? side >= other[index] : side <= other[index]));
  const holds = (at) => found.some((other) => other !== at && isInside(boxes[other], boxes[at])); // it is left of a printed box
  return found.filter((at) => !holds(at)).map((at) => ({ box: boxes[at], ink: cutOut(even, marks, at, boxes[at]) }));
}

/** Does a box reach a side of a picture, or come within so many pixels of it? */
function isAtSide([top, left, bottom, right], { width, height }, within = 0) {
  return Math.min(top, left, height - bottom, width - right) <= within;
}

/** Numbers of the boxes, row by row, from left to right: a digit follows the one whose height it shares most. */
function splitRows(boxes) {
  const rows = [];
  const inOrder = [...boxes.keys()].sort((one, other) => boxes[one][1] - boxes[other][1]);
  for (const at of inOrder) {
    const [top, , bottom] = boxes[at];
    const shared = rows.map((row) => {
      const [first, , last] = boxes[row.at(-1)];
      return (Math.min(last, bottom) - Math.max(first, top)) / Math.min(last - first, bottom - top);
    });
    const most = Math.max(-1, ...shared);
    if (most < 0.4) rows.push([at]);
    else rows[shared.indexOf(most)].push(at);
  }
  const middle = (row) => sum(row.map((at) => boxes[at][0] + boxes[at][2])) / row.length;
  return rows.sort((one, other) => middle(one) - middle(other));
}

/**
 * Connected marks of ink, and the ink in each. What runs from side to side is the edge of a shadow or of the paper, and
 * counts as no ink, if there is other.
 */
function labelMarks(ink) {
  const marks = label(inked(ink)), mass = tally(marks, ink.values), { values, width, height } = marks;
  const sides = new Float64Array(mass.length);
  for (const side of edges(width, height)) for (const at of new Set(side.map((place) => values[place]))) sides[at]++;
  const inside = mass.map((one, at) => (sides[at] > 1 ? 0 : one));
  return { marks, mass: largestOf(inside) > 0.02 * largestOf(mass) ? inside : mass };
}

function inked({ values, width, height }, level = 0.3) {
  const mask = new Uint8Array(values.length);
  for (let place = 0; place < mask.length; place++) if (values[place] > level) mask[place] = 1;
  return { values: mask, width, height };
}

/** Number the connected parts of a mask; pixels touch at corners, too. */
function label({ values, width, height }) {
  const marks = new Int32Array(values.length), stack = new Int32Array(values.length);
  let count = 0;
  for (let start = 0, size = 0; start < values.length; start++) {
    if (!values[start] || marks[start]) continue;
    marks[start] = ++count;
    stack[size++] = start;
    while (size) {
      const place = stack[--size], x = place % width;
      const left = x > 0 ? -1 : 0, right = x < width - 1 ? 1 : 0;
      for (let row = place < width ? place : place - width; row <= place + width && row < values.length; row += width)
        for (let next = row + left; next <= row + right; next++)
          if (values[next] && !marks[next]) {
            marks[next] = count;
            stack[size++] = next;
          }
    }
  }
  return { values: marks, width, height, count };
}

/** How many pixels each mark has, or the sum of their weights; 0 for what is no mark. */
function tally({ values, count }, weights) {
  const sums = new Float64Array(count + 1);
  for (let place = 0; place < values.length; place++) if (values[place]) sums[values[place]] += weights ? weights[place] : 1;
  return sums;
}

/** The box of each mark by its number; zeros where there is none. */
function findBoxes({ values, width, count }) {
  const boxes = Array.from({ length: count + 1 }, () => [Infinity, Infinity, 0, 0]);
  for (let place = 0; place < values.length; place++) {
    if (!values[place]) continue;
    const box = boxes[values[place]], x = place % width, y = (place - x) / width;
    if (y < box[0]) box[0] = y;
    if (x < box[1]) box[1] = x;
    if (y >= box[2]) box[2] = y + 1;
    if (x >= box[3]) box[3] = x + 1;
  }
  return boxes.map((box) => (box[2] ? box : [0, 0, 0, 0]));
}

/** How much more ink a mark holds, where it is dark, than what lies right around it, on average, by its number. */
function standsOut(ink, marks) {
  const far = maximumFilter(marks, 3, 3), near = maximumFilter(marks, 1, 1);
  const around = { ...marks, values: far.map((at, place) => (near[place] ? 0 : at)) };
  const mean = (each, sizes = tally(each)) => tally(each, ink.values).map((one, at) => one / Math.max(1, sizes[at]));
  const outside = mean(around), dark = { ...marks, values: marks.values.map((at, place) => (ink.values[place] > 0.3 ? at : 0)) };
  return Array.from(mean(dark), (one, at) => one - outside[at]);
}

/** The ink of one mark alone, with a margin. */
function cutOut(ink, marks, at, [top, left, bottom, right], margin = 2) {
  const width = right - left + 2 * margin, height = bottom - top + 2 * margin;
  const own = { values: new Uint8Array(width * height), width, height }, values = new Float64Array(width * height);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const place = (y - top + margin) * width + x - left + margin;
      values[place] = ink.values[y * ink.width + x];
      own.values[place] = marks.values[y * marks.width + x] === at ? 1 : 0;
    }
  const near = dilated(own, margin);
  return { values: values.map((value, place) => value * near[place]), width, height };
}

/** Join a mark to the nearest one, if both look like parts of one digit: changes `marks` and `boxes`. */
function joinNearest(marks, boxes, at, typical) {
  const [top, left, bottom, right] = boxes[at], reach = Math.floor(typical / 4) + 1;
  const box = { left: Math.max(0, left - reach), top: Math.max(0, top - reach) };
  box.width = Math.min(marks.width, right + reach) - box.left;
  box.height = Math.min(marks.height, bottom + reach) - box.top;
  const near = part(marks.values, marks.width, box).values;
  const far = near.map((one) => (one === 0 || one === at ? 1 : 0));
  if (far.every((one) => one)) return;
  toDistances(far, box.width, box.height);
  let place = near.indexOf(at);
  near.forEach((one, index) => one === at && far[index] < far[place] && (place = index));
  const away = (index) => Math.hypot((index % box.width) - (place % box.width), Math.floor(index / box.width) - Math.floor(place / box.width));
  const other = near[near.findIndex((one, index) => one && one !== at && Math.abs(away(index) - far[place]) < 1e-6)];
  const both = [boxes[at], boxes[other]], [one, two] = both;
  const heights = both.map((each) => each[2] - each[0]), widths = both.map((each) => each[3] - each[1]);
  const whole = one.map((value, side) => (side < 2 ? Math.min : Math.max)(value, two[side]));
  const above = sum(widths) - (whole[3] - whole[1]) >= 0.5 * Math.min(...widths); // they share columns
  const small = Math.min(...heights) < 0.75 * typical, flat = widths.every((wide, index) => wide > heights[index]);
  const tallest = small ? 1.35 * Math.max(typical, heights[1]) : 2.2 * typical; // else the halves of a 3
  const farthest = small ? (above ? 0.25 : 0.08) : above && flat ? 0.12 : 0;
  if (whole[2] - whole[0] > tallest || far[place] > farthest * typical) return;
  marks.values.forEach((value, index) => value === at && (marks.values[index] = other));
  [boxes[at], boxes[other]] = [[0, 0, 0, 0], whole];
}

/**
 * Cut a broad mark where a straight line, upright or leaning, crosses least ink; again while a part is broad. Where each
 * such line crosses more than two strokes or so (one, in a mark that may be a digit), it stays whole.
 */
function cutTouching(marks, at, typical) {
  const places = [];
  marks.values.forEach((value, place) => value === at && places.push(place));
  const right = places.map((place) => place % marks.width), down = places.map((place) => Math.floor(place / marks.width));
  const [span, edge] = [spread(right), Math.floor(0.4 * typical)];
  if (span < BROAD * typical) return;
  const most = typical * (span > 1.8 * typical ? 0.3 : 0.12);
  let least = most, after = null;
  for (let step = 0; step < 15; step++) {
    const lean = step < 14 ? -0.7 + step * (1.4 / 14) : 0.7;
    const column = right.map((x, index) => roundHalfToEven(x + lean * (down[index] - down[0])));
    const first = leastOf(column), ink = new Int32Array(spread(column) + 1);
    for (const x of column) ink[x - first]++;
    const inner = ink.subarray(edge, Math.max(edge, ink.length - edge));
    const thinnest = inner.length ? leastOf(inner) : Infinity;
    if (thinnest >= least) continue;
    const beyond = column.map((x) => x > first + edge + inner.indexOf(thinnest));
    const parts = [true, false].map((side) => spread(right.filter((_, index) => beyond[index] === side)));
    if (Math.max(...parts) < span - edge) [least, after] = [thinnest, beyond];
  }
  if (least >= most) return;
  const added = ++marks.count;
  places.forEach((place, index) => after[index] && (marks.values[place] = added));
  cutTouching(marks, at, typical);
  cutTouching(marks, added, typical);
}

// ---- lines, printed boxes and cards

/** The ink without ruled lines, level or upright, and printed boxes; strokes that cross them stay whole. */
function withoutLines(given, sheet) {
  const ink = sheet ? given : withoutFainterLines(given);
  const dark = inked(ink), frames = findFrames(dark).values;
  const mask = { ...dark, values: dark.values.map((value, place) => (value && !frames[place] ? 1 : 0)) };
  const level = findLines(mask), upright = findLines(flipped(mask)), uprightHere = flipped(upright).values;
  const { marks, mass } = labelMarks({ ...mask, values: mask.values.map((value, place) => (value && !level.values[place] && !uprightHere[place] ? 1 : 0)) });
  if (sum(mass) < 0.05 * sum(mask.values)) return ink; // a digit of nothing but a line
  const most = 0.1 * largestOf(mass), rest = findBoxes(marks).filter((_, at) => mass[at] > most);
  const tallest = sheet ? 2 * percentile(Float64Array.from(rest, ([top, , bottom]) => bottom - top), 50) : Infinity;
  const lines = new Uint8Array(frames.length);
  if (reachesBeyond(level, rest.flatMap(([, left, , right]) => [left, right]), tallest)) level.values.forEach((value, place) => value && (lines[place] = 1));
  if (reachesBeyond(upright, rest.flatMap(([top, , bottom]) => [top, bottom]), tallest)) uprightHere.forEach((value, place) => value && (lines[place] = 1));
  const beside = dilated({ ...ink, values: lines }, 1);
  const darkest = 1.5 * percentile(ink.values.filter((_, place) => lines[place]), 50); // a stroke that runs along a line is darker
  frames.forEach((value, place) => (lines[place] = value || (lines[place] && ink.values[place] <= darkest)));
  const near = dilated({ ...ink, values: lines }, 2);
  const kept = { ...ink, values: ink.values.map((value, place) => (near[place] && (lines[place] || !mask.values[place]) ? 0 : value)) };
  const pieces = label(inked(kept)), sizes = tally(pieces), along = tally(pieces, beside);
  pieces.values.forEach((at, place) => at && along[at] > 0.8 * sizes[at] && (kept.values[place] = 0)); // a line's dark places
  return kept;
}

/** The ink without what runs from side to side as long as it is fainter than the rest: lines of many slopes. */
function withoutFainterLines(ink) {
  const { values, width, height } = ink, darker = (level) => inked(ink, level);
  const isAcross = ([top, left, bottom, right]) => (top <= 2 && bottom >= height - 2) || (left <= 2 && right >= width - 2);
  const level = [0.3, 0.4, 0.5, 0.6, 0.7].find((each) => !findBoxes(label(darker(each))).some(isAcross));
  if (level === undefined || level === 0.3) return ink;
  const kept = darker(level + 0.1);
  if (sum(kept.values) >= sum(darker(0.3).values) / 2) return ink;
  const near = dilated(kept, 1);
  return { ...ink, values: values.map((value, place) => value * near[place]) };
}

/** Whether level lines are more than three, too long for a digit, or beyond the other marks on both sides. */
function reachesBeyond({ values, width }, ends, tallest) {
  let start = width, end = 0, groups = 0, last = -2;
  for (let place = 0; place < values.length; place++) {
    if (!values[place]) continue;
    const row = Math.floor(place / width);
    start = Math.min(start, place % width);
    end = Math.max(end, place % width);
    if (row > last + 1) groups++;
    last = row;
  }
  const margin = (end - start) / 10;
  return groups > 3 || end - start > tallest || (start < leastOf(ends) - margin && end > largestOf(ends) + margin);
}

/** A picture with its rows as columns. */
function flipped({ values, width, height }) {
  const result = values.slice();
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result[x * height + y] = values[y * width + x];
  return { values: result, width: height, height: width };
}

/**
 * Where a thin line runs across, more or less level: a mask. A pixel may belong to a line if no more than a few pixels
 * lie above each other there. At the lines' slope, their pixels come together in few rows: the method of projection
 * profiles (Postl, 1986).
 */
function findLines(mask, steepest = 0.08) {
  const { values, width, height } = mask, margin = Math.floor(steepest * width) + 2;
  const thickness = runs(mask), most = Math.max(4, Math.max(width, height) / 60);
  const [thin, thick] = [[], []];
  values.forEach((value, place) => value && (thickness[place] <= most ? thin : thick).push(place));
  const level = (slope, place) => roundHalfToEven(Math.floor(place / width) - slope * (place % width)) + margin;
  const step = -steepest + 2 / width - -steepest;
  let slope = -steepest, best = -1;
  for (let number = 0; number < Math.ceil((2 * steepest) / (2 / width)); number++) {
    const each = -steepest + number * step, counts = new Float64Array(height + 2 * margin);
    for (const place of thin) counts[level(each, place)]++;
    const together = counts.reduce((total, count) => total + count * count, 0);
    if (together > best) [slope, best] = [each, together];
  }
  const columns = (places) => {
    // how many columns of each row hold such a pixel, or one just above or below it
    const seen = { values: new Uint8Array((height + 2 * margin) * width), width, height: height + 2 * margin };
    for (const place of places) for (const off of [-1, 0, 1]) seen.values[(level(slope, place) + off) * width + (place % width)] = 1;
    return Array.from({ length: seen.height }, (_, row) => sum(seen.values.subarray(row * width, (row + 1) * width)));
  };
  const thickColumns = columns(thick), full = columns(thin).map((count, row) => {
    const free = width - thickColumns[row]; // of strokes
    return count > 0.8 * free && free > 0.3 * width;
  });
  const onLine = thin.filter((place) => [-2, -1, 0, 1, 2].some((off) => full[level(slope, place) + off]));
  const lines = new Uint8Array(values.length), limit = 1.7 * percentile(Float64Array.from(onLine, (place) => thickness[place]), 50) + 1;
  for (const place of onLine) lines[place] = thickness[place] <= limit ? 1 : 0;
  return { values: lines, width, height };
}

/** For each pixel of a mask, how many pixels lie above each other there. */
function runs({ values, width, height }) {
  const result = new Int32Array(values.length);
  for (let x = 0; x < width; x++)
    for (let y = 0, end = 0; y < height; y = end + 1) {
      for (end = y; end < height && values[end * width + x]; ) end++;
      for (let row = y; row < end; row++) result[row * width + x] = end - y;
    }
  return result;
}

/**
 * Where printed boxes with something in them are, and the lines that divide them: a mask. A box has four straight sides,
 * or three if the picture ends at the fourth.
 */
function findFrames(mask) {
  const marks = label(mask), { width, height } = mask, frames = { ...mask, values: new Uint8Array(mask.values.length) };
  findBoxes(marks).forEach(([top, left, bottom, right], at) => {
    if (Math.min(bottom - top, right - left) < 12) return;
    const box = { left, top, width: right - left, height: bottom - top };
    const mark = part(marks.values, width, box), inside = part(mask.values, width, box);
    mark.values = mark.values.map((value) => (value === at ? 1 : 0));
    const frame = new Uint8Array(mark.values.length);
    const near = [top, width - right, height - bottom, left].map((end) => end < 1 + Math.max(width, height) / 40);
    const found = near.map((_, turn) => {
      const side = turnedLeft(findSide(turnedLeft(mark, turn)), (4 - turn) % 4);
      side.values.forEach((value, place) => value && (frame[place] = 1));
      return side.values.some((value) => value);
    });
    const pieces = label({ ...inside, values: inside.values.map((value, place) => (value && !frame[place] ? 1 : 0)) });
    if (found.filter(Boolean).length < 3 || !found.every((is, side) => is || near[side]) || sum(tally(pieces)) < 0.1 * sum(frame)) return;
    const divides = findBoxes(pieces).map((each) => {
      const [short, long] = [each[2] - each[0], each[3] - each[1]].sort((one, other) => one - other);
      return long > 0.8 * Math.min(box.width, box.height) && short < 0.2 * long;
    });
    for (let place = 0; place < frame.length; place++)
      if (frame[place] || divides[pieces.values[place]]) frames.values[(top + Math.floor(place / box.width)) * width + left + (place % box.width)] = 1;
  });
  return frames;
}

/** A picture turned by so many quarters to the left. */
function turnedLeft({ values, width, height }, quarters) {
  if (!quarters) return { values, width, height };
  const result = values.slice();
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result[(width - 1 - x) * height + y] = values[y * width + x];
  return turnedLeft({ values: result, width: height, height: width }, quarters - 1);
}

/** The upper side of a box, if it is straight, without the strokes that cross it: a mask. */
function findSide(box) {
  const { values, width, height } = box, first = [], none = { ...box, values: new Uint8Array(values.length) };
  for (let x = 0; x < width; x++) {
    let y = 0;
    while (y < height && !values[y * width + x]) y++;
    first.push(y < height ? y : 0);
  }
  const half = Math.ceil(width / 2), median = (some) => percentile(Float64Array.from(some), 50);
  const left = median(first.slice(0, half)), right = median(first.slice(half));
  const off = first.map((y, x) => y - left - (right - left) * ((2 * x) / width - 0.5));
  const straight = off.map((far) => Math.abs(far) <= Math.max(1, 0.04 * Math.min(height, width)));
  const all = runs(box), thickness = first.map((y, x) => all[y * width + x]);
  const usual = straight.filter(Boolean).length > 0.85 * width ? median(thickness.filter((_, x) => straight[x])) : height;
  if (Math.abs(right - left) > 0.1 * width || Math.min(left, right) > 0.3 * height || usual > 0.15 * height) return none;
  for (let x = 0; x < width; x++) {
    const corner = Math.abs(x - width / 2) > width / 2 - 2 * usual && Math.abs(off[x]) < 3 * usual;
    const depth = !straight[x] && !corner ? 0 : thickness[x] <= 1.7 * usual + 1 ? thickness[x] : corner ? usual : 0;
    for (let y = first[x]; y < first[x] + depth && y < height; y++) none.values[y * width + x] = values[y * width + x];
  }
  return none;
}

/**
 * The inside of the largest mark, if it is a filled rectangle, as of a card or a window: a mask, or null. leastShare: how
 * much of a rectangle it has to fill; a sheet in perspective fills less, and so does a bold 0.
 */
function findCard(mask, leastShare) {
  const { width, height } = mask, marks = label(mask), sizes = tally(marks);
  const largest = sizes.indexOf(largestOf(sizes)), outside = { ...mask, values: new Uint8Array(mask.values.length) };
  const queue = [];
  const reach = (place) => marks.values[place] !== largest && !outside.values[place] && (outside.values[place] = queue.push(place) && 1);
  edges(width, height).flat().forEach(reach);
  while (queue.length) eachNeighbor(queue.pop(), width, height, reach);
  const filled = [], angles = Array.from({ length: 11 }, (_, step) => ((3 * step - 15) * Math.PI) / 180);
  outside.values.forEach((value, place) => value || filled.push(place));
  const boxes = angles.map((angle) => {
    let [low, high, first, last] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const place of filled) {
      const y = Math.floor(place / width), x = place % width;
      const one = y * Math.cos(angle) - x * Math.sin(angle), other = y * Math.sin(angle) + x * Math.cos(angle);
      if (one < low) low = one;
      if (one > high) high = one;
      if (other < first) first = other;
      if (other > last) last = other;
    }
    return [high - low + 1, last - first + 1].sort((short, long) => short - long);
  });
  const [short, long] = boxes.reduce((one, other) => (other[0] * other[1] < one[0] * one[1] ? other : one));
  const dark = filled.filter((place) => mask.values[place]).length;
  if (short < Math.max(0.3 * long, (0.15 * mask.values.length) / long) || filled.length < leastShare * short * long || dark < 0.5 * filled.length) return null;
  const gone = dilated(outside, Math.floor(Math.max(width, height) / 80) + 1, true);
  return { ...mask, values: gone.map((value) => 1 - value) };
}

// ---- what numbers and masks need

/** A mask grown by its neighbors above, below, left and right, some times; beyond the picture there are some, or none. */
function dilated({ values, width, height }, times, beyond = false) {
  const result = Uint8Array.from(values);
  let ring = [];
  const reach = (place) => result[place] || (result[place] = ring.push(place) && 1);
  for (let place = 0; place < values.length; place++) if (values[place]) ring.push(place);
  for (let time = 0; time < times; time++) {
    const old = ring;
    ring = [];
    for (const place of old) eachNeighbor(place, width, height, reach);
    if (beyond && time === 0) edges(width, height).flat().forEach(reach);
  }
  return result;
}

/** The places of the pixels at each of the four sides of a picture. */
function edges(width, height) {
  const line = (count, start, step) => Array.from({ length: count }, (_, index) => start + index * step);
  return [line(width, 0, 1), line(width, width * (height - 1), 1), line(height, 0, width), line(height, width - 1, width)];
}

/** The pixels above, below, left and right. */
function eachNeighbor(place, width, height, visit) {
  const x = place % width;
  if (x > 0) visit(place - 1);
  if (x < width - 1) visit(place + 1);
  if (place >= width) visit(place - width);
  if (place < width * (height - 1)) visit(place + width);
}

function sum(values) {
  let total = 0;
  for (let place = 0; place < values.length; place++) total += values[place];
  return total;
}

function largestOf(values) {
  let most = values[0];
  for (let place = 1; place < values.length; place++) if (values[place] > most) most = values[place];
  return most;
}

function leastOf(values) {
  let least = values[0];
  for (let place = 1; place < values.length; place++) if (values[place] < least) least = values[place];
  return least;
}

function spread(values) {
  return values.length ? largestOf(values) - leastOf(values) : 0;
}
