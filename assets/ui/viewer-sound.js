// Figures of sounds: peaks for a waveform, a Fourier transform for a spectrogram. Pure functions.

/** Lowest and highest sample of each of `count` equal parts of samples[from..to): Float32Array of pairs. */
export function findPeaks(samples, from, to, count) {
  const peaks = new Float32Array(count * 2);
  const span = (to - from) / count;
  for (let part = 0; part < count; part += 1) {
    const start = Math.max(0, Math.floor(from + part * span));
    const end = Math.min(samples.length, Math.max(start + 1, Math.floor(from + (part + 1) * span)));
    let low = 0;
    let high = 0;
    if (start < end) low = high = samples[start];
    for (let at = start + 1; at < end; at += 1) {
      const value = samples[at];
      if (value < low) low = value;
      else if (value > high) high = value;
    }
    peaks[part * 2] = low;
    peaks[part * 2 + 1] = high;
  }
  return peaks;
}

/** Make a function that turns `size` (a power of two) samples into size / 2 magnitudes 0..1 (a full sine is 1). */
export function buildSpectrum(size) {
  const bits = Math.log2(size);
  const order = Uint32Array.from({ length: size }, (_, i) => parseInt(i.toString(2).padStart(bits, "0").split("").reverse().join(""), 2));
  const cosine = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sine = Float32Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  const bell = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size)); // Hann
  const [real, imaginary] = [new Float32Array(size), new Float32Array(size)];
  return (samples, from) => {
    for (let i = 0; i < size; i += 1) {
      const at = from + order[i];
      real[i] = at >= 0 && at < samples.length ? samples[at] * bell[order[i]] : 0;
      imaginary[i] = 0;
    }
    for (let width = 2; width <= size; width *= 2) butterflies(real, imaginary, width, cosine, sine);
    return Float32Array.from({ length: size / 2 }, (_, i) => (4 * Math.hypot(real[i], imaginary[i])) / size);
  };
}

function butterflies(real, imaginary, width, cosine, sine) {
  const size = real.length;
  const half = width / 2;
  const stride = size / width;
  for (let start = 0; start < size; start += width) {
    for (let k = 0; k < half; k += 1) {
      const [c, s] = [cosine[k * stride], sine[k * stride]];
      const [a, b] = [start + k, start + k + half];
      const re = real[b] * c - imaginary[b] * s;
      const im = real[b] * s + imaginary[b] * c;
      real[b] = real[a] - re;
      imaginary[b] = imaginary[a] - im;
      real[a] += re;
      imaginary[a] += im;
    }
  }
}

/** Level 0..1 of a magnitude on a scale of `range` decibels below full. */
export const toLevel = (magnitude, range = 84) => Math.min(1, Math.max(0, 1 + (20 * Math.log10(magnitude + 1e-9)) / range));
