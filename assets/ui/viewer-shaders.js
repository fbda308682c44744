// The light on a material, for WebGL2. The studio, the reflection model and the tone curve are those of
// the server's thumbnails (GGX, Smith, Schlick; analytic soft boxes; Khronos PBR Neutral), so that a
// material looks the same in both.

export const VERTEX = `#version 300 es
layout(location=0) in vec3 aPosition;
layout(location=1) in vec3 aNormal;
layout(location=2) in vec3 aTangent;
layout(location=3) in vec2 aSurface;
uniform mat4 uProjection;
uniform mat3 uTurn;
uniform vec2 uRepeat;
out vec3 vPoint;
out vec3 vNormal;
out vec3 vTangent;
out vec2 vTile;
void main() {
  vPoint = uTurn * aPosition;
  vNormal = uTurn * aNormal;
  vTangent = uTurn * aTangent;
  vTile = vec2(aSurface.x, -aSurface.y) * uRepeat + vec2(0.0, 0.0);
  gl_Position = uProjection * vec4(vPoint, 1.0);
}`;

export const BACK_VERTEX = `#version 300 es
out vec2 vScreen;
void main() {
  vScreen = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
  gl_Position = vec4(vScreen, 0.9999, 1.0);
}`;

const COMMON = `#version 300 es
precision highp float;
uniform vec3 uEye;
uniform mat3 uStudio;
uniform float uKey;
uniform float uExposure;
out vec4 fragment;

const vec3 KEY = vec3(-0.5195, 0.5994, 0.6094);
const vec3 KEY_LIGHT = vec3(2.35, 2.27, 2.15);
const vec3 FILL = vec3(0.80, 0.10, 0.59);
const vec3 FILL_LIGHT = vec3(0.30, 0.34, 0.42);
const vec3 SKY = vec3(0.30, 0.32, 0.35);
const vec3 FLOOR = vec3(0.13, 0.123, 0.116);

float smoothly(float t) {
  float s = clamp(t * 0.5 + 0.5, 0.0, 1.0);
  return s * s * (3.0 - 2.0 * s);
}

float covered(vec3 axis, vec2 size, vec3 d, float blur) {
  axis = normalize(axis);
  vec3 right = normalize(cross(vec3(0.0, 1.0, 0.0), axis));
  float depth = dot(axis, d);
  if (depth <= 0.0) return 0.0;
  float inverse = 1.0 / max(depth, 0.08);
  float edge = 1.0 / (0.05 + 1.5 * blur);
  float share = smoothly(depth * edge * 1.5) * 2.0 - 1.0;
  vec2 off = abs(vec2(dot(right, d), dot(cross(axis, right), d))) * inverse;
  share *= smoothly((size.x + off.x) * edge) - smoothly((off.x - size.x) * edge);
  share *= smoothly((size.y + off.y) * edge) - smoothly((off.y - size.y) * edge);
  return max(share, 0.0);
}

// What the studio sends from direction d, seen through a lobe that is blur wide.
vec3 studio(vec3 d, float blur) {
  float up = smoothly(d.y / (0.06 + 1.1 * blur));
  float wall = 1.0 + 0.9 * clamp(1.0 - abs(d.y - 0.12) * 2.2, 0.0, 1.0);
  float rim = clamp(1.0 + d.y * 1.6, 0.0, 1.0);
  vec3 low = FLOOR * (1.0 + 1.8 * rim * rim);
  vec3 light = mix(low, SKY * wall, up);
  light += vec3(3.4, 3.3, 3.15) * uKey * covered(vec3(-0.62, 0.58, 0.52), vec2(0.42), d, blur);
  light += vec3(2.1, 2.3, 2.6) * covered(vec3(0.95, 0.16, 0.14), vec2(0.22, 0.75), d, blur);
  light += vec3(1.9) * covered(vec3(0.10, 0.92, -0.38), vec2(0.75, 0.30), d, blur);
  light += vec3(1.5, 1.45, 1.4) * covered(vec3(-0.88, -0.05, -0.47), vec2(0.22, 0.70), d, blur);
  return light;
}

vec3 toneMap(vec3 light) {
  float low = min(light.r, min(light.g, light.b));
  light -= (low < 0.08 ? low - 6.25 * low * low : 0.04) * 0.5;
  float peak = max(max(light.r, max(light.g, light.b)), 1e-6);
  float span = 0.24;
  float pressed = peak > 0.76 ? 1.0 - span * span / (peak + span - 0.76) : peak;
  float grey = 1.0 - 1.0 / (0.15 * (peak - pressed) + 1.0);
  return mix(light * (pressed / peak), vec3(pressed), grey);
}

vec3 encode(vec3 light) {
  light = clamp(light, 0.0, 1.0);
  vec3 srgb = mix(1.055 * pow(light, vec3(1.0 / 2.4)) - 0.055, light * 12.92, vec3(lessThanEqual(light, vec3(0.0031308))));
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  return srgb + (noise - 0.5) / 255.0; // hides the steps of 8 bits in dark gradients
}`;

export const FRAGMENT = `${COMMON}
in vec3 vPoint;
in vec3 vNormal;
in vec3 vTangent;
in vec2 vTile;
uniform sampler2D uAlbedo, uNormal, uHeight, uRoughness, uMetallic, uAo, uEmissive, uOpacity, uSpecular;
uniform vec4 uHas;        // albedo, normal, height, roughness
uniform vec4 uHas2;       // metallic, ao, emissive, opacity
uniform float uHasSpecular;
uniform float uGreen;     // 1: green is up, -1: down
uniform vec3 uRoughnessOf, uMetallicOf, uAoOf; // which channel
uniform float uRelief;    // depth of the height map in tile widths
uniform float uDetail;    // factor on slopes
uniform float uAspect;    // width over height of a tile
uniform float uParallax;
vec2 gx, gy;

float heightAt(vec2 tile) { return textureGrad(uHeight, tile, gx, gy).r; }

vec2 shiftTile(vec2 tile, vec3 view) {
  float rise = max(view.z, 0.3);
  vec2 slide = vec2(-view.x, view.y * uAspect) / rise * uRelief;
  const int STEPS = 20;
  float before = 0.0;
  for (int i = 0; i <= STEPS; i++) {
    float s = float(i) / float(STEPS);
    float below = heightAt(tile + slide * (s - 0.5)) - (1.0 - s);
    if (below >= 0.0) {
      float back = i == 0 ? 0.0 : below / max(below - before, 1e-4) / float(STEPS);
      return tile + slide * (s - back - 0.5);
    }
    before = below;
  }
  return tile + slide * 0.5;
}

float shade(vec2 tile, vec3 towards, float level) {
  if (towards.z <= 0.02) return 1.0;
  vec2 slide = vec2(towards.x, -towards.y * uAspect) / max(towards.z, 0.15) * uRelief;
  float above = 0.0;
  for (int i = 1; i <= 8; i++) {
    float s = float(i * i) / 96.0;
    above = max(above, (heightAt(tile + slide * s) - level - s) / (s + 0.1));
  }
  return 1.0 - 0.8 * clamp(above * 2.5, 0.0, 1.0);
}

vec3 readNormal(vec2 tile, inout float roughness) {
  vec3 n;
  if (uHas.y > 0.5) {
    n = textureGrad(uNormal, tile, gx, gy).xyz * 2.0 - 1.0;
    n.y *= uGreen;
    float size = max(length(n), 1e-3);
    float spread = clamp((1.0 - size) / size, 0.0, 0.25); // averaged normals shorten; what they lost is roughness
    roughness = pow(pow(roughness, 4.0) + spread, 0.25);
    n /= size;
  } else {
    vec2 texel = 1.0 / vec2(textureSize(uHeight, 0));
    float east = heightAt(tile + vec2(texel.x, 0.0)) - heightAt(tile - vec2(texel.x, 0.0));
    float north = heightAt(tile - vec2(0.0, texel.y)) - heightAt(tile + vec2(0.0, texel.y));
    float steep = uHas.z > 0.5 ? uRelief / max(uDetail, 0.05) * 0.5 : 0.0;
    n = vec3(-east * steep / texel.x, -north * steep / texel.y / uAspect, 1.0);
  }
  n.xy *= uDetail;
  return normalize(n);
}

vec3 splitSum(vec3 f0, float roughness, float facing) {
  float even = 1.0 - roughness;
  float bend = min(even * even, exp2(-9.28 * facing)) * even + 0.0425 - 0.0275 * roughness;
  return f0 * (1.04 - 0.572 * roughness - 1.04 * bend) + 1.04 * bend + 0.022 * roughness - 0.04;
}

vec3 keyLight(vec3 diffuse, vec3 f0, float roughness, vec3 n, vec3 v, vec3 l) {
  vec3 halfway = normalize(v + l);
  float facing = max(dot(n, v), 1e-3);
  float incident = clamp(dot(n, l), 0.0, 1.0);
  float alpha = max(roughness * roughness, 0.02); // a lamp has a size
  float cosine = clamp(dot(n, halfway), 0.0, 1.0);
  float peak = cosine * cosine * (alpha * alpha - 1.0) + 1.0;
  float spread = alpha * alpha / (3.14159265 * peak * peak);
  float both = 2.0 * incident * facing;
  float visible = 0.5 / max(both + alpha * (incident + facing - both), 1e-4);
  float schlick = pow(1.0 - clamp(dot(v, halfway), 0.0, 1.0), 5.0);
  vec3 specular = min(spread * visible, 12.0) * (f0 + (1.0 - f0) * schlick);
  return KEY_LIGHT * uKey * incident * (diffuse * (1.0 - schlick) / 3.14159265 + specular / 3.0);
}

void main() {
  vec3 geometric = normalize(vNormal);
  vec3 tangent = normalize(vTangent - geometric * dot(vTangent, geometric));
  vec3 bitangent = cross(geometric, tangent);
  vec3 v = normalize(uEye - vPoint);
  vec3 key = KEY * uStudio; // from the studio's frame to the world's
  mat3 frame = mat3(tangent, bitangent, geometric);
  gx = dFdx(vTile); gy = dFdy(vTile);
  vec2 tile = vTile;
  bool relief = uHas.z > 0.5 && uParallax > 0.5 && uRelief > 1e-4;
  if (relief) tile = shiftTile(tile, v * frame);
  float level = uHas.z > 0.5 ? heightAt(tile) : 0.5;

  if (uHas2.w > 0.5) {
    float opaque = textureGrad(uOpacity, tile, gx, gy).r;
    if (opaque < 0.5) discard;
  }
  vec3 albedo = uHas.x > 0.5 ? textureGrad(uAlbedo, tile, gx, gy).rgb : vec3(0.42);
  float roughness = uHas.w > 0.5 ? dot(textureGrad(uRoughness, tile, gx, gy).rgb, uRoughnessOf) : 0.5;
  float metallic = uHas2.x > 0.5 ? dot(textureGrad(uMetallic, tile, gx, gy).rgb, uMetallicOf) : 0.0;
  float ao = 1.0;
  if (uHas2.y > 0.5) ao = dot(textureGrad(uAo, tile, gx, gy).rgb, uAoOf);
  else if (uHas2.y < -0.5 && uHas.z > 0.5) { // no map: hollows by how far they lie below their surroundings
    float around = textureLod(uHeight, tile, max(log2(float(textureSize(uHeight, 0).x) * 0.05), 0.0)).r;
    ao = 1.0 / (1.0 + 50.0 * max(around - level, 0.0) * uRelief);
  }
  vec3 n = normalize(frame * readNormal(tile, roughness));
  float facing = max(dot(n, v), 1e-3);
  vec3 mirrored = 2.0 * facing * n - v;
  float f = uHasSpecular > 0.5 ? 0.08 * textureGrad(uSpecular, tile, gx, gy).r : 0.04;
  vec3 f0 = mix(vec3(f), albedo, metallic);
  vec3 diffuse = albedo * (1.0 - metallic);
  vec3 gloss = splitSum(f0, roughness, facing) * studio(uStudio * mirrored, roughness * roughness * 0.8);
  float above = clamp(1.0 + dot(mirrored, geometric), 0.0, 1.0);
  vec3 light = (1.0 - (1.0 - ao) * roughness) * above * gloss;
  light += ao * diffuse * studio(uStudio * n, 0.9);
  float sunlit = relief ? shade(tile, key * frame, level) : 1.0;
  light += keyLight(diffuse, f0, roughness, n, v, key) * sunlit * smoothstep(-0.02, 0.12, dot(geometric, key));
  light += FILL_LIGHT / 3.14159265 * clamp(dot(uStudio * n, FILL), 0.0, 1.0) * ao * diffuse;
  if (uHas2.z > 0.5) light += textureGrad(uEmissive, tile, gx, gy).rgb * 2.0;
  fragment = vec4(encode(toneMap(light * uExposure)), 1.0);
}`;

export const BACK_FRAGMENT = `${COMMON}
in vec2 vScreen;
uniform vec3 uRight, uUp, uBack;
uniform vec2 uLens;      // half the picture at distance 1
uniform vec3 uWall;      // linear colour of the cove
uniform vec4 uFoot;      // half width of what stands on the floor, roundness, its height, height of the floor
uniform float uYaw;
uniform float uShown;    // 1: the studio itself is the background

float footprint(vec2 p) { // distance to what stands on the floor, seen from above
  float c = cos(uYaw), s = sin(uYaw);
  p = mat2(c, s, -s, c) * p;
  vec2 q = abs(p) - (uFoot.x - uFoot.y);
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - uFoot.y;
}

void main() {
  vec3 ray = normalize(uRight * vScreen.x * uLens.x + uUp * vScreen.y * uLens.y - uBack);
  if (uShown > 0.5) {
    fragment = vec4(encode(toneMap(studio(uStudio * ray, 0.16) * 0.6 * uExposure)), 1.0);
    return;
  }
  vec3 light = uWall * (1.55 - 0.85 * clamp(length(vScreen - vec2(-0.15, 0.3)) / 1.6, 0.0, 1.0));
  float down = (uFoot.w - uEye.y) / min(ray.y, -1e-4);
  if (ray.y < 0.0 && down > 0.0) {
    vec2 spot = uEye.xz + ray.xz * down;
    vec3 key = KEY * uStudio;
    float far = footprint(spot);
    float contact = 0.78 * exp(-max(far, 0.0) * 3.4 / uFoot.z) * (uFoot.y >= uFoot.x ? smoothstep(-1.25, 0.1, -length(spot) / uFoot.x) * 0.35 + 0.65 : 1.0);
    vec2 thrown = spot + key.xz / max(key.y, 0.25) * uFoot.z * 0.5;
    float shadow = 0.5 * (1.0 - smoothstep(-0.35 * uFoot.z, 0.5 * uFoot.z, footprint(thrown))) * step(0.0, key.y);
    float fade = 1.0 - smoothstep(2.0, 9.0, length(spot));
    light *= 1.0 - fade * (1.0 - (1.0 - contact) * (1.0 - shadow));
  }
  fragment = vec4(encode(light), 1.0);
}`;
