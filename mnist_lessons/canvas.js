// The paper of `draw_here`: mouse, pen or finger draw strokes on it, which Python receives while they are drawn.
// A stroke is a list of points [x, y] between 0 and 1, y downward. Stored drawings come from Python.

const PIXELS = 560; // of the bitmap: twice the size on the screen, so that lines are sharp on dense screens too
const PEN = 0.08; // width of a line as a share of the paper's: about that of MNIST's digits
const PAUSE = 100; // milliseconds between two messages to Python during a stroke
const HINT = "Draw here, or press ← or → for stored drawings.";

const STYLE = `
.drawing { display: flex; flex-wrap: wrap; gap: 6px; width: 280px; max-width: 100%; }
.drawing { color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-ui-font-size1, 13px); }
.drawing > * { box-sizing: border-box; border: 1px solid #888; border-radius: 4px; }
.drawing canvas { width: 100%; aspect-ratio: 1; background: white; cursor: crosshair; touch-action: none; }
.drawing button { flex: 1; min-height: 32px; background: none; color: inherit; font: inherit; }
.drawing button:disabled { opacity: 0.4; } .drawing output { border: none; }
.drawing :focus-visible { outline: 3px solid #1a73e8; outline-offset: -3px; }
/* In JupyterLab the picture stands to the right of the paper where there is room, else below it. */
.jp-OutputArea:has(> * .drawing) { display: flex; flex-flow: row wrap; align-items: flex-start; }
.jp-OutputArea > :has(.drawing), .jp-OutputArea > :has(.drawing) + * { width: auto; }`;

function paint(context, strokes) {
  context.clearRect(0, 0, PIXELS, PIXELS);
  Object.assign(context, { lineWidth: PEN * PIXELS, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x * PIXELS, y * PIXELS); // one point alone is a dot
    context.stroke();
  }
}

function render({ model, el }) {
  const drawings = model.get("drawings");
  const texts = drawings.map((drawing) => JSON.stringify(drawing));
  el.innerHTML = `<style>${STYLE}</style>
    <div class="drawing" role="group" aria-label="Drawing">
      <canvas width="${PIXELS}" height="${PIXELS}" tabindex="0" role="slider" aria-label="${HINT}"
        aria-valuemin="1" aria-valuemax="${drawings.length}"></canvas>
      <button type="button">Undo</button>
      <button type="button">Clear</button>
      <output></output>
    </div>`;
  const [paper, undo, clear, status] = el.querySelector(".drawing").children;
  // Else keys are commands of Jupyter first, which Notebook 7 looks for before they get here.
  for (const part of [paper, undo, clear]) part.dataset.lmSuppressShortcuts = true;
  const past = []; // what Undo goes back to
  let strokes, stored, last = 0; // what is on the paper; which stored drawing that is, -1 if none; which was the last
  let pen = null, timer; // the pointer that draws, and the timer of its next message

  function show(newStrokes) {
    strokes = newStrokes;
    paint(paper.getContext("2d"), strokes);
    stored = texts.indexOf(JSON.stringify(strokes));
    if (stored >= 0) last = stored;
    [undo.disabled, clear.disabled] = [!past.length, !strokes.length];
    const number = `${stored + 1} of ${drawings.length}`;
    const what = stored < 0 ? `Your drawing, strokes: ${strokes.length}` : `Stored drawing ${number}`;
    status.textContent = `${what}. ${HINT}`;
    Object.assign(paper, { ariaValueNow: last + 1, ariaValueText: what });
  }

  function send() {
    timer = clearTimeout(timer);
    model.set("strokes", strokes);
    model.save_changes();
  }

  function change(newStrokes) {
    past.push(strokes);
    show(newStrokes);
    send();
  }

  function begin(event) {
    if (pen !== null || event.button !== 0) return;
    event.preventDefault();
    paper.focus({ preventScroll: true });
    paper.setPointerCapture(event.pointerId);
    pen = event.pointerId;
    change([...(stored < 0 ? strokes : []), points(event)]); // a stored drawing gives way to the first stroke
  }

  function move(event) {
    if (event.pointerId !== pen) return;
    show([...strokes.slice(0, -1), [...strokes.at(-1), ...points(event)]]);
    timer ??= setTimeout(send, PAUSE);
  }

  function end(event) {
    if (event.pointerId !== pen) return;
    pen = null;
    send();
  }

  // Where an event happened on the paper; a fast pen has been at several points since the last event.
  function points(event) {
    const box = paper.getBoundingClientRect();
    const share = (value, size) => Math.round(1e4 * Math.min(1, Math.max(0, value / size))) / 1e4;
    const passed = event.getCoalescedEvents?.() ?? [];
    return (passed.length ? passed : [event]).map(
      ({ clientX, clientY }) => [share(clientX - box.left, box.width), share(clientY - box.top, box.height)]);
  }

  function choose(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || pen !== null) return;
    event.preventDefault();
    change(drawings[stored < 0 ? last : (stored + step + drawings.length) % drawings.length]);
  }

  Object.assign(paper, { onpointerdown: begin, onpointermove: move, onpointerup: end, onpointercancel: end });
  paper.onkeydown = choose;
  undo.onclick = () => { if (pen === null) { show(past.pop()); send(); } };
  clear.onclick = () => pen === null && change([]);
  model.on("change:strokes", () => {
    if (model.get("strokes") !== strokes) pen = null; // they come from Python, and end the stroke that is being drawn
    show(model.get("strokes"));
  });
  show(model.get("strokes"));
}

export default { render };
