// Training: choose a trainer, give it pictures, start, watch it learn, use what it learnt.

import { StudioElement, api, attempt, go, h, t } from "./core.js";
import "./create-slots.js";
import { buildReason, emptyState, button, formatAge, icon, isSeen, readParams, statusBadge, throttle } from "./queue-format.js";
import { buildThumbnails } from "./queue-history.js";
import { TrainForm } from "./train-form.js";
import { Training } from "./train-live.js";

class Train extends StudioElement {
  #shown = "";
  #view = null;
  #trainers = null;
  #fresh = throttle(() => this.#drawList(), 1500);

  render() {
    if (this.firstChild) return;
    this.main = h("div", { class: "s-p-main" });
    this.replaceChildren(this.main);
    this.listen(window, "hashchange", () => this.#readAddress());
    this.listen(window, "popstate", () => this.#readAddress());
    for (const type of ["job", "progress"]) this.follow(type, (event) => this.#hear(type, event));
    this.follow("reset", () => { this.#shown = ""; this.#readAddress(); });
    this.#readAddress();
  }

  disconnectedCallback() {
    this.#fresh.stop();
    this.#view?.close?.();
    super.disconnectedCallback();
  }

  #hear(type, event) {
    if (!isSeen(this)) return;
    this.#view?.hear?.(type, event);
    if (type === "job" && this.list?.isConnected) this.#fresh();
  }

  #readAddress() {
    const params = readParams("train");
    if (!params) return;
    const key = JSON.stringify(params);
    if (key === this.#shown) { // back from another tab: what happened meanwhile was not heard
      this.#view?.refresh?.();
      if (this.list?.isConnected) this.#fresh();
      return;
    }
    this.#shown = key;
    this.#view?.close?.();
    this.#view = null;
    document.body.dataset.training = "";
    attempt(() => this.#open(params, key));
  }

  async #open(params, key) {
    this.#trainers ??= (await api.get("generators", { output: "checkpoint" })).items;
    if (key !== this.#shown) return;
    if (params.job) this.#show(new Training(params.job, this.#trainers));
    else if (this.#trainers.some((trainer) => trainer.id === params.trainer)) this.#show(new TrainForm(this.#trainers.find((trainer) => trainer.id === params.trainer), params));
    else this.#drawHome();
  }

  #show(view) {
    this.#view = view;
    this.main.replaceChildren(h("nav", { "aria-label": t("Back") }, h("button", { type: "button", class: "s-button s-quiet s-p-back", onclick: () => go("train") }, icon("back"), t("All trainings"))), view.element);
  }

  #drawHome() {
    this.list = h("div", { class: "s-q-past", role: "group", "aria-label": t("Trainings") });
    this.main.replaceChildren(
      h("div", {}, h("h2", { class: "s-p-title" }, t("Train")), h("p", { class: "s-q-muted" }, t("Teach a model with pictures of your own. What it learnt is a checkpoint in your library, ready to be used."))),
      this.#trainers.length ? h("div", { class: "s-p-cards" }, ...this.#trainers.map(buildCard))
        : emptyState("curve", t("No trainer is installed"), t("A trainer is a generator whose result is a checkpoint. Install a plugin that has one, for instance with: pip install studio-upscale."), button(t("See the plugins"), () => go("system"))),
      h("section", {}, h("h2", { class: "s-q-title" }, t("Trainings")), this.list));
    this.#drawList();
  }

  async #drawList() {
    const list = this.list;
    const ids = new Set((this.#trainers ?? []).map((trainer) => trainer.id));
    const [live, ended, made] = await Promise.all([
      api.get("jobs", { status: ["running", "queued"], limit: 500 }),
      api.get("jobs", { status: ["failed", "dead", "cancelled"], limit: 200 }),
      api.get("assets", { kind: "checkpoint", limit: 30 }),
    ]).catch(() => [null]);
    if (!live || list !== this.list) return;
    const known = [...live.items, ...ended.items].filter((job) => ids.has(job.generator));
    const done = made.items.filter((asset) => asset.job && !known.some((job) => job.id === asset.job)).map(asJob);
    const jobs = [...known, ...done].sort((a, b) => (a.status === "running" ? 0 : 1) - (b.status === "running" ? 0 : 1) || b.created - a.created);
    list.replaceChildren(...(jobs.length ? jobs.map(buildRow) : [emptyState("curve", t("Nothing was trained yet"), t("Choose a trainer above and give it some pictures. A short training takes minutes, and can be continued later."))]));
  }
}

const asJob = (asset) => ({ id: asset.job, title: asset.title, generator: asset.generator, status: "done", created: asset.created, asset_ids: [asset.id], checkpoint: asset });

function buildRow(job) {
  const share = job.total ? t("{percent} %", { percent: Math.round((job.done / job.total) * 100) }) : "";
  const loss = job.checkpoint?.metrics?.loss;
  return h("div", { class: "s-q-ended", role: "listitem", "data-job": job.id, "data-status": job.status },
    h("div", { class: "s-q-ended-head" }, statusBadge(job.paused ? "paused" : job.status),
      h("div", { class: "s-q-name" }, h("button", { type: "button", class: "s-q-link", onclick: () => go("train", { job: job.id }) }, job.title || job.generator),
        h("span", { class: "s-q-muted" }, [job.generator, formatAge(job.created), share, loss === undefined ? "" : t("loss {loss}", { loss: loss.toPrecision(3) })].filter(Boolean).join(" · "))),
      buildThumbnails(job, 1), h("span", { class: "s-q-gap" })),
    ...(job.error ? buildReason(job.error) : []));
}

function buildCard(trainer) {
  const slots = trainer.inputs.map((slot) => slot.summary || slot.name).join("; ");
  return h("article", { class: "s-q-panel s-p-card", "data-trainer": trainer.id },
    h("h3", {}, trainer.title), h("p", { class: "s-q-muted" }, trainer.summary), h("p", { class: "s-q-muted" }, slots ? t("Learns from: {what}", { what: slots }) : ""),
    h("div", { class: "s-q-row" }, button(t("Train"), () => go("train", { trainer: trainer.id }), { kind: "s-primary", "aria-label": t("Train with {title}", { title: trainer.title }) }), h("code", { class: "s-q-muted" }, trainer.id)));
}

customElements.define("studio-train", Train);
