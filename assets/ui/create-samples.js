// Pictures to begin with, drawn for the studio, for a library that has none yet.

const build = (name, title) => ({ name, title, url: new URL(`sample-${name}.webp`, import.meta.url).href });

// t("Brick wall") t("Stone paving") t("Wooden planks") t("Meadow"): said where they are shown.
export const SAMPLES = [
  build("brick", "Brick wall"),
  build("cobble", "Stone paving"),
  build("planks", "Wooden planks"),
  build("grass", "Meadow"),
];

export const offersSamples = (slot) => slot.kinds.includes("image");

/** The file of a sample, under the title it shall have in the library. */
export async function buildSample(sample) {
  const response = await fetch(sample.url);
  return new File([await response.blob()], `${sample.title}.webp`, { type: "image/webp" });
}
