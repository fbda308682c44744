// Which generators stand together: by what they make, or by what their plugin is for.

import { t } from "./core.js";

const BY_PLUGIN = { textures: "texture", texture: "texture", upscale: "upscale", music: "music" };
const BY_OUTPUT = {
  image: "image", texture: "texture", audio: "music", score: "music", text: "text",
  video: "video", report: "analyse", archive: "export",
};
const ORDER = ["image", "texture", "upscale", "music", "text", "video", "analyse", "export"];

/** The family of a generator; null for trainers, which have a tab of their own. */
export function findFamily(generator) {
  if (generator.output === "checkpoint") return null;
  const [plugin, name] = generator.id.split(".");
  return BY_PLUGIN[plugin] ?? (generator.output === "image" ? BY_PLUGIN[name] : null) ?? BY_OUTPUT[generator.output] ?? null;
}

export const listFamilies = (generators) => ORDER.filter((name) => generators.some((one) => findFamily(one) === name));

export const nameFamily = (name) => ({
  image: t("Image"), texture: t("Texture"), upscale: t("Upscale"), music: t("Music"), text: t("Text"),
  video: t("Video"), analyse: t("Analyse"), export: t("Export"),
})[name];

/**
 * What makes something new comes first, what only packs or measures it last; what can be used at once
 * goes before what needs weights of the user's own, or more inputs, or others than pictures.
 */
export function sortGenerators(generators) {
  const rank = (one) => (["archive", "report"].includes(one.output) ? 2 : one.seeded ? 0 : 1);
  const needs = (one) => one.inputs.filter((slot) => !slot.optional).length;
  const lacks = (one) => Number(one.checkpoint_from.length > 0 && !one.checkpoints.length);
  const strange = (one) => Number(one.inputs.length > 0 && !one.inputs[0].kinds.includes("image"));
  const first = (one) => ORDER.indexOf(findFamily(one));
  return [...generators].sort((a, b) => first(a) - first(b) || rank(a) - rank(b) || lacks(a) - lacks(b) || strange(a) - strange(b)
    || needs(a) - needs(b) || a.id.localeCompare(b.id));
}
