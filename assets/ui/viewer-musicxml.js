// Reads MusicXML, plain or compressed, into the same notes as a MIDI file: enough to see and hear it.

import { listEntries, readBytes, readEntry } from "./viewer-zip.js";

const STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** Parse the bytes of a .musicxml or .mxl file; see `parseMidi` for what comes back. */
export async function parseMusicXml(bytes) {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const text = new TextDecoder().decode(isZip ? await unpack(bytes) : bytes);
  const page = new DOMParser().parseFromString(text, "application/xml");
  if (page.querySelector("parsererror") || !page.querySelector("score-partwise")) throw new Error("not a MusicXML file");
  const tempos = [{ beat: 0, perMinute: 120 }];
  const bars = [];
  const voices = [];
  const notes = [];
  [...page.querySelectorAll("score-partwise > part")].forEach((part, number) => {
    const named = page.querySelector(`score-part[id="${CSS.escape(part.getAttribute("id"))}"] > part-name`);
    readPart(part, { name: named?.textContent.trim() ?? "", number, tempos, bars, voices, notes });
  });
  const clock = buildClock(tempos);
  for (const note of notes) [note.start, note.end] = [clock(note.start), clock(note.end)];
  notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
  return { notes, voices, seconds: notes.reduce((end, note) => Math.max(end, note.end), 0), bars: bars.map(clock), tempos };
}

async function unpack(bytes) {
  const read = readBytes(bytes);
  const entries = await listEntries(read, bytes.length);
  const main = entries.find(({ name }) => /\.(musicxml|xml)$/i.test(name) && !name.startsWith("META-INF"));
  if (!main) throw new Error("not a MusicXML file");
  return readEntry(read, main);
}

const number = (element, path, otherwise = 0) => Number(element.querySelector(path)?.textContent ?? otherwise);

function readPart(part, { name, number: place, tempos, bars, voices, notes }) {
  const state = { divisions: 1, transpose: 0, beat: 0, last: 0, tied: new Map() };
  for (const measure of part.children) {
    if (measure.tagName !== "measure") continue;
    if (place === 0) bars.push(state.beat);
    let furthest = state.beat;
    for (const element of measure.children) {
      if (element.tagName === "attributes") {
        state.divisions = number(element, "divisions", state.divisions) || 1;
        state.transpose = number(element, "transpose > chromatic", state.transpose);
      } else if (element.tagName === "note") readNote(element, state, (staff, drum) => findVoice(voices, place, staff, name, drum), notes);
      else if (element.tagName === "backup") state.beat -= number(element, "duration") / state.divisions;
      else if (element.tagName === "forward") state.beat += number(element, "duration") / state.divisions;
      const tempo = Number((element.tagName === "sound" ? element : element.querySelector("sound[tempo]"))?.getAttribute("tempo"));
      if (tempo > 0) tempos.push({ beat: state.beat, perMinute: tempo });
      furthest = Math.max(furthest, state.beat);
    }
    state.beat = furthest;
  }
}

function findVoice(voices, part, staff, name, drum) {
  const at = voices.findIndex((voice) => voice.track === part && voice.staff === staff);
  if (at >= 0) return at;
  const isSecond = voices.some((voice) => voice.track === part);
  return voices.push({ track: part, staff, name: isSecond ? `${name} ${staff}`.trim() : name, program: 0, drum }) - 1;
}

function readNote(element, state, voiceOf, notes) {
  if (element.querySelector(":scope > grace")) return;
  const length = number(element, ":scope > duration") / state.divisions;
  const isChord = Boolean(element.querySelector(":scope > chord"));
  const start = isChord ? state.last : state.beat;
  if (!isChord) [state.last, state.beat] = [state.beat, state.beat + length];
  const drum = Boolean(element.querySelector(":scope > unpitched"));
  if (element.querySelector(":scope > rest") || (!drum && !element.querySelector(":scope > pitch"))) return;
  const step = element.querySelector("pitch > step")?.textContent.trim();
  const pitch = drum ? 38 : 12 * (number(element, "pitch > octave") + 1) + STEPS[step] + number(element, "pitch > alter") + state.transpose;
  const staff = number(element, ":scope > staff", 1);
  const ties = [...element.querySelectorAll(":scope > tie")].map((tie) => tie.getAttribute("type"));
  const key = `${staff} ${pitch}`;
  const held = ties.includes("stop") ? state.tied.get(key) : null;
  if (held) held.end = start + length;
  const note = held ?? { start, end: start + length, pitch, velocity: 0.7, voice: voiceOf(staff, drum), drum, program: 0 };
  if (!held) notes.push(note);
  if (ties.includes("start")) state.tied.set(key, note);
  else state.tied.delete(key);
}

function buildClock(tempos) {
  const sorted = [...tempos].sort((a, b) => a.beat - b.beat);
  return (beat) => {
    let seconds = 0;
    for (let i = 0; i < sorted.length && sorted[i].beat < beat; i += 1) {
      const until = Math.min(beat, sorted[i + 1]?.beat ?? beat);
      seconds += ((until - sorted[i].beat) * 60) / sorted[i].perMinute;
    }
    return seconds;
  };
}
