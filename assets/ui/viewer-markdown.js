// Shows Markdown as elements: headings, lists, quotes, code, tables, emphasis. Never markup, never a foreign picture.

import { h } from "./core.js";

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*|__[^_]+__)|(\*[^*\s][^*]*\*|\b_[^_]+_\b)|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g;

/** Words of a line with their emphasis: a list of texts and elements. */
export function buildInline(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(from, found.index));
    const [whole, code, strong, soft, label, address] = found;
    if (code) parts.push(h("code", {}, code.slice(1, -1)));
    else if (strong) parts.push(h("strong", {}, strong.slice(2, -2)));
    else if (soft) parts.push(h("em", {}, soft.slice(1, -1)));
    else parts.push(h("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, label));
    from = found.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

/** Elements of a text, block by block. */
export function buildMarkdown(text) {
  const lines = text.split(/\r?\n/);
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    const [block, next] = readBlock(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

const takeWhile = (lines, at, test) => {
  let end = at;
  while (end < lines.length && test(lines[end])) end += 1;
  return [lines.slice(at, end), end];
};
const isList = (line) => /^\s*([-*+]|\d+[.)])\s+/.test(line);
const isPlain = (line) => line.trim() && !/^(#{1,6}\s|```|>|\||\s*([-*+]|\d+[.)])\s)/.test(line);

function readBlock(lines, at) {
  const line = lines[at];
  const heading = /^(#{1,6})\s+(.*)/.exec(line);
  if (!line.trim()) return [null, at + 1];
  if (heading) return [h(`h${Math.min(heading[1].length + 2, 6)}`, {}, buildInline(heading[2])), at + 1];
  if (line.startsWith("```")) {
    const [code, end] = takeWhile(lines, at + 1, (one) => !one.startsWith("```"));
    return [h("pre", {}, h("code", {}, code.join("\n"))), end + 1];
  }
  if (/^\s*([-*_])\s*\1\s*\1[\s\-*_]*$/.test(line)) return [h("hr"), at + 1];
  if (line.startsWith(">")) {
    const [quote, end] = takeWhile(lines, at, (one) => one.startsWith(">"));
    return [h("blockquote", {}, buildMarkdown(quote.map((one) => one.replace(/^>\s?/, "")).join("\n"))), end];
  }
  if (isList(line)) {
    const [items, end] = takeWhile(lines, at, isList);
    const tag = /^\s*\d/.test(line) ? "ol" : "ul";
    return [h(tag, {}, items.map((item) => h("li", {}, buildInline(item.replace(/^\s*([-*+]|\d+[.)])\s+/, ""))))), end];
  }
  if (line.startsWith("|")) {
    const [rows, end] = takeWhile(lines, at, (one) => one.startsWith("|"));
    return [buildRows(rows), end];
  }
  const [words, end] = takeWhile(lines, at, isPlain);
  return words.length ? [h("p", {}, words.flatMap((word, place) => [place ? h("br") : "", ...buildInline(word)])), end] : [h("p", {}, buildInline(line)), at + 1];
}

function buildRows(rows) {
  const cells = rows.map((row) => row.replace(/^\||\|\s*$/g, "").split("|").map((cell) => cell.trim()));
  const hasHead = cells[1]?.every((cell) => /^:?-+:?$/.test(cell));
  const body = hasHead ? cells.slice(2) : cells;
  return h(
    "table", { class: "s-v-table" },
    hasHead ? h("thead", {}, h("tr", {}, cells[0].map((cell) => h("th", { scope: "col" }, buildInline(cell))))) : null,
    h("tbody", {}, body.map((row) => h("tr", {}, row.map((cell) => h("td", {}, buildInline(cell)))))),
  );
}
