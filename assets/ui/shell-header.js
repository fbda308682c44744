// The header: name, what runs right now, light or dark, help, who is logged in.

import { StudioElement, api, attempt, go, h, t } from "./core.js";
import { icon } from "./shell-icons.js";
import { openHelp } from "./shell-keys.js";
import { isDark, switchTheme } from "./shell.js";

class Header extends StudioElement {
  render() {
    const theme = h("button", { class: "s-icon-button", type: "button", onclick: switchTheme });
    const paint = () => {
      const text = isDark() ? t("Light theme") : t("Dark theme");
      theme.replaceChildren(icon(isDark() ? "sun" : "moon"));
      theme.title = text;
      theme.setAttribute("aria-label", text);
    };
    paint();
    this.listen(document, "studio:theme", paint);
    this.replaceChildren(
      h("header", { class: "s-header" },
        h("a", { class: "s-brand", href: "#create" }, icon("mark"), h("span", {}, "Studio")),
        h("div", { class: "s-header-tools" },
          h("studio-running"),
          theme,
          h("button", { class: "s-icon-button", type: "button", title: t("Keyboard shortcuts"),
            "aria-label": t("Keyboard shortcuts"), onclick: openHelp }, icon("help")),
          h("studio-user"))));
  }
}

/** One line about the queue, always in sight: how many run, how far the first one is. */
class Running extends StudioElement {
  #counts = {};
  #first = null;
  #due = 0;

  render() {
    this.follow("job", () => this.#readSoon());
    this.follow("reset", () => this.#readSoon());
    this.follow("progress", (event) => this.#advance(event));
    this.#read();
  }

  disconnectedCallback() {
    clearTimeout(this.#due);
    super.disconnectedCallback();
  }

  #readSoon() {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.#read(), 150);
  }

  async #read() {
    try {
      const [counts, running] = await Promise.all([
        api.get("jobs/counts"),
        api.get("jobs", { status: "running", limit: 1 }),
      ]);
      this.#counts = counts;
      this.#first = running.items[0] ?? null;
      this.#draw();
    } catch {
      this.#due = setTimeout(() => this.#read(), 3000);
    }
  }

  #advance(event) {
    if (this.#first?.id !== event.id) return;
    Object.assign(this.#first, event);
    this.#draw();
  }

  #draw() {
    const count = (name) => this.#counts[name] ?? 0;
    const [running, waiting] = [count("running"), count("queued")];
    const first = this.#first;
    const share = first?.total ? first.done / first.total : null;
    const parts = [];
    if (running) parts.push(t("{count} running", { count: running }));
    if (waiting) parts.push(t("{count} waiting", { count: waiting }));
    const text = parts.join(" · ") || t("Nothing is running");
    const eta = first?.eta ? h("span", { class: "s-running-eta" }, formatSeconds(first.eta)) : null;
    const bar = h("span", { class: "s-bar", role: "progressbar", "aria-label": t("Progress of the running job"),
      "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": share === null ? null : String(Math.round(share * 100)) },
      h("span", { style: share === null ? "width: 0" : `width: ${share * 100}%` }));
    bar.classList.toggle("s-bar-unknown", Boolean(running) && share === null);
    this.replaceChildren(
      h("button", { type: "button", class: `s-running${running ? " s-is-busy" : ""}`, onclick: () => go("queue"),
        title: t("Open the queue") }, h("span", { class: "s-dot" }), h("span", { class: "s-running-text" }, text), running ? bar : null, eta));
  }
}

class User extends StudioElement {
  async render() {
    const status = await api.get("status").catch(() => null);
    if (!status?.users) return;
    const leave = () => attempt(async () => {
      const url = new URL("../logout", import.meta.url);
      await fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-Studio": "1" } });
      location.reload();
    });
    this.replaceChildren(
      h("span", { class: "s-user" }, status.user),
      h("button", { type: "button", class: "s-icon-button", title: t("Log out"), "aria-label": t("Log out"), onclick: leave }, icon("leave")));
  }
}

/** "12 s", "3 min", "2 h". */
export function formatSeconds(seconds) {
  if (seconds < 90) return t("{count} s", { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t("{count} min", { count: Math.round(seconds / 60) });
  return t("{count} h", { count: Math.round(seconds / 3600) });
}

customElements.define("studio-running", Running);
customElements.define("studio-user", User);
customElements.define("studio-header", Header);
