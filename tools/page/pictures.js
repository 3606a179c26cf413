// How numbers become pictures: strokes on paper, maps, kernels, bars, and the river of answers.

const SOFTWARE = { willReadFrequently: true }; // small pictures are painted in less time without the graphics process
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : systemIsDark.matches);

/** The color of a digit: ten hues of the same lightness. */
function digitHue(digit) {
  return (255 + 36 * digit) % 360;
}

function digitColor(digit) {
  return `oklch(${isDark() ? 0.66 : 0.64} 0.15 ${digitHue(digit)})`;
}

/** 256 colors between some, as the browser mixes them: [r, g, b, a, r, g, b, a, …]. */
function colorScale(...colors) {
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d", SOFTWARE);
  const gradient = context.createLinearGradient(0, 0, 256, 0);
  colors.forEach((color, index) => gradient.addColorStop(index / (colors.length - 1), color));
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  return context.getImageData(0, 0, 256, 1).data;
}

const scales = new Map(); // made once for each hue and theme

/** From nothing to much, in the color of the answer. */
function amountScale(hue) {
  const key = `${hue}${isDark()}`;
  if (!scales.has(key)) {
    const [low, middle, high] = isDark() ? [0.22, 0.62, 0.97] : [0.985, 0.66, 0.2];
    scales.set(key, colorScale(`oklch(${low} 0.005 ${hue})`, `oklch(${middle} 0.15 ${hue})`, `oklch(${high} 0.04 ${hue})`));
  }
  return scales.get(key);
}

/** Orange below zero, purple above. */
function signedScale() {
  const key = `signed${isDark()}`;
  if (!scales.has(key)) scales.set(key, isDark() ? colorScale("#ffb45c", "#8a5a20", "#242427", "#6a55a0", "#c9b8ff") : colorScale("#8f4a05", "#f3b766", "#faf8f4", "#b0a4d4", "#44207a"));
  return scales.get(key);
}

/** Ink on paper. */
function inkScale() {
  const key = `ink${isDark()}`;
  if (!scales.has(key)) scales.set(key, isDark() ? colorScale("#1a1a1d", "#f4f1ea") : colorScale("#fffefb", "#1d1b18"));
  return scales.get(key);
}

/** A canvas with one pixel for each value. values: numbers; low, high: where the colors end. */
function imageOf(values, start, width, height, low, high, scale) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = new Uint32Array(scale.buffer);
  for (let index = 0; index < width * height; index++) {
    const share = (values[start + index] - low) / (high - low || 1);
    pixels[index] = colors[Math.max(0, Math.min(255, Math.round(255 * share)))];
  }
  return image;
}

/** Fill a whole canvas with one picture. */
function paintPicture(canvas, { values, width, height, high }, scale) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d", SOFTWARE).putImageData(imageOf(values, 0, width, height, 0, high, scale), 0, 0);
}

const widths = new Map(); // of canvases, in CSS pixels: measured once, because measuring makes a browser lay out the page
addEventListener("resize", () => widths.clear());

/** Make a canvas as fine as the screen is, and say how many of its pixels make one of CSS. */
function fit(canvas, height) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  if (!widths.has(canvas)) widths.set(canvas, canvas.clientWidth);
  const width = widths.get(canvas);
  const [wide, high] = [Math.round(width * ratio), Math.round((height ?? width) * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  return ratio;
}

const small = document.createElement("canvas");

/** Where the maps of a grid stand on its canvas. */
function tiling(canvas, count, columns, side) {
  const gap = Math.max(2, Math.round(canvas.width / 110));
  const tile = (canvas.width - gap * (columns - 1)) / columns;
  return { columns, rows: Math.ceil(count / columns), side, tile, pitch: tile + gap };
}

/** Paint maps as a grid of tiles. values: (count, side, side). Returns where they stand. */
function paintMaps(canvas, values, count, columns, side, low, high, scale) {
  const ratio = fit(canvas, canvas.height / Math.min(3, window.devicePixelRatio || 1));
  const tiles = tiling(canvas, count, columns, side);
  const height = (tiles.rows * tiles.pitch - tiles.pitch + tiles.tile) / ratio;
  fit(canvas, height);
  canvas.style.height = `${height.toFixed(1)}px`;
  const context = canvas.getContext("2d", SOFTWARE);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  Object.assign(small, { width: side, height: side * count });
  small.getContext("2d", SOFTWARE).putImageData(imageOf(values, 0, side, side * count, low, high, scale), 0, 0);
  for (let map = 0; map < count; map++) {
    const x = Math.round((map % columns) * tiles.pitch), y = Math.round(Math.floor(map / columns) * tiles.pitch);
    const end = Math.round((map % columns) * tiles.pitch + tiles.tile) - x;
    context.drawImage(small, 0, map * side, side, side, x, y, end, end);
  }
  return tiles;
}

/** Frame one map. Returns the place of its corner. */
function paintFrame(canvas, tiles, map) {
  const context = canvas.getContext("2d", SOFTWARE);
  const x = (map % tiles.columns) * tiles.pitch, y = Math.floor(map / tiles.columns) * tiles.pitch;
  context.strokeStyle = getComputedStyle(document.body).color;
  context.lineWidth = 2 * Math.min(3, window.devicePixelRatio || 1);
  context.strokeRect(x, y, tiles.tile, tiles.tile);
  return [x, y];
}

/** Frame one entry of one map, and the map. */
function paintProbe(canvas, tiles, { map, row, column }) {
  const [x, y] = paintFrame(canvas, tiles, map);
  const entry = tiles.tile / tiles.side;
  canvas.getContext("2d", SOFTWARE).strokeRect(x + column * entry, y + row * entry, entry, entry);
}

/** Draw strokes of points from 0 to 1, as curves through the middles between points. */
function paintStrokes(context, strokes, side, width, color) {
  Object.assign(context, { strokeStyle: color, lineWidth: width, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [x * side, y * side]);
    context.beginPath();
    context.moveTo(...points[0]);
    for (let index = 1; index < points.length - 1; index++) {
      const [x, y] = points[index], [nextX, nextY] = points[index + 1];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    context.lineTo(...points.at(-1));
    context.stroke();
  }
}

/** Frame a digit on a photo, and write on a tag at the frame what it is read as. box: left, top, width, height. */
function paintBox(context, [left, top, width, height], text, isChosen) {
  const size = Math.max(context.canvas.width / 24, height / 3), style = getComputedStyle(document.documentElement);
  context.strokeStyle = context.fillStyle = isChosen ? style.getPropertyValue("--accent") : "#2a66b8";
  Object.assign(context, { lineWidth: size / (isChosen ? 5 : 12), textAlign: "center", textBaseline: "middle", font: `600 ${size}px ${style.getPropertyValue("--sans")}` });
  context.strokeRect(left, top, width, height);
  const wide = 0.2 * size + context.measureText(text).width;
  context.fillRect(left - wide, top, wide, 1.1 * size);
  context.fillStyle = isChosen ? style.getPropertyValue("--ground") : "white";
  context.fillText(text, left - wide / 2, top + 0.6 * size);
}

const RIVER = 168; // CSS pixels
const AXIS = 22; // under the river

/** Ten bands, as wide as the probabilities of the digits, from the first snapshot to the last; below, their steps. */
function paintRiver(canvas, answers, steps) {
  const ratio = fit(canvas, RIVER + AXIS);
  const { width } = canvas;
  const height = canvas.height - AXIS * ratio;
  const context = canvas.getContext("2d", SOFTWARE);
  context.clearRect(0, 0, width, canvas.height);
  const known = answers.filter(Boolean);
  if (!known.length) return;
  const filled = answers.map((answer) => answer ?? known[0]);
  const x = (index) => 1 + (index * (width - 2)) / (answers.length - 1);
  let bottom = filled.map(() => height);
  for (let digit = 0; digit < 10; digit++) {
    const top = filled.map((answer, index) => bottom[index] - answer[digit] * height);
    context.beginPath();
    flow(context, x, top, false);
    flow(context, x, bottom, true);
    context.fillStyle = digitColor(digit);
    context.fill();
    labelBand(context, digit, top, bottom, x, height);
    bottom = top;
  }
  labelSteps(context, steps, x, canvas.height, ratio);
}

/** Write some of the steps under the river. */
function labelSteps(context, steps, x, bottom, ratio) {
  const last = steps.length - 1;
  const style = getComputedStyle(document.body);
  context.font = `${12 * ratio}px ${style.fontFamily}`;
  context.fillStyle = style.getPropertyValue("--quiet");
  context.textBaseline = "alphabetic";
  for (let part = 0; part <= 4; part++) {
    const index = Math.round((part * last) / 4);
    context.textAlign = { 0: "left", 4: "right" }[part] ?? "center";
    context.fillText(part ? steps[index].toLocaleString("en-US") : "step 0", x(index), bottom - 3 * ratio);
  }
}

/** A smooth edge through points, from left to right or back. */
function flow(context, x, heights, back) {
  const last = heights.length - 1;
  const order = heights.map((_, index) => (back ? last - index : index));
  context.lineTo(x(order[0]), heights[order[0]]);
  for (let place = 1; place <= last; place++) {
    const [from, to] = [order[place - 1], order[place]];
    const middle = (x(from) + x(to)) / 2;
    context.bezierCurveTo(middle, heights[from], middle, heights[to], x(to), heights[to]);
  }
}

/** Write a digit into its band where that is widest, if there is room. */
function labelBand(context, digit, top, bottom, x, height) {
  const widths = top.map((edge, index) => bottom[index] - edge);
  const inner = widths.map((width, index) => (index && index < widths.length - 1 ? Math.min(widths[index - 1], width, widths[index + 1]) : 0));
  const widest = Math.max(...inner);
  if (widest < height * 0.13) return;
  const wide = inner.flatMap((width, index) => (width > 0.85 * widest ? [index] : []));
  const place = wide[Math.floor(wide.length / 2)];
  const size = Math.min(height * 0.62, 0.7 * widest + 6);
  context.font = `${size}px ${getComputedStyle(document.body).getPropertyValue("--serif")}`;
  context.fillStyle = isDark() ? "rgb(0 0 0 / 0.55)" : "rgb(255 255 255 / 0.85)";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(digit, x(place), (top[place] + bottom[place]) / 2 + size * 0.05);
}
