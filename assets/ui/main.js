// Loads every element of the page. An element that cannot be loaded does not take the others down.

const MODULES = [
  "./shell.js",
  "./shell-keys.js",
  "./shell-header.js",
  "./create.js",
  "./jobs-strip.js",
  "./viewer.js",
  "./library.js",
  "./queue.js",
  "./pipelines.js",
  "./train.js",
  "./system.js",
];

const loaded = await Promise.allSettled(MODULES.map((path) => import(path)));
loaded.forEach(({ status, reason }, place) => {
  if (status === "rejected") console.warn(`studio: ${MODULES[place]} was not loaded`, reason);
});
document.documentElement.dataset.studioReady = "";
