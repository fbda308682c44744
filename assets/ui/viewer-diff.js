// What changed between two texts, by lines and within a line by words. Pure functions.

const MOST_WORK = 4e6;

/** The shortest edit of list `before` into `after`: [{type: "same" | "old" | "new", value}] (Myers 1986). */
export function diffLists(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const [a, b] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  const same = (values) => values.map((value) => ({ type: "same", value }));
  return [...same(before.slice(0, head)), ...findEdits(a, b), ...same(before.slice(before.length - tail))];
}

function findEdits(a, b) {
  const whole = () => [...a.map((value) => ({ type: "old", value })), ...b.map((value) => ({ type: "new", value }))];
  if (!a.length || !b.length) return whole();
  const reach = a.length + b.length;
  let best = new Int32Array(2 * reach + 2);
  const trace = [];
  for (let edits = 0, work = 0; edits <= reach; edits += 1) {
    work += best.length;
    if (work > MOST_WORK * 8) return whole(); // too different for anybody to read
    trace.push(best.slice());
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && best[k - 1 + reach] < best[k + 1 + reach]);
      let x = down ? best[k + 1 + reach] : best[k - 1 + reach] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      best[k + reach] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace, reach);
    }
  }
  return whole();
}

function walkBack(a, b, trace, reach) {
  const edits = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const best = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && best[k - 1 + reach] < best[k + 1 + reach]);
    const from = down ? k + 1 : k - 1;
    const [px, py] = [best[from + reach], best[from + reach] - from];
    while (x > Math.max(px, 0) && y > Math.max(py, 0) && a[x - 1] === b[y - 1]) {
      x -= 1;
      y -= 1;
      edits.push({ type: "same", value: a[x] });
    }
    if (d === 0) break;
    if (down) {
      y -= 1;
      edits.push({ type: "new", value: b[y] });
    } else {
      x -= 1;
      edits.push({ type: "old", value: a[x] });
    }
  }
  return edits.reverse();
}

/**
 * Rows of a comparison of two texts: {type, old, new, text, parts}. `old` and `new` are line numbers, `parts` the
 * words of a line that has a counterpart, each {text, isChanged}.
 */
export function diffTexts(before, after) {
  const edits = diffLists(before.split("\n"), after.split("\n"));
  const rows = [];
  let [left, right] = [0, 0];
  for (let at = 0; at < edits.length;) {
    if (edits[at].type === "same") {
      left += 1;
      right += 1;
      rows.push({ type: "same", old: left, new: right, text: edits[at].value });
      at += 1;
      continue;
    }
    const block = [];
    while (at < edits.length && edits[at].type !== "same") block.push(edits[at++]);
    const olds = block.filter(({ type }) => type === "old");
    const news = block.filter(({ type }) => type === "new");
    const pairs = olds.map((old, place) => (news[place] ? diffWords(old.value, news[place].value) : null));
    olds.forEach((old, place) => rows.push({ type: "old", old: (left += 1), new: 0, text: old.value, parts: pairs[place]?.[0] }));
    news.forEach((one, place) => rows.push({ type: "new", old: 0, new: (right += 1), text: one.value, parts: pairs[place]?.[1] }));
  }
  return rows;
}

/** Parts of an old and a new line, or null where they have too little in common. */
function diffWords(before, after) {
  const edits = diffLists(...[before, after].map((line) => line.match(/[\p{L}\p{N}_]+|\s+|./gu) ?? []));
  const kept = edits.filter(({ type, value }) => type === "same" && value.trim()).length;
  if (kept * 3 < edits.length / 2) return null;
  const side = (type) => edits.filter((edit) => edit.type === "same" || edit.type === type).map((edit) => ({ text: edit.value, isChanged: edit.type !== "same" }));
  return [side("old"), side("new")];
}
