// Small windows of the library: a list below a button, and a question that waits for an answer.

import { h, t } from "./core.js";
import { icon } from "./library-icons.js";

/** A button that opens a panel; `fill(panel, close)` builds it each time it opens. */
export function menuButton(text, iconName, fill, props = {}) {
  const panel = h("div", { class: "s-lib-pop", popover: "auto", role: "dialog", "aria-label": text });
  const close = () => panel.matches(":popover-open") && panel.hidePopover();
  const open = () => {
    panel.replaceChildren();
    fill(panel, close);
    panel.showPopover();
    place(panel, button);
    watch.observe(panel); // what is fetched makes it grow
    (panel.querySelector("[data-first]") ?? panel.querySelector("input, button"))?.focus();
  };
  const button = h("button", { type: "button", class: "s-lib-menu", "aria-haspopup": "dialog", "aria-expanded": "false", ...props }, iconName && icon(iconName), h("span", {}, text), icon("down"));
  const watch = new ResizeObserver(() => place(panel, button));
  let wasOpen = false;
  button.addEventListener("pointerdown", () => { wasOpen = panel.matches(":popover-open"); });
  button.addEventListener("click", () => { if (!wasOpen) open(); wasOpen = false; });
  panel.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed") watch.disconnect();
    if (event.newState === "closed" && panel.contains(document.activeElement)) button.focus();
  });
  panel.addEventListener("keydown", (event) => walk(panel, event));
  return { root: h("span", { class: "s-lib-menu-root" }, button, panel), button, panel, open, close };
}

function place(panel, button) {
  const [at, size] = [button.getBoundingClientRect(), panel.getBoundingClientRect()];
  const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
  const isBelow = at.bottom + 6 + size.height <= innerHeight;
  panel.style.left = `${left}px`;
  panel.style.top = `${isBelow ? at.bottom + 6 : Math.max(8, at.top - 6 - size.height)}px`;
}

/** Arrow keys go through the buttons of a panel. */
function walk(panel, event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [...panel.querySelectorAll("input:not([type=date]), button")];
  const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  stops.at(next % stops.length)?.focus();
  event.preventDefault();
  event.stopPropagation();
}

/** An entry of a panel. */
export function entry(text, run, { count = null, isOn = false, iconName = "" } = {}) {
  return h("button", { type: "button", class: `s-lib-entry${isOn ? " s-on" : ""}`, "aria-pressed": String(isOn), onclick: run },
    iconName && icon(iconName), h("span", { class: "s-lib-entry-text", dir: "auto" }, text), count !== null && h("span", { class: "s-lib-entry-count" }, String(count)));
}

/** Ask before something that cannot be undone; resolves to true or false. */
export function confirmAction(text, yes) {
  return ask((finish) => [
    h("p", {}, text),
    h("div", { class: "s-lib-dialog-row" },
      h("button", { type: "button", class: "s-button", autofocus: true, onclick: () => finish(false) }, t("Cancel")),
      h("button", { type: "button", class: "s-button s-danger", onclick: () => finish(true) }, yes)),
  ], false);
}

/** Ask for a line of text; resolves to it, or to null. */
export function askText(text, yes, value = "") {
  return ask((finish) => {
    const input = h("input", { type: "text", class: "s-lib-input", value, maxlength: "50", dir: "auto", autofocus: true, "aria-label": text });
    const done = (event) => { event.preventDefault(); if (input.value.trim()) finish(input.value.trim()); };
    queueMicrotask(() => input.select());
    return [h("form", { onsubmit: done },
      h("p", {}, text), input,
      h("div", { class: "s-lib-dialog-row" },
        h("button", { type: "button", class: "s-button", onclick: () => finish(null) }, t("Cancel")),
        h("button", { type: "submit", class: "s-button s-primary" }, yes)))];
  }, null);
}

function ask(build, otherwise) {
  return new Promise((resolve) => {
    const finish = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    const dialog = h("dialog", { class: "s-dialog s-lib-dialog" });
    dialog.append(...build(finish));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); finish(otherwise); });
    dialog.addEventListener("click", (event) => event.target === dialog && finish(otherwise));
    document.body.append(dialog);
    dialog.showModal();
  });
}
