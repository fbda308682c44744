// Line icons of the library: drawn here, 24 by 24, in the colour of the text.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  all: "M4 4h7v7H4z M13 4h7v7h-7z M4 13h7v7H4z M13 13h7v7h-7z",
  image: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15.5 9.5h.01",
  texture: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M3.6 9h16.8 M3.6 15h16.8 M12 3c-5 5-5 13 0 18 M12 3c5 5 5 13 0 18",
  audio: "M4 10v4 M8 7v10 M12 4v16 M16 8v8 M20 10.5v3",
  score: "M9 18V6l10-2v12 M9 18a2.5 2 0 1 1-5 0a2.5 2 0 1 1 5 0 M19 16a2.5 2 0 1 1-5 0a2.5 2 0 1 1 5 0",
  text: "M5 6h14 M5 10h14 M5 14h14 M5 18h8",
  video: "M4 6h11v12H4z M15 10l5-3v10l-5-3",
  checkpoint: "M12 3l8 4.5v9L12 21l-8-4.5v-9z M4 7.5l8 4.5 8-4.5 M12 12v9",
  report: "M5 20V4 M5 20h15 M9 16v-4 M13 16V8 M17 16v-6",
  archive: "M4 5h16v4H4z M5.5 9v10h13V9 M10 13h4",
  trash: "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13 M10.5 11v5 M13.5 11v5",
  folder: "M3 6h6l2 2h10v11H3z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13 M15.5 15.5L20 20",
  close: "M6 6l12 12 M18 6L6 18",
  plus: "M12 5v14 M5 12h14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  down: "M6 9l6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  tag: "M4 4h8l8 8-8 8-8-8z M8 8h.01",
  compare: "M4 5h7v14H4z M13 5h7v14h-7z",
  send: "M4 12h14 M13 6l6 6-6 6",
  download: "M12 4v11 M7 11l5 5 5-5 M5 20h14",
  upload: "M12 16V5 M7 9l5-5 5 5 M5 20h14",
  restore: "M4 12a8 8 0 1 0 2.5-5.8 M4 4v5h5",
  lineage: "M6 3v6 M6 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6 M6 15v6 M9 12h6 M18 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6",
  pencil: "M5 19l1-4L16 5l3 3L9 18z",
  clock: "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16 M12 8v4l3 2",
  palette: "M12 3a9 9 0 1 0 0 18c2 0 2-1.500 1.300-2.700s0-2.800 1.700-2.800H18a3 3 0 0 0 3-3A9 9 0 0 0 12 3 M8 9h.01 M12 7h.01 M16 9h.01 M7.500 13h.01",
  star: "M12 3.500l2.600 5.500 6 .800-4.400 4.200 1.100 6L12 17.100 6.700 20l1.100-6L3.400 9.800l6-.800z",
  spark: "M12 4v5 M12 15v5 M4 12h5 M15 12h5",
  menu: "M4 7h16 M4 12h16 M4 17h16",
  warn: "M12 4l9 16H3z M12 10v5 M12 17.500h.01",
};

/** Make an icon; it says nothing to a screen reader. */
export function icon(name) {
  const svg = svgElement("svg", { viewBox: "0 0 24 24", class: `s-icon s-icon-${name}`, "aria-hidden": "true" });
  svg.append(svgElement("path", { d: PATHS[name] ?? PATHS.archive }));
  return svg;
}

/** Make an element of a drawing. */
export function svgElement(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
