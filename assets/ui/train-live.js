// One training: its curves and samples while it learns, its checkpoint when it has.

import { api, attempt, go, h, order, t, toast } from "./core.js";
import { apiUrl, bar, buildReason, button, confirmAction, emptyState, fill, formatDuration, formatTime, icon, showPreview, statusBadge, throttle } from "./queue-format.js";
import { openJob } from "./queue-detail.js";
import { openResult } from "./queue-result.js";
import { Curves } from "./train-curve.js";

const LIVE = new Set(["queued", "running"]);

export class Training {
  #job = null;
  #rows = [];
  #checkpoint = null;
  #users = [];
  #fresh = throttle(() => this.#load(), 1000);
  #figures = throttle(() => this.#loadFigures(), 2000);

  constructor(id, trainers) {
    this.id = id;
    this.trainers = trainers;
    this.curves = new Curves();
    this.head = h("div", { class: "s-p-top" });
    this.sample = h("div", { class: "s-t-sample" });
    this.made = h("div", {});
    this.element = h("div", { class: "s-p-view", "data-job": id }, this.head, this.made,
      h("div", { class: "s-t-columns" }, h("section", { class: "s-q-panel", "aria-label": t("Curves") }, this.curves.element),
        h("section", { class: "s-q-panel", "aria-label": t("Samples") }, h("h3", { class: "s-q-title" }, t("Samples")), this.sample)));
    this.#load();
    this.#loadFigures();
  }

  refresh() {
    this.#fresh();
    this.#figures();
  }

  close() {
    this.#fresh.stop();
    this.#figures.stop();
  }

  hear(type, event) {
    if (event.id !== this.id) return;
    if (type === "progress" && this.#job) {
      Object.assign(this.#job, event);
      this.#drawHead();
      this.#drawSample();
    } else {
      this.#fresh();
    }
    this.#figures();
  }

  async #load() {
    const job = await attempt(() => api.get(`jobs/${this.id}`));
    if (!job) return;
    this.#job = job;
    if (job.asset_ids.length && !this.#checkpoint) {
      [this.#checkpoint, this.#users] = await Promise.all([api.get(`assets/${job.asset_ids[0]}`).catch(() => null), this.#findUsers(job.asset_ids[0]).catch(() => [])]);
    }
    this.#drawHead();
    this.#drawSample();
    this.#drawMade();
  }

  /** The generators that take what was learnt, as the checkpoint itself says. */
  async #findUsers(id) {
    const [{ items }, known] = await Promise.all([api.get("generators"), api.get("checkpoints")]);
    const trainers = new Set(this.trainers.map((trainer) => trainer.id));
    const takers = known.items.find((one) => one.name === id)?.generators ?? [];
    return items.filter((one) => one.checkpoint_from.length && !trainers.has(one.id) && (!takers.length || takers.includes(one.id)));
  }

  async #loadFigures() {
    const after = this.#rows.at(-1)?.step ?? -1;
    const found = await api.get(`jobs/${this.id}/figures`, { after }).catch(() => null);
    if (!found) return;
    // Begun anew, e.g. after a pause: what is known is of another try.
    this.#rows = found.count < this.#rows.length ? [] : [...this.#rows, ...found.items];
    if (found.count && !this.#rows.length) this.#rows = (await api.get(`jobs/${this.id}/figures`)).items;
    this.curves.draw(this.#rows, this.#job && !LIVE.has(this.#job.status));
  }

  #drawHead() {
    const job = this.#job;
    const isLive = LIVE.has(job.status);
    const last = this.#rows.at(-1);
    const facts = [job.generator, job.started ? formatTime(job.started) : t("not started yet"), job.seeds.length ? t("seed {seed}", { seed: job.seeds[0] }) : "", last?.loss !== undefined ? t("loss {loss}", { loss: last.loss.toPrecision(3) }) : ""];
    fill(this.head,
      h("div", { class: "s-q-line" }, h("div", {}, h("h2", { class: "s-p-title" }, this.#checkpoint?.title || job.title), h("div", { class: "s-q-row" }, statusBadge(job.paused ? "paused" : job.status), h("span", { class: "s-q-muted" }, facts.filter(Boolean).join(" · ")))),
        h("div", { class: "s-q-row s-q-wrap" }, ...this.#buildActions(isLive))),
      job.status === "running" ? h("div", {}, bar(job.total ? job.done / job.total : null, t("Progress")), h("div", { class: "s-q-figures" }, h("span", {}, job.total ? t("{done} of {total} steps", { done: job.done, total: job.total }) : t("Loading…")), h("span", { class: "s-q-eta" }, job.eta ? t("{duration} left", { duration: formatDuration(job.eta) }) : ""))) : null,
      job.error ? h("div", { class: "s-q-error", role: "alert" }, h("strong", {}, t("Why it failed")), ...buildReason(job.error)) : null);
  }

  #buildActions(isLive) {
    const job = this.#job;
    const send = (verb) => () => attempt(async () => { await api.post(`jobs/${verb}`, { ids: [job.id] }); await this.#load(); });
    return [
      isLive && this.#canFinish ? button(t("Stop and keep"), () => this.#finish(), { sign: "stop", title: t("Ends it at the next step, with what it has learnt so far as a checkpoint") }) : null,
      isLive ? button(t("Cancel"), () => this.#stop(), { sign: "close", kind: "s-danger" }) : null,
      isLive && job.paused ? button(t("Resume"), send("resume"), { sign: "play" }) : null,
      !isLive && job.status !== "done" ? button(t("Start again"), send("retry"), { sign: "again" }) : null,
      !isLive && this.#checkpoint && this.#trainer?.checkpoint_from.length ? button(t("Continue training"), () => this.#goOn(), { sign: "play" }) : null,
      button(t("Log"), () => openJob(job.id), { kind: "s-quiet" }),
    ].filter(Boolean);
  }

  get #trainer() {
    return this.trainers.find((trainer) => trainer.id === this.#job.generator);
  }

  get #canFinish() {
    return this.#job.status === "running" && "stop_after" in this.#job.params;
  }

  #finish() {
    return attempt(async () => {
      await api.post(`jobs/${this.id}/finish`);
      toast(t("It ends at its next step"));
    });
  }

  async #stop() {
    const text = t("What it has learnt so far is lost.");
    if (this.#job.status === "running" && !(await confirmAction(t("Cancel the training?"), text, t("Cancel the training")))) return;
    await attempt(async () => {
      await api.post("jobs/cancel", { ids: [this.id] });
      await this.#load();
    });
  }

  #goOn() {
    go("train", { trainer: this.#job.generator, from: this.id, start: this.#checkpoint.id });
  }

  #drawSample() {
    const { preview, status } = this.#job;
    const isLive = LIVE.has(status);
    if (preview) {
      showPreview(this.sample, apiUrl(preview), t("Samples of the newest step"));
    } else if (!this.sample.firstChild) {
      this.sample.replaceChildren(emptyState("layers", t("No samples"), isLive ? t("This trainer has shown none yet.") : t("Samples are shown while it learns.")));
    }
  }

  #drawMade() {
    const found = this.#checkpoint;
    if (!found || this.made.dataset.id === found.id) return;
    this.made.dataset.id = found.id;
    const fitting = this.#users;
    const use = (one) => {
      order({ action: "create", generator: one.id, params: { [one.checkpoint_from[0]]: found.id }, inputs: {} });
      toast(t("{title} now uses what you have trained", { title: one.title }));
    };
    this.made.replaceChildren(h("section", { class: "s-q-panel s-t-made", "aria-label": t("Checkpoint") }, icon("check"),
      h("div", { class: "s-q-grow" }, h("strong", {}, found.title), h("p", { class: "s-q-muted" }, t("It is in your library as a checkpoint, and can be chosen wherever one is asked for."))),
      h("div", { class: "s-q-row s-q-wrap" },
        ...fitting.slice(0, 3).map((one, place) => button(fitting.length > 1 ? t("Use it in {title}", { title: one.title }) : t("Use it at once"), () => use(one), { kind: place ? "" : "s-primary" })),
        button(t("Show"), () => openResult(found.id)))));
  }
}
