// The sound of a running job so far, played on while it grows.

import { h, t } from "./core.js";
import { icon } from "./shell-icons.js";

/** Whether a preview's address is that of a sound. */
export const isSound = (address) => /[?&]kind=audio\b/.test(address ?? "");

class Player {
  #audio = new Audio();
  #source = "";     // what is played now
  #newest = "";     // what there is
  #waits = false;   // all that there was has been heard

  constructor() {
    this.job = "";
    this.#audio.addEventListener("ended", () => { this.#waits = true; this.#goOn(); });
  }

  toggle(job, source) {
    if (this.job === job) {
      this.#audio.pause();
      this.job = "";
    } else {
      Object.assign(this, { job });
      this.#newest = source;
      this.#play(source, 0);
    }
    document.dispatchEvent(new CustomEvent("studio:sound"));
  }

  /** There is more of the sound that is played. */
  follow(job, source) {
    if (job !== this.job || source === this.#newest) return;
    this.#newest = source;
    if (this.#waits) this.#goOn();
  }

  #goOn() {
    if (this.#newest !== this.#source) this.#play(this.#newest, this.#audio.currentTime);
  }

  async #play(source, from) {
    this.#source = source;
    this.#waits = false;
    // Read as a whole: the worker keeps no more than the last few.
    const answer = await fetch(source).catch(() => null);
    if (!answer?.ok || answer.status === 204) { this.#waits = true; return; }
    if (this.#audio.src) URL.revokeObjectURL(this.#audio.src);
    this.#audio.src = URL.createObjectURL(await answer.blob());
    this.#audio.currentTime = from;
    this.#audio.play().catch(() => {});
  }
}

const player = new Player();

/** A button that plays what is there of a job's sound; `source`: its preview's full address. */
export function buildSound(source, className) {
  const job = new URL(source).pathname;
  player.follow(job, source);
  const button = h("button", { type: "button", class: className, "data-key": `hear-${job}`, "data-sound": job, onclick: () => player.toggle(job, button.dataset.source) });
  button.dataset.source = source;
  draw(button);
  return button;
}

function draw(button) {
  const isPlaying = player.job === button.dataset.sound;
  const text = isPlaying ? t("Stop") : t("Hear it so far");
  button.title = text;
  button.setAttribute("aria-label", text);
  button.replaceChildren(icon(isPlaying ? "stop" : "play"));
}

document.addEventListener("studio:sound", () => document.querySelectorAll("[data-sound]").forEach(draw));
