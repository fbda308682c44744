// A preset out of the text that somebody shared: pasted, checked while one types, kept.

import { api, h, t } from "./core.js";
import { showFault } from "./create-form.js";

const PATIENCE = 300;

/** Ask for the text of a preset file; resolves to the presets that were kept, or to null. */
export function askPreset() {
  return new Promise((resolve) => {
    let kept = null;
    const text = h("textarea", { class: "s-input s-share-text", rows: 9, spellcheck: false, autofocus: "", "aria-label": t("Text of a preset"),
      placeholder: '[[presets]]\nname = "mossy"\ngenerator = "…"' });
    const box = h("div", { id: "studio-share", class: "s-share" }, text);
    const replace = h("input", { type: "checkbox" });
    const submit = h("button", { class: "s-button s-primary", disabled: true }, t("Add"));
    const check = watch(() => ({ toml: text.value, overwrite: replace.checked }), (fault, found) => {
      showFault(box, fault);
      submit.disabled = Boolean(fault) || !found.length;
      submit.textContent = found.length ? t("Add “{title}”", { title: found.map((one) => one.title).join(", ") }) : t("Add");
    });
    text.addEventListener("input", check.later);
    replace.addEventListener("change", check.now);
    const save = async (event) => {
      event.preventDefault();
      kept = await check.now(true);
      if (kept) dialog.close();
    };
    const form = h("form", { onsubmit: save }, h("h2", {}, t("Add a preset from text")),
      h("p", { class: "s-slot-note" }, t("Paste what somebody copied with “Copy as text to share”.")), box,
      h("label", { class: "s-share-replace" }, replace, t("Replace mine of the same name")),
      h("div", { class: "s-dialog-actions" }, h("button", { type: "button", class: "s-button", onclick: () => dialog.close() }, t("Not now")), submit));
    const dialog = h("dialog", { class: "s-dialog s-share-dialog", "aria-label": t("Add a preset from text"), onclose: () => { dialog.remove(); resolve(kept); } }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Check what `read()` returns, at once or soon; `say(fault, presets)` unless it was asked again meanwhile. */
function watch(read, say) {
  let due = 0;
  let asked = 0;
  const now = async (keep = false) => {
    clearTimeout(due);
    const mine = ++asked;
    const body = read();
    if (!body.toml.trim()) {
      say("", []);
      return null;
    }
    try {
      const { items } = await api.post("presets/import", { ...body, keep: keep === true });
      if (mine === asked) say("", items);
      return items;
    } catch (error) {
      if (mine === asked) say(error.message, []);
      return null;
    }
  };
  const later = () => {
    clearTimeout(due);
    due = setTimeout(now, PATIENCE);
  };
  return { now, later };
}
