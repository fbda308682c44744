// What waits, in order: 10,000 rows or more, of which only those in sight are built and asked for.

import { api, attempt, h, t, toast } from "./core.js";
import { bar, confirmAction, formatAge, formatDuration, iconButton, namePriority } from "./queue-format.js";
import { openJob } from "./queue-detail.js";

const ROW = 48;
const PAGE = 100;
const AROUND = 8;
const CLASSES = ["interactive", "normal", "batch"];

export class WaitingList {
  #pages = new Map();
  #asked = new Set();
  #total = 0;
  #jobs = 0;
  #version = 0;
  #dragged = null;
  #isPressed = false;
  #rows = new Map();

  constructor() {
    this.body = h("div", { class: "s-q-rows", role: "list", "aria-label": t("Waiting jobs") });
    this.scroll = h("div", { class: "s-q-scroll", tabindex: "0", "aria-label": t("Waiting jobs, in the order in which they will run"), onscroll: () => this.#draw() }, this.body);
    this.count = h("span", { class: "s-q-count" });
    this.done = h("span", { class: "s-q-muted" });
    this.element = h("section", { "aria-label": t("Waiting jobs") }, h("h2", { class: "s-q-title" }, t("Waiting"), this.count, this.done), this.scroll);
    new ResizeObserver(() => this.#draw()).observe(this.scroll);
    // A row replaced under a pressed pointer would lose the click, or the drag that begins there.
    this.body.addEventListener("pointerdown", (event) => { this.#isPressed = !event.target.closest("select"); });
    for (const type of ["pointerup", "pointercancel"]) {
      window.addEventListener(type, () => this.#isPressed && setTimeout(() => this.#release()));
    }
  }

  /** Read anew what is in sight; what is not is read when it comes there. */
  async refresh() {
    this.#version += 1;
    this.#asked.clear();
    const [first, last] = this.#findRange();
    const pages = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) pages.push(page);
    for (const page of this.#pages.keys()) if (!pages.includes(page)) this.#pages.delete(page);
    await Promise.all(pages.map((page) => this.#load(page)));
    this.#draw();
  }

  async #load(page) {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const version = this.#version;
    const found = await api.get("queue", { start: page * PAGE, limit: PAGE }).catch(() => null);
    if (!found || version !== this.#version) return;
    this.#pages.set(page, found.items);
    this.#total = found.total;
    this.#jobs = found.jobs;
    this.count.textContent = found.jobs.toLocaleString();
    this.done.textContent = found.seconds ? t("all done in about {duration}", { duration: formatDuration(found.seconds) }) : "";
    this.#draw();
  }

  #findRange() {
    const top = Math.floor(this.scroll.scrollTop / ROW);
    const fits = Math.ceil((this.scroll.clientHeight || 480) / ROW);
    return [Math.max(0, top - AROUND), Math.max(0, top + fits + AROUND)];
  }

  #draw() {
    this.element.hidden = !this.#total;
    this.body.style.height = `${this.#total * ROW}px`;
    if (this.#dragged || this.#isPressed) return;
    const [first, last] = this.#findRange();
    const focus = this.body.contains(document.activeElement) ? [document.activeElement.closest(".s-q-item")?.dataset.key, document.activeElement.getAttribute("aria-label")] : null;
    const rows = [];
    for (let place = first; place < Math.min(last, this.#total); place += 1) {
      const page = Math.floor(place / PAGE);
      const items = this.#pages.get(page);
      if (!items) this.#load(page);
      else if (items[place % PAGE]) rows.push(this.#findRow(items[place % PAGE], place));
    }
    this.#rows = new Map(rows.map((row) => [row.element.dataset.key, row]));
    this.#place(rows.map((row) => row.element));
    if (focus?.[1]) this.body.querySelector(`[data-key="${focus[0]}"] [aria-label="${CSS.escape(focus[1])}"]`)?.focus({ preventScroll: true });
  }

  /** What is shown already is kept: an open choice or a pointer over it stays. */
  #findRow(item, place) {
    const says = JSON.stringify([item, place, formatAge(item.created)]);
    const kept = this.#rows.get(item.key);
    return kept?.says === says ? kept : { says, element: this.#buildRow(item, place) };
  }

  #place(elements) {
    const shown = new Set(elements);
    for (const old of [...this.body.children]) if (!shown.has(old)) old.remove();
    elements.forEach((element, place) => {
      if (this.body.children[place] !== element) this.body.insertBefore(element, this.body.children[place] ?? null);
    });
  }

  #release() {
    this.#isPressed = false;
    this.#draw();
  }

  #buildRow(row, place) {
    const target = row.batch ? { batch: row.batch } : { ids: [row.id] };
    const isBatch = Boolean(row.batch);
    const name = isBatch ? t("Batch of {count} jobs", { count: row.in_batch ?? row.count }) : row.title;
    const element = h("div", {
      class: `s-q-item${row.paused ? " s-is-paused" : ""}`, role: "listitem", "data-key": row.key, "data-job": row.id, draggable: true,
      style: `transform: translateY(${place * ROW}px)`, ondragstart: (event) => this.#drag(event, row),
      ondragover: (event) => this.#hover(event, row, element), ondragleave: () => element.classList.remove("s-is-target"),
      ondrop: (event) => this.#drop(event, row), ondragend: () => this.#endDrag(),
    },
    h("span", { class: "s-q-grip", "aria-hidden": "true" }, String(place + 1)),
    h("div", { class: "s-q-name" },
      h("button", { type: "button", class: "s-q-link", onclick: () => openJob(row.id) }, name),
      h("span", { class: "s-q-muted" }, [isBatch ? row.title : row.generator, row.user, formatAge(row.created)].filter(Boolean).join(" · "))),
    isBatch ? this.#buildBatchBar(row) : h("span"),
    h("span", { class: "s-q-eta" }, row.paused ? t("Paused") : row.eta ? t("in {duration}", { duration: formatDuration(row.eta) }) : ""),
    this.#buildClass(row, target),
    this.#buildTools(row, target, name));
    return element;
  }

  #buildBatchBar(row) {
    const done = row.ended ?? 0;
    const all = row.in_batch || row.count;
    return h("div", { class: "s-q-batch" }, bar(done / all, t("Progress of the batch")), h("span", { class: "s-q-muted" }, `${done}/${all}`));
  }

  #buildClass(row, target) {
    const choose = h("select", { class: "s-q-select", "aria-label": t("Priority"), onchange: () => this.#send("priority", { ...target, priority: choose.value }) },
      ...CLASSES.map((name) => h("option", { value: name, selected: name === row.priority }, namePriority(name))));
    return choose;
  }

  #buildTools(row, target, name) {
    const pause = row.paused
      ? iconButton("play", t("Let {name} go on", { name }), () => this.#send("resume", target))
      : iconButton("pause", t("Pause {name}", { name }), () => this.#send("pause", target));
    return h("div", { class: "s-q-row s-q-tight" },
      iconButton("first", t("Move {name} to the front", { name }), () => this.#send("first", target)),
      iconButton("last", t("Move {name} to the end", { name }), () => this.#send("last", target)),
      pause, iconButton("close", t("Cancel {name}", { name }), () => this.#cancel(row, target)));
  }

  async #cancel(row, target) {
    if (row.count > 20) {
      const text = t("{count} jobs of this batch wait; what is made already is kept.", { count: row.count });
      if (!(await confirmAction(t("Cancel the batch?"), text, t("Cancel the batch")))) return;
    }
    await this.#send("cancel", target);
  }

  #send(verb, body) {
    this.#rows.clear(); // a choice that is refused must not stay as it was chosen
    return attempt(async () => {
      const { count } = await api.post(`jobs/${verb}`, body);
      if (!count) toast(t("Too late: the job has started or ended"));
      document.dispatchEvent(new CustomEvent("studio:queue"));
      await this.refresh();
    });
  }

  #drag(event, row) {
    this.#dragged = row;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.id);
  }

  #hover(event, row, element) {
    if (!this.#dragged || this.#dragged.key === row.key) return;
    event.preventDefault();
    element.classList.add("s-is-target");
  }

  async #drop(event, row) {
    event.preventDefault();
    event.currentTarget.classList.remove("s-is-target");
    const moved = this.#dragged;
    this.#endDrag();
    if (!moved || moved.key === row.key) return;
    const target = moved.batch ? { batch: moved.batch } : { ids: [moved.id] };
    if (moved.priority !== row.priority) await attempt(() => api.post("jobs/priority", { ...target, priority: row.priority }));
    await attempt(() => api.post("queue/move", { ...target, before: row.id }));
    await this.refresh();
  }

  #endDrag() {
    this.#dragged = null;
    this.#release();
  }
}
