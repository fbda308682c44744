// A window over the library, to choose what goes into a slot.

import { api, attempt, h, t, thumbnailUrl } from "./core.js";

const PAGE = 40;

/** Let the user choose; answers assets, none if the window was closed. */
export function pickAssets({ kinds, many, name }) {
  return new Promise((resolve) => {
    const chosen = new Map();
    const cursors = new Map(kinds.map((kind) => [kind, ""]));
    const search = h("input", { type: "search", class: "s-input", placeholder: t("Search the library"), "aria-label": t("Search the library"), autofocus: "" });
    const grid = h("div", { class: "s-picker-grid" });
    const more = h("button", { type: "button", class: "s-button", hidden: true, onclick: () => attempt(load) }, t("Show more"));
    const take = h("button", { type: "button", class: "s-button s-primary", disabled: true, onclick: () => finish([...chosen.values()]) }, t("Use"));
    const dialog = h("dialog", { class: "s-dialog s-picker", "aria-label": t("Choose from the library: {slot}", { slot: name }), onclose: () => finish([]) },
      h("div", { class: "s-picker-head" }, search, h("button", { type: "button", class: "s-button", onclick: () => dialog.close() }, t("Close"))),
      grid, h("div", { class: "s-dialog-actions" }, more, many ? take : null));
    let due = 0;
    let isDone = false;

    function finish(assets) {
      if (isDone) return;
      isDone = true;
      dialog.remove();
      resolve(assets);
    }

    function toggle(asset, button) {
      if (!many) {
        finish([asset]);
        return;
      }
      if (!chosen.delete(asset.id)) chosen.set(asset.id, asset);
      button.setAttribute("aria-pressed", String(chosen.has(asset.id)));
      take.disabled = !chosen.size;
      take.textContent = chosen.size ? t("Use {count}", { count: chosen.size }) : t("Use");
    }

    function buildTile(asset) {
      const button = h("button", { type: "button", class: "s-picker-tile", "aria-pressed": "false", title: asset.title, onclick: () => toggle(asset, button) },
        h("img", { src: thumbnailUrl(asset.id), alt: "", loading: "lazy" }), h("span", {}, asset.title));
      return button;
    }

    async function load() {
      const text = search.value.trim();
      const open = [...cursors].filter(([, cursor]) => cursor !== null);
      const pages = await Promise.all(open.map(([kind, cursor]) => api.get("assets", { kind, text, cursor, limit: PAGE })));
      if (text !== search.value.trim()) return;
      pages.forEach((page, place) => cursors.set(open[place][0], page.next_cursor ?? null));
      const items = pages.flatMap((page) => page.items).sort((a, b) => b.created - a.created);
      grid.append(...items.map(buildTile));
      more.hidden = [...cursors.values()].every((cursor) => cursor === null);
      if (!grid.childElementCount) {
        grid.append(h("p", { class: "s-empty" }, text ? t("Nothing in the library matches") : t("The library has nothing of this kind yet")));
      }
    }

    function begin() {
      grid.replaceChildren();
      for (const kind of kinds) cursors.set(kind, "");
      attempt(load);
    }

    search.addEventListener("input", () => {
      clearTimeout(due);
      due = setTimeout(begin, 150);
    });
    document.body.append(dialog);
    dialog.showModal();
    begin();
  });
}
