// Runs, newest first. They are rows of the home: a reload or a restart of the server loses none.

import { api, attempt, go, h, t } from "./core.js";
import { bar, buildReason, button, emptyState, formatAge, formatDuration, iconButton, statusBadge, throttle } from "./queue-format.js";
import { buildThumbnails } from "./queue-history.js";

const PAGE = 20;

export class RunList {
  #runs = [];
  #next = null;
  #read = throttle(() => this.#load(), 1000);

  constructor() {
    this.list = h("div", { class: "s-q-past", role: "group", "aria-label": t("Runs") });
    this.more = button(t("Show more"), () => attempt(() => this.#loadMore()), { hidden: true });
    this.element = h("section", { class: "s-p-runs" }, h("h2", { class: "s-q-title" }, t("Runs")), this.list, h("div", { class: "s-q-row s-q-centre" }, this.more));
  }

  refresh() {
    this.#read();
  }

  async #load() {
    const page = await api.get("runs", { limit: PAGE }).catch(() => null);
    if (!page) return;
    const known = new Set(page.items.map((run) => run.id));
    const older = this.#runs.filter((run) => !known.has(run.id) && run.id < (page.items.at(-1)?.id ?? ""));
    if (!older.length) this.#next = page.next;
    this.#runs = [...page.items, ...older];
    this.#draw();
  }

  async #loadMore() {
    const page = await api.get("runs", { limit: PAGE, before: this.#next });
    this.#next = page.next;
    this.#runs.push(...page.items);
    this.#draw();
  }

  #draw() {
    this.more.hidden = !this.#next;
    this.list.replaceChildren(...(this.#runs.length ? this.#runs.map(buildRow) : [
      emptyState("clock", t("No run yet"), t("A run goes on when you close this page, and after a restart of the server; its board stays here."))]));
  }
}

function buildRow(run) {
  const assets = run.steps.flatMap((step) => step.assets);
  const isLive = run.status === "running";
  const [done, total] = run.steps.reduce(([d, n], step) => [d + step.done, n + step.total], [0, 0]);
  const cancel = () => attempt(() => api.post(`runs/${run.id}/cancel`));
  return h("div", { class: "s-q-ended", role: "listitem", "data-run": run.id, "data-status": run.status },
    h("div", { class: "s-q-ended-head" }, statusBadge(run.status),
      h("div", { class: "s-q-name" },
        h("button", { type: "button", class: "s-q-link", onclick: () => go("pipelines", { run: run.id }) }, run.title),
        h("span", { class: "s-q-muted" }, [formatAge(run.created), assets.length === 1 ? t("1 result") : t("{count} results", { count: assets.length }), run.ended ? formatDuration(run.ended - run.created) : ""].filter(Boolean).join(" · "))),
      isLive ? h("div", { class: "s-p-runbar" }, bar(total ? done / total : null, t("Progress of {title}", { title: run.title }))) : buildThumbnails({ asset_ids: assets.slice(-5), id: run.id }, 5),
      isLive ? iconButton("close", t("Cancel {name}", { name: run.title }), cancel) : h("span", { class: "s-q-gap" })),
    ...(run.error ? buildReason(run.error) : []));
}
