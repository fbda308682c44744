// A layered graph: each asset right of all it was made from. Knows no DOM.

export const NODE = { width: 190, height: 64, across: 76, down: 14 };
const MOST_IN_COLUMN = 14;
const SWEEPS = 6;

/** Place nodes: `nodes` are ids, oldest first; `edges` {parent, child}. Returns {places: id -> {x, y}, width, height}. */
export function layoutLineage(nodes, edges) {
  const known = new Set(nodes);
  const links = edges.filter(({ parent, child }) => known.has(parent) && known.has(child) && parent !== child);
  const parents = collect(nodes, links, "child", "parent");
  const children = collect(nodes, links, "parent", "child");
  const layers = findLayers(nodes, parents, children);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const near = isDown ? parents : children;
    const ordered = isDown ? layers.slice(1) : layers.slice(0, -1).reverse();
    const rank = new Map(layers.flatMap((layer) => layer.map((id, place) => [id, place / Math.max(1, layer.length - 1)])));
    for (const layer of ordered) {
      const weight = new Map(layer.map((id) => [id, mean(near.get(id).map((other) => rank.get(other))) ?? rank.get(id)]));
      layer.sort((a, b) => weight.get(a) - weight.get(b));
      layer.forEach((id, place) => rank.set(id, place / Math.max(1, layer.length - 1)));
    }
  }
  return placeLayers(layers);
}

function collect(nodes, edges, from, to) {
  const found = new Map(nodes.map((id) => [id, []]));
  for (const edge of edges) if (!found.get(edge[from]).includes(edge[to])) found.get(edge[from]).push(edge[to]);
  return found;
}

const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

/** Longest way from a root; a root stands just left of its first child. A ring, which cannot be, is cut. */
function findLayers(nodes, parents, children) {
  const depth = new Map();
  const visiting = new Set();
  const measure = (id) => {
    if (depth.has(id)) return depth.get(id);
    if (visiting.has(id)) return 0;
    visiting.add(id);
    const value = parents.get(id).reduce((most, parent) => Math.max(most, measure(parent) + 1), 0);
    visiting.delete(id);
    depth.set(id, value);
    return value;
  };
  for (const id of nodes) measure(id);
  for (const id of nodes) {
    if (!parents.get(id).length && children.get(id).length) depth.set(id, Math.min(...children.get(id).map((child) => depth.get(child))) - 1);
  }
  const layers = [];
  for (const id of nodes) (layers[Math.max(0, depth.get(id))] ??= []).push(id);
  return layers.filter(Boolean);
}

/** A layer with many nodes takes several columns; every layer is centred. */
function placeLayers(layers) {
  const places = new Map();
  const tallest = Math.max(...layers.map((layer) => Math.min(layer.length, columnLength(layer))), 1);
  const height = tallest * (NODE.height + NODE.down) - NODE.down;
  let x = 0;
  for (const layer of layers) {
    const length = columnLength(layer);
    for (let from = 0; from < layer.length; from += length) {
      const column = layer.slice(from, from + length);
      const top = (height - (column.length * (NODE.height + NODE.down) - NODE.down)) / 2;
      column.forEach((id, place) => places.set(id, { x, y: top + place * (NODE.height + NODE.down) }));
      x += NODE.width + (from + length < layer.length ? NODE.down * 2 : NODE.across);
    }
  }
  return { places, width: x - NODE.across, height };
}

function columnLength(layer) {
  return layer.length <= MOST_IN_COLUMN ? layer.length : Math.ceil(layer.length / Math.ceil(layer.length / MOST_IN_COLUMN));
}
