// One job in full: where it stands, when what happened, with what params, why it failed, its log.

import { api, attempt, h, on, order, t, toast } from "./core.js";
import { bar, buildReason, button, fill, formatDuration, formatTime, iconButton, namePriority, statusBadge, throttle } from "./queue-format.js";
import { buildThumbnails, retryJob } from "./queue-history.js";

const LIVE = new Set(["queued", "running"]);

let dialog = null;

/** Open a job beside the page; it follows the job until it is closed. */
export async function openJob(id) {
  const job = await attempt(() => api.get(`jobs/${id}`));
  if (!job) return;
  dialog?.close();
  const panel = new Detail(job);
  dialog = panel.dialog;
  document.body.append(dialog);
  dialog.showModal();
}

class Detail {
  #leave = [];
  #job;
  #log = "";
  #fresh = throttle(() => this.#load(), 1000);

  constructor(job) {
    this.#job = job;
    this.body = h("div", { class: "s-q-sheet" });
    this.dialog = h("dialog", { class: "s-q-drawer", "aria-label": t("Job") }, this.body);
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#close());
    this.#leave = [
      on("job", (event) => event.id === job.id && this.#fresh()),
      on("progress", (event) => this.#advance(event)),
    ];
    this.#draw();
    this.#load();
  }

  #close() {
    this.#fresh.stop();
    for (const leave of this.#leave) leave();
    this.dialog.remove();
    if (dialog === this.dialog) dialog = null;
  }

  async #load() {
    const id = this.#job.id;
    const [job, log] = await Promise.all([api.get(`jobs/${id}`).catch(() => null), api.get(`jobs/${id}/log`).catch(() => "")]);
    if (job) this.#job = job;
    this.#log = typeof log === "string" ? log : log.text ?? "";
    this.#draw();
  }

  #advance(event) {
    if (event.id !== this.#job.id) return;
    Object.assign(this.#job, event);
    this.progress?.replaceChildren(...this.#buildProgress());
    this.#fresh();
  }

  #draw() {
    const job = this.#job;
    const scroll = this.body.scrollTop;
    const wasOpen = this.body.querySelector(".s-q-log")?.open ?? Boolean(job.error);
    const focus = this.body.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.progress = h("div", {}, ...this.#buildProgress());
    fill(this.body,
      h("header", { class: "s-q-line" }, h("div", {}, h("h2", {}, job.title || job.generator), h("span", { class: "s-q-muted" }, job.generator)),
        iconButton("close", t("Close"), () => this.dialog.close(), { autofocus: true })),
      h("div", { class: "s-q-row" }, statusBadge(job.paused ? "paused" : job.status), h("span", { class: "s-q-muted" }, namePriority(job.priority)),
        job.batch ? h("span", { class: "s-q-muted" }, t("Batch {name}", { name: job.batch.slice(0, 8) })) : null),
      this.progress, this.#buildError(), this.#buildActions(),
      job.asset_ids.length ? section(t("Made so far"), buildThumbnails(job, 24)) : null,
      section(t("Timeline"), this.#buildTimeline()),
      section(t("Params"), buildPairs({ ...job.params, ...(job.checkpoint ? { [t("checkpoint")]: job.checkpoint } : {}), [t("seeds")]: describeSeeds(job.seeds) })),
      Object.keys(job.inputs).length ? section(t("Inputs"), ...Object.entries(job.inputs).map(([slot, ids]) => h("div", { class: "s-q-input" }, h("span", { class: "s-q-muted" }, slot), buildThumbnails({ asset_ids: ids, id: job.id }, 12)))) : null,
      h("details", { class: "s-q-log", open: wasOpen }, h("summary", {}, t("Log")), h("pre", { tabindex: "0", "aria-label": t("Log") }, this.#log || t("Nothing was printed."))));
    this.body.scrollTop = scroll;
    if (focus) this.body.querySelector(`[aria-label="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  #buildProgress() {
    const job = this.#job;
    if (job.status !== "running") return [];
    return [bar(job.total ? job.done / job.total : null, t("Progress")),
      h("div", { class: "s-q-figures" }, h("span", {}, job.total ? t("{done} of {total} steps", { done: job.done, total: job.total }) : t("Loading…")),
        h("span", { class: "s-q-eta" }, job.eta ? t("{duration} left", { duration: formatDuration(job.eta) }) : ""))];
  }

  #buildError() {
    const { error } = this.#job;
    if (!error) return null;
    return h("div", { class: "s-q-error", role: "alert" }, h("strong", {}, t("Why it failed")), ...buildReason(error));
  }

  #buildActions() {
    const job = this.#job;
    const send = (verb) => () => attempt(async () => {
      await api.post(`jobs/${verb}`, { ids: [job.id] });
      document.dispatchEvent(new CustomEvent("studio:queue"));
      await this.#load();
    });
    const isLive = LIVE.has(job.status);
    return h("div", { class: "s-q-row s-q-wrap" },
      isLive && !job.paused ? button(t("Pause"), send("pause"), { sign: "pause" }) : null,
      isLive && job.paused ? button(t("Resume"), send("resume"), { sign: "play" }) : null,
      job.status === "queued" ? button(t("Move to the front"), send("first"), { sign: "first" }) : null,
      isLive ? button(t("Cancel"), send("cancel"), { sign: "close", kind: "s-danger" }) : null,
      !isLive && job.status !== "done" ? button(t("Retry"), async () => { await retryJob(job.id); await this.#load(); }, { sign: "again", kind: "s-primary" }) : null,
      button(t("Make again with other params"), () => this.#reuse(), { sign: "edit" }),
      button(t("Copy the id"), () => attempt(async () => { await navigator.clipboard.writeText(job.id); toast(t("Copied")); }), { sign: "copy", kind: "s-quiet" }));
  }

  #reuse() {
    const { generator, params, inputs, seeds } = this.#job;
    this.dialog.close();
    order({ action: "create", generator, params, inputs, seed: seeds[0] });
  }

  #buildTimeline() {
    const job = this.#job;
    const rows = [
      [job.created, t("Queued"), ""],
      [job.started, t("Started"), job.started ? t("waited {duration}", { duration: formatDuration(job.started - job.created) }) : ""],
      job.attempts ? [null, t("Its worker ended {count} times", { count: job.attempts }), ""] : null,
      [job.ended, { done: t("Done"), failed: t("Failed"), cancelled: t("Cancelled"), dead: t("Given up") }[job.status] ?? "", job.started && job.ended ? t("took {duration}", { duration: formatDuration(job.ended - job.started) }) : ""],
    ].filter((row) => row && (row[0] || row[0] === null));
    return h("ol", { class: "s-q-timeline" }, ...rows.map(([time, name, note]) => h("li", {}, h("span", {}, name), h("span", { class: "s-q-muted" }, [time ? formatTime(time) : "", note].filter(Boolean).join(" · ")))));
  }
}

function section(title, ...children) {
  return h("section", {}, h("h3", {}, title), ...children);
}

function describeSeeds(seeds) {
  if (seeds.length <= 4) return seeds.join(", ");
  return `${seeds[0]} … ${seeds.at(-1)} (${seeds.length})`;
}

function buildPairs(values) {
  return h("dl", { class: "s-q-pairs s-q-params" }, ...Object.entries(values).flatMap(([name, value]) => [
    h("dt", {}, name), h("dd", {}, typeof value === "string" ? value || "–" : JSON.stringify(value))]));
}
