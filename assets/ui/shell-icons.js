// Our few pictograms, drawn on 16 by 16 in the colour of the text.

const NAMESPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  mark: ["M2 5.2 8 2l6 3.2v5.6L8 14l-6-3.2z", "M2 5.2 8 8.4l6-3.2", "M8 8.4V14"],
  moon: ["M13.2 9.8A5.6 5.6 0 0 1 6.2 2.8 5.6 5.6 0 1 0 13.2 9.8z"],
  sun: ["M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z", "M8 1.4v1.4M8 13.2v1.4M1.4 8h1.4M13.2 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M3.3 12.7l1-1M11.7 4.3l1-1"],
  help: ["M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z", "M6.2 6.3c.2-1 .9-1.6 1.9-1.6s1.8.7 1.8 1.6c0 1.3-1.8 1.4-1.8 2.8", "M8.05 11.2v.1"],
  leave: ["M6 2.5H3v11h3", "M7 8h6.5M11 5.5 13.5 8 11 10.5"],
  dice: ["M2.5 4.2a1.7 1.7 0 0 1 1.7-1.7h7.6a1.7 1.7 0 0 1 1.7 1.7v7.6a1.7 1.7 0 0 1-1.7 1.7H4.2a1.7 1.7 0 0 1-1.7-1.7z", "M5.5 5.5v.1M10.5 10.5v.1M10.5 5.5v.1M5.5 10.5v.1M8 8v.1"],
  lock: ["M4 7.2h8v6H4z", "M5.6 7.2V5.1a2.4 2.4 0 0 1 4.8 0v2.1"],
  unlock: ["M4 7.2h8v6H4z", "M5.6 7.2V4.6a2.4 2.4 0 0 1 4.6-.9"],
  close: ["M4 4l8 8M12 4l-8 8"],
  plus: ["M8 3v10M3 8h10"],
  search: ["M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z", "M10.3 10.3 13.5 13.5"],
  upload: ["M8 10.5v-8M4.8 5.5 8 2.4l3.2 3.1", "M2.5 10.5v3h11v-3"],
  more: ["M3.5 8v.1M8 8v.1M12.5 8v.1"],
  down: ["M4 6.2 8 10l4-3.8"],
  stop: ["M4 4h8v8H4z"],
  play: ["M5 3l7.5 5L5 13z"],
  again: ["M13 8a5 5 0 1 1-1.6-3.7", "M13.2 2.2v2.6h-2.6"],
  grid: ["M2.5 2.5h4.6v4.6H2.5zM8.9 2.5h4.6v4.6H8.9zM2.5 8.9h4.6v4.6H2.5zM8.9 8.9h4.6v4.6H8.9z"],
  clock: ["M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z", "M8 4.5V8l2.4 1.6"],
};

/** An <svg> by name, hidden from screen readers: the button around it has the name. */
export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, "svg");
  const attributes = { viewBox: "0 0 16 16", width: "16", height: "16", fill: "none", stroke: "currentColor",
    "stroke-width": "1.4", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: "s-icon" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const d of PATHS[name] ?? []) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
