// The assets that a query finds, page by page as they are asked for; newer ones wait to be let in.

import { api } from "./core.js";
import { toParams, writeDay } from "./library-query.js";

const FIRST = 60;
const NEXT = 200;
const KEPT = 6;

/** Keep of an asset what a tile needs: a hundred thousand of them stay in memory. */
function trim(asset) {
  const { id, kind, title, created, generator, rating, tags, thumbnail, trashed, width, height } = asset;
  return {
    id, kind, title, created, generator, rating, tags, thumbnail, trashed, width, height,
    day: writeDay(new Date(created * 1000)),
    seconds: asset.facts?.seconds,
    frames: asset.facts?.frames,
    files: Object.keys(asset.files ?? {}).length,
  };
}

export class Source {
  #abort = new AbortController();
  #cursor = null;
  #params = {};
  #kept = new Map();
  #changed;

  /** `changed(how)` is told "new" (another list), "more", "held", "edit" or "error". */
  constructor(changed) {
    this.#changed = changed;
    this.#clear();
  }

  #clear() {
    Object.assign(this, { items: [], places: new Map(), total: null, held: [], isDone: false, isLoading: false, error: null, key: "" });
  }

  /** Show what another query finds; an older request that still runs is given up. */
  async load(query, { scroll = 0 } = {}) {
    this.#keep(scroll);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#params = toParams(query);
    const key = JSON.stringify(this.#params);
    const kept = this.#kept.get(key);
    if (kept) {
      Object.assign(this, kept.state, { isLoading: false, error: null });
      this.#cursor = kept.cursor;
      this.#changed("new", kept.scroll);
      this.look();
      this.#count();
      return;
    }
    const before = { items: this.items, places: this.places };
    this.#clear();
    this.key = key;
    Object.assign(this, before); // the old list stays until the new one is there
    this.isFresh = false;
    await this.#fetch(FIRST, true);
    this.#count();
  }

  /** Load the next page, once at a time. */
  async more() {
    if (!this.isDone && !this.isLoading && !this.error) await this.#fetch(NEXT, false);
  }

  /** Ask again after a failure. */
  async retry() {
    this.error = null;
    await this.#fetch(this.items.length ? NEXT : FIRST, !this.isFresh);
  }

  async #fetch(limit, isFirst) {
    const { signal } = this.#abort;
    this.isLoading = true;
    this.#changed("loading");
    try {
      const cursor = isFirst ? null : this.#cursor;
      const page = await api.get("assets", { ...this.#params, limit, cursor }, signal);
      if (signal.aborted) return;
      if (isFirst) Object.assign(this, { items: [], places: new Map(), isFresh: true });
      for (const asset of page.items) this.#append(trim(asset));
      this.#cursor = page.next_cursor;
      Object.assign(this, { isDone: !page.next_cursor, isLoading: false, error: null });
      if (this.isDone) this.total = this.items.length;
      this.#changed(isFirst ? "new" : "more", 0);
    } catch (error) {
      if (signal.aborted) return;
      Object.assign(this, { isLoading: false, error });
      if (isFirst) Object.assign(this, { items: [], places: new Map() });
      this.#changed("error");
    }
  }

  #append(item) {
    if (this.places.has(item.id)) return;
    this.places.set(item.id, this.items.length);
    this.items.push(item);
  }

  async #count() {
    const { signal } = this.#abort;
    try {
      const { count } = await api.get("assets/count", this.#params, signal);
      if (signal.aborted) return;
      this.total = count;
      this.#changed("count");
    } catch { /* the list itself says what is wrong */ }
  }

  /** Look for assets newer than the first; they are held back until `admit()`. */
  async look() {
    const { signal } = this.#abort;
    let page;
    try {
      page = await api.get("assets", { ...this.#params, limit: FIRST }, signal);
    } catch {
      return; // the next event asks again
    }
    if (signal.aborted || this.error) return;
    this.held = [];
    for (const asset of page.items) {
      if (this.places.has(asset.id)) break;
      this.held.push(trim(asset));
    }
    this.isGap = this.held.length === page.items.length && this.items.length > 0 && page.next_cursor !== null;
    if (this.held.length) {
      this.#kept.clear();
      this.#changed("held");
      this.#count();
    }
  }

  /** Let the held assets in, at the top. False: too many came, the list has to be loaded anew. */
  admit() {
    if (this.isGap) {
      this.forget();
      return false;
    }
    this.items = [...this.held, ...this.items];
    this.held = [];
    this.#renumber();
    return true;
  }

  /** Take in what is known anew of assets: rating, tags, title. */
  edit(ids, change) {
    this.#kept.clear();
    for (const id of ids) {
      const place = this.places.get(id);
      if (place !== undefined) change(this.items[place]);
    }
    this.#changed("edit");
  }

  /** Take assets out of the list. */
  remove(ids) {
    const gone = new Set(ids);
    const before = this.items.length;
    this.#kept.clear();
    this.items = this.items.filter((item) => !gone.has(item.id));
    if (this.total !== null) this.total -= before - this.items.length;
    this.#renumber();
    this.#changed("edit");
  }

  get(id) {
    return this.items[this.places.get(id)];
  }

  /** Forget kept lists: they may be wrong now. */
  forget() {
    this.#kept.clear();
    this.key = "";
  }

  #renumber() {
    this.places = new Map(this.items.map((item, place) => [item.id, place]));
  }

  /** Remember the list that is left, so that coming back to it takes no time. */
  #keep(scroll) {
    if (!this.key || !this.isFresh || this.error) return;
    const { items, places, total, isDone, isFresh, key } = this;
    this.#kept.delete(key);
    this.#kept.set(key, { scroll, cursor: this.#cursor, state: { items, places, total, isDone, isFresh, key, held: [] } });
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
  }
}
