// Reads a Standard MIDI File into notes with times in seconds. A pure function of its bytes.

const DRUMS = 9;

/**
 * Parse a MIDI file.
 *
 * Returns {notes, voices, seconds, beats, tempos, bars, ticksPerBeat}. A note is {start, end, pitch, velocity, voice,
 * drum, program}, in seconds; a voice {name, program, drum} is a track and channel that plays. `bars` are
 * seconds at which bars begin.
 */
export function parseMidi(bytes) {
  const reader = new Reader(bytes);
  if (reader.text(4) !== "MThd") throw new Error("not a MIDI file");
  const length = reader.uint(4);
  const format = reader.uint(2);
  reader.uint(2);
  const division = reader.uint(2);
  reader.skip(length - 6);
  const tracks = [];
  while (reader.left >= 8) {
    const name = reader.text(4);
    const size = Math.min(reader.uint(4), reader.left);
    if (name === "MTrk") tracks.push(readTrack(new Reader(reader.bytes(size))));
    else reader.skip(size);
  }
  return assemble(tracks, division, format);
}

class Reader {
  constructor(bytes) {
    this.data = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
    this.at = 0;
  }

  get left() {
    return this.data.length - this.at;
  }

  byte() {
    if (this.at >= this.data.length) throw new Error("the MIDI file ends too early");
    this.at += 1;
    return this.data[this.at - 1];
  }

  uint(size) {
    let value = 0;
    for (let i = 0; i < size; i += 1) value = value * 256 + this.byte();
    return value;
  }

  varint() {
    let value = 0;
    for (let i = 0; i < 4; i += 1) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
    return value;
  }

  bytes(size) {
    const part = this.data.subarray(this.at, this.at + size);
    this.at += size;
    return part;
  }

  skip(size) {
    this.at += size;
  }

  text(size) {
    return new TextDecoder().decode(this.bytes(size));
  }
}

/** Events [{tick, type, ...}] of a track; what is no note, tempo, meter, program or name is passed over. */
function readTrack(reader) {
  const events = [];
  let tick = 0;
  let status = 0;
  while (reader.left > 0) {
    tick += reader.varint();
    const byte = reader.byte();
    if (byte === 0xff) {
      const type = reader.byte();
      const data = reader.bytes(reader.varint());
      if (type === 0x2f) break;
      readMeta(events, tick, type, data);
    } else if (byte === 0xf0 || byte === 0xf7) {
      reader.skip(reader.varint());
    } else {
      let first = byte;
      if (byte >= 128) {
        status = byte;
        first = reader.byte();
      }
      readVoice(events, tick, status, first, reader);
    }
  }
  return { events, ticks: tick };
}

function readMeta(events, tick, type, data) {
  if (type === 0x51 && data.length >= 3) events.push({ tick, type: "tempo", perBeat: data[0] * 65536 + data[1] * 256 + data[2] });
  else if (type === 0x58 && data.length >= 2) events.push({ tick, type: "meter", beats: (data[0] * 4) / 2 ** data[1] });
  else if (type === 3 || type === 4) events.push({ tick, type: "name", name: new TextDecoder().decode(data) });
}

function readVoice(events, tick, status, first, reader) {
  const kind = status >> 4;
  const channel = status & 15;
  if (kind < 8) throw new Error("the MIDI file is broken");
  if (kind === 12) events.push({ tick, type: "program", channel, program: first });
  if (kind === 12 || kind === 13) return;
  const second = reader.byte();
  if (kind === 9 && second > 0) events.push({ tick, type: "on", channel, pitch: first, velocity: second });
  else if (kind === 8 || kind === 9) events.push({ tick, type: "off", channel, pitch: first });
  else if (kind === 11 && first === 64) events.push({ tick, type: "pedal", channel, isDown: second >= 64 });
}

function assemble(tracks, division, format) {
  const clock = buildClock(tracks, division);
  const voices = [];
  const notes = [];
  tracks.forEach((track, number) => {
    const name = track.events.find((event) => event.type === "name")?.name?.trim();
    pairNotes(track, (channel, program) => {
      const isDrum = channel === DRUMS;
      let place = voices.findIndex((voice) => voice.track === number && voice.channel === channel);
      if (place < 0) place = voices.push({ track: number, channel, program, drum: isDrum, name: name || "" }) - 1;
      return { voice: place, drum: isDrum, program };
    }, clock, notes);
  });
  notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
  const ticks = Math.max(0, ...tracks.map((track) => track.ticks));
  const seconds = Math.max(clock.at(ticks), ...notes.map((note) => note.end).slice(-1), 0);
  return { notes, voices, seconds: lastEnd(notes, seconds), tempos: clock.tempos, bars: listBars(tracks, clock, ticks), format };
}

function lastEnd(notes, seconds) {
  return notes.reduce((end, note) => Math.max(end, note.end), notes.length ? 0 : seconds);
}

/** Match note-on and note-off events of a track; what sounds at the end, ends there. */
function pairNotes(track, voiceOf, clock, notes) {
  const open = new Map();
  const programs = new Map();
  const end = (key, tick) => {
    const waiting = open.get(key);
    const note = waiting?.shift();
    if (note) {
      note.end = Math.max(clock.at(tick), note.start + 0.01);
      notes.push(note);
    }
  };
  for (const event of track.events) {
    const key = event.channel * 128 + event.pitch;
    if (event.type === "program") programs.set(event.channel, event.program);
    else if (event.type === "off") end(key, event.tick);
    else if (event.type === "on") {
      if (!open.has(key)) open.set(key, []);
      const start = clock.at(event.tick);
      open.get(key).push({ start, end: start, pitch: event.pitch, velocity: event.velocity / 127, ...voiceOf(event.channel, programs.get(event.channel) ?? 0) });
    }
  }
  for (const [key, waiting] of open) while (waiting.length) end(key, track.ticks);
}

/** Ticks to seconds through all tempo changes. */
function buildClock(tracks, division) {
  if (division >= 0x8000) { // frames of film: a fixed rate
    const perSecond = (256 - (division >> 8)) * (division & 255);
    return { at: (tick) => tick / perSecond, tempos: [], ticksPerBeat: perSecond / 2 };
  }
  const changes = tracks.flatMap((track) => track.events.filter((event) => event.type === "tempo")).sort((a, b) => a.tick - b.tick);
  const tempos = [{ tick: 0, seconds: 0, perBeat: 500000 }];
  for (const { tick, perBeat } of changes) {
    const last = tempos[tempos.length - 1];
    const seconds = last.seconds + ((tick - last.tick) * last.perBeat) / division / 1e6;
    if (tick === last.tick) last.perBeat = perBeat;
    else tempos.push({ tick, seconds, perBeat });
  }
  const at = (tick) => {
    let [low, high] = [0, tempos.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tempos[middle].tick <= tick) low = middle;
      else high = middle - 1;
    }
    return tempos[low].seconds + ((tick - tempos[low].tick) * tempos[low].perBeat) / division / 1e6;
  };
  return { at, tempos, ticksPerBeat: division };
}

function listBars(tracks, clock, ticks) {
  const meters = tracks.flatMap((track) => track.events.filter((event) => event.type === "meter")).sort((a, b) => a.tick - b.tick);
  const bars = [];
  let beats = 4;
  let next = 0;
  for (let tick = 0; tick <= ticks && bars.length < 5000;) {
    while (next < meters.length && meters[next].tick <= tick) {
      beats = meters[next].beats || 4;
      next += 1;
    }
    bars.push(clock.at(tick));
    tick += Math.max(1, Math.round(beats * clock.ticksPerBeat));
  }
  return bars;
}
