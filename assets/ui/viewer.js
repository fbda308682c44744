// <studio-viewer asset="ID">: an asset large, with all that is known of it and all that can be done with it.

import { api, ApiError, attempt, h, show, StudioElement, t, toast } from "./core.js";
import { buildActions, buildExport } from "./viewer-actions.js";
import { buildDetails, buildStars, buildTitle } from "./viewer-details.js";
import { buildLineage, findRelatives } from "./viewer-lineage.js";
import { button, copyText } from "./viewer-widgets.js";

const KINDS = ["image", "texture", "audio", "score", "text", "video", "checkpoint", "report", "archive"];
const NO_FAMILY = { nodes: [], edges: [], is_complete: true };

/**
 * Follows `studio:show` unless it lies inside another element that leads (which cancels "s-open").
 * Tells what it did by bubbling events "s-rated" {ids, rating}, "s-trashed" {ids} and "s-edited" {asset}.
 */
class StudioViewer extends StudioElement {
  static observedAttributes = ["asset"];

  asset = null;
  family = NO_FAMILY;
  generator = null;
  list = null;
  expected = new Map();
  #heard = (event) => this.#key(event);

  attributeChangedCallback(name, before, now) {
    if (before !== now && this.body) this.load();
  }

  render() {
    if (!this.body) {
      this.classList.add("s-viewer");
      this.top = h("header", { class: "s-v-top" });
      this.notices = h("div", { class: "s-v-notice", role: "status", hidden: true });
      this.body = h("div", { class: "s-v-body" });
      this.append(this.top, this.notices, this.body);
    }
    this.listen(document, "studio:show", ({ detail }) => this.#asked(detail));
    document.addEventListener("studio:key", this.#heard, true); // before those that know less of what is shown
    this.listen(window, "hashchange", () => this.#followAddress());
    this.listen(this, "keydown", (event) => this.#press(event));
    this.follow("asset", (event) => this.#arrived(event));
    this.follow("reset", () => this.asset && this.refresh());
    if (!this.#followAddress()) this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("studio:key", this.#heard, true);
    this.#clear();
    this.asset = null;
  }

  // ---- what it shows

  get parents() {
    return findRelatives(this.asset, this.family).parents.map(({ node }) => node);
  }

  get isLed() {
    return Boolean(this.parentElement?.closest("[data-leads]"));
  }

  /** Open another asset in its place; who leads may do it instead. */
  open(id) {
    const asked = new CustomEvent("s-open", { bubbles: true, cancelable: true, detail: { id } });
    if (this.dispatchEvent(asked)) this.setAttribute("asset", id);
  }

  #asked({ id, list }) {
    if (this.isLed) return; // a job that ended in Create must not turn the page of the library
    if (list !== undefined) this.list = list;
    this.open(id);
    if (this.asset?.id === id) this.#showPlace();
  }

  /** On the tab of results the address says which. */
  #followAddress() {
    const [tab, query = ""] = location.hash.slice(1).split("?");
    const id = tab === "result" && !this.isLed ? new URLSearchParams(query).get("asset") : null;
    if (!id || id === this.getAttribute("asset")) return false;
    this.setAttribute("asset", id);
    return true;
  }

  async load() {
    const id = this.getAttribute("asset");
    if (!id) {
      this.#clear();
      this.asset = null;
      this.#showEmpty();
      return;
    }
    if (this.asset?.id === id) return;
    this.setAttribute("aria-busy", "true");
    try {
      const [asset, family] = await Promise.all([api.get(`assets/${id}`), api.get(`assets/${id}/lineage`).catch(() => NO_FAMILY)]);
      const generator = asset.generator ? await api.get(`generators/${asset.generator}`).catch(() => null) : null;
      if (this.getAttribute("asset") !== id || !this.isConnected) return;
      Object.assign(this, { asset, family, generator });
      await this.#show();
    } catch (error) {
      if (this.getAttribute("asset") === id) this.#showError(error);
    }
    if (this.getAttribute("asset") === id) this.removeAttribute("aria-busy");
  }

  /** Read it again; the stage stays as it is. */
  async refresh() {
    const { id } = this.asset;
    const [asset, family] = await Promise.all([api.get(`assets/${id}`), api.get(`assets/${id}/lineage`)]).catch(() => []);
    if (!asset || this.asset?.id !== id) return;
    const isBinned = asset.trashed !== this.asset.trashed;
    Object.assign(this, { asset, family });
    this.stars.set(asset.rating);
    this.#showFamily();
    if (isBinned) this.#showBin();
  }

  #clear() {
    this.stage?.dispose();
    this.actions?.dispose();
    this.exporter?.dispose?.();
    this.exporter = this.stage = this.actions = null;
    this.notice("");
  }

  async #show() {
    const { asset } = this;
    this.#clear();
    const kind = KINDS.includes(asset.kind) ? asset.kind : "archive";
    const { build } = await import(`./viewer-${kind}.js`);
    if (this.asset !== asset) return;
    this.dataset.kind = kind;
    this.stage = build(asset, this);
    this.stars = buildStars(this);
    this.place = h("div", { class: "s-v-steps" });
    this.actions = buildActions(this);
    this.top.replaceChildren(h("div", { class: "s-v-heading" }, this.place, buildTitle(this), this.stars), this.actions);
    this.strip = h("div", { class: "s-v-family" });
    this.engines = h("div", { class: "s-v-engines" });
    this.body.replaceChildren(h("div", { class: "s-v-main" }, this.stage.element, this.engines, this.strip), buildDetails(this));
    this.#showPlace();
    this.#showFamily();
    this.#showBin();
    this.#addExport(asset);
  }

  async #addExport(asset) {
    const found = await buildExport(this);
    if (this.asset !== asset || !found) {
      found?.dispose();
      return;
    }
    this.exporter = found;
    this.engines.replaceChildren(found);
  }

  #showFamily() {
    this.strip.replaceChildren(...[buildLineage(this)].filter(Boolean));
  }

  #showBin() {
    if (this.asset.trashed) this.notice(t("This is in the trash."), { kind: "warn", action: { label: t("Restore"), run: () => this.restore() } });
  }

  #showPlace() {
    const at = this.list?.indexOf(this.asset?.id) ?? -1;
    if (!this.place) return;
    if (at < 0 || this.list.length < 2) {
      this.place.replaceChildren();
      return;
    }
    this.place.replaceChildren(
      button(t("Previous"), { glyph: "previous", bare: true, title: t("Previous (Left)"), disabled: at === 0, onclick: () => this.step(-1) }),
      h("span", { class: "s-v-figures" }, t("{place} of {total}", { place: at + 1, total: this.list.length })),
      button(t("Next"), { glyph: "next", bare: true, title: t("Next (Right)"), disabled: at === this.list.length - 1, onclick: () => this.step(1) }),
    );
  }

  #showEmpty() {
    delete this.dataset.kind;
    this.top.replaceChildren();
    this.body.replaceChildren(h(
      "div", { class: "s-v-void" },
      h("h3", {}, t("Nothing is open")),
      h("p", {}, t("Make something in Create, or choose something in the Library; it is shown here at full size.")),
      h("p", { class: "s-v-hint" }, t("Stars: keys 1 to 5. Next and previous: the arrow keys.")),
    ));
  }

  #showError(error) {
    this.#clear();
    this.asset = null;
    this.top.replaceChildren();
    const isGone = error instanceof ApiError && error.status === 404;
    this.body.replaceChildren(h(
      "div", { class: "s-v-void", role: "alert" },
      h("h3", {}, isGone ? t("It is no longer here") : t("It could not be shown")),
      h("p", {}, isGone ? t("It was deleted for good, or it belongs to somebody else.") : error.message),
      isGone ? null : button(t("Try again"), { glyph: "again", onclick: () => this.load() }),
    ));
  }

  // ---- what it does

  /** A line above the picture; "" takes it away. `kind`: info, busy, good, warn. */
  notice(text, { kind = "info", action = null } = {}) {
    this.notices.hidden = !text;
    this.notices.className = `s-v-notice s-v-${kind}`;
    this.notices.replaceChildren(...[h("span", {}, text), action ? button(action.label, { onclick: action.run }) : null, text && kind !== "busy" ? button(t("Close"), { glyph: "close", bare: true, onclick: () => this.notice("") }) : null].filter(Boolean));
  }

  say(text) {
    toast(text);
  }

  async copy(text) {
    if (await copyText(text)) this.say(t("Copied."));
  }

  step(by) {
    const next = this.list?.[this.list.indexOf(this.asset?.id) + by];
    if (!next) return false;
    this.open(next);
    return true;
  }

  /** Change title, rating, notes or tags; true if the server took it. */
  async edit(change) {
    const { id } = this.asset;
    const asset = await attempt(() => api.patch(`assets/${id}`, change));
    if (!asset) return false;
    if (this.asset?.id === id) this.asset = asset;
    this.#tell("s-edited", { asset });
    return true;
  }

  async rate(rating) {
    const { asset, stars } = this;
    stars.set(rating);
    if (await this.edit({ rating })) this.#tell("s-rated", { ids: [asset.id], rating });
    else stars.set(asset.rating);
  }

  async trash() {
    const { id, title } = this.asset;
    if (!(await attempt(() => api.post("assets/trash", { ids: [id] })))) return;
    toast(t("“{title}” is in the trash.", { title }), "info", { label: t("Undo"), run: () => this.restore(id) });
    this.#tell("s-trashed", { ids: [id] });
    if (this.asset?.id !== id || !this.isConnected) return;
    const next = this.list?.filter((one) => one !== id);
    const at = this.list?.indexOf(id) ?? -1;
    if (next?.length && at >= 0) {
      this.list = next;
      this.open(next[Math.min(at, next.length - 1)]);
    } else this.#renew();
  }

  async restore(id = this.asset?.id) {
    if (!(await attempt(() => api.post("assets/restore", { ids: [id] })))) return;
    this.notice("");
    this.#tell("s-restored", { ids: [id] });
    if (this.asset?.id === id) this.#renew();
    else if (this.isConnected) this.open(id);
    else show(id);
  }

  async #renew() {
    await this.refresh();
    const fresh = buildActions(this);
    this.actions.dispose();
    this.actions.replaceWith(fresh);
    this.actions = fresh;
  }

  /** Results of a job are waited for: they join the list when they come. */
  expect(job, count) {
    this.expected.set(job, count);
    this.list ??= [this.asset.id];
    // A quick one may be done before we knew its name.
    api.get(`jobs/${job}`).then(({ asset_ids: ids }) => ids.forEach((id) => this.#arrived({ id, job })), () => {});
  }

  #arrived({ id, job }) {
    if (!this.asset) return;
    if (this.expected.has(job) && !this.list?.includes(id)) {
      const left = this.expected.get(job) - 1;
      if (left) this.expected.set(job, left);
      else this.expected.delete(job);
      this.list = [...(this.list ?? [this.asset.id]), id];
      this.#showPlace();
    }
    if (this.offsetParent !== null) this.#readFamilySoon();
  }

  #readFamilySoon() {
    this.soon ??= setTimeout(async () => {
      this.soon = null;
      if (this.asset && this.isConnected) await this.refresh();
    }, 1000);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // ---- keys

  /** What the page's keyboard asks for. */
  #key(event) {
    if (!this.asset || this.offsetParent === null || event.defaultPrevented) return;
    const { action, rating } = event.detail;
    const isDone = { rate: () => { this.rate(rating); return true; }, previous: () => this.step(-1), next: () => this.step(1) }[action]?.();
    if (isDone) event.preventDefault();
  }

  /** Keys of the stage work where nothing is being typed. */
  #press(event) {
    const { target, key } = event;
    if (!this.stage || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) return;
    if (key === " " && target.closest("button, [type=checkbox], summary")) return;
    const isDone = key === "Delete" ? (this.trash(), true) : this.stage.keys?.[key.toLowerCase()]?.();
    if (isDone) event.preventDefault();
  }
}

customElements.define("studio-viewer", StudioViewer);
