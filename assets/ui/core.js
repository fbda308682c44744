// The small core every element of the page uses: requests, events, words, moves. No state.

const BASE = new URL("../api/v1/", import.meta.url);

/** What a request failed with; `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message ?? `HTTP ${status}`);
    this.status = status;
    this.field = body?.field ?? "";
  }
}

async function request(method, path, { params, body, headers = {}, signal } = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const one of [value].flat()) {
      if (one !== "" && one !== null && one !== undefined) url.searchParams.append(name, one);
    }
  }
  const isForm = body instanceof FormData;
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: { "X-Studio": "1", ...(body && !isForm ? { "Content-Type": "application/json" } : {}), ...headers },
    body: body && !isForm ? JSON.stringify(body) : body,
    signal,
  });
  const isJson = response.headers.get("content-type")?.includes("json");
  const data = isJson ? await response.json() : await response.text();
  if (!response.ok) throw new ApiError(response.status, data);
  return data;
}

export const api = {
  get: (path, params, signal) => request("GET", path, { params, signal }),
  post: (path, body = {}, headers) => request("POST", path, { body, headers }),
  put: (path, body = {}) => request("PUT", path, { body }),
  patch: (path, body = {}) => request("PATCH", path, { body }),
  delete: (path, params) => request("DELETE", path, { params }),
};

export const fileUrl = (id, name = "main") => new URL(`assets/${id}/files/${encodeURIComponent(name)}`, BASE).href;
export const thumbnailUrl = (id) => new URL(`assets/${id}/thumbnail`, BASE).href;

// ---- events: one connection for the page; it goes on where it was after a break.

const listeners = new Map();
let source = null;

function connect() {
  source = new EventSource(new URL("events", BASE));
  for (const type of ["job", "progress", "asset", "worker", "run", "reset"]) {
    source.addEventListener(type, (event) => emit(type, JSON.parse(event.data)));
  }
}

function emit(type, data) {
  for (const listen of [...(listeners.get(type) ?? [])]) listen(data);
}

/** Call `listen(data)` on each event of a type; "reset" means: read everything anew. */
export function on(type, listen) {
  if (!source) connect();
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(listen);
  return () => listeners.get(type).delete(listen);
}

// ---- words: English text is the key.

export const language = (navigator.language || "en").slice(0, 2).toLowerCase();
let table = {};
export const wordsReady = language === "en" ? Promise.resolve() : api.get(`texts/${language}`).then((found) => { table = found; }, () => {});

/** Translate a text, then fill in its {values}. */
export function t(text, values = {}) {
  return (table[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// ---- moves: what one element asks of the rest of the page.

/** Open a tab; `params` stay in the address, so that a reload shows the same. */
export function go(tab, params = {}) {
  const query = new URLSearchParams(params).toString();
  location.hash = query ? `${tab}?${query}` : tab;
}

/** Ask a form for something: {action: "create", generator, inputs: {slot: [ids]}, params, seed}. */
export function order(what) {
  const box = document.querySelector("#studio-order textarea, #studio-order input");
  box.value = JSON.stringify({ ...what, at: Date.now() });
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Show a result anywhere in the page: the viewer listens. `list`: ids among which it has a next and a previous. */
export function show(id, { list = null } = {}) {
  document.dispatchEvent(new CustomEvent("studio:show", { detail: { id, list } }));
}

// ---- building

/** Make an element: h("button", {class: "primary", onclick}, "Text", child). Text is never markup. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Say something in a corner for a while. `kind`: "info" or "error"; `action`: {label, run} of a button in it. */
export function toast(text, kind = "info", action = null) {
  let tray = document.querySelector("#studio-toasts");
  if (!tray) {
    tray = h("div", { id: "studio-toasts", role: "status", "aria-live": "polite" });
    document.body.append(tray);
  }
  const note = h("div", { class: `studio-toast ${kind}` }, text);
  if (action) note.append(h("button", { type: "button", onclick: () => { note.remove(); action.run(); } }, action.label));
  tray.append(note);
  setTimeout(() => note.remove(), kind === "error" || action ? 9000 : 4000);
}

/** Run an action of the user's; what fails is said, not thrown. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    toast(error instanceof ApiError ? error.message : String(error), "error");
    return undefined;
  }
}

/** Base of the page's elements: `render()` when connected, once the words are there; `follow()` events until gone. */
export class StudioElement extends HTMLElement {
  #leave = [];

  connectedCallback() {
    wordsReady.then(() => this.isConnected && this.render());
  }

  disconnectedCallback() {
    for (const leave of this.#leave.splice(0)) leave();
  }

  follow(type, listen) {
    this.#leave.push(on(type, listen));
  }

  listen(target, type, heard) {
    target.addEventListener(type, heard);
    this.#leave.push(() => target.removeEventListener(type, heard));
  }

  render() {}
}
