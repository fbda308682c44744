// Small building blocks of the viewer: icons, buttons, switches, sliders, menus. No state of their own.

import { h, t } from "./core.js";

const SVG = "http://www.w3.org/2000/svg";

/** Icons as paths on a 24 x 24 grid, drawn with a line. */
const ICONS = {
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  back: "M18 5l-9 7 9 7zM6 5v14",
  forward: "M6 5l9 7-9 7zM18 5v14",
  loop: "M17 3l3 3-3 3M20 6H8a4 4 0 00-4 4v1M7 21l-3-3 3-3M4 18h12a4 4 0 004-4v-1",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  send: "M4 12h14M13 6l6 6-6 6",
  again: "M4 12a8 8 0 0113.7-5.7L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 01-13.7 5.7L4 15.5M4 20v-4.5h4.5",
  dice: "M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01",
  tune: "M5 7h8M17 7h2M5 17h2M11 17h8M15 5v4M9 15v4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  compare: "M12 3v18M4 7h5v10H4M20 7h-5v10h5",
  box: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  volume: "M4 10v4h4l5 4V6l-5 4zM16.5 9a4 4 0 010 6",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  close: "M6 6l12 12M18 6L6 18",
};

/** A decorative icon; what it means is said by the button around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "s-v-icon", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.more);
  svg.append(path);
  return svg;
}

/** A button with an icon and, unless `bare`, a text; a `brief` one hides it where there is little room. */
export function button(label, { glyph = "", bare = false, brief = false, onclick, title = label, ...rest } = {}) {
  return h(
    "button",
    { type: "button", class: `s-v-btn${bare ? " s-v-bare" : ""}${brief ? " s-v-brief" : ""}`, title, "aria-label": bare ? label : null, onclick, ...rest },
    glyph ? icon(glyph) : null,
    bare ? null : h("span", {}, label),
  );
}

/** A button that is on or off; `set(on)` from outside, `change(on)` to the outside. */
export function toggle(label, { glyph = "", bare = false, on = false, change, title = label } = {}) {
  const element = button(label, { glyph, bare, title, "aria-pressed": String(on) });
  element.set = (now) => element.setAttribute("aria-pressed", String(now));
  element.addEventListener("click", () => {
    const now = element.getAttribute("aria-pressed") !== "true";
    element.set(now);
    change?.(now);
  });
  return element;
}

let groups = 0;

/** One of a few: radio buttons that look like a bar. `options`: [[value, text, hint?]]. */
export function choice(label, options, value, change) {
  groups += 1;
  const name = `s-v-choice-${groups}`;
  const inputs = options.map(([key, text, hint]) => {
    const input = h("input", { type: "radio", name, value: key, checked: key === value, onchange: () => change(key) });
    return h("label", { title: hint ?? text }, input, h("span", {}, text));
  });
  const element = h("div", { class: "s-v-choice", role: "radiogroup", "aria-label": label }, inputs);
  element.set = (key) => {
    for (const input of element.querySelectorAll("input")) input.checked = input.value === key;
  };
  return element;
}

/** A labelled slider with its figure. `format(value)` makes the text, `change(value)` hears it. */
export function slider(label, { min, max, step = 1, value, format = String, change, compact = false }) {
  const figure = h("output", {}, format(value));
  const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step), "aria-label": label });
  input.value = String(value);
  input.setAttribute("aria-valuetext", format(value));
  input.addEventListener("input", () => {
    const now = Number(input.value);
    figure.textContent = format(now);
    input.setAttribute("aria-valuetext", format(now));
    change(now);
  });
  const element = h("label", { class: `s-v-slider${compact ? " s-v-compact" : ""}` }, h("span", {}, label), input, figure);
  element.set = (now) => {
    input.value = String(now);
    figure.textContent = format(now);
    input.setAttribute("aria-valuetext", format(now));
  };
  return element;
}

/** A box with a check mark. */
export function checkbox(label, on, change, title = label) {
  const input = h("input", { type: "checkbox", checked: on, onchange: () => change(input.checked) });
  const element = h("label", { class: "s-v-check", title }, input, h("span", {}, label));
  element.set = (now) => { input.checked = now; };
  return element;
}

/**
 * A button that opens a list. `fill()` returns rows {label, note, glyph, run, reason} or {heading};
 * a row with a `reason` cannot be chosen and says why.
 */
export function menu(label, { glyph = "", fill, bare = false, end = false, brief = false }) {
  const list = h("div", { class: `s-v-menu-list${end ? " s-v-end" : ""}`, role: "menu", "aria-label": label, hidden: true });
  const opener = button(label, { glyph, bare, brief, "aria-haspopup": "menu", "aria-expanded": "false" });
  const box = h("div", { class: "s-v-menu" }, opener, list);
  const close = (focus) => {
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (focus) opener.focus();
  };
  const rows = () => [...list.querySelectorAll('[role="menuitem"]')];
  const open = async () => {
    list.replaceChildren(h("div", { class: "s-v-menu-note" }, t("Loading...")));
    list.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    const found = await fill();
    list.replaceChildren(...found.map((row) => buildRow(row, () => close(true))));
    rows()[0]?.focus();
  };
  opener.addEventListener("click", () => (list.hidden ? open() : close(true)));
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") close(false);
    else if (to !== undefined && all.length) all[(to + all.length) % all.length].focus();
    else return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
  });
  box.addEventListener("focusout", (event) => {
    if (!list.hidden && event.relatedTarget && !box.contains(event.relatedTarget)) close(false);
  });
  const outside = (event) => { if (!list.hidden && !box.contains(event.target)) close(false); };
  document.addEventListener("pointerdown", outside);
  box.dispose = () => document.removeEventListener("pointerdown", outside);
  return box;
}

function buildRow({ heading, label, note, glyph, run, reason }, done) {
  if (heading) return h("div", { class: "s-v-menu-heading", role: "presentation" }, heading);
  return h(
    "button",
    {
      type: "button", role: "menuitem", class: "s-v-menu-row", title: reason ?? note ?? label, "aria-disabled": reason ? "true" : null,
      onclick: () => { if (!reason) { done(); run(); } },
    },
    glyph ? icon(glyph) : null,
    h("span", { class: "s-v-menu-text" }, h("span", {}, label), reason || note ? h("small", {}, reason ?? note) : null),
  );
}

/** Put a text on the clipboard; where the browser forbids it, show it to be copied by hand. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { readonly: "", rows: "8", "aria-label": t("Text to copy") });
    area.value = text;
    const dialog = h("dialog", { class: "s-dialog" }, h("p", {}, t("Copy this text:")), area, button(t("Close"), { onclick: () => dialog.close() }));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    area.select();
    return false;
  }
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** A canvas that follows the size of its box in device pixels; `draw(context, width, height)` in CSS pixels. */
export function fitCanvas(canvas, draw) {
  let frame = 0;
  const paint = () => {
    frame = 0;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width || !height) return;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, width, height);
  };
  const request = () => { frame ||= requestAnimationFrame(paint); };
  const observer = new ResizeObserver(request);
  observer.observe(canvas);
  return { request, dispose: () => { observer.disconnect(); cancelAnimationFrame(frame); } };
}

/** The value of a theme variable, for what is drawn on a canvas. */
export const themeColour = (element, name, fallback) => getComputedStyle(element).getPropertyValue(name).trim() || fallback;

/** 1:02.5 */
export function formatTime(seconds, digits = 1) {
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

/** 1.4 MB */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value.toFixed(unit && value < 100 ? 1 : 0)} ${units[unit]}`;
}
