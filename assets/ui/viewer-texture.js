// A material: lit on a shape of our own WebGL2 renderer, and its maps one by one.

import { fileUrl, h, t, thumbnailUrl } from "./core.js";
import { DEFAULTS, estimateRelief, loadMap, MaterialRenderer } from "./viewer-gl.js";
import { buildTileControls } from "./viewer-image.js";
import { loadPicture, PictureView } from "./viewer-picture.js";
import { button, checkbox, choice, clamp, slider } from "./viewer-widgets.js";

/** Titles of the maps, in the order they are shown. */
const titles = () => ({
  albedo: t("Base colour"), normal_gl: t("Normal (GL)"), normal_dx: t("Normal (DirectX)"), height: t("Height"),
  roughness: t("Roughness"), metallic: t("Metallic"), ao: t("Occlusion"), orm: t("Occlusion, roughness, metal"),
  emissive: t("Emissive"), opacity: t("Opacity"), specular: t("Specular"), curvature: t("Curvature"), subsurface: t("Subsurface"),
});
/** Switch -> the file names any of which brings it. */
const SWITCHES = {
  albedo: ["albedo"], normal: ["normal_gl", "normal_dx"], height: ["height"], roughness: ["roughness", "orm"],
  metallic: ["metallic", "orm"], ao: ["ao", "orm"], emissive: ["emissive"], opacity: ["opacity"], specular: ["specular"],
};
const WALLS = { dark: [0.021, 0.0222, 0.0255], light: [0.56, 0.57, 0.58] };
const PITCH = { sphere: 0.22, cube: 0.42, plane: 0.8 };

/** Build the view of a material. */
export function build(asset, viewer) {
  const names = Object.keys(asset.files).filter((name) => /^(png|jpe?g|webp|bmp)$/i.test(asset.files[name].suffix.replace(".", "")));
  const lit = buildLit(asset, names);
  let flat = null;
  const content = h("div", { class: "s-v-mount" }, lit.element);
  const set = (mode) => {
    if (mode === "maps") flat ??= buildMaps(asset, names);
    content.replaceChildren((mode === "maps" ? flat : lit).element);
  };
  const modes = choice(t("View"), [["lit", t("Material")], ["maps", t("Maps"), t("Each map as a picture, tiled")]], "lit", set);
  const root = h("div", { class: "s-v-kind" }, h("div", { class: "s-v-modes" }, modes, lit.controls), content);
  return {
    element: root,
    focus: () => lit.focus(),
    keys: {
      m: () => { const now = lit.element.isConnected ? "maps" : "lit"; modes.set(now); set(now); return true; },
      t: () => { modes.set("maps"); set("maps"); return true; },
    },
    dispose: () => { lit.dispose(); flat?.dispose(); },
  };
}

function buildLit(asset, names) {
  const canvas = h("canvas", { class: "s-v-canvas s-v-lit", tabindex: "0", role: "img", "aria-label": t("{title}, lit; drag or use the arrow keys to turn it", { title: asset.title }) });
  const state = h("p", { class: "s-v-hint s-v-veil" }, t("Loading the maps..."));
  const stage = h("div", { class: "s-v-stage" }, canvas, state);
  const hint = h("p", { class: "s-v-hint" }, t("Drag to turn. Shift and drag to move the light. Wheel to come nearer. Double click to reset."));
  let renderer;
  try {
    renderer = new MaterialRenderer(canvas);
  } catch {
    const picture = h("img", { class: "s-v-fallback", src: thumbnailUrl(asset.id), alt: asset.title });
    stage.replaceChildren(picture, h("p", { class: "s-v-hint s-v-veil" }, t("This browser has no WebGL2, so the material cannot be turned. This is a picture of it; its maps are complete.")));
    return { element: h("div", { class: "s-v-material" }, stage), controls: null, focus: () => {}, dispose: () => {} };
  }
  canvas.renderer = renderer;
  turnByHand(canvas, renderer);
  let panel = buildPanel(names, renderer);
  const reset = button(t("Reset"), {
    glyph: "again", title: t("Light, camera and switches as they were at first"),
    onclick: () => {
      const { shape, relief } = renderer.options;
      renderer.set({ ...DEFAULTS, shape, relief, pitch: PITCH[shape] });
      const fresh = buildPanel(names, renderer);
      panel.replaceWith(fresh);
      panel = fresh;
    },
  });
  const help = h("div", { class: "s-v-tools" }, hint, h("span", { class: "s-v-spring" }), reset);
  const shape = choice(
    t("Shape"), [["sphere", t("Sphere")], ["cube", t("Cube")], ["plane", t("Plane")]], "sphere",
    (key) => renderer.set({ shape: key, pitch: PITCH[key], yaw: DEFAULTS.yaw, distance: 1 }),
  );
  let isGone = false;
  loadMaps(asset, names).then((maps) => {
    if (isGone) return;
    const relief = estimateRelief(maps.height, maps.normal_gl ?? maps.normal_dx, Boolean(maps.normal_gl));
    renderer.set({ relief });
    renderer.setMaps(maps);
    state.remove();
  }, () => { state.textContent = t("The maps could not be loaded."); });
  return {
    element: h("div", { class: "s-v-material" }, h("div", { class: "s-v-kind" }, stage, help), panel),
    controls: h("div", { class: "s-v-controls" }, shape),
    focus: () => canvas.focus(),
    dispose: () => { isGone = true; renderer.dispose(); },
  };
}

async function loadMaps(asset, names) {
  const used = new Set(Object.values(SWITCHES).flat());
  const wanted = names.filter((name) => used.has(name) && !(name === "normal_dx" && names.includes("normal_gl")));
  const maps = await Promise.all(wanted.map((name) => loadMap(fileUrl(asset.id, name))));
  return Object.fromEntries(wanted.map((name, place) => [name, maps[place]]));
}

/** Drag turns; with Shift, or the right button, it moves the light; wheel and two fingers come nearer. */
function turnByHand(canvas, renderer) {
  const fingers = new Map();
  const turn = (dx, dy) => renderer.set({ yaw: renderer.options.yaw + dx, pitch: clamp(renderer.options.pitch + dy, -0.12, 1.5) });
  const light = (dx, dy) => renderer.set({ studioYaw: renderer.options.studioYaw + dx, studioPitch: clamp(renderer.options.studioPitch + dy, -0.6, 0.6) });
  const nearer = (factor) => renderer.set({ distance: clamp(renderer.options.distance * factor, 0.3, 2) });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    const [dx, dy] = [(now[0] - before[0]) / 160, (now[1] - before[1]) / 160];
    if (other) nearer(Math.hypot(before[0] - other[0], before[1] - other[1]) / Math.max(Math.hypot(now[0] - other[0], now[1] - other[1]), 1));
    else if (event.shiftKey || event.buttons === 2) light(dx, dy);
    else turn(dx, dy);
  });
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    nearer(Math.exp(clamp(event.deltaY, -200, 200) / 700));
  }, { passive: false });
  canvas.addEventListener("dblclick", () => renderer.set({ yaw: DEFAULTS.yaw, pitch: PITCH[renderer.options.shape], distance: 1, studioYaw: 0, studioPitch: 0 }));
  canvas.addEventListener("keydown", (event) => {
    const move = event.shiftKey ? light : turn;
    const act = {
      ArrowLeft: () => move(-0.15, 0), ArrowRight: () => move(0.15, 0), ArrowUp: () => move(0, 0.1), ArrowDown: () => move(0, -0.1),
      "+": () => nearer(0.9), "=": () => nearer(0.9), "-": () => nearer(1.1),
    }[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  });
}

function buildPanel(names, renderer) {
  const degrees = (angle) => `${Math.round((angle * 180) / Math.PI)}°`;
  const factor = (value) => `${value.toFixed(2)} ×`;
  const switches = Object.entries(SWITCHES).filter(([, files]) => files.some((name) => names.includes(name)));
  const known = { ...titles(), normal: t("Normal") };
  const off = renderer.options.off = new Set();
  const box = (key) => checkbox(known[key], true, (on) => {
    if (on) off.delete(key);
    else off.add(key);
    renderer.request();
  });
  const surface = [
    slider(t("Tiling"), { min: 1, max: 8, value: 1, format: (n) => `${n} ×`, change: (tiles) => renderer.set({ tiles }) }),
    slider(t("Relief"), { min: 0, max: 2, step: 0.05, value: 1, format: factor, change: (detail) => renderer.set({ detail }) }),
  ];
  const light = [
    slider(t("Direction"), { min: -Math.PI, max: Math.PI, step: 0.02, value: 0, format: degrees, change: (studioYaw) => renderer.set({ studioYaw }) }),
    slider(t("Height"), { min: -0.6, max: 0.6, step: 0.02, value: 0, format: degrees, change: (studioPitch) => renderer.set({ studioPitch }) }),
    slider(t("Strength"), { min: 0, max: 3, step: 0.05, value: 1, format: factor, change: (key) => renderer.set({ key }) }),
    slider(t("Exposure"), { min: -2, max: 2, step: 0.1, value: 0, format: (stops) => `${stops > 0 ? "+" : ""}${stops.toFixed(1)} EV`, change: (stops) => renderer.set({ exposure: 2 ** stops }) }),
  ];
  const wall = choice(
    t("Background"), [["dark", t("Dark")], ["light", t("Bright")], ["studio", t("Studio")]], "dark",
    (key) => renderer.set({ wall: WALLS[key] ?? WALLS.dark, showStudio: key === "studio" }),
  );
  return h(
    "div", { class: "s-v-panel" },
    h("fieldset", {}, h("legend", {}, t("Maps")), h("div", { class: "s-v-checks" }, switches.map(([key]) => box(key))),
      names.includes("height") ? checkbox(t("Parallax and shadows"), true, (parallax) => renderer.set({ parallax }), t("Depth from the height map")) : null),
    h("fieldset", {}, h("legend", {}, t("Surface")), surface),
    h("fieldset", {}, h("legend", {}, t("Light")), light),
    h("fieldset", {}, h("legend", {}, t("Background")), wall),
  );
}

function buildMaps(asset, names) {
  const view = new PictureView(t("Map"));
  const known = titles();
  const order = Object.keys(known);
  const sorted = [...names].sort((a, b) => (order.indexOf(a) + 99) % 99 - (order.indexOf(b) + 99) % 99);
  const loaded = new Map();
  let wanted = "";
  const open = async (name) => {
    wanted = name;
    for (const tab of strip.children) tab.setAttribute("aria-pressed", String(tab.dataset.map === name));
    if (!loaded.has(name)) loaded.set(name, loadPicture(fileUrl(asset.id, name)));
    try {
      const picture = await loaded.get(name);
      if (wanted !== name) return;
      view.show({ picture, mode: "tiles" });
      view.canvas.setAttribute("aria-label", known[name] ?? name);
    } catch (error) {
      view.readout.textContent = error.message;
    }
  };
  const strip = h("div", { class: "s-v-maps", role: "group", "aria-label": t("Maps") }, sorted.map((name) => h(
    "button", { type: "button", "data-map": name, "aria-pressed": "false", onclick: () => open(name) },
    h("img", { src: fileUrl(asset.id, name), alt: "", loading: "lazy", decoding: "async" }), h("span", {}, known[name] ?? name),
  )));
  view.show({ copies: 1 });
  open(sorted[0]);
  return {
    element: h("div", { class: "s-v-kind" }, buildTileControls(view, 1), view.element, strip),
    dispose: () => view.dispose(),
  };
}
