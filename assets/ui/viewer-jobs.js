// Jobs started from the viewer: the same call again, and waiting for what comes of one.

import { api, ApiError, on, t } from "./core.js";

const LATER = 5000; // ms between looks, should an event get lost
const ENDED = new Set(["done", "failed", "cancelled", "dead"]);

/** What made an asset, ready to be sent again: {generator, params, inputs}; or {reason} why it cannot. */
export function findCall(asset, family) {
  if (!asset.generator) return { reason: t("It was imported: nothing made it here that could be done again.") };
  const inputs = {};
  for (const { parent, child, slot } of family.edges) if (child === asset.id) (inputs[slot] ??= []).push(parent);
  const gone = Object.values(inputs).flat().some((id) => !family.nodes.some((node) => node.id === id));
  if (gone || !family.is_complete) return { reason: t("What it was made from is no longer in the library.") };
  return { generator: asset.generator, params: asset.params, inputs };
}

/** A seed by chance. */
export const pickSeed = () => crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;

/** Queue a job and wait for its end; `seen(job)` hears how far it is. Returns the job; throws why it failed. */
export async function runJob(body, seen = () => {}) {
  const job = await api.post("jobs", body);
  return waitForJob(job, seen);
}

function waitForJob(job, seen) {
  return new Promise((resolve, reject) => {
    const leave = [];
    const end = (act, value) => {
      for (const one of leave.splice(0)) one();
      act(value);
    };
    const look = async () => {
      let now;
      try {
        now = await api.get(`jobs/${job.id}`);
      } catch (error) {
        if (error instanceof ApiError) end(reject, error);
        return;
      }
      if (!ENDED.has(now.status)) seen(now);
      else if (now.status === "done") end(resolve, now);
      else end(reject, new Error(now.error?.message ?? t("The job was cancelled.")));
    };
    leave.push(on("job", ({ id, status }) => { if (id === job.id && ENDED.has(status)) look(); }));
    leave.push(on("progress", (event) => { if (event.id === job.id) seen(event); }));
    leave.push(on("reset", look));
    const timer = setInterval(look, LATER);
    leave.push(() => clearInterval(timer));
    look();
  });
}

/** Save a file of the server's under its own name. */
export function download(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
