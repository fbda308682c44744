// How much an upload may bring: asked of the server once, so that nobody waits for a refusal.

import { api, t } from "./core.js";

let asked = null;

/** Throw if files are more than the server takes. */
export async function checkSize(files) {
  asked ??= api.get("status").catch(() => null);
  const limit = (await asked)?.largest_upload ?? Infinity;
  const size = [...files].reduce((sum, file) => sum + file.size, 0);
  if (size <= limit) return;
  throw new Error(t("this is too large; at most {megabytes} MiB", { megabytes: Math.floor(limit / 2 ** 20) }));
}
