// Plays a decoded sound: from anywhere, with an exact loop. A source is used once, so each start makes one.

export class SoundPlayer {
  constructor(context, buffer) {
    this.context = context;
    this.buffer = buffer;
    this.gain = context.createGain();
    this.gain.connect(context.destination);
    this.offset = 0;
    this.loop = null; // [from, to] in seconds
    this.isLooping = false;
    this.source = null;
    this.changed = () => {};
  }

  get isPlaying() {
    return this.source !== null;
  }

  /** Where it is, in seconds. */
  get place() {
    if (!this.source) return this.offset;
    const gone = this.offset + (this.context.currentTime - this.started);
    const span = this.#span();
    if (!span || gone < span[1]) return Math.min(gone, this.buffer.duration);
    return span[0] + ((gone - span[0]) % (span[1] - span[0]));
  }

  async play() {
    await this.context.resume();
    if (this.source) return;
    if (this.offset >= this.buffer.duration - 0.01) this.offset = this.loop?.[0] ?? 0;
    const source = this.context.createBufferSource();
    source.buffer = this.buffer;
    const span = this.#span();
    if (span) {
      if (this.offset >= span[1]) this.offset = span[0];
      [source.loop, source.loopStart, source.loopEnd] = [true, ...span]; // the sound card's clock keeps it exact
    }
    source.connect(this.gain);
    source.onended = () => {
      if (this.source !== source) return;
      this.source = null;
      this.offset = 0;
      this.changed();
    };
    this.source = source;
    this.started = this.context.currentTime;
    source.start(0, this.offset);
    this.changed();
  }

  pause() {
    if (!this.source) return;
    this.offset = this.place;
    const source = this.source;
    this.source = null;
    source.stop();
    this.changed();
  }

  /** Go to a place; what plays goes on from there. */
  seek(seconds) {
    this.#again(() => { this.offset = Math.min(Math.max(seconds, 0), this.buffer.duration); });
  }

  /** Repeat [from, to], or everything (`null`). */
  setLoop(isLooping, span = this.loop) {
    this.#again(() => {
      this.isLooping = isLooping;
      this.loop = span;
    });
  }

  dispose() {
    this.pause();
    this.gain.disconnect();
  }

  #span() {
    return this.isLooping ? this.loop ?? [0, this.buffer.duration] : null;
  }

  #again(change) {
    const wasPlaying = this.isPlaying;
    this.pause();
    change();
    if (wasPlaying) this.play();
    else this.changed();
  }
}
