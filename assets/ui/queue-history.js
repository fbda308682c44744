// What has ended: newest first, a page at a time; a failed job says why and what to do.

import { api, attempt, go, h, show, t, thumbnailUrl, toast } from "./core.js";
import { buildReason, button, emptyState, formatAge, formatDuration, iconButton, statusBadge } from "./queue-format.js";
import { openJob } from "./queue-detail.js";

const STATUSES = { done: ["done"], failed: ["failed", "dead"], all: ["done", "failed", "dead", "cancelled"] };
const PAGE = 50;
const SHOWN = 6;

export class History {
  #view = "done";
  #jobs = [];
  #next = null;
  #turn = 0;

  constructor() {
    this.list = h("div", { class: "s-q-past", role: "group", "aria-label": t("Jobs that have ended") });
    this.more = button(t("Show more"), () => attempt(() => this.#load(true)));
    this.element = h("section", {}, this.list, h("div", { class: "s-q-row s-q-centre" }, this.more));
  }

  choose(view) {
    this.#view = view;
    this.#jobs = [];
    this.list.replaceChildren();
    this.more.hidden = true;
    this.#load(false);
  }

  /** Take in what has ended meanwhile; what was paged in stays. */
  refresh() {
    if (this.#jobs.length <= PAGE) this.#load(false);
    else this.#merge();
  }

  async #load(isMore) {
    this.#turn += 1;
    const turn = this.#turn;
    const page = await api.get("jobs", { status: STATUSES[this.#view], limit: PAGE, before: isMore ? this.#next : "" }).catch(() => null);
    if (!page || turn !== this.#turn) return;
    this.#next = page.next;
    this.#jobs = isMore ? [...this.#jobs, ...page.items] : page.items;
    this.#draw();
  }

  async #merge() {
    const page = await api.get("jobs", { status: STATUSES[this.#view], limit: PAGE }).catch(() => null);
    if (!page) return;
    const known = new Set(page.items.map((job) => job.id));
    this.#jobs = [...page.items, ...this.#jobs.filter((job) => !known.has(job.id))];
    this.#draw();
  }

  #draw() {
    const focus = document.activeElement?.closest?.("[data-job]")?.dataset.job;
    this.more.hidden = !this.#next;
    this.list.replaceChildren(...(this.#jobs.length ? this.#jobs.map((job) => this.#buildRow(job)) : [this.#buildEmpty()]));
    if (focus && this.list.isConnected) this.list.querySelector(`[data-job="${focus}"] button`)?.focus({ preventScroll: true });
  }

  #buildEmpty() {
    if (this.#view === "failed") return emptyState("check", t("Nothing has failed"), t("If a job fails, it stays here with the reason and with what to do about it. It can be retried without losing what it made."));
    return emptyState("clock", t("Nothing has ended yet"), t("Jobs that are done are listed here with what they made."), button(t("Create something"), () => go("create"), { kind: "s-primary" }));
  }

  #buildRow(job) {
    const isBad = job.status !== "done";
    const took = job.started && job.ended ? formatDuration(job.ended - job.started) : "";
    return h("div", { class: "s-q-ended", role: "listitem", "data-job": job.id, "data-status": job.status },
      h("div", { class: "s-q-ended-head" }, statusBadge(job.status),
        h("div", { class: "s-q-name" },
          h("button", { type: "button", class: "s-q-link", onclick: () => openJob(job.id) }, job.title || job.generator),
          h("span", { class: "s-q-muted" }, [job.generator, job.user, job.ended ? formatAge(job.ended) : "", took].filter(Boolean).join(" · "))),
        buildThumbnails(job),
        isBad ? iconButton("again", t("Retry this job"), () => retryJob(job.id)) : h("span", { class: "s-q-gap" })),
      ...(job.error ? buildReason(job.error) : []));
  }
}

/** Small pictures of what a job made; each opens the result. */
export function buildThumbnails(job, most = SHOWN) {
  const shown = job.asset_ids.slice(0, most);
  const left = job.asset_ids.length - shown.length;
  return h("div", { class: "s-q-thumbs" },
    ...shown.map((id) => h("button", { type: "button", class: "s-q-thumb", title: t("Show this result"), "aria-label": t("Show this result"), onclick: () => show(id) },
      h("img", { src: thumbnailUrl(id), alt: "", loading: "lazy", onerror: (event) => event.target.replaceWith(h("span", {}, "·")) }))),
    left > 0 ? h("button", { type: "button", class: "s-q-link", onclick: () => go("library", { job: job.id }) }, `+${left}`) : null);
}

/** Queue a job again. */
export function retryJob(id) {
  return attempt(async () => {
    const { count } = await api.post("jobs/retry", { ids: [id] });
    toast(count ? t("Queued again") : t("This job cannot be retried"), count ? "info" : "error");
    document.dispatchEvent(new CustomEvent("studio:queue"));
  });
}
