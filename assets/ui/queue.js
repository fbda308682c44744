// The queue: what runs, what waits, what ended; live by events.

import { StudioElement, api, attempt, go, h, t, toast } from "./core.js";
import { button, confirmAction, isSeen, readParams, throttle } from "./queue-format.js";
import { DevicePanel } from "./queue-devices.js";
import { History } from "./queue-history.js";
import { openJob } from "./queue-detail.js";
import { RunningList } from "./queue-running.js";
import { WaitingList } from "./queue-waiting.js";

const VIEWS = ["now", "done", "failed", "all"];

class Queue extends StudioElement {
  #view = "now";
  #counts = {};
  #fresh = throttle(() => this.#refresh(), 800);

  render() {
    if (this.firstChild) return;
    this.running = new RunningList();
    this.waiting = new WaitingList();
    this.devices = new DevicePanel();
    this.history = new History();
    this.tabs = h("div", { class: "s-q-tabs", role: "tablist", "aria-label": t("Views of the queue") });
    this.tools = h("div", { class: "s-q-row" });
    this.main = h("div", { class: "s-q-main", role: "tabpanel", id: "s-q-panel" });
    this.replaceChildren(
      h("div", { class: "s-q-head" }, this.tabs, this.tools),
      h("div", { class: "s-q-columns" }, this.main, this.devices.element));
    this.#followEvents();
    this.#readAddress();
    this.#refresh();
  }

  disconnectedCallback() {
    this.#fresh.stop();
    super.disconnectedCallback();
  }

  #followEvents() {
    for (const type of ["job", "worker", "reset"]) this.follow(type, () => this.#fresh());
    this.follow("progress", (event) => this.running.advance(event));
    this.listen(window, "hashchange", () => this.#readAddress());
    this.listen(window, "popstate", () => this.#readAddress());
    this.listen(document, "studio:queue", () => this.#fresh());
  }

  #readAddress() {
    const params = readParams("queue");
    if (!params) return;
    const view = VIEWS.includes(params.view) ? params.view : "now";
    if (view !== this.#view || !this.main.firstChild) this.#choose(view);
    if (params.job) openJob(params.job);
    this.#fresh();
  }

  #choose(view) {
    this.#view = view;
    if (view === "now") this.main.replaceChildren(this.running.element, this.waiting.element);
    else this.main.replaceChildren(this.history.element);
    if (view !== "now") this.history.choose(view);
    this.#drawTabs();
    this.#drawTools();
  }

  async #refresh() {
    if (!isSeen(this)) return;
    if (!this.main.firstChild) this.#choose(this.#view);
    const [counts, running] = await Promise.all([
      api.get("jobs/counts").catch(() => null),
      api.get("jobs", { status: "running", limit: 100 }).catch(() => null),
    ]);
    if (counts) this.#counts = counts;
    if (running) this.running.set(running.items, this.#counts.queued ?? 0);
    this.#drawTabs();
    this.#drawTools();
    this.devices.refresh();
    if (this.#view === "now") this.waiting.refresh();
    else this.history.refresh();
  }

  #drawTabs() {
    const c = this.#counts;
    const bad = (c.failed ?? 0) + (c.dead ?? 0);
    const live = (c.queued ?? 0) + (c.running ?? 0);
    const texts = { now: [t("Now"), live], done: [t("Done"), c.done ?? 0], failed: [t("Failed"), bad], all: [t("History"), null] };
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...VIEWS.map((view) => h("button", {
      type: "button", role: "tab", id: `s-q-tab-${view}`, "aria-selected": String(view === this.#view), "aria-controls": "s-q-panel",
      tabindex: view === this.#view ? "0" : "-1", "data-bad": view === "failed" && bad ? "" : null,
      onclick: () => go("queue", view === "now" ? {} : { view }), onkeydown: (event) => this.#moveTab(event, view),
    }, texts[view][0], texts[view][1] === null ? null : h("span", { class: "s-q-count" }, texts[view][1].toLocaleString()))));
    if (focused) this.tabs.querySelector('[aria-selected="true"]').focus();
  }

  #moveTab(event, view) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length];
    go("queue", next === "now" ? {} : { view: next });
  }

  #drawTools() {
    const live = (this.#counts.queued ?? 0) + (this.#counts.running ?? 0);
    const bad = (this.#counts.failed ?? 0) + (this.#counts.dead ?? 0);
    const all = (verb, text) => () => attempt(async () => {
      const { count } = await api.post(`jobs/${verb}`, { all: true });
      toast(t(text, { count }));
      this.#fresh();
    });
    const tools = {
      now: [
        button(t("Pause all"), all("pause", t("{count} jobs paused")), { sign: "pause", disabled: !live }),
        button(t("Resume all"), all("resume", t("{count} jobs go on")), { sign: "play", disabled: !live }),
        button(t("Cancel all"), () => this.#cancelAll(live), { sign: "close", kind: "s-danger", disabled: !live }),
      ],
      failed: [button(t("Retry all that failed"), () => this.#retryFailed(), { sign: "again", disabled: !bad })],
    };
    const key = `${this.#view} ${live > 0} ${bad > 0}`;
    if (this.tools.dataset.key === key) return;
    this.tools.dataset.key = key;
    this.tools.replaceChildren(...(tools[this.#view] ?? []));
  }

  async #cancelAll(live) {
    const text = t("{count} jobs have not ended. What they have made so far is kept; cancelled jobs can be retried later.", { count: live });
    if (!(await confirmAction(t("Cancel everything?"), text, t("Cancel all jobs")))) return;
    await attempt(async () => {
      const { count } = await api.post("jobs/cancel", { all: true });
      toast(t("{count} jobs cancelled", { count }));
      this.#fresh();
    });
  }

  #retryFailed() {
    return attempt(async () => {
      const ids = [];
      let before = "";
      do {
        const page = await api.get("jobs", { status: ["failed", "dead"], limit: 500, before });
        ids.push(...page.items.map((job) => job.id));
        before = page.next;
      } while (before);
      const { count } = await api.post("jobs/retry", { ids });
      toast(t("{count} jobs queued again", { count }));
      this.#fresh();
    });
  }
}

customElements.define("studio-queue", Queue);

