// A dataset: assets of the library, from a selection, a collection, a tag or a folder of one's disk.
// What is broken, given twice or small is said before an hour is spent on it.

import { api, attempt, h, t, thumbnailUrl } from "./core.js";
import { pickAssets } from "./create-picker.js";
import { bar, button, emptyState, formatBytes, iconButton } from "./queue-format.js";
import { openResult } from "./queue-result.js";

const AT_ONCE = 3;
const SHOWN = 48;
const SMALL = 96;
const LICENCES = ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "LicenseRef-Own", "LicenseRef-Unknown"];

export class Dataset {
  assets = new Map();
  #broken = [];
  #twice = 0;
  #busy = null;

  /** `slot`: the trainer's; `changed`: called after each change. */
  constructor(slot, changed) {
    this.slot = slot;
    this.changed = changed;
    this.title = h("input", { type: "text", class: "s-y-field", maxlength: "60", id: "s-t-name", placeholder: t("my-pictures") });
    this.licence = h("input", { type: "text", class: "s-y-field", list: "s-t-licences", maxlength: "80", id: "s-t-licence", placeholder: t("as the pictures say") });
    this.report = h("div", { class: "s-t-report", role: "status" });
    this.grid = h("div", { class: "s-t-grid" });
    this.sources = h("div", { class: "s-q-row s-q-wrap" });
    this.element = h("section", { class: "s-q-panel s-t-data", "aria-label": t("Dataset"), ondragover: (event) => event.preventDefault(), ondrop: (event) => this.#drop(event) },
      h("div", { class: "s-q-line" }, h("h3", { class: "s-q-title" }, t("Dataset"), h("span", { class: "s-q-muted" }, slot.summary)), this.sources),
      this.report, this.grid,
      h("div", { class: "s-t-facts" }, h("label", { for: "s-t-name" }, t("Name of the dataset")), this.title, h("label", { for: "s-t-licence" }, t("Licence of the pictures")), this.licence,
        h("datalist", { id: "s-t-licences" }, ...LICENCES.map((value) => h("option", { value })))));
    this.#drawSources();
    this.draw();
  }

  get ids() {
    return [...this.assets.keys()];
  }

  /** Tags for the pictures and for what is learnt from them. */
  get tags() {
    const name = this.title.value.trim().replaceAll("/", "-");
    const licence = this.licence.value.trim().replaceAll("/", "-");
    return [name && `dataset/${name}`, licence && `licence/${licence}`].filter(Boolean);
  }

  async #drawSources() {
    const { items } = await api.get("collections").catch(() => ({ items: [] }));
    const tags = await api.get("tags").catch(() => ({ items: [] }));
    const choose = h("select", { class: "s-q-select s-t-select", "aria-label": t("Take a collection or a tag"), onchange: () => this.#takeGroup(choose) },
      h("option", { value: "" }, t("Collection or tag…")),
      ...items.map(({ name, count }) => h("option", { value: `collection:${name}` }, `${name} (${count})`)),
      ...tags.items.slice(0, 200).map(({ tag, count }) => h("option", { value: `tags:${tag}` }, `#${tag} (${count})`)));
    this.sources.replaceChildren(
      button(t("From the library"), () => this.#pick(), { sign: "layers" }),
      ...(choose.options.length > 1 ? [choose] : []),
      button(t("Upload a folder"), () => this.#chooseFiles(true), { sign: "folder" }),
      button(t("Upload files"), () => this.#chooseFiles(false), { sign: "upload" }));
  }

  async #pick() {
    this.#add(await pickAssets({ ...this.slot, many: true }));
  }

  #takeGroup(choose) {
    const [kind, name] = [choose.value.slice(0, choose.value.indexOf(":")), choose.value.slice(choose.value.indexOf(":") + 1)];
    choose.value = "";
    if (!name) return undefined;
    if (!this.title.value) this.title.value = name.replaceAll("/", "-");
    return attempt(async () => {
      for (const media of this.slot.kinds) {
        let cursor = "";
        do {
          const page = await api.get("assets", { [kind]: name, kind: media, limit: 200, cursor });
          this.#add(page.items);
          cursor = page.next_cursor;
        } while (cursor);
      }
    });
  }

  #chooseFiles(isFolder) {
    const input = h("input", { type: "file", multiple: true });
    input.webkitdirectory = isFolder;
    input.addEventListener("change", () => this.upload([...input.files]));
    input.click();
  }

  #drop(event) {
    event.preventDefault();
    const ids = event.dataTransfer.getData("application/x-studio-assets");
    if (ids) attempt(async () => this.#add(await Promise.all(JSON.parse(ids).map((id) => api.get(`assets/${id}`)))));
    else this.upload([...event.dataTransfer.files]);
  }

  /** Bring files into the library, one by one, so that a broken one costs only itself. */
  async upload(files) {
    const wanted = files.filter((file) => !file.name.startsWith("."));
    if (!wanted.length) return;
    const folder = wanted[0].webkitRelativePath?.split("/")[0];
    if (folder && !this.title.value) this.title.value = folder;
    this.#busy = { done: 0, total: wanted.length };
    const queue = [...wanted];
    const work = async () => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        await this.#uploadOne(file);
        this.#busy.done += 1;
        this.draw();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.#busy = null;
    this.draw();
  }

  async #uploadOne(file) {
    const body = new FormData();
    body.append("files", file, file.name);
    try {
      const { items } = await api.post("assets", body);
      const fitting = items.filter((asset) => this.slot.kinds.includes(asset.kind));
      if (!fitting.length) this.#broken.push({ name: file.name, reason: t("is of a kind that this trainer does not take") });
      this.#add(fitting);
    } catch (error) {
      this.#broken.push({ name: file.name, reason: error.message });
    }
  }

  #add(assets) {
    for (const asset of assets) {
      // The same content again is the same asset, so a double is an id that is there.
      if (this.assets.has(asset.id)) this.#twice += 1;
      this.assets.set(asset.id, asset);
    }
    this.draw();
    this.changed();
  }

  #remove(id) {
    this.assets.delete(id);
    this.draw();
    this.changed();
  }

  draw() {
    const assets = [...this.assets.values()];
    this.report.replaceChildren(...this.#buildReport(assets));
    const left = assets.length - SHOWN;
    this.grid.replaceChildren(...(assets.length ? assets.slice(0, SHOWN).map((asset) => this.#buildTile(asset)) : [
      emptyState("folder", t("Which pictures shall it learn from?"), t("Some dozens of large, sharp pictures of one sort are a good beginning. Drop them here, upload a folder, or take them from the library."))]),
    ...(left > 0 ? [h("span", { class: "s-t-more" }, `+${left}`)] : []));
  }

  #buildTile(asset) {
    const size = asset.width ? `${asset.width} × ${asset.height}` : asset.kind;
    const isSmall = asset.width && Math.min(asset.width, asset.height) < SMALL;
    return h("div", { class: `s-t-tile${isSmall ? " s-is-small" : ""}`, title: `${asset.title} · ${size}` },
      h("button", { type: "button", "aria-label": asset.title, onclick: () => openResult(asset.id, this.ids) }, h("img", { src: thumbnailUrl(asset.id), alt: "", loading: "lazy" })),
      iconButton("close", t("Take out {title}", { title: asset.title }), () => this.#remove(asset.id)));
  }

  #buildReport(assets) {
    const sized = assets.filter((asset) => asset.width);
    const sides = sized.map((asset) => Math.min(asset.width, asset.height)).sort((a, b) => a - b);
    const small = sides.filter((side) => side < SMALL).length;
    const bytes = assets.reduce((sum, asset) => sum + (asset.size ?? 0), 0);
    const facts = assets.length ? [assets.length === 1 ? t("1 picture") : t("{count} pictures", { count: assets.length }), formatBytes(bytes), sides.length ? t("shorter side {least} to {most} px, {middle} in the middle", { least: sides[0], most: sides.at(-1), middle: sides[sides.length >> 1] }) : ""] : [];
    return [
      this.#busy ? h("div", { class: "s-t-busy" }, h("span", {}, t("Uploading {done} of {total}", this.#busy)), bar(this.#busy.done / this.#busy.total, t("Upload"))) : null,
      facts.length ? h("p", {}, facts.filter(Boolean).join(" · ")) : null,
      this.#twice ? h("p", { class: "s-t-warn" }, t("{count} were given twice and count once.", { count: this.#twice })) : null,
      small ? h("p", { class: "s-t-warn" }, t("{count} are smaller than {size} px: little can be learnt from them.", { count: small, size: SMALL })) : null,
      this.#broken.length ? h("details", { class: "s-t-broken", open: this.#broken.length < 6 }, h("summary", {}, t("{count} files were left out", { count: this.#broken.length })), h("ul", {}, ...this.#broken.map(({ name, reason }) => h("li", {}, h("strong", {}, name), " ", reason)))) : null,
    ].filter(Boolean);
  }
}
