// A small synthesizer, for browsers play no MIDI: voices of two oscillators with an envelope, drums of noise.

const AHEAD = 0.25; // seconds scheduled in advance
const EVERY = 60; // milliseconds between looks

/** Timbres by family of General MIDI program: shape, its octave partner, envelope (seconds, level), brightness. */
const TIMBRES = [
  { programs: [0, 23], wave: "triangle", second: "sine", attack: 0.004, decay: 0.9, sustain: 0.15, release: 0.25, bright: 7 }, // keys
  { programs: [24, 39], wave: "sawtooth", second: "triangle", attack: 0.004, decay: 0.5, sustain: 0.2, release: 0.15, bright: 4 }, // guitar, bass
  { programs: [40, 55], wave: "sawtooth", second: "sawtooth", attack: 0.07, decay: 0.3, sustain: 0.8, release: 0.3, bright: 4.5 }, // strings, choir
  { programs: [56, 71], wave: "sawtooth", second: "square", attack: 0.03, decay: 0.2, sustain: 0.7, release: 0.12, bright: 6 }, // brass, reeds
  { programs: [72, 127], wave: "square", second: "triangle", attack: 0.02, decay: 0.3, sustain: 0.6, release: 0.15, bright: 5 },
];
const findTimbre = (program) => TIMBRES.find(({ programs }) => program >= programs[0] && program <= programs[1]) ?? TIMBRES[0];

export class Synth {
  constructor(music) {
    this.music = music;
    this.offset = 0;
    this.speed = 1;
    this.muted = new Set();
    this.timer = 0;
    this.volume = 0.7;
    this.changed = () => {};
  }

  get isPlaying() {
    return this.timer !== 0;
  }

  get place() {
    if (!this.timer) return this.offset;
    return Math.min(this.offset + Math.max(0, this.context.currentTime - this.started) * this.speed, this.music.seconds);
  }

  async play() {
    if (this.timer) return;
    this.#open();
    await this.context.resume();
    if (this.offset >= this.music.seconds - 0.02) this.offset = 0;
    this.bus = this.context.createGain();
    this.bus.connect(this.master);
    this.started = this.context.currentTime + 0.06;
    this.next = this.#firstFrom(this.offset);
    this.timer = setInterval(() => this.#look(), EVERY);
    this.#look();
    this.changed();
  }

  pause() {
    if (!this.timer) return;
    this.offset = this.place;
    clearInterval(this.timer);
    this.timer = 0;
    const bus = this.bus;
    bus.gain.setTargetAtTime(0, this.context.currentTime, 0.02);
    setTimeout(() => bus.disconnect(), 200);
    this.changed();
  }

  seek(seconds) {
    this.#again(() => { this.offset = Math.min(Math.max(seconds, 0), this.music.seconds); });
  }

  setSpeed(speed) {
    this.#again(() => { this.speed = speed; });
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.master) this.master.gain.value = volume * volume;
  }

  mute(voice, isMuted) {
    if (isMuted) this.muted.add(voice);
    else this.muted.delete(voice);
    this.#again(() => {});
  }

  dispose() {
    this.pause();
    this.context?.close();
  }

  #open() {
    if (this.context) return;
    this.context = new AudioContext();
    const press = this.context.createDynamicsCompressor();
    press.connect(this.context.destination);
    this.master = this.context.createGain();
    this.master.connect(press);
    this.setVolume(this.volume);
    const noise = this.context.createBuffer(1, this.context.sampleRate, this.context.sampleRate);
    const samples = noise.getChannelData(0);
    let seed = 1;
    for (let i = 0; i < samples.length; i += 1) {
      seed = (seed * 16807) % 2147483647;
      samples[i] = seed / 1073741823.5 - 1;
    }
    this.noise = noise;
  }

  #again(change) {
    const wasPlaying = this.isPlaying;
    this.pause();
    change();
    if (wasPlaying) this.play();
    else this.changed();
  }

  #firstFrom(seconds) {
    const at = this.music.notes.findIndex((note) => note.start >= seconds - 1e-6);
    return at < 0 ? this.music.notes.length : at;
  }

  #look() {
    const until = this.offset + (this.context.currentTime + AHEAD - this.started) * this.speed;
    const { notes } = this.music;
    for (; this.next < notes.length && notes[this.next].start < until; this.next += 1) {
      const note = notes[this.next];
      if (this.muted.has(note.voice)) continue;
      const at = this.started + (note.start - this.offset) / this.speed;
      const length = (note.end - note.start) / this.speed;
      if (note.drum) this.#strike(note, at);
      else this.#sound(note, at, length);
    }
    if (this.place >= this.music.seconds) {
      this.pause();
      this.offset = 0;
    }
    this.changed();
  }

  #sound(note, at, length) {
    const { context } = this;
    const timbre = findTimbre(note.program);
    const pitch = 440 * 2 ** ((note.pitch - 69) / 12);
    const level = 0.16 * note.velocity ** 1.4;
    const gain = context.createGain();
    const filter = context.createBiquadFilter();
    filter.frequency.value = Math.min(pitch * timbre.bright, 14000);
    filter.connect(gain).connect(this.bus);
    const end = at + Math.max(length, timbre.attack * 1.5);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(level, at + timbre.attack);
    gain.gain.setTargetAtTime(level * timbre.sustain, at + timbre.attack, timbre.decay / 2);
    gain.gain.setTargetAtTime(0, end, timbre.release / 3);
    [[timbre.wave, 0], [timbre.second, 5]].forEach(([type, detune], place) => {
      const tone = context.createOscillator();
      const share = context.createGain();
      [tone.type, tone.frequency.value, tone.detune.value, share.gain.value] = [type, pitch, detune, place ? 0.45 : 0.7];
      tone.connect(share).connect(filter);
      tone.start(at);
      tone.stop(end + timbre.release * 2);
    });
  }

  #strike(note, at) {
    const { context } = this;
    const kind = findDrum(note.pitch);
    const gain = context.createGain();
    gain.gain.setValueAtTime(kind.level * note.velocity, at);
    gain.gain.exponentialRampToValueAtTime(1e-4, at + kind.length);
    gain.connect(this.bus);
    if (kind.noise) {
      const source = context.createBufferSource();
      [source.buffer, source.loop] = [this.noise, true];
      const filter = context.createBiquadFilter();
      [filter.type, filter.frequency.value, filter.Q.value] = [kind.filter, kind.noise, 0.7];
      source.connect(filter).connect(gain);
      source.start(at, (note.start * 7.3) % 0.9);
      source.stop(at + kind.length);
    }
    if (kind.tone) {
      const tone = context.createOscillator();
      tone.frequency.setValueAtTime(kind.tone * 2.2, at);
      tone.frequency.exponentialRampToValueAtTime(kind.tone, at + 0.07);
      tone.connect(gain);
      tone.start(at);
      tone.stop(at + kind.length);
    }
  }
}

/** What a General MIDI percussion key sounds like: tone (Hz), noise (filter, Hz), seconds. */
function findDrum(key) {
  if (key === 35 || key === 36) return { tone: 52, level: 0.75, length: 0.32 };
  if ([37, 38, 39, 40].includes(key)) return { tone: 185, noise: 2200, filter: "highpass", level: 0.34, length: 0.2 };
  if ([42, 44, 22].includes(key)) return { noise: 8500, filter: "highpass", level: 0.22, length: 0.06 };
  if ([46, 26].includes(key)) return { noise: 8000, filter: "highpass", level: 0.22, length: 0.34 };
  if ([49, 52, 55, 57].includes(key)) return { noise: 5500, filter: "highpass", level: 0.28, length: 1.1 };
  if ([51, 53, 59].includes(key)) return { noise: 7000, filter: "bandpass", level: 0.3, length: 0.5 };
  return { tone: 70 + (key % 12) * 9, level: 0.45, length: 0.28 }; // toms and the rest
}
