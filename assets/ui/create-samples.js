// Pictures to begin with, drawn for the studio, for a library that has none yet.

import { findFamily } from "./create-families.js";

const build = (name, title) => ({ name, title, url: new URL(`sample-${name}.webp`, import.meta.url).href });

// t("Brick wall") t("Stone paving") t("Wooden planks") t("Meadow"): said where they are shown.
export const SAMPLES = [
  build("brick", "Brick wall"),
  build("cobble", "Stone paving"),
  build("planks", "Wooden planks"),
  build("grass", "Meadow"),
];

/** The samples are surfaces: whoever is here for the first time begins with what makes textures of one. */
export const fitsSamples = (generator) => findFamily(generator) === "texture" && generator.inputs.filter((slot) => !slot.optional).every(offersSamples)
  && generator.inputs.some((slot) => !slot.optional);

export const offersSamples = (slot) => slot.kinds.includes("image");

/** The file of a sample, under the title it shall have in the library. */
export async function buildSample(sample) {
  const response = await fetch(sample.url);
  return new File([await response.blob()], `${sample.title}.webp`, { type: "image/webp" });
}
