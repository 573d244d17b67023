// The page: what is dragged, drawn and shown. The arithmetic is in members.js.
"use strict";

const { LEVELS, SIDE, PIXELS, unpack, readersOf, draw, uniformsOf } = Members;
const NAMES = ["pixel_cnn", "pixel_rnn", "templates"], SHOWN = ["PixelCNN", "PixelRNN", "templates"];
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"], COUNT = 12, ACROSS = 6;
const KINDS = {
  linear: ["linear pool", "At every pixel the three say how probable each grey is, and the pool is the weighted mean of their answers. It is a distribution, so it can draw and score."],
  log: ["log pool", "The weighted mean of their logarithms: the pool finds probable what all of them find probable. Any member can veto."],
  mixture: ["mixture", "For each digit chance picks one member, with probability w, and this one draws alone."],
  average: ["average of finished images", "The formula taken literally: each member draws a digit of its own, and the pictures are averaged. They were not asked the same question, so the result is a ghost."],
};
const box = unpack(WEIGHTS), find = (id) => document.getElementById(id);
const state = { weights: [0.45, 0.45, 0.1], kind: "linear", temperature: 1, seed: 1, digit: 0, pixel: 27 };
let shown = null, drawing = null;

// ---- state in the address ----
function readAddress() {
  if (window.self !== window.top) document.body.classList.add("framed");
  const given = new URLSearchParams(location.hash.slice(1));
  const weights = (given.get("w") ?? "").split(",").map(Number);
  if (weights.length === 3 && weights.every((w) => w >= 0) && weights.some((w) => w > 0)) state.weights = normal(weights);
  if (given.get("kind") in KINDS) state.kind = given.get("kind");
  if (Number(given.get("t")) > 0) state.temperature = Number(given.get("t"));
  if (Number(given.get("seed")) >= 0 && given.has("seed")) state.seed = Number(given.get("seed"));
}

function writeAddress() {
  const { weights, kind, temperature, seed } = state;
  history.replaceState(null, "", `#w=${weights.map((w) => w.toFixed(2))}&kind=${kind}&t=${temperature}&seed=${seed}`);
}

const normal = (weights) => { const sum = weights.reduce((a, b) => a + b); return weights.map((w) => w / sum); };
const used = (weights) => weights.map((w, j) => j).filter((j) => weights[j] > 1e-9);

// ---- drawing ----
function redraw() {
  const started = performance.now(), { weights, kind, temperature, seed } = state;
  const uniforms = uniformsOf(seed, COUNT * PIXELS);
  let greys, nats = null, members = used(weights);
  if (kind === "linear" || kind === "log") {
    const drawn = draw(readersOf(box, members.map((j) => NAMES[j]), COUNT), members.map((j) => weights[j]), { kind, temperature, uniforms });
    greys = Float32Array.from(drawn.pixels, (value) => value / (LEVELS - 1));
    nats = drawn.nats;
    shown = { pixels: drawn.pixels };
  } else {
    const apart = members.map((j, k) => draw(readersOf(box, [NAMES[j]], COUNT), [1],
      { temperature, uniforms: kind === "mixture" ? uniforms : uniformsOf(seed + 7919 * (k + 1), COUNT * PIXELS) }).pixels);
    const chance = uniformsOf(seed + 1, COUNT);
    greys = new Float32Array(COUNT * PIXELS);
    for (let n = 0; n < COUNT; n++) {
      let left = chance[n], picked = 0;
      while (picked < members.length - 1 && left >= weights[members[picked]]) left -= weights[members[picked++]];
      for (let i = n * PIXELS; i < (n + 1) * PIXELS; i++)
        greys[i] = kind === "mixture" ? apart[picked][i] / (LEVELS - 1)
          : members.reduce((sum, j, k) => sum + weights[j] * apart[k][i], 0) / (LEVELS - 1);
    }
    shown = { pixels: Uint8Array.from(greys, (grey) => Math.round(grey * (LEVELS - 1))) };
  }
  const spent = performance.now() - started;
  paintDigits(greys);
  const mean = nats && nats.reduce((a, b) => a + b) / COUNT;
  find("line").textContent = `Twelve digits in ${spent.toFixed(0)} ms.` + (mean ? ` Their surprise: ${mean.toFixed(1)} nats per image.` : "");
  find("explain").textContent = KINDS[kind][1];
  document.body.dataset.milliseconds = spent.toFixed(1);
  shown.greys = greys;
  writeAddress();
  paintTriangle();
  inspect();
}

function paintPicture(context, greys, from, x, y, side) {
  const cell = side / SIDE;
  for (let i = 0; i < PIXELS; i++) {
    const grey = Math.round(255 * greys[from + i]);
    context.fillStyle = `rgb(${grey},${grey},${grey})`;
    context.fillRect(x + (i % SIDE) * cell, y + Math.floor(i / SIDE) * cell, Math.ceil(cell), Math.ceil(cell));
  }
}

const placeOf = (n) => [(n % ACROSS) * 104 + 4, Math.floor(n / ACROSS) * 104 + 4];

function paintDigits(greys) {
  const context = find("digits").getContext("2d");
  context.clearRect(0, 0, 624, 208);
  for (let n = 0; n < COUNT; n++) paintPicture(context, greys, n * PIXELS, ...placeOf(n), 96);
  const [x, y] = placeOf(state.digit);
  for (const [colour, width] of [["#000000", 5], ["#E69F00", 3]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(x + (state.pixel % SIDE) * 12, y + Math.floor(state.pixel / SIDE) * 12, 12, 12);
  }
}

// ---- the triangle of weights ----
const CORNERS = [[24, 204], [236, 204], [130, 22]];

function paintTriangle() {
  const context = find("triangle").getContext("2d"), ink = getComputedStyle(document.body).color;
  context.clearRect(0, 0, 260, 236);
  context.beginPath();
  CORNERS.forEach(([x, y], j) => (j ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.stroke();
  context.font = "13px system-ui, sans-serif";
  context.textAlign = "center";
  CORNERS.forEach(([x, y], j) => {
    context.fillStyle = ink;
    context.fillText(SHOWN[j], Math.min(Math.max(x, 32), 226), j === 2 ? y - 8 : y + 22);
    context.fillStyle = COLOURS[j];
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fill();
  });
  const [x, y] = [0, 1].map((axis) => CORNERS.reduce((sum, corner, j) => sum + state.weights[j] * corner[axis], 0));
  context.beginPath();
  context.arc(x, y, 11, 0, 7);
  context.fillStyle = "#E69F00";
  context.fill();
  context.stroke();
  state.weights.forEach((w, j) => {
    find(`w${j}`).value = w;
    find(`v${j}`).textContent = w.toFixed(2);
  });
}

function weightsAt(x, y) {
  const [[ax, ay], [bx, by], [cx, cy]] = CORNERS, whole = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy);
  const a = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / whole, b = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / whole;
  return normal([a, b, 1 - a - b].map((w) => Math.max(w, 0)));
}

const inCanvas = (canvas, event) => {
  const rect = canvas.getBoundingClientRect();
  return [((event.clientX - rect.left) / rect.width) * canvas.width, ((event.clientY - rect.top) / rect.height) * canvas.height];
};

let waiting = false;
function soon() {                       // at most once a frame, however fast the mouse is
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; redraw(); });
}

// ---- one pixel ----
function inspect() {
  const { digit, pixel, weights } = state, members = used(weights);
  const given = Int16Array.from(shown.pixels.subarray(digit * PIXELS, (digit + 1) * PIXELS));
  const readers = readersOf(box, NAMES, 1), all = NAMES.map((_, j) => weights[j]);
  const { kept } = draw(readers, all, { kind: state.kind === "log" ? "log" : "linear", temperature: state.temperature, uniforms: null, given, keep: true });
  const { answers, pooled } = kept[pixel], value = given[pixel];
  paintOpinions([...answers, pooled], value);
  const parts = answers.map((answer, j) => weights[j] * answer[value]), sum = parts.reduce((a, b) => a + b) || 1;
  find("responsible").textContent = `Row ${Math.floor(pixel / SIDE)}, column ${pixel % SIDE}: it has grey ${value} of ${LEVELS - 1}. `
    + `Responsible: ${parts.map((part, j) => `${SHOWN[j]} ${Math.round((100 * part) / sum)} %`).join(", ")}.`;
}

function paintOpinions(rows, value) {
  const canvas = find("opinions"), context = canvas.getContext("2d"), ink = getComputedStyle(document.body).color;
  context.clearRect(0, 0, 880, 250);
  const names = [...SHOWN, "ensemble"], top = Math.max(...rows.flatMap((row) => [...row]));
  rows.forEach((row, j) => {
    const left = 10 + j * 220;
    context.fillStyle = ink;
    context.font = "15px system-ui, sans-serif";
    context.textAlign = "left";
    context.fillText(names[j], left, 20);
    for (let v = 0; v < LEVELS; v++) {
      const height = (180 * row[v]) / top;
      context.fillStyle = COLOURS[j];
      context.globalAlpha = v === value ? 1 : 0.45;
      context.fillRect(left + v * 11.5, 215 - height, 10, Math.max(height, 1));
    }
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.font = "12px system-ui, sans-serif";
    context.fillText("0", left, 234);
    context.fillText(`p = ${row[value].toFixed(2)}`, left + 60, 234);
    context.fillText(String(LEVELS - 1), left + 16 * 11.5 - 4, 234);
  });
  canvas.setAttribute("aria-label", names.map((name, j) => `${name} gives this grey the probability ${rows[j][value].toFixed(2)}`).join("; "));
}

// ---- completion ----
const EXAMPLE = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0];
let brush = [3, 2];

function paintPad() {
  const context = find("pad").getContext("2d");
  paintPicture(context, drawing.map((value) => value / (LEVELS - 1)), 0, 0, 0, 224);
  context.fillStyle = "rgba(120,120,120,0.35)";
  context.fillRect(0, 112, 224, 112);
  context.strokeStyle = "#E69F00";
  context.lineWidth = 2;
  context.strokeRect(brush[1] * 28 + 1, brush[0] * 28 + 1, 26, 26);
}

function complete() {
  paintPad();
  const given = new Int16Array(6 * PIXELS).fill(-1);
  for (let n = 0; n < 6; n++) for (let i = 0; i < PIXELS / 2; i++) given[n * PIXELS + i] = drawing[i];
  const context = find("completed").getContext("2d"), ink = getComputedStyle(document.body).color;
  context.clearRect(0, 0, 560, 330);
  const members = used(state.weights), rows = [["ensemble", members], ...SHOWN.map((name, j) => [name, [j]])];
  const kind = state.kind === "log" ? "log" : "linear", parts = [];
  rows.forEach(([name, chosen], r) => {
    const weights = normal(chosen.map((j) => state.weights[j] || 1));
    const { pixels, kept } = draw(readersOf(box, chosen.map((j) => NAMES[j]), 6), weights,
      { kind, temperature: state.temperature, uniforms: uniformsOf(state.seed, 6 * PIXELS), given, keep: true });
    context.fillStyle = ink;
    context.font = "14px system-ui, sans-serif";
    context.fillText(name, 0, r * 82 + 44);
    const greys = Float32Array.from(pixels, (value) => value / (LEVELS - 1));
    for (let n = 0; n < 6; n++) paintPicture(context, greys, n * PIXELS, 84 + n * 80, r * 82 + 2, 76);
    let nats = 0;
    for (let i = 0; i < PIXELS / 2; i++) nats -= Math.log(Math.max(kept[i].pooled[drawing[i]], 1e-38));
    parts.push(`${name} ${nats.toFixed(1)}`);
  });
  find("completed").setAttribute("aria-label", "six completions of the drawn half by the ensemble and by each member");
  find("score").textContent = `How surprising is your upper half? ${parts.join(", ")} nats. (Fewer: more like the digits that they learnt from.)`;
}

function paintAt(row, column, more) {
  if (row < 0 || column < 0 || row >= SIDE / 2 || column >= SIDE) return;
  drawing[row * SIDE + column] = more ? Math.min(LEVELS - 1, drawing[row * SIDE + column] + 8) : 0;
}

// ---- what moves ----
function begin() {
  readAddress();
  drawing = new Array(PIXELS).fill(0);
  EXAMPLE.forEach((value, i) => { drawing[i] = value; });
  NAMES.forEach((name, j) => {
    find("weights").insertAdjacentHTML("beforeend", `<label>${SHOWN[j]} <input type="range" min="0" max="1" step="0.01" id="w${j}"><output id="v${j}"></output></label>`);
    find(`w${j}`).addEventListener("input", (event) => {
      const w = Math.min(Number(event.target.value), 1), others = 1 - state.weights[j];
      state.weights = state.weights.map((old, k) => (k === j ? w : others > 1e-9 ? (old / others) * (1 - w) : (1 - w) / 2));
      soon();
    });
  });
  for (const [kind, [name]] of Object.entries(KINDS)) {
    find("kinds").insertAdjacentHTML("beforeend", `<label><input type="radio" name="kind" value="${kind}"> ${name}</label>`);
  }
  for (const radio of document.getElementsByName("kind")) {
    radio.checked = radio.value === state.kind;
    radio.addEventListener("change", () => { state.kind = radio.value; soon(); complete(); });
  }
  const temperature = find("temperature");
  temperature.value = state.temperature;
  temperature.addEventListener("input", () => {
    state.temperature = Number(temperature.value);
    find("temperatureValue").textContent = state.temperature.toFixed(2);
    soon();
  });
  find("again").addEventListener("click", () => { state.seed++; redraw(); });
  const triangle = find("triangle"), move = (event) => { if (event.buttons) { state.weights = weightsAt(...inCanvas(triangle, event)); soon(); } };
  triangle.addEventListener("pointerdown", (event) => { triangle.setPointerCapture(event.pointerId); move(event); });
  triangle.addEventListener("pointermove", move);
  triangle.addEventListener("pointerup", complete);
  const digits = find("digits"), point = (event) => {
    const [x, y] = inCanvas(digits, event), n = Math.floor(y / 104) * ACROSS + Math.floor(x / 104);
    const [left, upper] = placeOf(n), column = Math.floor((x - left) / 12), row = Math.floor((y - upper) / 12);
    if (n >= 0 && n < COUNT && row >= 0 && column >= 0 && row < SIDE && column < SIDE) choose(n, row * SIDE + column);
  };
  digits.addEventListener("pointermove", point);
  digits.addEventListener("pointerdown", point);
  digits.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (!step) return;
    event.preventDefault();
    const pixel = state.pixel + step;
    if (pixel >= 0 && pixel < PIXELS) choose(state.digit, pixel);
    else choose((state.digit + (step > 0 ? 1 : COUNT - 1)) % COUNT, (pixel + PIXELS) % PIXELS);
  });
  const pad = find("pad"), paint = (event) => {
    if (!event.buttons) return;
    const [x, y] = inCanvas(pad, event);
    brush = [Math.min(3, Math.floor(y / 28)), Math.floor(x / 28)];
    paintAt(Math.floor(y / 28), Math.floor(x / 28), !(event.buttons & 2));
    paintPad();
  };
  pad.addEventListener("contextmenu", (event) => event.preventDefault());
  pad.addEventListener("pointerdown", (event) => { pad.setPointerCapture(event.pointerId); paint(event); });
  pad.addEventListener("pointermove", paint);
  pad.addEventListener("pointerup", complete);
  pad.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    if (step) brush = [Math.min(3, Math.max(0, brush[0] + step[0])), Math.min(7, Math.max(0, brush[1] + step[1]))];
    else paintAt(...brush, !event.shiftKey);
    step ? paintPad() : complete();
  });
  find("clear").addEventListener("click", () => { drawing.fill(0); complete(); });
  find("example").addEventListener("click", () => { drawing.fill(0); EXAMPLE.forEach((value, i) => { drawing[i] = value; }); complete(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { redraw(); complete(); });
  find("temperatureValue").textContent = state.temperature.toFixed(2);
  redraw();
  complete();
}

function choose(digit, pixel) {
  if (digit === state.digit && pixel === state.pixel) return;
  Object.assign(state, { digit, pixel });
  paintDigits(shown.greys);
  inspect();
}

begin();
