// Colour figures: pure functions, 0..255 in.

const hex = (value) => Math.round(value).toString(16).padStart(2, "0");

/** #rrggbb, or #rrggbbaa where it is not opaque. */
export function toHex([red, green, blue, alpha = 255]) {
  return `#${hex(red)}${hex(green)}${hex(blue)}${alpha < 255 ? hex(alpha) : ""}`;
}

/** Hue 0..360, saturation and lightness 0..100. */
export function toHsl([red, green, blue]) {
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const high = Math.max(r, g, b);
  const low = Math.min(r, g, b);
  const light = (high + low) / 2;
  const span = high - low;
  if (!span) return [0, 0, Math.round(light * 100)];
  const saturation = span / (1 - Math.abs(2 * light - 1));
  const sector = high === r ? ((g - b) / span + 6) % 6 : high === g ? (b - r) / span + 2 : (r - g) / span + 4;
  return [Math.round(sector * 60) % 360, Math.round(saturation * 100), Math.round(light * 100)];
}

// Anchors of a dark-to-bright scale that keeps its order in grey: black, violet, red, orange, pale yellow.
const HEAT = [[4, 4, 14], [52, 14, 94], [130, 30, 110], [205, 62, 78], [245, 135, 45], [250, 200, 90], [252, 252, 205]];

/** A colour for a level 0..1. */
export function heat(level) {
  const place = Math.min(1, Math.max(0, level)) * (HEAT.length - 1);
  const from = Math.min(Math.floor(place), HEAT.length - 2);
  return HEAT[from].map((value, channel) => Math.round(value + (HEAT[from + 1][channel] - value) * (place - from)));
}
