// What runs now: a card a job, moved on by progress events without asking the server.

import { api, attempt, go, h, t, thumbnailUrl } from "./core.js";
import { apiUrl, bar, button, emptyState, fill, formatDuration, icon, iconButton, namePriority, showPreview } from "./queue-format.js";
import { openJob } from "./queue-detail.js";

export class RunningList {
  #cards = new Map();
  #waiting = 0;

  constructor() {
    this.list = h("div", { class: "s-q-cards" });
    this.element = h("section", { "aria-label": t("Running jobs") }, h("h2", { class: "s-q-title" }, t("Running")), this.list);
  }

  /** Show these jobs; `waiting`: how many more there are. */
  set(jobs, waiting) {
    this.#waiting = waiting;
    const seen = new Set(jobs.map((job) => job.id));
    for (const [id, card] of this.#cards) {
      if (!seen.has(id)) { card.element.remove(); this.#cards.delete(id); }
    }
    for (const job of jobs) {
      const card = this.#cards.get(job.id) ?? new Card(job);
      this.#cards.set(job.id, card);
      card.update(job);
      if (!card.element.isConnected || card.element.parentNode !== this.list) this.list.append(card.element);
    }
    this.list.querySelector(".s-q-empty")?.remove();
    if (!jobs.length) this.list.append(this.#buildEmpty());
  }

  advance(event) {
    this.#cards.get(event.id)?.update(event);
  }

  #buildEmpty() {
    if (this.#waiting) return emptyState("clock", t("Nothing runs at the moment"), t("The next job starts as soon as a worker is free, unless everything that waits is paused."));
    return emptyState("layers", t("The queue is empty"), t("Every picture, texture or sound you ask for becomes a job here. Jobs go on when you close this page, and after a restart."),
      button(t("Create something"), () => go("create"), { kind: "s-primary" }), button(t("Run a pipeline"), () => go("pipelines")));
  }
}

class Card {
  constructor(job) {
    this.job = job;
    this.picture = h("div", { class: "s-q-preview" }, icon("clock"));
    this.name = h("button", { type: "button", class: "s-q-link", onclick: () => openJob(this.job.id) });
    this.facts = h("div", { class: "s-q-facts" });
    this.slot = h("div");
    this.figures = h("div", { class: "s-q-figures" });
    const send = (verb) => () => attempt(async () => {
      await api.post(`jobs/${verb}`, { ids: [this.job.id] });
      document.dispatchEvent(new CustomEvent("studio:queue"));
    });
    this.element = h("article", { class: "s-q-card", "data-job": job.id }, this.picture,
      h("div", { class: "s-q-body" }, h("div", { class: "s-q-line" }, this.name,
        h("div", { class: "s-q-row" }, iconButton("pause", t("Pause this job"), send("pause")), iconButton("close", t("Cancel this job"), send("cancel")))),
      this.facts, this.slot, this.figures));
  }

  update(news) {
    const job = Object.assign(this.job, news);
    this.name.textContent = job.title || job.generator;
    const parts = [job.generator, job.checkpoint, namePriority(job.priority), job.device ?? job.user].filter(Boolean);
    this.facts.textContent = parts.join(" · ");
    const share = job.total ? job.done / job.total : null;
    this.slot.replaceChildren(bar(share, t("Progress of {title}", { title: job.title || job.generator })));
    const made = job.asset_ids?.length ?? 0;
    fill(this.figures,
      h("span", {}, job.total ? t("{done} of {total} steps", { done: job.done, total: job.total }) : t("Loading…")),
      job.seeds?.length > 1 ? h("span", {}, t("{done} of {total} results", { done: made, total: job.seeds.length })) : null,
      h("span", { class: "s-q-eta" }, job.eta ? t("{duration} left", { duration: formatDuration(job.eta) }) : ""));
    this.#drawPreview(news.preview, made);
  }

  #drawPreview(preview, made) {
    const source = preview ? apiUrl(preview) : made && !this.picture.shownPreview ? thumbnailUrl(this.job.asset_ids[made - 1]) : "";
    showPreview(this.picture, source, t("How far it is"));
  }
}
