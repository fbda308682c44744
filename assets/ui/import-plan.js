// What dropped, pasted or chosen files are: single files, the maps of one material, bundles.

const ENDINGS = {
  albedo: "albedo basecolor basecolour color colour col diffuse diff bc d alb",
  normal_gl: "normalgl norgl normal normals nor nrm norm normalogl n",
  normal_dx: "normaldx nordx",
  height: "height heightmap displacement disp h bump depth",
  roughness: "roughness rough rgh r",
  metallic: "metallic metalness metal mtl m",
  ao: "ao ambientocclusion occlusion occ",
  orm: "orm arm occlusionroughnessmetallic",
  specular: "specular spec",
  opacity: "opacity alpha mask",
  emissive: "emissive emission emit e",
};
const MAPS = new Map(Object.entries(ENDINGS).flatMap(([map, words]) => words.split(" ").map((word) => [word, map])));
const SIZE = /^(\d+k?|jpe?g|png|tga|tiff?|exr)$/;
const PICTURE = /\.(png|jpe?g|webp|bmp|tiff?|tga)$/i;
const TAIL = 1 << 18; // bytes at the end of a zip where its table of contents stands

/** Which map of which material a file name says it is: {map, stem}, or null. As the server reads names. */
export function readMapName(name) {
  if (!PICTURE.test(name)) return null;
  const words = name.replace(/\.[^.]+$/, "").toLowerCase().split(/[_\-\s.]+/).filter(Boolean);
  while (words.length > 1 && SIZE.test(words.at(-1))) words.pop();
  for (const count of [2, 1]) {
    const ending = words.slice(-count).join("");
    if (words.length < count || (ending.length === 1 && words.length === 1)) continue;
    if (MAPS.has(ending)) return { map: MAPS.get(ending), stem: words.slice(0, -count).join("_") };
  }
  return null;
}

/** Group [{file, folder}] into uploads: [{name, files, isBundle}]; maps of one material go together. */
export async function planUploads(found) {
  const groups = new Map();
  const single = [];
  for (const one of found) {
    const read = readMapName(one.file.name);
    if (!read) single.push(one);
    else {
      const key = `${one.folder}\n${read.stem}`;
      groups.set(key, [...(groups.get(key) ?? []), { ...one, ...read }]);
    }
  }
  const uploads = [];
  for (const maps of groups.values()) {
    const isMaterial = maps.length > 1 && new Set(maps.map((one) => one.map)).size === maps.length;
    if (!isMaterial) single.push(...maps);
    else uploads.push({ name: nameMaterial(maps[0]), files: maps.map((one) => one.file), isBundle: false });
  }
  for (const { file } of single) uploads.push({ name: file.name, files: [file], isBundle: await isBundle(file) });
  return uploads;
}

function nameMaterial({ stem, folder, file }) {
  const name = folder.split("/").at(-1) || stem.replace(/_/g, " ");
  return name.trim() || file.name;
}

/** A zip with a manifest is a bundle of a library; any other is an archive like any file. */
async function isBundle(file) {
  if (!/\.zip$/i.test(file.name)) return false;
  const tail = await file.slice(Math.max(0, file.size - TAIL)).arrayBuffer();
  return new TextDecoder("latin1").decode(tail).includes("manifest.json");
}

/** Read what was dropped, folders too: [{file, folder}]. */
export async function readDrop(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) if (entry) await readEntry(entry, "", found);
  return found;
}

async function readEntry(entry, folder, found) {
  if (entry instanceof File) found.push({ file: entry, folder });
  else if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    if (!file.name.startsWith(".")) found.push({ file, folder });
  } else {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (!some.length) break;
      for (const one of some) await readEntry(one, `${folder}/${entry.name}`, found);
    }
  }
}

/** Files of a file field, with the folders they were in. */
export function readField(files) {
  return [...files].filter((file) => !file.name.startsWith(".")).map((file) => ({ file, folder: (file.webkitRelativePath ?? "").split("/").slice(0, -1).join("/") }));
}
