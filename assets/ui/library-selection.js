// Which assets are chosen, by id; the anchor is where a range begins.

export class Selection {
  ids = new Set();
  #anchor = "";
  #base = new Set();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  get size() {
    return this.ids.size;
  }

  /** The chosen ids in the order of the list; those no longer in it come last. */
  list(source) {
    const far = Number.MAX_SAFE_INTEGER;
    return [...this.ids].sort((a, b) => (source.places.get(a) ?? far) - (source.places.get(b) ?? far));
  }

  only(id) {
    this.#anchor = id;
    this.set([id]);
  }

  toggle(id) {
    this.#anchor = id;
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.set(ids);
  }

  /** Choose from the anchor to a place; `isMore` keeps what is chosen elsewhere. */
  range(source, place, isMore = false) {
    const anchor = source.places.get(this.#anchor) ?? place;
    const [from, to] = [Math.min(anchor, place), Math.max(anchor, place)];
    const ids = source.items.slice(from, to + 1).map((item) => item.id);
    this.set(isMore ? [...this.ids, ...ids] : ids);
  }

  /** Ranges begin here from now on. */
  anchor(id) {
    this.#anchor = id;
  }

  /** A box is being drawn: what it touches is added to what was chosen when it began. */
  startBox(isMore) {
    this.#base = isMore ? new Set(this.ids) : new Set();
  }

  box(items, places) {
    this.set([...this.#base, ...places.map((place) => items[place].id)]);
  }

  set(ids) {
    this.ids = new Set(ids);
    this.#changed();
  }

  remove(ids) {
    for (const id of ids) this.ids.delete(id);
    this.#changed();
  }

  clear() {
    if (this.ids.size) this.set([]);
  }
}
