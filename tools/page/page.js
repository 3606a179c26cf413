// The page: what the reader does, what the networks say to it.

const data = JSON.parse(document.getElementById("data").textContent);
const get = (id) => document.getElementById(id);
const PAPER = 280; // pixels a side of the drawing that the networks' picture is made from
const PEN = 0.075; // of the paper's side
const SMALLEST = 100; // pixels a side of a photo in which several digits are sought
const SURE = 0.8; // an answer that is given a smaller probability gets a question mark

const networks = {}; // cnn, dense, snapshots
let scene = { strokes: [], photo: null }; // what lies on the paper
let past = []; // scenes before, for undo
let stored = 5; // which stored drawing was shown last
let pen = null; // the stroke that is being drawn, and the pointer that draws it
let position = data.steps.length - 1; // which network of the training reads
let answers = []; // of each of these networks, its probabilities for this digit
let reading = null; // what the networks made of the scene
let digits = []; // on a photo with several, each with its box
let probe = null; // the entry of a map that the reader touches
let tiles = {};
let timer = 0;

const drawing = document.createElement("canvas"); // where strokes become pixels
drawing.width = drawing.height = PAPER;
const ink = drawing.getContext("2d", { willReadFrequently: true });

const percent = (share) => (share > 0.9995 ? "over 99.9%" : `${(100 * share).toFixed(1)}%`);
const surety = (share) => (share < SURE ? `not sure, ${percent(share)}` : `${percent(share)} sure`);
const largest = (values) => values.indexOf(Math.max(...values));
const network = (index) => networks.snapshots[index] ?? networks.cnn;

/** Change a text only if it is another one, which spares the browser work. */
function write(id, text) {
  if (get(id).textContent !== text) get(id).textContent = text;
}

/** Brightness of what lies on the paper, and its width and height. */
function brightness() {
  if (pixelsAreChanged()) throw new Error(HIDDEN);
  if (scene.photo) return [grayOf(scene.photo), scene.photo.width, scene.photo.height];
  ink.fillStyle = "white";
  ink.fillRect(0, 0, PAPER, PAPER);
  paintStrokes(ink, scene.strokes, PAPER, PEN * PAPER, "black");
  return [grayOf(drawing), PAPER, PAPER];
}

let sheet = null; // the latest photo in which several digits were sought, and what was found
/** What `readSheet` finds in the photo on the paper, in reading order, if it is several digits. */
function digitsOnPhoto({ invert, ...frame }) {
  if (!scene.photo || !invert || Math.max(scene.photo.width, scene.photo.height) < SMALLEST) return [];
  const key = JSON.stringify(frame);
  if (sheet?.photo !== scene.photo || sheet.key !== key) {
    sheet = { photo: scene.photo, key, rows: [] };
    try {
      sheet.rows = readSheet(...brightness(), frame);
    } catch {
      // `toMnist` says why
    }
    for (const digit of sheet.rows.flat()) {
      const answer = softmax(readWithCnn(normalize(digit.pixels, data.mean, data.std), networks.cnn).logits);
      digit.answer = `${largest(answer)}${Math.max(...answer) < SURE ? "?" : ""}`;
    }
  }
  const digits = sheet.rows.flat();
  return digits.length > 1 ? digits : [];
}

/** Read the paper with both networks, and show everything. */
function redraw() {
  const start = performance.now();
  reading = null;
  digits = [];
  say("");
  if (scene.strokes.length || scene.photo) {
    try {
      const switches = Object.fromEntries(["invert", "center", "scale"].map((name) => [name, get(name).checked]));
      digits = digitsOnPhoto(switches);
      const picture = digits[scene.chosen ?? 0] ?? toMnist(...brightness(), { ...switches, plain: !scene.photo });
      const image = normalize(picture.pixels, data.mean, data.std);
      reading = { ...picture, image, dense: softmax(readWithDense(image, networks.dense)) };
    } catch (error) {
      say(error.message);
    }
  }
  paintPaper();
  showReading();
  followTraining();
  demo.milliseconds = performance.now() - start;
}

let waiting = false;
/** Redraw once before the next frame, however many points a pen has sent. */
function redrawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    redraw();
  });
}

/** Show what the network at the slider's position makes of the picture. */
function showReading() {
  if (reading) {
    reading.layers = readWithCnn(reading.image, network(position));
    reading.cnn = softmax(reading.layers.logits);
  }
  const hue = reading ? digitHue(largest(reading.cnn)) : 260;
  document.documentElement.style.setProperty("--hue", hue);
  showSteps();
  showLayers(hue);
  showAnswer();
  showMoment();
}

function showSteps() {
  const [first, second] = document.querySelectorAll("#steps canvas");
  const blank = { values: new Uint8Array(28 * 28), width: 28, height: 28, high: 255 };
  const [paperGone, cropped] = reading?.steps ?? [blank, blank];
  const small = shrink(paperGone, Math.ceil(Math.max(paperGone.width, paperGone.height) / 140));
  paintPicture(first, { ...small, high: paperGone.high }, inkScale());
  paintPicture(second, cropped, inkScale());
  paintPicture(get("seen"), reading ? { ...blank, values: reading.pixels } : blank, inkScale());
  paintPatch();
}

/** The layers that are shown: name, maps, entries a side, maps in a row. */
function shownLayers() {
  return get("pooled").checked
    ? { first: ["pool1", 16, 12, 8], second: ["pool2", 32, 4, 8] }
    : { first: ["conv1", 16, 24, 8], second: ["conv2", 32, 8, 8] };
}

function showLayers(hue) {
  const amounts = amountScale(hue);
  for (const [id, [name, count, side, columns]] of Object.entries(shownLayers())) {
    const values = reading?.layers[name] ?? new Float32Array(count * side * side);
    tiles[id] = paintMaps(get(id), values, count, columns, side, 0, peak(values), amounts);
    if (probe?.id === id) paintProbe(get(id), tiles[id], probe);
    write(`${id}-size`, `${count} maps of ${side} × ${side}`);
    get(id).setAttribute("aria-label", `${count} maps of ${side} by ${side} entries; the arrow keys go from entry to entry`);
  }
  const kernels = network(position)["conv1.weight"];
  const kernelTiles = paintMaps(get("kernels"), kernels, 16, 16, 5, -peak(kernels), peak(kernels), signedScale());
  if (probe?.id === "first") paintFrame(get("kernels"), kernelTiles, probe.map);
  const features = reading?.layers.hidden ?? new Float32Array(128);
  paintMaps(get("features"), features, 128, 32, 1, 0, peak(features), amounts);
}

function peak(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
}

function showAnswer() {
  const best = reading ? largest(reading.cnn) : -1;
  write("numeral", reading ? best : "·");
  write("certainty", reading ? surety(reading.cnn[best]) : "waiting for a digit");
  document.querySelectorAll("#probabilities tbody tr").forEach((row, digit) => {
    const [cnn, dense] = reading ? [reading.cnn[digit], reading.dense[digit]] : [0, 0];
    row.className = digit === best ? "best" : "";
    row.style.setProperty("--cnn", cnn < 0.004 ? 0 : cnn.toFixed(4)); // less could not be seen
    row.style.setProperty("--dense", dense < 0.004 ? 0 : dense.toFixed(4));
    row.cells[3].className = reading && digit === largest(reading.dense) ? "most" : "";
    [cnn, dense].forEach((share, column) => (row.cells[2 + column].firstChild.data = reading ? (100 * share).toFixed(1) : ""));
  });
  get("paper").setAttribute("aria-label", paperLabel(best));
  clearTimeout(timer);
  timer = setTimeout(announce, 500);
}

function paperLabel(best) {
  const what = digits.length ? `a photo of ${digits.length} digits, number ${1 + (scene.chosen ?? 0)}` : scene.photo ? "a photo" : scene.strokes.length ? "a drawing" : "nothing on it";
  return `Paper with ${what}${reading ? `, read as ${best}` : ""}. ${digits.length ? "" : "Draw here"}`;
}

/** Say the answer to a screen reader, when it has stood for a moment. */
function announce() {
  if (!reading) return void (get("live").textContent = "The paper is empty.");
  const [cnn, dense] = [largest(reading.cnn), largest(reading.dense)];
  get("live").textContent = `${digits.length ? `${rowsRead()}. ` : ""}The CNN reads ${cnn}, ${surety(reading.cnn[cnn])}. The dense network reads ${dense}, ${percent(reading.dense[dense])} sure.`;
}

/** Where the training stands at the slider's position. */
function showMoment() {
  const last = data.steps.at(-1);
  const general = `after step ${data.steps[position]} of ${last}, ${percent(data.accuracies[position])} of ${data.judged.toLocaleString("en-US")} digits that it has never seen are read right`;
  const yours = reading ? `${largest(reading.cnn)}, ${percent(reading.cnn[largest(reading.cnn)])}` : "nothing yet";
  write("moment", `Yours: ${yours}. In general: ${general}.`);
  get("step").setAttribute("aria-valuetext", `Step ${data.steps[position]} of ${last}. Yours is read as ${yours}.`);
}

let turn = 0; // the latest request; an older one that is still at work stops
/** Ask each network of the training, a few at a time, so that the pen stays free. */
async function followTraining() {
  const mine = ++turn;
  const image = reading?.image;
  if (!image) answers = data.steps.map(() => Array(10).fill(0));
  for (let index = data.steps.length - 1; image && index >= 0; index--) {
    if ((data.steps.length - 1 - index) % 4 === 0) await new Promise((resume) => setTimeout(resume));
    if (mine !== turn) return;
    answers[index] = softmax(readWithCnn(image, network(index)).logits);
  }
  paintRiver(get("river"), answers, data.steps);
  const read = answers.map(largest);
  const changes = read.flatMap((digit, index) => (digit !== read[index - 1] ? [`${digit} from step ${data.steps[index]}`] : []));
  get("river").setAttribute("aria-label", image ? `In the course of the training your digit was read as ${changes.join(", ")}.` : "Nothing to read yet.");
}

// ---- the paper

function paintPaper() {
  const canvas = get("paper");
  fit(canvas);
  const context = canvas.getContext("2d");
  const side = canvas.width;
  context.clearRect(0, 0, side, side);
  if (scene.photo) {
    const { x, y, factor } = photoPlace();
    context.drawImage(scene.photo, x * side, y * side, scene.photo.width * factor * side, scene.photo.height * factor * side);
  }
  paintStrokes(context, scene.strokes, side, PEN * side, getComputedStyle(document.body).color);
  digits.forEach((digit, at) => paintBox(context, boxOnPaper(digit.box).map((share) => share * side), readAs(at), at === (scene.chosen ?? 0)));
  write("rows", digits.length ? `${rowsRead()}. Choose one with a click or the arrow keys. If it is wrong, type the right digit, or click it in the table.` : "");
  get("hint").hidden = scene.strokes.length > 0 && !scene.sample || Boolean(scene.photo);
  write("hint", scene.sample ? "Draw your own" : "Draw here");
  get("undo").disabled = !past.length;
  get("turn").hidden = !scene.photo;
}

/** Where a photo lies on the paper: corner and size of a pixel, as shares of the paper. */
function photoPlace() {
  const { width, height } = scene.photo;
  const factor = 1 / Math.max(width, height);
  return { x: (1 - width * factor) / 2, y: (1 - height * factor) / 2, factor };
}

/** Where the box of a digit lies on the paper: left, top, width and height, as shares of the paper. */
function boxOnPaper([top, left, bottom, right]) {
  const { x, y, factor } = photoPlace();
  return [x + left * factor, y + top * factor, (right - left) * factor, (bottom - top) * factor];
}

/** What a digit of the photo is: what the network reads, if the reader has not corrected it. */
function readAs(at) {
  return scene.corrected?.[at] ?? digits[at].answer;
}

function rowsRead() {
  let at = 0;
  return `Read: ${sheet.rows.map((row) => row.map(() => readAs(at++)).join(" ")).join(" / ")}`;
}

function choose(at) {
  scene.chosen = (at + digits.length) % digits.length;
  redraw();
}

function correct(digit) {
  if (!digits.length) return;
  scene.corrected = { ...scene.corrected, [scene.chosen ?? 0]: digit };
  paintPaper();
}

/** Frame what an entry of a map sees, on the paper and in the picture of 28×28. */
function paintPatch() {
  const overlay = get("patch");
  fit(overlay);
  const context = overlay.getContext("2d");
  context.clearRect(0, 0, overlay.width, overlay.height);
  if (!reading || !probe) return;
  const field = receptiveField(shownLayers()[probe.id][0], probe.row, probe.column);
  const { x, y, factor } = scene.photo ? photoPlace() : { x: 0, y: 0, factor: 1 / PAPER };
  const { left, top, pixel } = reading.place;
  const place = (offset, start, at) => (offset + (start + at * pixel) * factor) * overlay.width;
  const side = field.side * pixel * factor * overlay.width;
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  context.strokeStyle = context.fillStyle = accent;
  context.lineWidth = 2 * Math.min(3, window.devicePixelRatio || 1);
  context.globalAlpha = 0.16;
  context.fillRect(place(x, left, field.column), place(y, top, field.row), side, side);
  context.globalAlpha = 1;
  context.strokeRect(place(x, left, field.column), place(y, top, field.row), side, side);
  const seen = get("seen").getContext("2d");
  seen.globalAlpha = 0.38;
  seen.fillStyle = accent;
  seen.fillRect(field.column, field.row, field.side, field.side);
  seen.globalAlpha = 1;
}

/** Put a new scene on the paper, and keep the one before for undo. */
function place(next) {
  past.push(scene);
  scene = { strokes: [], photo: null, ...next };
  redrawSoon();
}

function say(sentence) {
  write("message", sentence);
}

function showStored(direction) {
  stored = (stored + direction + DRAWINGS.length) % DRAWINGS.length;
  place({ strokes: DRAWINGS[stored], sample: true });
}

function pointOn(canvas, event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [(event.clientX - left) / width, (event.clientY - top) / height];
}

function listenToPaper() {
  const paper = get("paper");
  paper.addEventListener("pointerdown", (event) => {
    if (event.button || pen) return;
    if (digits.length) {
      const [x, y] = pointOn(paper, event);
      const at = digits.map(({ box }) => boxOnPaper(box)).findIndex(([left, top, width, height]) => x >= left && x <= left + width && y >= top && y <= top + height);
      return at >= 0 && choose(at);
    }
    paper.setPointerCapture(event.pointerId);
    pen = { stroke: [pointOn(paper, event)], pointer: event.pointerId };
    place({ strokes: scene.sample ? [pen.stroke] : [...scene.strokes, pen.stroke] });
  });
  paper.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen?.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? []; // a fast pen has been at several points since the last event
    for (const part of passed.length ? passed : [event]) pen.stroke.push(pointOn(paper, part));
    redrawSoon();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) paper.addEventListener(end, (event) => event.pointerId === pen?.pointer && (pen = null));
  paper.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key)) correct(Number(event.key));
    const direction = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    if (digits.length) choose((scene.chosen ?? 0) + direction);
    else if (!pen) showStored(direction);
  });
  get("clear").addEventListener("click", () => pen || place({}));
  get("undo").addEventListener("click", undo);
  get("turn").addEventListener("click", () => place({ photo: turned(scene.photo) }));
  document.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
  });
}

function undo() {
  if (pen) return; // a stroke that is being drawn is finished first
  scene = past.pop() ?? scene;
  redraw();
}

// ---- pictures and the camera

let opened = 0; // files so far; what was being read when another came is dropped
async function open(file) {
  const mine = ++opened;
  try {
    const photo = await readPicture(file);
    if (mine === opened) placePhoto(photo);
  } catch (error) {
    if (mine === opened) say(error.message);
  }
}

/** A photo ends a stroke that is being drawn, and the camera. */
function placePhoto(photo) {
  pen = null;
  useCamera(false);
  place({ photo });
}

function listenToFiles() {
  get("choose").addEventListener("click", () => get("file").click());
  get("file").addEventListener("change", async () => {
    const [file] = get("file").files;
    if (file) await open(file);
    get("file").value = "";
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    get("sheet").classList.add("over");
  });
  addEventListener("dragleave", () => get("sheet").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    get("sheet").classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) open(file);
    else say("That was no file. Drop a picture file here.");
  });
}

function useCamera(on) {
  const changes = get("video").hidden === on;
  get("video").hidden = get("camera-tools").hidden = !on;
  get("paper-tools").hidden = on;
  if (changes) get(on ? "take" : "camera").focus();
  if (!on) closeCamera(get("video"));
}

function listenToCamera() {
  get("camera").addEventListener("click", async () => {
    try {
      if (await openCamera(get("video"))) useCamera(true);
    } catch (error) {
      say(error.message);
    }
  });
  get("take").addEventListener("click", async () => {
    try {
      const photo = await takePicture(get("video"));
      opened++; // a file that is still being read comes too late
      placePhoto(photo);
    } catch {
      say("The camera gave no picture. Try again, or choose a picture file.");
    }
  });
  get("stop").addEventListener("click", () => useCamera(false));
}

// ---- maps and training

/** The entry of a map under the pointer. */
function entryAt(id, event) {
  const canvas = get(id);
  const { columns, rows, side, tile, pitch } = tiles[id];
  const [x, y] = pointOn(canvas, event).map((share, axis) => share * (axis ? canvas.height : canvas.width));
  const [across, down] = [Math.min(columns - 1, Math.floor(x / pitch)), Math.min(rows - 1, Math.floor(y / pitch))];
  const within = (value, at) => Math.max(0, Math.min(side - 1, Math.floor(((value - at * pitch) / tile) * side)));
  return { id, map: down * columns + across, row: within(y, down), column: within(x, across) };
}

/** The entry beside another, going on in the map beside when one ends. */
function entryBeside({ id, map, row, column }, right, down) {
  const { columns, rows, side } = tiles[id];
  const x = (map % columns) * side + column + right, y = Math.floor(map / columns) * side + row + down;
  const [wide, high] = [columns * side, rows * side];
  const [newX, newY] = [(x + wide) % wide, (y + high) % high];
  return { id, map: Math.floor(newY / side) * columns + Math.floor(newX / side), row: newY % side, column: newX % side };
}

function touch(entry) {
  probe = entry;
  showSteps();
  showLayers(reading ? digitHue(largest(reading.cnn)) : 260);
  describeProbe();
}

function describeProbe() {
  const hint = "Touch a map, or go through it with the arrow keys: the part of your picture that the entry depends on lights up.";
  if (!probe || !reading) return void (get("probe").textContent = hint);
  const [name, , side] = shownLayers()[probe.id];
  const field = receptiveField(name, probe.row, probe.column);
  const value = reading.layers[name][(probe.map * side + probe.row) * side + probe.column];
  get("probe").textContent = `Map ${probe.map + 1}, row ${probe.row + 1}, column ${probe.column + 1}: ${value.toFixed(2)}. It depends on ${field.side} × ${field.side} pixels of the picture.`;
}

function listenToMaps() {
  for (const id of ["first", "second"]) {
    const canvas = get(id);
    for (const kind of ["pointermove", "pointerdown"]) canvas.addEventListener(kind, (event) => touch(entryAt(id, event)));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && touch(null));
    canvas.addEventListener("focus", () => probe?.id !== id && touch({ id, map: 0, row: 1, column: 1 }));
    canvas.addEventListener("blur", () => touch(null));
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      touch(entryBeside(probe ?? { id, map: 0, row: 0, column: 0 }, ...way));
    });
  }
  get("pooled").addEventListener("change", () => touch(null));
}

function goTo(index) {
  position = index;
  get("step").value = index;
  showReading();
}

let playing = 0;
function play() {
  if (playing) return stopPlaying();
  get("play").textContent = "Stop";
  goTo(0);
  playing = setInterval(() => (position < data.steps.length - 1 ? goTo(position + 1) : stopPlaying()), 220);
}

function stopPlaying() {
  clearInterval(playing);
  playing = 0;
  get("play").textContent = "Play";
}

function listenToTraining() {
  const step = get("step");
  step.max = step.value = position;
  step.addEventListener("input", () => {
    stopPlaying();
    goTo(Number(step.value));
  });
  get("play").addEventListener("click", play);
}

// ---- the beginning

function writeTexts() {
  const [cnn, dense] = data.parameters.map((number) => number.toLocaleString("en-US"));
  const made = data.isMnist
    ? "Both networks were trained on MNIST by the person who made this page"
    : "These networks were trained on practice digits, not on MNIST, so they read worse than they could";
  get("origin").textContent = `${made}: a CNN of ${cnn} parameters and a dense network of ${dense}. The slider moves the CNN; the dense network stays as it was at its end. Both run in this page, and nothing that you draw leaves it.`;
  get("origin").className = data.isMnist ? "" : "practice";
  const body = document.querySelector("#probabilities tbody");
  for (let digit = 0; digit < 10; digit++) {
    const row = body.insertRow();
    row.innerHTML = `<th scope="row">${digit}</th><td class="bar" aria-hidden="true"><i></i><b></b></td><td> </td><td> </td>`;
    row.style.setProperty("--color", "var(--accent)");
    row.addEventListener("click", () => correct(digit));
  }
}

// What tests, and the browser's console, may ask.
const demo = {
  milliseconds: 0, // of the latest redraw
  toMnist,
  cnn: (pixels, index = data.steps.length - 1) => Array.from(readWithCnn(normalize(pixels, data.mean, data.std), network(index)).logits),
  dense: (pixels) => Array.from(readWithDense(normalize(pixels, data.mean, data.std), networks.dense)),
  draw: (strokes) => {
    place({ strokes });
    redraw();
    return demo.answer();
  },
  answer: () => reading && { cnn: reading.cnn, dense: reading.dense, pixels: Array.from(reading.pixels) },
};

async function begin() {
  const numbers = await loadNumbers(data.cnn);
  networks.cnn = scaled(numbers, data.cnn.layers);
  networks.dense = scaled(await loadNumbers(data.dense), data.dense.layers);
  networks.snapshots = await loadSnapshots(data.snapshots, numbers, data.cnn.layers);
  writeTexts();
  listenToPaper();
  listenToFiles();
  listenToCamera();
  listenToMaps();
  listenToTraining();
  for (const id of ["invert", "scale", "center"]) get(id).addEventListener("change", redraw);
  addEventListener("resize", redrawSoon);
  systemIsDark.addEventListener("change", redrawSoon);
  scene = { strokes: DRAWINGS[stored], photo: null, sample: true };
  redraw();
  describeProbe();
  window.demo = demo;
  document.documentElement.dataset.ready = "yes"; // the networks are unpacked
}

/** In a frame of another page, show the paper and the answer alone, say how high they are, and take its theme. */
function standInFrame() {
  if (self === top) return;
  addEventListener("message", ({ source, data: message }) => {
    if (source !== parent || !["light", "dark"].includes(message.theme)) return;
    document.documentElement.dataset.theme = message.theme;
    if (document.documentElement.dataset.ready) redrawSoon();
  });
  document.documentElement.classList.add("framed");
  new ResizeObserver(() => parent.postMessage({ digitHeight: document.body.scrollHeight }, "*")).observe(document.body);
}

standInFrame();
begin();
