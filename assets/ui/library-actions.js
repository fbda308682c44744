// What is done to many assets at once. Each action tells the list what became of it.

import { api, attempt, h, t, toast } from "./core.js";
import { buildTagPicker } from "./library-filters.js";
import { icon } from "./library-icons.js";
import { confirmAction } from "./library-popover.js";
import { listOffers, nameHome, sendTo } from "./send.js";
import { download } from "./viewer-jobs.js";

const CHUNK = 500; // ids a request
const MOST_EXPORTED = 10_000;

/** POST ids in portions; resolves to how many assets were touched. */
export async function postMany(path, ids, body = {}) {
  let touched = 0;
  for (let from = 0; from < ids.length; from += CHUNK) {
    const { count } = await api.post(path, { ...body, ids: ids.slice(from, from + CHUNK) });
    touched += count ?? 0;
  }
  return touched;
}

export class Actions {
  /** `source` is the list, `selection` what is chosen, `reload()` reads the list anew. */
  constructor(source, selection, reload) {
    Object.assign(this, { source, selection, reload });
  }

  async rate(ids, rating) {
    const done = await attempt(() => postMany("assets/rate", ids, { rating }));
    if (done !== undefined) this.source.edit(ids, (item) => { item.rating = rating; });
  }

  async tag(ids, add, remove = []) {
    const done = await attempt(() => postMany("assets/tag", ids, { add, remove }));
    if (done === undefined) return;
    this.source.edit(ids, (item) => { item.tags = [...new Set([...item.tags.filter((tag) => !remove.includes(tag)), ...add])].sort(); });
    if (add.length) toast(t("{count} assets are tagged “{tag}”", { count: ids.length, tag: add.join(", ") }));
  }

  async trash(ids) {
    const done = await attempt(() => postMany("assets/trash", ids));
    if (done === undefined) return;
    this.#take(ids);
    const undo = { label: t("Undo"), run: () => this.restore(ids) };
    toast(t("{count} assets are in the trash", { count: ids.length }), "info", undo);
  }

  async restore(ids) {
    const done = await attempt(() => postMany("assets/restore", ids));
    if (done === undefined) return;
    this.selection.set(ids);
    await this.reload();
    toast(t("{count} assets are back in the library", { count: ids.length }));
  }

  async putBack(ids) {
    const done = await attempt(() => postMany("assets/restore", ids));
    if (done === undefined) return;
    this.#take(ids);
    toast(t("{count} assets are back in the library", { count: ids.length }));
  }

  async purge(ids) {
    const text = t("Delete {count} assets and their files for ever? This cannot be undone.", { count: ids.length });
    if (!await confirmAction(text, t("Delete for ever"))) return;
    const done = await attempt(() => postMany("assets/purge", ids));
    if (done === undefined) return;
    this.#take(ids);
    toast(t("{count} assets are deleted", { count: ids.length }));
  }

  #take(ids) {
    this.source.remove(ids);
    this.selection.remove(ids);
  }

  async removeFrom(collection, ids) {
    const done = await attempt(() => postMany(`collections/${encodeURIComponent(collection)}/remove`, ids));
    if (done !== undefined) this.#take(ids);
  }

  /** Let the browser save a bundle of assets, with all they were made from. */
  async exportBundle(ids) {
    if (ids.length > MOST_EXPORTED) {
      toast(t("A bundle takes up to {count} chosen assets.", { count: MOST_EXPORTED.toLocaleString() }), "error");
      return;
    }
    toast(t("The bundle is being written…"));
    const ready = await attempt(() => api.post("assets/bundle/prepare", { ids }));
    if (ready) download(new URL(ready.address, location.href).href);
  }

  /** Offer the generators that take these assets. */
  async fillTargets(panel, close, ids) {
    const kinds = [...new Set(ids.map((id) => this.source.get(id)?.kind).filter(Boolean))];
    const found = await attempt(() => api.get("generators"));
    if (!found) return;
    const offers = listOffers(found.items, kinds, ids.length > 1);
    const send = (offer) => {
      close();
      sendTo(offer, ids);
    };
    const none = h("p", { class: "s-lib-quiet" }, ids.length > 1 ? t("No generator takes all of these at once.") : t("No generator takes this kind."));
    panel.append(...(offers.length ? offers.map((offer) => buildOffer(offer, send)) : [none]));
  }

  /** Let tags be added to assets and taken from them. */
  fillTags(panel, close, ids) {
    const counts = new Map();
    for (const id of ids) for (const tag of this.source.get(id)?.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    const chips = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([tag, count]) => h("span", { class: "s-lib-chip" },
      h("span", { dir: "auto" }, count === ids.length ? tag : `${tag} (${count})`),
      h("button", { type: "button", "aria-label": t("Remove tag {tag}", { tag }), onclick: () => { close(); this.tag(ids, [], [tag]); } }, icon("close"))));
    buildTagPicker(panel, { isFree: true, choose: (tag) => { close(); this.tag(ids, [tag]); } });
    if (chips.length) panel.append(h("div", { class: "s-lib-chips" }, chips));
  }
}

function buildOffer(offer, send) {
  return h("button", { type: "button", class: "s-lib-entry", onclick: () => send(offer) },
    icon("send"), h("span", { class: "s-lib-entry-text" }, offer.generator.title || offer.generator.id, h("small", {}, nameHome(offer.generator))));
}
