// The tab "Create": its parts, and how the rest of the page reaches it.

import { api, go, order } from "./core.js";
import "./create-chooser.js";
import { readValues } from "./create-form.js";
import "./create-history.js";
import "./create-presets.js";
import "./create-slots.js";
import { state } from "./create-state.js";
import "./create-submit.js";
import "./create-sweep.js";
import { readAddress, whenThere } from "./shell.js";

// What Python's controls call (`studio.ui.form_components.build_take`); other forms add their own.
window.studio ??= { forms: new Map(), take: (form, values) => (window.studio.forms.get(form) ?? takeParams)(form, values) };

function takeParams(form, raw) {
  if (form !== state.arrived) return; // controls on their way from one form to another
  const { values, broken } = readValues(state.fields, raw);
  state.broken = broken;
  state.take(form, { ...state.draft.params, ...values });
}

whenThere("#studio-choice :is(textarea, input)", () => state.load().then(() => state.isAsking || state.render()));

// ---- addresses: #create?generator=textures.pbr

/** Open the generator that the address names; one that learns has a tab of its own. */
async function followAddress() {
  const { tab, params } = readAddress();
  if (tab !== "create" || !params.generator) return;
  await state.load();
  if (state.find(params.generator)) state.choose(params.generator);
  else go("train", { trainer: params.generator });
}

/** The address names no other generator than the one that is open. */
function correctAddress() {
  const { tab, params } = readAddress();
  if (tab === "create" && params.generator && params.generator !== state.current.id) history.replaceState(history.state, "", "#create");
}

addEventListener("hashchange", followAddress);
state.addEventListener("generator", correctAddress);
followAddress();

// ---- orders: "send to", "more like this", "same seed, other params"

document.addEventListener("input", (event) => {
  if (!event.target.closest?.("#studio-order")) return;
  const what = JSON.parse(event.target.value || "{}");
  if (what.action === "create") obey(what);
});

async function obey({ generator, params, inputs, seed, count }) {
  await state.load();
  for (const id of Object.values(inputs ?? {}).flat()) api.get(`assets/${id}`).then((asset) => state.learn(asset), () => {});
  state.choose(generator, { params: params ?? {}, inputs: normalise(inputs), seed, count });
  go("create");
}

const normalise = (inputs) => inputs && Object.fromEntries(Object.entries(inputs).map(([slot, ids]) => [slot, [ids].flat()]));

export { order };
