// Import: a queue of uploads in a corner, with progress, and with the reason where one is refused.

import { ApiError, attempt, h, t } from "./core.js";
import { planUploads, readDrop, readField } from "./import-plan.js";
import { DRAG_TYPE } from "./library-gestures.js";
import { icon } from "./library-icons.js";
import { checkSize } from "./upload-limit.js";

const BASE = new URL("../api/v1/", import.meta.url);
const AT_ONCE = 2;
const SHOWN = 200; // rows of the list

export class Importer {
  #waiting = [];
  #running = new Set();
  #rows = 0;

  /** `host` is the element to drop on; `done(assets)` is told when the queue is empty; `open(id)` shows one. */
  constructor(host, { done, open }) {
    Object.assign(this, { host, done, open });
    this.#clearCounts();
    this.list = h("ul", { class: "s-lib-import-list" });
    this.head = h("strong", { role: "status" });
    this.bar = h("progress", { max: "1", value: "0", "aria-label": t("Import") });
    this.stop = h("button", { type: "button", class: "s-lib-link", onclick: () => this.cancel() }, t("Cancel"));
    const close = h("button", { type: "button", class: "s-icon-button", "aria-label": t("Close"), onclick: () => this.#close() }, icon("close"));
    this.root = h("section", { class: "s-lib-import", "aria-label": t("Import") }, h("header", {}, this.head, this.stop, close), this.bar, this.list);
    this.root.hidden = true;
    this.veil = h("div", { class: "s-lib-veil", "aria-hidden": "true" }, h("div", {}, icon("upload"), h("strong", {}, t("Drop to import")), h("span", {}, t("Pictures, sounds, scores, videos; a folder of maps becomes one texture; bundles are unpacked."))));
    this.veil.hidden = true;
    this.files = this.#buildField({});
    this.folder = this.#buildField({ webkitdirectory: true });
    host.append(this.root, this.veil, this.files, this.folder);
  }

  #buildField(props) {
    const field = h("input", { type: "file", multiple: true, class: "s-lib-file-field", tabindex: "-1", "aria-hidden": "true", ...props });
    field.addEventListener("change", () => { this.add(readField(field.files)); field.value = ""; });
    return field;
  }

  /** Listen for files dropped on the tab or pasted; `listen` is the element's own. */
  start(listen) {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && !event.dataTransfer.types.includes(DRAG_TYPE);
    listen(this.host, "dragover", (event) => { if (hasFiles(event)) { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; this.veil.hidden = false; } });
    listen(this.host, "dragleave", (event) => { if (!this.host.contains(event.relatedTarget)) this.veil.hidden = true; });
    listen(this.host, "drop", async (event) => {
      this.veil.hidden = true;
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      this.add(await attempt(() => readDrop(event.dataTransfer)) ?? []);
    });
    listen(document, "paste", (event) => {
      const isText = event.target.closest?.("input, textarea, [contenteditable]");
      if (isText || !this.host.offsetParent || !event.clipboardData?.files.length) return;
      event.preventDefault();
      this.add(readField(event.clipboardData.files));
    });
  }

  /** Upload [{file, folder}]. */
  async add(found) {
    const uploads = await planUploads(found);
    if (!uploads.length) return;
    if (!this.#running.size && !this.#waiting.length) this.#clearCounts();
    this.root.hidden = false;
    this.total += uploads.length;
    this.#waiting.push(...uploads);
    this.#show();
    while (this.#running.size < AT_ONCE && this.#waiting.length) this.#next();
  }

  #clearCounts() {
    Object.assign(this, { total: 0, ended: 0, added: 0, known: 0, failed: 0, made: [] });
    this.list?.replaceChildren();
    this.#rows = 0;
  }

  async #next() {
    const upload = this.#waiting.shift();
    const row = this.#addRow(upload);
    this.#running.add(upload);
    try {
      await checkSize(upload.files);
      const { items, started } = await this.#send(upload, row);
      const isKnown = items.length > 0 && items.every((asset) => asset.created < started);
      this.made.push(...items);
      if (isKnown) this.known += 1;
      else this.added += items.length;
      const text = isKnown ? t("Already in the library") : upload.isBundle ? t("{count} assets", { count: items.length }) : upload.files.length > 1 ? t("Texture of {count} maps", { count: upload.files.length }) : t("Imported");
      row.finish(isKnown ? "known" : "good", text, items[0]);
    } catch (error) {
      this.failed += 1;
      row.finish("bad", error.name === "AbortError" ? t("Cancelled") : error.message);
    }
    this.#running.delete(upload);
    this.ended += 1;
    this.#show();
    if (this.#waiting.length) this.#next();
    else if (!this.#running.size) this.#finish();
  }

  #send(upload, row) {
    return new Promise((resolve, reject) => {
      const form = new FormData();
      for (const file of upload.files) form.append(upload.isBundle ? "file" : "files", file, file.name);
      if (upload.files.length > 1) form.append("title", upload.name);
      const sender = new XMLHttpRequest();
      upload.abort = () => sender.abort();
      sender.open("POST", new URL(upload.isBundle ? "assets/bundle" : "assets", BASE));
      sender.setRequestHeader("X-Studio", "1");
      sender.responseType = "json";
      sender.upload.addEventListener("progress", (event) => event.lengthComputable && row.progress(event.loaded / event.total));
      sender.addEventListener("load", () => {
        if (sender.status < 200 || sender.status > 299) reject(new ApiError(sender.status, sender.response));
        else resolve({ items: sender.response.items, started: readStart(sender, begun) });
      });
      sender.addEventListener("error", () => reject(new Error(t("The server does not answer."))));
      sender.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      const begun = performance.now();
      sender.send(form);
    });
  }

  #addRow(upload) {
    const note = h("span", { class: "s-lib-import-note" }, "0 %");
    const name = h("span", { class: "s-lib-import-name", dir: "auto" }, upload.name);
    const row = h("li", {}, icon(upload.isBundle ? "archive" : upload.files.length > 1 ? "texture" : "upload"), name, note);
    if ((this.#rows += 1) <= SHOWN) this.list.append(row);
    row.scrollIntoView?.({ block: "nearest" });
    return {
      progress: (part) => { note.textContent = part < 1 ? `${Math.floor(part * 100)} %` : t("Reading…"); },
      finish: (kind, text, asset) => {
        row.className = `s-lib-import-${kind}`;
        row.firstChild.replaceWith(icon(kind === "bad" ? "warn" : "check"));
        note.textContent = text;
        if (!row.isConnected && kind === "bad") this.list.append(row);
        if (asset) name.replaceWith(h("button", { type: "button", class: "s-lib-import-name s-lib-link", dir: "auto", onclick: () => this.open(asset.id) }, upload.name));
      },
    };
  }

  #show() {
    const isBusy = this.ended < this.total;
    this.bar.value = this.total ? this.ended / this.total : 0;
    this.bar.hidden = this.stop.hidden = !isBusy;
    const parts = [
      this.added && t("{count} imported", { count: this.added }),
      this.known && t("{count} already there", { count: this.known }),
      this.failed && t("{count} refused", { count: this.failed }),
    ].filter(Boolean);
    this.head.textContent = isBusy ? t("Importing {done} of {total}", { done: this.ended + 1, total: this.total }) : parts.join(", ");
  }

  #finish() {
    this.#show();
    this.done(this.made);
    clearTimeout(this.timer);
    if (!this.failed) this.timer = setTimeout(() => { if (this.ended === this.total) this.root.hidden = true; }, 6000);
  }

  cancel() {
    this.failed += this.#waiting.length;
    this.ended += this.#waiting.length;
    this.#waiting.length = 0;
    for (const upload of this.#running) upload.abort?.();
    this.#show();
  }

  #close() {
    this.cancel();
    this.root.hidden = true;
  }
}

/** When the request began, by the server's clock (in whole seconds, so a little earlier). */
function readStart(sender, begun) {
  const date = Date.parse(sender.getResponseHeader("date") ?? "");
  const now = Number.isNaN(date) ? Date.now() : date;
  return (now - (performance.now() - begun)) / 1000 - 1.5;
}
