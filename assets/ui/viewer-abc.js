// Reads ABC notation into the same notes as a MIDI file: the first tune, repeats not played out.

const STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const FIFTHS = { F: -1, C: 0, G: 1, D: 2, A: 3, E: 4, B: 5 };
const MODES = { m: -3, min: -3, aeo: -3, mix: -1, dor: -2, phr: -4, lyd: 1, loc: -5 }; // others: major
const SIGNS = { "^": 1, "^^": 2, _: -1, __: -2, "=": 0 };
const ACROSS = { 2: 3, 4: 3, 8: 3, 3: 2, 6: 2 };
const TOKEN = new RegExp(
  [
    /\[(?<name>[A-Za-z]):(?<value>[^\]]*)\]/, /(?<skip>"[^"]*"|![^!]*!|\+[a-z.]+\+|\{[^}]*\})/,
    /\((?<tuplet>[2-9])(?::(?<across>\d*))?(?::(?<count>\d*))?/, /\[(?<chord>[^\]|:]*[A-Ga-g][^\]|:]*)\](?<stretch>\d*\/*\d*)/,
    /(?<bar>:*\|[\]|:]*|\[\||::+)/, /(?<broken>>+|<+)/, /(?<tie>-)/, /(?<over>&)/,
    /(?<sign>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-gzxZX])(?<octave>[,']*)(?<length>\d*\/*\d*)/,
  ].map((part) => part.source).join("|"), "g",
);
const INSIDE = /(?<sign>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-g])(?<octave>[,']*)(?<length>\d*\/*\d*)/g;

/** Parse the bytes of an .abc file; see `parseMidi` for what comes back. */
export function parseAbc(bytes) {
  const tune = new TextDecoder().decode(bytes).replace(/\r\n?/g, "\n").split(/^(?=X:)/m).find((part) => part.startsWith("X:"));
  if (!tune || !/^K:/m.test(tune)) throw new Error("not an ABC file");
  const reader = new Reader();
  let inHead = true;
  for (const line of tune.split("\n")) {
    const text = line.replace(/%.*/, "").trim();
    if (!text && !line.trim() && !inHead) break;
    const field = /^([A-Za-z]):(?![|:])(.*)$/.exec(text);
    if (field) reader.takeField(field[1], field[2].trim());
    else if (!inHead) reader.takeLine(text);
    if (field?.[1] === "K") inHead = false;
  }
  return reader.finish();
}

class Reader {
  unit = null;
  metre = [4, 4];
  key = {};
  tempo = 120;
  voices = new Map();
  voice = null;
  notes = [];
  bars = [0];

  takeField(name, value) {
    if (name === "M") this.metre = /^(\d+)\s*\/\s*(\d+)/.exec(value)?.slice(1, 3).map(Number) ?? [4, 4];
    else if (name === "L") this.unit = readFraction(value);
    else if (name === "Q" && !this.notes.length) this.#takeTempo(value);
    else if (name === "V" && value) this.voice = this.#findVoice(value.split(/\s+/)[0]);
    else if (name === "K") {
      this.key = readKey(value);
      for (const voice of this.voice && this.notes.length ? [this.voice] : this.voices.values()) voice.key = this.key;
    }
  }

  takeLine(line) {
    this.voice ??= this.#findVoice("1");
    for (const { groups } of line.matchAll(TOKEN)) {
      const voice = this.voice;
      if (groups.name) this.takeField(groups.name, groups.value.trim());
      else if (groups.tuplet) voice.tuplet = this.#readTuplet(groups);
      else if (groups.chord) {
        const inside = [...groups.chord.matchAll(INSIDE)].map((match) => match.groups);
        const length = this.#measure(voice, readFraction(inside[0].length) * readFraction(groups.stretch));
        this.#strike(voice, inside.map((one) => this.#findPitch(voice, one)), length);
      } else if (groups.bar) this.#endBar(voice);
      else if (groups.broken) breakRhythm(voice, groups.broken);
      else if (groups.tie) voice.tied = new Map(voice.last.map((note) => [note.pitch, note]));
      else if (groups.over) Object.assign(voice, { now: voice.bar, last: [], tied: new Map() });
      else if (groups.letter) this.#takeNote(voice, groups);
    }
  }

  finish() {
    const seconds = (beat) => (beat * 60) / this.tempo;
    const notes = this.notes.map((note) => ({ ...note, start: seconds(note.start), end: seconds(note.end) }));
    notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
    const voices = [...this.voices.values()].map(({ name, number }) => ({ track: number, staff: 1, name, program: 73, drum: false }));
    if (voices.length === 1) voices[0].name = "";
    return { notes, voices, seconds: notes.reduce((end, note) => Math.max(end, note.end), 0), bars: this.bars.map(seconds), tempos: [{ beat: 0, perMinute: this.tempo }] };
  }

  #findVoice(name) {
    if (!this.voices.has(name)) this.voices.set(name, { name, number: this.voices.size, key: this.key, now: 0, bar: 0, began: 0, signs: {}, tied: new Map(), last: [], stretch: 1, tuplet: [0, 1] });
    return this.voices.get(name);
  }

  #takeTempo(value) {
    const found = /(?:(\d+)\/(\d+)\s*=\s*)?(\d+(?:\.\d+)?)\s*(?:"|$)/.exec(value);
    if (found && Number(found[3])) this.tempo = Number(found[3]) * (found[1] ? (4 * found[1]) / found[2] : 1);
  }

  #readTuplet({ tuplet, across, count }) {
    const isCompound = this.metre[0] % 3 === 0 && this.metre[1] >= 8;
    return [Number(count || tuplet), Number(across || (ACROSS[tuplet] ?? (isCompound ? 3 : 2))) / tuplet];
  }

  #endBar(voice) {
    Object.assign(voice, { bar: voice.now, signs: {} });
    if (voice.number === 0 && voice.now > this.bars.at(-1)) this.bars.push(voice.now);
  }

  #takeNote(voice, groups) {
    if (/[ZX]/.test(groups.letter)) {
      voice.now += ((4 * this.metre[0]) / this.metre[1]) * readFraction(groups.length);
      voice.last = [];
    } else {
      const length = this.#measure(voice, readFraction(groups.length));
      this.#strike(voice, /[zx]/.test(groups.letter) ? [] : [this.#findPitch(voice, groups)], length);
    }
  }

  #measure(voice, units) {
    const unit = this.unit ?? (this.metre[0] / this.metre[1] < 0.75 ? 1 / 16 : 1 / 8);
    const [left, factor] = voice.tuplet;
    if (left) voice.tuplet = [left - 1, factor];
    const length = units * unit * 4 * voice.stretch * (left ? factor : 1);
    voice.stretch = 1;
    return length;
  }

  #strike(voice, pitches, length) {
    const end = voice.now + length;
    voice.began = voice.now;
    voice.last = pitches.map((pitch) => {
      const held = voice.tied.get(pitch);
      if (held) held.end = end;
      else this.notes.push({ start: voice.now, end, pitch, velocity: 0.7, voice: voice.number, drum: false, program: 73 });
      return held ?? this.notes.at(-1);
    });
    voice.tied = new Map();
    voice.now = end;
  }

  #findPitch(voice, { sign, letter, octave: marks }) {
    const upper = letter.toUpperCase();
    const octave = (letter === upper ? 5 : 6) + marks.split("'").length - marks.split(",").length;
    const name = `${upper}${octave}`;
    if (sign) voice.signs[name] = SIGNS[sign];
    return Math.min(127, Math.max(0, 12 * octave + STEPS[upper] + (voice.signs[name] ?? voice.key[upper] ?? 0)));
  }
}

function breakRhythm(voice, marks) {
  if (!voice.last.length) return;
  const small = 0.5 ** Math.min(marks.length, 8);
  const [before, after] = marks[0] === ">" ? [2 - small, small] : [small, 2 - small];
  const end = voice.began + (voice.now - voice.began) * before;
  for (const note of voice.last) note.end = end;
  Object.assign(voice, { now: end, stretch: after });
}

function readFraction(text) {
  const [, top, slashes, below] = /^(\d*)(\/*)(\d*)/.exec(text);
  return Number(top || 1) / Number(below || 2 ** slashes.length);
}

function readKey(text) {
  if (/^HP/i.test(text)) return { F: 1, C: 1 };
  const found = /^([A-G])([#b]?)\s*([A-Za-z]*)/.exec(text);
  if (!found) return {};
  const [, letter, sign, word] = found;
  const short = word === "m" ? "m" : word.slice(0, 3).toLowerCase();
  const fifths = FIFTHS[letter] + 7 * ({ "#": 1, b: -1 }[sign] ?? 0) + ((word === "M" ? 0 : MODES[short]) ?? 0);
  const key = Object.fromEntries([...(fifths > 0 ? "FCGDAEB" : "BEADGCF")].slice(0, Math.abs(fifths)).map((one) => [one, Math.sign(fifths)]));
  for (const [, mark, own] of text.matchAll(/\s(\^{1,2}|_{1,2}|=)([A-Ga-g])/g)) key[own.toUpperCase()] = SIGNS[mark];
  return key;
}
