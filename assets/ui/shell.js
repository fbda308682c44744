// What holds the page together: which tab the address names, light or dark, and the keyboard.

import { StudioElement, h, t, wordsReady } from "./core.js";

// ---- tabs follow the address: #library?text=brick

const START = "create";

/** The tab and the params that the address names. */
export function readAddress() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  return { tab: name || START, params: Object.fromEntries(new URLSearchParams(query)) };
}

const findButtons = () => [...document.querySelectorAll('#studio-tabs > .tab-wrapper [role="tab"]')];
const getTab = (button) => button.id.replace(/^tab-/, "").replace(/-button$/, "");
const isChosen = (button) => button.getAttribute("aria-selected") === "true";

function openTab() {
  const { tab } = readAddress();
  const button = findButtons().find((one) => getTab(one) === tab);
  if (button && !isChosen(button)) button.click();
}

function rememberTab() {
  const chosen = findButtons().find(isChosen);
  if (!chosen) return;
  const tab = getTab(chosen);
  document.body.dataset.studioTab = tab;
  if (readAddress().tab !== tab) history.pushState(null, "", `#${tab}`);
}

function followTabs(tabs) {
  // Gradio chooses its first tab once more while it builds: only when the tab of the address was
  // open once does another one come from the user.
  const isKnown = findButtons().some((button) => getTab(button) === readAddress().tab);
  let isLed = isKnown;
  const follow = () => {
    const chosen = findButtons().find(isChosen);
    if (isLed && chosen && getTab(chosen) !== readAddress().tab) {
      openTab();
      return;
    }
    isLed = false;
    rememberTab();
  };
  follow();
  addEventListener("hashchange", openTab);
  addEventListener("popstate", openTab);
  new MutationObserver(follow).observe(tabs, {
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-selected"],
  });
}

/** Call `use(element)` once when the page has an element. */
export function whenThere(selector, use) {
  const found = document.querySelector(selector);
  if (found) {
    use(found);
    return;
  }
  const observer = new MutationObserver(() => {
    const late = document.querySelector(selector);
    if (!late) return;
    observer.disconnect();
    use(late);
  });
  observer.observe(document.documentElement, { subtree: true, childList: true });
}

// ---- light or dark: as the system has it, until the switch is used

const KEY = "studio-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => {
  const chosen = localStorage.getItem(KEY);
  return chosen ? chosen === "dark" : system.matches;
};

function paint() {
  const dark = isDark();
  for (const element of [document.documentElement, document.body]) {
    if (element.classList.contains("dark") !== dark) element.classList.toggle("dark", dark);
  }
}

export function switchTheme() {
  const dark = !isDark();
  // Back to what the system has means: follow the system again.
  if (dark === system.matches) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, dark ? "dark" : "light");
  paint();
  document.dispatchEvent(new CustomEvent("studio:theme", { detail: { dark } }));
}

system.addEventListener("change", paint);
// Gradio sets the class on its own account, after us.
new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
paint();

// ---- words in places that Python builds: t("This tab could not be built")

class Text extends StudioElement {
  render() {
    this.textContent = t(this.getAttribute("text") ?? "");
  }
}
customElements.define("studio-text", Text);

// ---- the start

wordsReady.then(() => {
  document.documentElement.lang = (navigator.language || "en").slice(0, 2);
  document.body.prepend(h("a", { class: "s-skip", href: "#studio-tabs", onclick: skip }, t("Skip to the content")));
});

function skip(event) {
  event.preventDefault();
  document.querySelector('#studio-tabs [role="tabpanel"]:not([style*="none"]) :is(button, input, a, textarea, select)')?.focus();
}

whenThere('#studio-tabs > .tab-wrapper [role="tab"]', () => followTabs(document.querySelector("#studio-tabs")));
