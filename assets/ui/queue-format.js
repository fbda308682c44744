// How figures, states and times are said; small pieces that the queue, pipelines, training and system share.

import { h, t } from "./core.js";
import { buildSound, isSound } from "./jobs-sound.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const API = new URL("../api/v1/", import.meta.url);

const PATHS = {
  pause: "M6 3.5v9M10 3.5v9",
  play: "M5 3.2v9.6l7.6-4.8z",
  close: "M4 4l8 8M12 4l-8 8",
  first: "M3 2.5h10M8 13.5V5.5M4.8 8.5 8 5.4l3.2 3.1",
  last: "M3 13.5h10M8 2.5v8M4.8 7.5 8 10.6l3.2-3.1",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v2.6h-2.6",
  grip: "M6 4v.1M10 4v.1M6 8v.1M10 8v.1M6 12v.1M10 12v.1",
  check: "M3.5 8.4 6.8 11.6 12.6 4.8",
  warn: "M8 2.2 14.4 13.4H1.6zM8 6.6v3.2M8 11.6v.1",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.4 1.6",
  layers: "M8 2 14 5.2 8 8.4 2 5.2zM2 8.2l6 3.2 6-3.2M2 11.2l6 3.2 6-3.2",
  download: "M8 2.5v8M4.8 7.5 8 10.6l3.2-3.1M2.5 13.5h11",
  upload: "M8 10.5v-8M4.8 5.5 8 2.4l3.2 3.1M2.5 13.5h11",
  back: "M9.8 3.5 5.4 8l4.4 4.5",
  arrow: "M2.5 8h10.5M9.4 4.4 13 8l-3.600 3.600",
  plus: "M8 3v10M3 8h10",
  edit: "M3 13l.8-3L11 2.800 13.200 5 6 12.200z",
  trash: "M3 4.500h10M6.500 4.500V2.800h3v1.700M4.500 4.500l.7 8.700h5.600l.7-8.700",
  steps: "M1.800 5.500h4.400v5H1.800zM9.800 5.500h4.400v5H9.800zM6.200 8h3.600",
  curve: "M2.500 2.500v11h11M4.500 5c1.500 4.500 4 5.500 8.500 5.800",
  plug: "M5.500 2v3.500M10.500 2v3.500M3.500 5.500h9v2a4.500 4.500 0 0 1-9 0zM8 12v2.500",
  folder: "M2 4h4.200l1.400 1.600H14v7.400H2z",
  stop: "M4.500 4.500h7v7h-7z",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
};

/** A pictogram, hidden from screen readers: what it stands in has a name. */
export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, "svg");
  const attributes = { viewBox: "0 0 16 16", width: "16", height: "16", fill: "none", stroke: "currentColor",
    "stroke-width": "1.4", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: "s-icon" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}

/** Replace what is in an element; what is null or false is left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** A small square button with a pictogram; `text` names it. */
export function iconButton(name, text, onclick, props = {}) {
  return h("button", { type: "button", class: "s-icon-button", title: text, "aria-label": text, onclick, ...props }, icon(name));
}

/** A button with words and perhaps a pictogram. `kind`: "", "s-primary", "s-danger", "s-quiet". */
export function button(text, onclick, { kind = "", sign = "", ...props } = {}) {
  return h("button", { type: "button", class: `s-button ${kind}`.trim(), onclick, ...props }, sign && icon(sign), h("span", {}, text));
}

/** A bar; `share` 0..1, or null where nobody knows. */
export function bar(share, label, kind = "") {
  const known = share !== null && share !== undefined && Number.isFinite(share);
  const percent = known ? Math.max(0, Math.min(100, share * 100)) : 0;
  return h("div", {
    class: `s-q-bar ${kind}${known ? "" : " s-is-unknown"}`.trim(), role: "progressbar", "aria-label": label,
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": known ? String(Math.round(percent)) : null,
  }, h("div", { style: `width: ${percent}%` }));
}

/** Show the newest preview in a box: one picture is fetched at a time, those between are left out. */
export function showPreview(box, source, alt) {
  box.wantedPreview = source;
  if (isSound(source)) {
    if (box.shownPreview !== source) box.replaceChildren(buildSound(source, "s-q-sound"));
    box.shownPreview = source;
    return;
  }
  if (box.isFetching || !source || box.shownPreview === source) return;
  box.isFetching = true;
  const image = new Image();
  const go = () => { box.isFetching = false; showPreview(box, box.wantedPreview, alt); };
  image.alt = alt;
  image.onload = () => { box.replaceChildren(image); go(); };
  image.onerror = go; // it is gone: the job has ended
  box.shownPreview = source;
  image.src = source;
}

/** Address below the API, as an absolute one. */
export const apiUrl = (path) => new URL(path, API).href;

export function formatDuration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 1) return t("under 1 s");
  if (seconds < 90) return t("{count} s", { count: Math.round(seconds) });
  if (seconds < 5400) return t("{count} min", { count: Math.round(seconds / 60) });
  if (seconds < 172800) return t("{count} h", { count: (seconds / 3600).toFixed(1) });
  return t("{count} days", { count: Math.round(seconds / 86400) });
}

export function formatBytes(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (value < 1024) return `${value < 10 && unit !== "B" ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}

/** Unix seconds -> "14:03:11" of today, else with the day. */
export function formatTime(seconds) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { year: "numeric", month: "short", day: "numeric" };
  return date.toLocaleString(navigator.language, { ...day, hour: "2-digit", minute: "2-digit", second: isToday ? "2-digit" : undefined });
}

/** How long ago. */
export function formatAge(seconds) {
  const age = Date.now() / 1000 - seconds;
  return age < 5 ? t("just now") : t("{duration} ago", { duration: formatDuration(age) });
}

export function nameStatus(status) {
  return {
    queued: t("Waiting"), running: t("Running"), done: t("Done"), failed: t("Failed"),
    cancelled: t("Cancelled"), dead: t("Given up"), paused: t("Paused"), skipped: t("Skipped"), waiting: t("Waiting"),
  }[status] ?? status;
}

export function namePriority(priority) {
  return { interactive: t("Interactive"), normal: t("Normal"), batch: t("Batch") }[priority] ?? priority;
}

/** Why something ended badly, and what to do about it: a line each. */
export function buildReason({ fault, remedy }) {
  return [h("p", { class: "s-q-reason" }, fault), remedy ? h("p", { class: "s-q-remedy" }, t("What to do: {remedy}", { remedy })) : null];
}

/** A coloured word for a state. */
export function statusBadge(status) {
  return h("span", { class: "s-q-badge", "data-status": status }, nameStatus(status));
}

/** Call `action` at most once in `gap` ms, the last call always. */
export function throttle(action, gap) {
  let due = 0;
  let last = 0;
  const run = () => { due = 0; last = Date.now(); action(); };
  const call = () => { if (!due) due = setTimeout(run, Math.max(0, last + gap - Date.now())); };
  call.stop = () => { clearTimeout(due); due = 0; };
  return call;
}

/** An empty state: what would be here, and how to get it there. */
export function emptyState(sign, title, text, ...actions) {
  return h("div", { class: "s-q-empty" }, icon(sign), h("h3", {}, title), h("p", {}, text), actions.length ? h("div", { class: "s-q-row" }, ...actions) : null);
}

/** Ask before something that cannot be taken back. */
export function confirmAction(title, text, yes) {
  return new Promise((resolve) => {
    const finish = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    const dialog = h("dialog", { class: "s-dialog s-q-dialog", "aria-label": title },
      h("h2", {}, title), h("p", {}, text),
      h("div", { class: "s-q-row s-q-end" },
        button(t("Go back"), () => finish(false)), button(yes, () => finish(true), { kind: "s-primary s-danger" })));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); finish(false); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** The params in the address, where it names this tab. */
export function readParams(tab) {
  const [name, query = ""] = location.hash.slice(1).split("?");
  return name === tab ? Object.fromEntries(new URLSearchParams(query)) : null;
}

/** Is the element on the screen, i.e. is its tab open? */
export const isSeen = (element) => element.offsetParent !== null;
