// Where each asset of the list lies: rows of equal tiles, a heading where a day begins. Knows no DOM.

export class Layout {
  rows = []; // {top, height, day (a heading's) or null, from, to}: the assets from..to-1
  height = 0;

  /** `tile` and `gap` in px; `heading` is the height of a day's heading, 0 for none. */
  constructor(width, { tile, gap, heading, caption = 0 }) {
    this.columns = Math.max(1, Math.floor((width + gap) / (tile + gap)));
    this.side = Math.floor((width - gap * (this.columns - 1)) / this.columns);
    Object.assign(this, { width, gap, heading, pitch: this.side + caption + gap, caption });
  }

  /** Lay the assets from `count` on: those before stay where they are. */
  extend(items) {
    let last = this.rows.at(-1);
    let from = last ? last.to : 0;
    if (last && last.day === null && last.to - last.from < this.columns) {
      this.rows.pop();
      from = last.from;
      this.height = last.top;
    }
    while (from < items.length) {
      const { day } = items[from];
      last = this.rows.at(-1);
      if (this.heading && (from === 0 || items[from - 1].day !== day) && last?.day !== day) {
        this.#push({ height: this.heading, day, from, to: from });
      }
      let to = from + 1;
      while (to < items.length && to - from < this.columns && (!this.heading || items[to].day === day)) to += 1;
      this.#push({ height: this.pitch, day: null, from, to });
      from = to;
    }
  }

  #push(row) {
    this.rows.push({ ...row, top: this.height });
    this.height += row.height;
  }

  /** Index of the row at a height. */
  findRow(y) {
    return this.#search((row) => row.top <= y);
  }

  /** Index of the row of an asset. */
  rowOf(place) {
    const index = this.#search((row) => row.from <= place);
    return this.rows[index]?.day === null ? index : index + 1;
  }

  #search(isBefore) {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isBefore(this.rows[middle])) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The asset `steps` rows below (or above, if negative), as straight as can be. */
  below(place, steps) {
    let index = this.rowOf(place);
    const column = place - this.rows[index].from;
    const step = Math.sign(steps);
    for (let left = Math.abs(steps); left > 0; left -= 1) {
      let next = index + step;
      while (this.rows[next] && this.rows[next].day !== null) next += step;
      if (!this.rows[next]) break;
      index = next;
    }
    const row = this.rows[index];
    return Math.min(row.from + column, row.to - 1);
  }

  /** The assets that a rectangle touches. */
  within({ left, right, top, bottom }) {
    const found = [];
    for (let index = this.findRow(top); index < this.rows.length; index += 1) {
      const row = this.rows[index];
      if (row.top > bottom) break;
      if (row.day !== null || row.top + row.height - this.gap < top) continue;
      for (let place = row.from; place < row.to; place += 1) {
        const x = (place - row.from) * (this.side + this.gap);
        if (x <= right && x + this.side >= left) found.push(place);
      }
    }
    return found;
  }
}
