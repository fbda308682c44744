// "Send to": which generators take an asset, in what order they are offered, and how they get it.

import { go, order, t } from "./core.js";
import { findFamily, nameFamily, sortGenerators } from "./create-families.js";

/** Where a generator is found: the name of its family, or of the tab for those that learn. */
export const nameHome = (generator) => (findFamily(generator) ? nameFamily(findFamily(generator)) : t("Train"));

/**
 * Offers {generator, slot} for assets of these kinds: a family after the other, `first` before the
 * others, and those that learn at the end; in a family, what needs the asset before what may have it.
 */
export function listOffers(generators, kinds, isMany, first = "") {
  const offers = sortGenerators(generators).flatMap((generator) => {
    const slot = generator.inputs.find((one) => kinds.every((kind) => one.kinds.includes(kind)) && (!isMany || one.many));
    return slot ? [{ generator, slot }] : [];
  });
  const rank = ({ generator }) => ({ [first]: 0, null: 2 })[findFamily(generator)] ?? 1;
  const place = ({ generator }) => offers.findIndex((one) => findFamily(one.generator) === findFamily(generator));
  const places = new Map(offers.map((offer) => [offer, place(offer)]));
  return [...offers].sort((a, b) => rank(a) - rank(b) || places.get(a) - places.get(b) || Number(a.slot.optional) - Number(b.slot.optional));
}

/** Open the form of an offer with assets in its slot. */
export function sendTo({ generator, slot }, ids) {
  if (!findFamily(generator)) {
    go("train", { trainer: generator.id, slot: slot.name, assets: ids.join(",") });
    return;
  }
  order({ action: "create", generator: generator.id, inputs: { [slot.name]: ids } });
  go("create");
}
