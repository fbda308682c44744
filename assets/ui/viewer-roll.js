// The picture of a piano roll: time to the right, pitch upwards, a colour a voice.

import { drawRuler } from "./viewer-audio.js";

/** Colours of voices, told apart in both themes and by people who see few colours. */
export const VOICES = ["#5b9bf3", "#f0a23c", "#3fbf8f", "#e0709c", "#a58bf0", "#c9b83a", "#46bcc9", "#ea7a5c"];
const BLACK = new Set([1, 3, 6, 8, 10]);
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
export const KEYS = 46; // width of the keyboard on the left

export const nameOf = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

/** Lowest and highest pitch to show: all notes, and at least an octave and a half. */
export function findSpan(notes) {
  let [low, high] = [127, 0];
  for (const { pitch } of notes) [low, high] = [Math.min(low, pitch), Math.max(high, pitch)];
  if (low > high) [low, high] = [60, 60];
  const lack = Math.max(0, 18 - (high - low));
  return [Math.max(0, low - 2 - Math.floor(lack / 2)), Math.min(127, high + 2 + Math.ceil(lack / 2))];
}

/** Draw `music` over seconds `seen`; `colours` are {text, muted, line, black}. Returns how many notes it drew. */
export function drawRoll(context, width, height, { music, seen, span, place, muted, colours }) {
  const [from, to] = seen;
  const [low, high] = span;
  const bottom = height - 20;
  const row = bottom / (high - low + 1);
  const xAt = (seconds) => KEYS + ((seconds - from) / (to - from)) * (width - KEYS);
  context.clearRect(0, 0, width, height);
  drawRows(context, width, { low, high, row, colours });
  context.save();
  context.beginPath();
  context.rect(KEYS, 0, width - KEYS, height);
  context.clip();
  context.fillStyle = colours.line;
  const gap = ((music.bars[1] ?? 2) - (music.bars[0] ?? 0)) / (to - from) * (width - KEYS);
  const every = Math.max(1, 2 ** Math.ceil(Math.log2(14 / Math.max(gap, 0.1))));
  music.bars.forEach((bar, number) => { if (number % every === 0 && bar >= from && bar <= to) context.fillRect(Math.round(xAt(bar)), 0, 1, bottom); });
  let drawn = 0;
  for (const note of music.notes) {
    if (note.start > to) break;
    if (note.end < from) continue;
    const x = xAt(note.start);
    const wide = Math.max(xAt(note.end) - x - 1, note.drum ? 5 : 3);
    const isOn = place >= note.start && place < note.end;
    context.globalAlpha = muted.has(note.voice) ? 0.15 : isOn ? 1 : 0.6 + 0.4 * note.velocity;
    context.fillStyle = isOn ? colours.text : VOICES[note.voice % VOICES.length];
    context.beginPath();
    context.roundRect(x, (high - note.pitch) * row + row * 0.08, wide, Math.max(row * 0.84, 2), Math.min(row * 0.3, 4, wide / 2));
    context.fill();
    drawn += 1;
  }
  context.globalAlpha = 1;
  context.translate(KEYS, 0);
  drawRuler(context, seen, width - KEYS, height, colours.muted);
  context.fillStyle = colours.text;
  context.fillRect(Math.round(xAt(place)) - KEYS, 0, 1.5, bottom);
  context.restore();
  return drawn;
}

function drawRows(context, width, { low, high, row, colours }) {
  context.font = `${Math.min(11, Math.max(8, row))}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (let pitch = low; pitch <= high; pitch += 1) {
    const y = (high - pitch) * row;
    const isBlack = BLACK.has(pitch % 12);
    context.fillStyle = isBlack ? colours.black : "transparent";
    context.fillRect(KEYS, y, width - KEYS, row);
    context.fillStyle = isBlack ? "#2b2c30" : "#eceae6";
    context.fillRect(0, y, KEYS - 4, row);
    context.fillStyle = "#9a9a98";
    context.fillRect(0, y + row - 0.5, KEYS - 4, 0.5);
    if (pitch % 12 === 0) {
      context.fillStyle = colours.line;
      context.fillRect(KEYS, y + row - 0.5, width - KEYS, 1);
      context.fillStyle = "#333";
      if (row > 3) context.fillText(nameOf(pitch), 6, y + row / 2 + 0.5);
    }
  }
  context.textBaseline = "alphabetic";
}
