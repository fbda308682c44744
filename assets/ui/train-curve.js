// Curves of a training: the loss large, other figures below it; raw faint, smoothed strong.

import { h, t } from "./core.js";
import { emptyState } from "./queue-format.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 260, 54, 26, 12];
const MOST = 600;

export class Curves {
  #rows = [];
  #isLog = false;
  #isOver = false;

  constructor() {
    this.scale = h("label", { class: "s-t-scale" }, h("input", { type: "checkbox", onchange: (event) => { this.#isLog = event.target.checked; this.draw(this.#rows, this.#isOver); } }), t("Logarithmic"));
    this.body = h("div", { class: "s-t-curves" });
    this.element = h("div", {}, h("div", { class: "s-q-line" }, h("h3", { class: "s-q-title" }, t("Loss")), this.scale), this.body);
  }

  draw(rows, isOver) {
    this.#rows = rows;
    this.#isOver = isOver;
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== "step");
    const main = names.find((name) => name.includes("loss")) ?? names[0];
    this.scale.hidden = !main;
    if (!main) {
      this.body.replaceChildren(emptyState("curve", t("No figures yet"), isOver ? t("This trainer notes none.") : t("The curve appears with the first figures that the trainer notes.")));
      return;
    }
    const others = names.filter((name) => name !== main && new Set(rows.map((row) => row[name])).size > 2);
    this.body.replaceChildren(buildChart(main, rows, HEIGHT, this.#isLog), ...others.map((name) => h("div", {}, h("h3", { class: "s-q-title" }, name.replaceAll("_", " ")), buildChart(name, rows, 120, false))));
  }
}

function buildChart(name, rows, height, isLog) {
  const points = rows.filter((row) => row[name] !== undefined && (!isLog || row[name] > 0)).map((row) => [row.step, row[name]]);
  if (!points.length) return h("p", { class: "s-q-muted" }, t("Nothing above zero to show"));
  const value = isLog ? Math.log10 : (v) => v;
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const values = points.map(([, v]) => value(v));
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const x = (step) => LEFT + ((step - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 8);
  const y = (v) => TOP + (1 - (value(v) - low) / (high - low)) * (height - TOP - BOTTOM);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "s-t-chart", role: "img", "aria-label": t("{name}: {first} at step {from}, {last} at step {to}", { name, first: format(points[0][1]), from: first, last: format(points.at(-1)[1]), to: last }) });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const level = low + (high - low) * share;
    const at = y(isLog ? 10 ** level : level);
    svg.append(draw("line", { x1: LEFT, x2: WIDTH - 8, y1: at, y2: at, class: "s-t-grid-line" }), label(LEFT - 8, at + 4, format(isLog ? 10 ** level : level), "end"));
  }
  svg.append(label(LEFT, height - 6, first.toLocaleString(), "start"), label(WIDTH - 8, height - 6, t("step {step}", { step: last.toLocaleString() }), "end"));
  const thin = thinOut(points);
  svg.append(draw("path", { d: trace(thin, x, y), class: "s-t-raw" }), draw("path", { d: trace(smooth(thin), x, y), class: "s-t-line" }));
  const [endX, endY] = smooth(thin).at(-1);
  svg.append(draw("circle", { cx: x(endX), cy: y(endY), r: 3.5, class: "s-t-end" }));
  return svg;
}

const trace = (points, x, y) => points.map(([step, v], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(v).toFixed(1)}`).join("");

function thinOut(points) {
  if (points.length <= MOST) return points;
  const stride = points.length / MOST;
  return Array.from({ length: MOST }, (_, i) => points[Math.floor(i * stride)]).concat([points.at(-1)]);
}

/** A running average that starts without a bias. */
function smooth(points) {
  const keep = Math.min(0.95, 1 - 8 / Math.max(9, points.length / 3));
  let [sum, weight] = [0, 0];
  return points.map(([step, v]) => {
    sum = sum * keep + v;
    weight = weight * keep + 1;
    return [step, sum / weight];
  });
}

function draw(tag, attributes) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function label(x, y, text, anchor) {
  const element = draw("text", { x, y, "text-anchor": anchor, class: "s-t-label" });
  element.textContent = text;
  return element;
}

const format = (value) => (Math.abs(value) >= 1000 || (value && Math.abs(value) < 0.001) ? value.toExponential(1) : Number(value.toPrecision(3)).toString());
