// Where the notes of a score stand on its pages. Moments are rows of seconds, page, x, top, bottom, bar; lengths are shares of the page.

/** Names of the files that are pages of notation, in order: SVG where there is any, else PNG. */
export function findPages(asset) {
  const names = Object.keys(asset.files).filter((name) => name !== asset.main);
  const drawn = names.filter((name) => asset.files[name].suffix === ".svg");
  const pages = drawn.length ? drawn : names.filter((name) => asset.files[name].suffix === ".png");
  return pages.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** The moments of a file, or none where it says something else. */
export function readMoments(value) {
  const isRow = (row) => Array.isArray(row) && row.length >= 6 && row.every(Number.isFinite);
  return Array.isArray(value?.moments) && value.moments.every(isRow) ? value.moments : [];
}

/** Where the music is: between this moment and the next of the same system; null before the first. */
export function findPlace(moments, seconds) {
  let [low, high] = [-1, moments.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (moments[middle][0] <= seconds + 1e-3) low = middle;
    else high = middle - 1;
  }
  if (low < 0 || moments[low][0] > seconds + 1e-3) return null;
  const [from, page, x, top, bottom, bar] = moments[low];
  const next = moments[low + 1];
  const runs = next && next[1] === page && next[3] === top && next[2] > x;
  const share = runs ? Math.min(1, Math.max(0, (seconds - from) / (next[0] - from))) : 0;
  return { page, x: runs ? x + (next[2] - x) * share : x, top, bottom, bar };
}

/** Seconds of the moment nearest to a point of a page, its own system first; null if there is none. */
export function findSeconds(moments, page, x, y) {
  let best = null;
  for (const moment of moments) {
    if (moment[1] !== page) continue;
    const beside = y < moment[3] ? moment[3] - y : Math.max(0, y - moment[4]);
    const far = beside * 8 + Math.abs(moment[2] - x);
    if (!best || far < best.far) best = { far, seconds: moment[0] };
  }
  return best && best.seconds;
}
