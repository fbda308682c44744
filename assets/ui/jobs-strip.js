// What was asked for and what became of it: live rows above, results below. Truth is the queue.

import { StudioElement, api, attempt, h, show, t, thumbnailUrl } from "./core.js";
import { buildRow } from "./jobs-row.js";
import { buildSheet } from "./jobs-sheet.js";

const PAGE = 40;
const ENDED_BADLY = ["failed", "dead"];
const isLive = (job) => job.status === "queued" || job.status === "running";

class Jobs extends StudioElement {
  #jobs = new Map();
  #mine = new Set();
  #hidden = new Set(JSON.parse(sessionStorage.getItem("studio-dismissed") ?? "[]"));
  #openBatches = new Set();
  #due = new Map();
  #shown = "";
  #isRead = false;
  #frame = 0;

  render() {
    this.follow("job", (event) => this.#refresh(event.id));
    this.follow("asset", (event) => event.job && this.#refresh(event.job));
    this.follow("progress", (event) => this.#advance(event));
    this.follow("reset", () => this.#read());
    this.listen(document, "studio:submitted", (event) => this.#welcome(event.detail));
    this.listen(document, "studio:show", (event) => this.#mark(event.detail.id));
    this.listen(document, "studio:key", (event) => this.#obey(event));
    this.#read();
  }

  async #read() {
    const page = await attempt(() => api.get("jobs", { limit: PAGE }));
    if (!page) return;
    this.#isRead = true;
    for (const job of page.items) this.#jobs.set(job.id, job);
    this.#draw();
    const [latest] = this.#listResults();
    const viewer = document.querySelector("#studio-create studio-viewer");
    if (!latest || !viewer || viewer.getAttribute("asset")) return;
    viewer.setAttribute("asset", latest);  // it may not listen yet
    this.#show(latest);
  }

  /** Read a job anew, at most a few times a second. */
  #refresh(id) {
    if (this.#due.has(id)) return;
    this.#due.set(id, setTimeout(async () => {
      this.#due.delete(id);
      const job = await api.get(`jobs/${id}`).catch(() => null);
      if (!job || !this.isConnected) return;
      this.#take(job);
    }, 120));
  }

  #take(job) {
    const had = this.#jobs.get(job.id)?.asset_ids.length ?? 0;
    this.#jobs.set(job.id, job);
    if (this.#mine.has(job.id) && job.asset_ids.length > had && had === 0) show(job.asset_ids[0], { list: this.#listResults() });
    this.#drawSoon();
  }

  #advance({ id, ...progress }) {
    const job = this.#jobs.get(id);
    if (!job) {
      this.#refresh(id);
      return;
    }
    Object.assign(job, progress, { previewed: Date.now() });
    this.#drawSoon();
  }

  #welcome(made) {
    const ids = made.jobs ?? [made.id];
    for (const id of ids) this.#mine.add(id);
    if (made.jobs) {
      this.#openBatches.add(made.id);
      for (const id of ids) this.#refresh(id);
    } else {
      this.#take(made);
    }
    this.scrollIntoView?.({ block: "nearest" });
  }

  #mark(id) {
    this.#shown = id;
    this.#drawSoon();
  }

  #obey(event) {
    if (!this.offsetParent || event.defaultPrevented) return;
    const { action, rating } = event.detail;
    const run = {
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      rate: () => this.#shown && attempt(() => api.post("assets/rate", { ids: [this.#shown], rating })),
      cancel: () => this.#cancelFirst(),
    }[action];
    if (!run) return;
    event.preventDefault();
    run();
  }

  #step(by) {
    const ids = this.#listResults();
    const place = ids.indexOf(this.#shown);
    const next = ids[place < 0 ? 0 : place + by];
    if (next) this.#show(next);
  }

  #show(id) {
    show(id, { list: this.#listResults() });
  }

  #cancelFirst() {
    const live = [...this.#jobs.values()].filter(isLive);
    const job = live.find((one) => one.status === "running" && this.#mine.has(one.id)) ?? live.find((one) => one.status === "running") ?? live[0];
    if (job) this.cancel(job.batch && this.#mine.has(job.id) ? { batch: job.batch } : { ids: [job.id] });
  }

  cancel(which) {
    return attempt(() => api.post("jobs/cancel", which));
  }

  retry(job) {
    return attempt(() => api.post("jobs/retry", { ids: [job.id] }));
  }

  dismiss(job) {
    this.#hidden.add(job.id);
    sessionStorage.setItem("studio-dismissed", JSON.stringify([...this.#hidden].slice(-200)));
    this.#draw();
  }

  #list() {
    return [...this.#jobs.values()].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  #listResults() {
    return this.#list().flatMap((job) => job.asset_ids);
  }

  #drawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    if (!this.#isRead) return;
    const jobs = this.#list();
    const focus = this.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const sheets = [...this.#openBatches].map((batch) => ({ batch, jobs: jobs.filter((job) => job.batch === batch) })).filter((one) => one.jobs.length);
    const inSheets = new Set(sheets.flatMap((one) => one.jobs.map((job) => job.id)));
    const rows = jobs.filter((job) => !inSheets.has(job.id) && !this.#hidden.has(job.id) &&
      (isLive(job) || (ENDED_BADLY.includes(job.status) && Date.now() / 1000 - job.ended < 86400)));
    const results = jobs.filter((job) => job.asset_ids.length);
    document.querySelector("#studio-create")?.classList.toggle("s-is-fresh", !results.length);
    this.replaceChildren(
      ...sheets.map(({ batch, jobs: those }) => buildSheet(those, { shown: this.#shown, close: () => { this.#openBatches.delete(batch); this.#draw(); }, cancel: () => this.cancel({ batch }) })),
      rows.length ? h("div", { class: "s-job-rows", role: "list", "aria-label": t("Jobs") }, rows.slice(0, 12).map((job) => buildRow(job, this))) : "",
      results.length ? this.#buildFilm(results) : "",
      results.length ? "" : this.#buildEmpty());
    if (focus) this.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  #buildFilm(results) {
    const batches = new Set();
    const tiles = results.flatMap((job) => {
      const open = job.batch && !batches.has(job.batch) && results.filter((one) => one.batch === job.batch).length > 1 && !this.#openBatches.has(job.batch)
        ? [this.#buildSheetButton(job.batch)] : [];
      batches.add(job.batch);
      return [...open, ...job.asset_ids.map((id) => this.#buildTile(job, id))];
    });
    return h("div", { class: "s-film", role: "group", "aria-label": t("Recent results") }, tiles.slice(0, 60));
  }

  #buildTile(job, id) {
    return h("button", { type: "button", class: "s-film-tile", draggable: true, "data-key": id, "aria-current": id === this.#shown ? "true" : null, title: job.title,
      "aria-label": t("Show {title}", { title: job.title }), onclick: () => this.#show(id),
      ondragstart: (event) => event.dataTransfer.setData("application/x-studio-assets", JSON.stringify([id])) },
      h("img", { src: thumbnailUrl(id), alt: "", loading: "lazy" }));
  }

  #buildSheetButton(batch) {
    return h("button", { type: "button", class: "s-film-tile s-film-sheet", title: t("Contact sheet of the batch"), onclick: () => { this.#openBatches.add(batch); this.#readBatch(batch); } }, t("Sheet"));
  }

  async #readBatch(batch) {
    const page = await attempt(() => api.get("jobs", { batch, limit: 500 }));
    for (const job of page?.items ?? []) this.#jobs.set(job.id, job);
    this.#draw();
  }

  #buildEmpty() {
    return h("div", { class: "s-empty" },
      h("h2", {}, t("Your results appear here")),
      h("p", {}, t("The form is filled in already: press Generate. Everything you make is kept in the library, with all that is needed to make it again.")));
  }
}

customElements.define("studio-jobs", Jobs);
