// Draws a material on a lit shape with WebGL2; draws only when something changed.

import { buildCamera, buildProjection, buildRoundedBox, buildSphere, buildTurn, STRIDE } from "./viewer-mesh.js";
import { BACK_FRAGMENT, BACK_VERTEX, FRAGMENT, VERTEX } from "./viewer-shaders.js";

const LENS = Math.tan((13 * Math.PI) / 180);
const UNITS = ["albedo", "normal", "height", "roughness", "metallic", "ao", "emissive", "opacity", "specular"];
const COLOURS = new Set(["albedo", "emissive"]);
const LARGEST = 2048;
const SLOW = 60; // ms a picture may take while it moves
const PATIENCE = 1500; // ms a picture may take that rests
const PROBE = 0.25; // size at which the machine is measured
const REST = 220; // ms without a move until it is drawn sharply

/** Meshes, and what stands on the floor: half width, roundness, height, and where the floor is. */
const SHAPES = {
  sphere: { build: () => buildSphere(), foot: [0.72, 0.72, 1, -1.0], tiles: 1, reach: 1.16, target: -0.02 },
  cube: { build: () => buildRoundedBox([0.8, 0.8, 0.8], 0.07), foot: [0.8, 0.08, 0.9, -0.8], tiles: 1, reach: 1.36, target: -0.02 },
  plane: { build: () => buildRoundedBox([1.25, 0.045, 1.25], 0.03), foot: [1.25, 0.03, 0.16, -0.045], tiles: 1, reach: 1.42, target: 0 },
};

export const DEFAULTS = {
  shape: "sphere", yaw: 0.35, pitch: 0.22, distance: 1, tiles: 1, studioYaw: 0, studioPitch: 0, key: 1, exposure: 1,
  relief: 0, detail: 1, parallax: true, wall: [0.021, 0.0222, 0.0255], showStudio: false, off: new Set(),
};

export class MaterialRenderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: false, powerPreference: "high-performance" });
    if (!this.gl) throw new Error("no WebGL2");
    this.options = { ...DEFAULTS };
    Object.assign(this, { cost: 0, measured: 0, pixel: new Uint8Array(4) });
    this.maps = {};
    this.heard = [["webglcontextlost", (event) => event.preventDefault()], ["webglcontextrestored", () => this.#restore()]];
    for (const [type, hear] of this.heard) canvas.addEventListener(type, hear);
    this.#prepare();
    this.observer = new ResizeObserver(() => this.request());
    this.observer.observe(canvas);
  }

  /** Take the maps (name -> ImageBitmap); they stay the renderer's. */
  setMaps(maps) {
    this.maps = maps;
    this.#upload();
    this.request();
  }

  set(options) {
    Object.assign(this.options, options);
    this.request();
  }

  request() {
    this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.#drawInTime(); });
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.still);
    this.observer.disconnect();
    for (const [type, hear] of this.heard) this.canvas.removeEventListener(type, hear);
    for (const map of Object.values(this.maps)) map.close?.();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #restore() {
    this.#prepare();
    this.#upload();
    this.request();
  }

  #prepare() {
    const { gl } = this;
    this.sharp = gl.getExtension("EXT_texture_filter_anisotropic");
    this.program = link(gl, VERTEX, FRAGMENT);
    this.back = link(gl, BACK_VERTEX, BACK_FRAGMENT);
    this.empty = gl.createVertexArray();
    this.shapes = {};
    this.textures = {};
    this.blank = this.#makeTexture(new ImageData(new Uint8ClampedArray([128, 128, 255, 255]), 1, 1), "");
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
  }

  #upload() {
    const { gl, maps } = this;
    for (const texture of Object.values(this.textures)) gl.deleteTexture(texture);
    const source = {
      ...maps, normal: maps.normal_gl ?? maps.normal_dx,
      roughness: maps.roughness ?? maps.orm, metallic: maps.metallic ?? maps.orm, ao: maps.ao ?? maps.orm,
    };
    this.textures = {};
    for (const name of UNITS) if (source[name]) this.textures[name] = this.#makeTexture(source[name], name);
    this.aspect = maps.albedo ? maps.albedo.width / maps.albedo.height : 1;
  }

  #makeTexture(source, name) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, COLOURS.has(name) ? gl.SRGB8_ALPHA8 : gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
    gl.generateMipmap(gl.TEXTURE_2D);
    const isTiny = Math.max(source.width, source.height) <= 96; // pixel art keeps its pixels
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, isTiny ? gl.NEAREST : gl.LINEAR);
    // Height is read many times a pixel: there it would cost more than it shows.
    if (this.sharp && name !== "height") gl.texParameterf(gl.TEXTURE_2D, this.sharp.TEXTURE_MAX_ANISOTROPY_EXT, 8);
    return texture;
  }

  #shape(name) {
    const { gl } = this;
    if (this.shapes[name]) return this.shapes[name];
    const mesh = SHAPES[name].build();
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, mesh.vertices, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
    [[3, 0], [3, 3], [3, 6], [2, 9]].forEach(([size, offset], place) => {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, STRIDE * 4, offset * 4);
    });
    this.shapes[name] = { array, count: mesh.indices.length };
    return this.shapes[name];
  }

  /** A slow machine draws coarsely while something moves, and sharply once it rests. */
  #drawInTime() {
    clearTimeout(this.still);
    if (this.textures.albedo && this.measured < 2) {
      this.#measure();
      return;
    }
    const fit = (time, least) => Math.min(1, Math.max(Math.sqrt(time / this.cost), least));
    this.#draw(fit(SLOW, 0.2));
    if (this.cost > SLOW) this.still = setTimeout(() => this.#draw(fit(PATIENCE, 0.5)), REST);
  }

  /** Draw small and see how long it takes; the first picture also compiles, the second one counts. */
  #measure() {
    const start = performance.now();
    this.#draw(PROBE);
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, this.pixel); // waits until it is drawn
    this.measured += 1;
    this.cost = (performance.now() - start) / PROBE ** 2;
    this.request();
  }

  #draw(share) {
    const { gl, canvas, options } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2) * share;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
    if (!width || !height || gl.isContextLost()) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    const camera = this.#camera(width / height);
    this.#drawBack(camera, width / height);
    if (!this.textures.albedo) return;
    const set = this.#begin(this.program, camera);
    set("Matrix4fv", "uProjection", false, buildProjection(camera, LENS, width / height));
    set("Matrix3fv", "uTurn", false, buildTurn(options.yaw));
    set("2f", "uRepeat", options.tiles, options.tiles * this.aspect);
    this.#bindMaps(set);
    const shape = this.#shape(options.shape);
    gl.bindVertexArray(shape.array);
    gl.drawElements(gl.TRIANGLES, shape.count, gl.UNSIGNED_SHORT, 0);
  }

  #camera(aspect) {
    const { shape, pitch, distance } = this.options;
    const { reach, target } = SHAPES[shape];
    const far = (reach / Math.sin(Math.atan(LENS * Math.min(1, aspect)))) * distance;
    const eye = [0, Math.sin(pitch) * far + target, Math.cos(pitch) * far];
    return buildCamera(eye, [0, target, 0]);
  }

  #begin(program, camera) {
    const { gl, options } = this;
    gl.useProgram(program.handle);
    const set = (type, name, ...values) => {
      program.places[name] ??= gl.getUniformLocation(program.handle, name);
      gl[`uniform${type}`](program.places[name], ...values);
    };
    set("3fv", "uEye", camera.eye);
    set("Matrix3fv", "uStudio", false, buildTurn(-options.studioYaw, options.studioPitch));
    set("1f", "uKey", options.key);
    set("1f", "uExposure", options.exposure);
    return set;
  }

  #drawBack(camera, aspect) {
    const { gl, options } = this;
    const set = this.#begin(this.back, camera);
    set("3fv", "uRight", camera.right);
    set("3fv", "uUp", camera.up);
    set("3fv", "uBack", camera.back);
    set("2f", "uLens", LENS * aspect, LENS);
    set("3fv", "uWall", options.wall);
    set("4fv", "uFoot", SHAPES[options.shape].foot);
    set("1f", "uYaw", options.yaw);
    set("1f", "uShown", options.showStudio ? 1 : 0);
    gl.bindVertexArray(this.empty);
    gl.depthMask(false);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.depthMask(true);
  }

  #bindMaps(set) {
    const { gl, maps, options } = this;
    const has = (name) => (this.textures[name] && !options.off.has(name) ? 1 : 0);
    UNITS.forEach((name, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, this.textures[name] ?? this.blank);
      set("1i", `u${name[0].toUpperCase()}${name.slice(1)}`, unit);
    });
    set("4f", "uHas", has("albedo"), has("normal"), has("height"), has("roughness"));
    set("4f", "uHas2", has("metallic"), this.textures.ao || options.off.has("ao") ? has("ao") : -1, has("emissive"), has("opacity"));
    set("1f", "uHasSpecular", has("specular"));
    set("1f", "uGreen", maps.normal_gl ? 1 : -1);
    set("3fv", "uAoOf", [1, 0, 0]);
    set("3fv", "uRoughnessOf", maps.roughness ? [1, 0, 0] : [0, 1, 0]);
    set("3fv", "uMetallicOf", maps.metallic ? [1, 0, 0] : [0, 0, 1]);
    set("1f", "uRelief", options.relief * options.detail);
    set("1f", "uDetail", options.off.has("normal") ? 0 : options.detail);
    set("1f", "uAspect", this.aspect);
    set("1f", "uParallax", options.parallax ? 1 : 0);
  }
}

function link(gl, vertex, fragment) {
  const handle = gl.createProgram();
  const parts = [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]].map(([type, source]) => {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
    return shader;
  });
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error([gl.getProgramInfoLog(handle), ...parts.map((shader) => gl.getShaderInfoLog(shader))].join("\n"));
  }
  return { handle, places: {} };
}

/** Fetch a map as it is: no colour conversion, alpha not multiplied, at most 2048 wide. */
export async function loadMap(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const plain = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const map = await createImageBitmap(await response.blob(), plain);
  const most = Math.max(map.width, map.height);
  if (most <= LARGEST) return map;
  const [resizeWidth, resizeHeight] = [map.width, map.height].map((side) => Math.round((side * LARGEST) / most));
  const small = await createImageBitmap(map, { ...plain, resizeWidth, resizeHeight, resizeQuality: "high" });
  map.close();
  return small;
}

/** Depth of the height map in tile widths that makes it agree with the normals; 0..0.12. */
export function estimateRelief(height, normal, greenUp = true) {
  if (!height) return 0;
  if (!normal) return 0.04;
  const side = 192;
  const [rises, normals] = [height, normal].map((map) => {
    const paint = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    paint.drawImage(map, 0, 0, side, side);
    return paint.getImageData(0, 0, side, side).data;
  });
  const at = (x, y) => rises[(((y + side) % side) * side + ((x + side) % side)) * 4] / 255;
  let [both, own] = [0, 0];
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const east = ((at(x + 1, y) - at(x - 1, y)) * side) / 2;
      const north = ((at(x, y - 1) - at(x, y + 1)) * side) / 2;
      const place = (y * side + x) * 4;
      const [nx, ny, nz] = [0, 1, 2].map((i) => (normals[place + i] / 255) * 2 - 1);
      both -= (nx * east + ny * (greenUp ? 1 : -1) * north) / Math.max(nz, 0.2);
      own += east * east + north * north;
    }
  }
  return Math.min(Math.max(both / Math.max(own, 1e-6), 0), 0.12);
}
