// The box's digit members in plain JavaScript: the same next-pixel probabilities as in Python.
// Everything here works on `count` images in lockstep and is free of the page (playground.js).
// A classic script, not a module: browsers refuse modules from a folder, and a USB stick is one.

const Members = (() => {
"use strict";

const LEVELS = 17, SIDE = 8, PIXELS = 64;

/** Half-precision numbers (Uint16Array) as Float32Array. */
function fromHalf(halves) {
  const table = new Float32Array(1 << 16);
  for (let h = 0; h < 1 << 16; h++) {
    const exponent = (h >> 10) & 31, fraction = h & 1023;
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    table[h] = h >> 15 ? -size : size;
  }
  return Float32Array.from(halves, (h) => table[h]);
}

/** What export.py wrote as {arrays: {pixel_cnn: [Float32Array, …], …}, hyperparameters: {…}}. */
function unpack({ members, half }) {
  const bytes = Uint8Array.from(atob(half), (letter) => letter.charCodeAt(0));
  const all = fromHalf(new Uint16Array(bytes.buffer)), box = { arrays: {}, hyperparameters: {} };
  let start = 0;
  for (const [name, { shapes, hyperparameters }] of Object.entries(members)) {
    box.hyperparameters[name] = hyperparameters;
    box.arrays[name] = shapes.map((shape) => {
      const size = shape.reduce((a, b) => a * b, 1);
      start += size;
      return all.subarray(start - size, start);
    });
  }
  box.arrays.templates.forEach((array, k) => normalise(array, k ? array.length : LEVELS));
  return box;
}

/** Half precision leaves sums near 1: as in Python, each row of probabilities is divided by its sum. */
function normalise(array, width) {
  for (let start = 0; start < array.length; start += width) {
    const row = array.subarray(start, start + width), sum = row.reduce((a, b) => a + b);
    row.forEach((p, i) => { row[i] = p / sum; });
  }
}

const silu = (x) => x / (1 + Math.exp(-x));
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** out (count × width) += inputs (count × depth, rows `stride` apart from `offset`) · kernel (depth × width). */
function multiply(out, width, inputs, offset, stride, depth, kernel, from, count) {
  for (let k = 0; k < depth; k++) {                       // a kernel's row serves all images
    const row = from + k * width;
    for (let n = 0; n < count; n++) {
      const value = inputs[offset + n * stride + k];
      if (value === 0) continue;
      const to = n * width;
      for (let f = 0; f < width; f++) out[to + f] += value * kernel[row + f];
    }
  }
}

/** Rows of logits (count × LEVELS) become probabilities, in place. */
function softmax(logits, count, temperature = 1) {
  for (let n = 0; n < count; n++) {
    const row = logits.subarray(n * LEVELS, (n + 1) * LEVELS);
    let largest = -Infinity, sum = 0;
    for (const x of row) if (x > largest) largest = x;
    for (let v = 0; v < LEVELS; v++) sum += row[v] = Math.exp((row[v] - largest) / temperature);
    for (let v = 0; v < LEVELS; v++) row[v] /= sum;
  }
  return logits;
}

const fill = (bias, count) => {
  const out = new Float32Array(count * bias.length);
  for (let n = 0; n < count; n++) out.set(bias, n * bias.length);
  return out;
};

/** A masked layer's inputs, with a rim of zeros; its output at a place sees what lies above and left. */
class Masked {
  constructor(kernel, bias, size, features, filters, center, count) {
    Object.assign(this, { kernel, bias, size, features, filters, count });
    this.reach = size >> 1;
    this.taps = this.reach + (center ? 1 : 0);            // in the pixel's own row
    this.wide = SIDE + 2 * this.reach;
    this.inputs = new Float32Array((SIDE + this.reach) * this.wide * count * features);
  }

  at(row, column) {
    return (row * this.wide + column) * this.count * this.features;
  }

  store(row, column, values) {
    this.inputs.set(values, this.at(row + this.reach, column + this.reach));
  }

  output(row, column) {
    const out = fill(this.bias, this.count), { features, filters, reach, size } = this;
    for (let up = 0; up <= reach; up++)
      for (let tap = 0; tap < (up < reach ? size : this.taps); tap++)
        multiply(out, filters, this.inputs, this.at(row + up, column + tap), features, features,
                 this.kernel, (up * size + tap) * features * filters, this.count);
    return out;
  }
}

/** PixelCNN of lesson 04: `next()` gives probabilities (count × LEVELS), `write(values)` goes on. */
class PixelCNN {
  constructor(arrays, { filters, blocks, first_size, size }, count) {
    Object.assign(this, { count, filters, row: 0, column: 0 });
    const rest = [...arrays], take = () => rest.shift();
    this.first = new Masked(take(), take(), first_size, 2, filters, false, count);
    this.places = take();
    this.blocks = Array.from({ length: blocks }, () => ({
      masked: new Masked(take(), take(), size, filters, filters, true, count), kernel: take(), bias: take(),
    }));
    [this.hidden, this.hiddenBias, this.last, this.lastBias] = rest;
  }

  next() {
    const { count, filters, row, column } = this, x = this.first.output(row, column);
    const place = (row * SIDE + column) * filters;
    for (let n = 0; n < count; n++) for (let f = 0; f < filters; f++) x[n * filters + f] += this.places[place + f];
    for (const { masked, kernel, bias } of this.blocks) {
      masked.store(row, column, x.map(silu));
      const inner = masked.output(row, column).map(silu), out = fill(bias, count);
      multiply(out, filters, inner, 0, filters, filters, kernel, 0, count);
      for (let i = 0; i < x.length; i++) x[i] += out[i];
    }
    return head(x.map(silu), filters, this, count);
  }

  write(values) {
    this.first.store(this.row, this.column, features(values));
    if (++this.column === SIDE) [this.row, this.column] = [this.row + 1, 0];
  }
}

/** PixelRNN of lesson 05: a GRU in Keras's reset_after form. */
class PixelRNN {
  constructor(arrays, { units }, count) {
    Object.assign(this, { count, units, row: 0, column: 0, wide: SIDE + 2 });
    [this.inKernel, this.inBias, this.places, this.kernel, this.stateKernel, this.biases,
      this.hidden, this.hiddenBias, this.last, this.lastBias] = arrays;
    this.state = new Float32Array(count * units);
    this.seen = new Float32Array((SIDE + 1) * this.wide * count * 2);
  }

  next() {
    const { count, units, row, column, wide } = this, x = fill(this.inBias, count);
    NEIGHBOURS.forEach(([down, right], k) =>
      multiply(x, units, this.seen, ((row + 1 + down) * wide + column + 1 + right) * count * 2, 2, 2,
               this.inKernel, k * 2 * units, count));
    const place = (row * SIDE + column) * units;
    for (let n = 0; n < count; n++)
      for (let u = 0; u < units; u++) x[n * units + u] = silu(x[n * units + u] + this.places[place + u]);
    const fromInput = fill(this.biases.subarray(0, 3 * units), count);
    const fromState = fill(this.biases.subarray(3 * units), count);
    multiply(fromInput, 3 * units, x, 0, units, units, this.kernel, 0, count);
    multiply(fromState, 3 * units, this.state, 0, units, units, this.stateKernel, 0, count);
    const both = new Float32Array(count * 2 * units);
    for (let n = 0; n < count; n++)
      for (let u = 0; u < units; u++) {
        const i = 3 * n * units + u, j = n * units + u;
        const update = sigmoid(fromInput[i] + fromState[i]);
        const reset = sigmoid(fromInput[i + units] + fromState[i + units]);
        const candidate = Math.tanh(fromInput[i + 2 * units] + reset * fromState[i + 2 * units]);
        this.state[j] = update * this.state[j] + (1 - update) * candidate;
        both[2 * n * units + u] = this.state[j];
        both[(2 * n + 1) * units + u] = x[j];
      }
    return head(both, 2 * units, this, count);
  }

  write(values) {
    this.seen.set(features(values), ((this.row + 1) * this.wide + this.column + 1) * this.count * 2);
    if (++this.column === SIDE) [this.row, this.column] = [this.row + 1, 0];
  }
}

const NEIGHBOURS = [[-1, -1], [-1, 0], [-1, 1], [0, -1]];      // (down, right), all already read

/** Templates of lesson 02: what was read so far makes some of them more probable. */
class Templates {
  constructor([probabilities, weights], _, count) {
    Object.assign(this, { probabilities, count, templates: weights.length, position: 0 });
    this.logs = new Float64Array(count * weights.length);
    for (let n = 0; n < count; n++) weights.forEach((w, k) => { this.logs[n * weights.length + k] = Math.log(w); });
  }

  next() {
    const { count, templates, probabilities, position } = this, out = new Float32Array(count * LEVELS);
    for (let n = 0; n < count; n++) {
      const logs = this.logs.subarray(n * templates, (n + 1) * templates), largest = Math.max(...logs);
      let sum = 0;
      for (let k = 0; k < templates; k++) {
        const share = Math.exp(logs[k] - largest), from = (k * PIXELS + position) * LEVELS;
        for (let v = 0; v < LEVELS; v++) {
          out[n * LEVELS + v] += share * probabilities[from + v];
          sum += share * probabilities[from + v];
        }
      }
      for (let v = 0; v < LEVELS; v++) out[n * LEVELS + v] /= sum;
    }
    return out;
  }

  write(values) {
    for (let n = 0; n < this.count; n++)
      for (let k = 0; k < this.templates; k++)
        this.logs[n * this.templates + k] += Math.log(Math.max(
          this.probabilities[(k * PIXELS + this.position) * LEVELS + values[n]], 1e-38));
    this.position++;
  }
}

/** A value as the networks see it: in [−1, 1], and 1 for "inside the picture". */
function features(values) {
  const out = new Float32Array(2 * values.length);
  values.forEach((value, n) => { out[2 * n] = (2 * value) / (LEVELS - 1) - 1; out[2 * n + 1] = 1; });
  return out;
}

function head(x, width, { hidden, hiddenBias, last, lastBias }, count) {
  const inner = fill(hiddenBias, count), logits = fill(lastBias, count);
  multiply(inner, 64, x, 0, width, width, hidden, 0, count);
  multiply(logits, LEVELS, inner.map(silu), 0, 64, 64, last, 0, count);
  return softmax(logits, count);
}

const KINDS = { pixel_cnn: PixelCNN, pixel_rnn: PixelRNN, templates: Templates };

function readersOf(box, names, count) {
  return names.map((name) => new KINDS[name](box.arrays[name], box.hyperparameters[name], count));
}

/** The members' distributions (each count × LEVELS) become one: a linear or a log pool. */
function pool(answers, weights, kind, temperature, count) {
  const out = new Float32Array(count * LEVELS);
  answers.forEach((answer, j) => {
    if (kind === "log") for (let i = 0; i < out.length; i++) out[i] += weights[j] * Math.log(Math.max(answer[i], 1e-38));
    else for (let i = 0; i < out.length; i++) out[i] += weights[j] * answer[i];
  });
  if (kind !== "log") {
    if (temperature === 1) return out;
    for (let i = 0; i < out.length; i++) out[i] = Math.log(Math.max(out[i], 1e-38));
  }
  return softmax(out, count, temperature);
}

/** The value whose cumulative probability first exceeds the uniform number; as in Python. */
function chosen(row, uniform) {
  let total = 0;
  for (const p of row) total += p;
  let cumulative = 0;
  for (let v = 0; v < LEVELS - 1; v++) {
    cumulative += row[v];
    if (cumulative > uniform * total) return v;
  }
  return LEVELS - 1;
}

/**
 * Walk `count` images pixel by pixel; `given` (or null) holds known values, −1 where one is drawn.
 * Returns the pixels (count × PIXELS), the log-likelihood of each image, and, if wanted, all answers.
 */
function draw(readers, weights, { kind = "linear", temperature = 1, uniforms, given = null, keep = false }) {
  const count = readers[0].count, pixels = new Uint8Array(count * PIXELS), values = new Uint8Array(count);
  const nats = new Float64Array(count), kept = [];
  for (let i = 0; i < PIXELS; i++) {
    const answers = readers.map((reader) => reader.next());
    const pooled = pool(answers, weights, kind, temperature, count);
    for (let n = 0; n < count; n++) {
      const row = pooled.subarray(n * LEVELS, (n + 1) * LEVELS), known = given ? given[n * PIXELS + i] : -1;
      values[n] = known >= 0 ? known : chosen(row, uniforms[n * PIXELS + i]);
      nats[n] -= Math.log(Math.max(row[values[n]], 1e-38));
      pixels[n * PIXELS + i] = values[n];
    }
    if (keep) kept.push({ answers, pooled });
    for (const reader of readers) reader.write(values);
  }
  return { pixels, nats, kept };
}

/** Uniform numbers from a seed (Mulberry32 of Tommy Ettinger, public domain). */
function uniformsOf(seed, count) {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

return { LEVELS, SIDE, PIXELS, unpack, readersOf, pool, draw, uniformsOf };
})();
