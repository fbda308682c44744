// Shapes a material is shown on, and the few matrices to look at them. Column-major, right-handed, Y up.

/** Floats of a vertex: position 3, normal 3, tangent 3, surface coordinates 2 (right, up; a shape's width is 1). */
export const STRIDE = 11;

/** A ball of radius 1; twice its width goes around it, so that a tile is square at the equator. */
export function buildSphere(columns = 128, rows = 64) {
  return buildGrid(columns, rows, (s, r) => {
    const around = (s - 0.5) * 2 * Math.PI;
    const rise = (r - 0.5) * Math.PI;
    const normal = [Math.sin(around) * Math.cos(rise), Math.sin(rise), Math.cos(around) * Math.cos(rise)];
    return [...normal, ...normal, Math.cos(around), 0, -Math.sin(around), (s - 0.5) * 2, r - 0.5];
  });
}

/** A box of half sizes `half` whose edges are rounded by `radius`. */
export function buildRoundedBox(half, radius, steps = 24) {
  const width = 2 * Math.max(...half);
  const faces = [
    [[1, 0, 0], [0, 1, 0]], [[-1, 0, 0], [0, 1, 0]],
    [[0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 1, 0]],
    [[1, 0, 0], [0, 0, -1]], [[1, 0, 0], [0, 0, 1]],
  ];
  const parts = faces.map(([right, up]) => {
    const out = cross(right, up);
    const size = (axis) => Math.abs(dot(axis, half));
    return buildGrid(steps, steps, (s, r) => {
      const [a, b] = [bend(s, radius, size(right)), bend(r, radius, size(up))];
      const point = [0, 1, 2].map((i) => right[i] * a + up[i] * b + out[i] * size(out));
      const core = point.map((value, i) => clip(value, half[i] - radius));
      const normal = normalize(point.map((value, i) => value - core[i]));
      const tangent = normalize(right.map((value, i) => value - normal[i] * dot(right, normal)));
      return [...core.map((value, i) => value + normal[i] * radius), ...normal, ...tangent, a / width, b / width];
    });
  });
  return joinMeshes(parts);
}

/** Spread 0..1 over -size..size with half of the steps on the rounded rims. */
function bend(s, radius, size) {
  const rim = Math.min(radius, size);
  if (s < 0.25) return -size + (s / 0.25) * rim;
  if (s > 0.75) return size - ((1 - s) / 0.25) * rim;
  return ((s - 0.5) / 0.25) * (size - rim);
}

function buildGrid(columns, rows, vertexAt) {
  const vertices = new Float32Array((columns + 1) * (rows + 1) * STRIDE);
  const indices = [];
  for (let row = 0; row <= rows; row += 1) {
    for (let column = 0; column <= columns; column += 1) {
      const at = row * (columns + 1) + column;
      vertices.set(vertexAt(column / columns, row / rows), at * STRIDE);
      if (row < rows && column < columns) {
        const above = at + columns + 1;
        indices.push(at, at + 1, above + 1, at, above + 1, above);
      }
    }
  }
  return { vertices, indices: new Uint16Array(indices) };
}

function joinMeshes(parts) {
  const vertices = new Float32Array(parts.reduce((sum, part) => sum + part.vertices.length, 0));
  const indices = [];
  let filled = 0;
  for (const part of parts) {
    for (const index of part.indices) indices.push(index + filled / STRIDE);
    vertices.set(part.vertices, filled);
    filled += part.vertices.length;
  }
  return { vertices, indices: new Uint16Array(indices) };
}

const clip = (value, limit) => Math.min(Math.max(value, -limit), Math.max(limit, 0));
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
function normalize(vector) {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** Rows of a camera that looks from `eye` at `target`: right, up, back. */
export function buildCamera(eye, target) {
  const back = normalize(eye.map((value, i) => value - target[i]));
  const right = normalize(cross([0, 1, 0], back));
  return { right, up: cross(back, right), back, eye };
}

/** Projection times view, 4 x 4. `tangents`: half the height of the picture at distance 1. */
export function buildProjection({ right, up, back, eye }, tangents, aspect, near = 0.1, far = 60) {
  const [fx, fy] = [1 / (tangents * aspect), 1 / tangents];
  const [a, b] = [(far + near) / (near - far), (2 * far * near) / (near - far)];
  const rows = [
    [...right.map((value) => value * fx), -dot(right, eye) * fx],
    [...up.map((value) => value * fy), -dot(up, eye) * fy],
    [...back.map((value) => value * a), -dot(back, eye) * a + b],
    [...back.map((value) => -value), dot(back, eye)],
  ];
  return new Float32Array([0, 1, 2, 3].flatMap((column) => rows.map((row) => row[column])));
}

/** A turn about Y by `yaw`, then about X by `pitch`, 3 x 3. */
export function buildTurn(yaw, pitch = 0) {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  const [k, n] = [Math.cos(pitch), Math.sin(pitch)];
  return new Float32Array([c, n * s, -k * s, 0, k, n, s, -n * c, k * c]);
}
