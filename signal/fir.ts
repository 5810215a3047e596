/** Finite impulse response filters by the window method (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 7.2). */

/**
 * Low-pass kernel: a sinc cut by a Hamming window, unit gain at 0 Hz, linear phase.
 * @param taps odd number of coefficients
 * @param cutoffHz -6 dB point
 */
export function lowPassKernel(taps: number, cutoffHz: number, sampleRate: number): Float64Array {
  const kernel = new Float64Array(taps);
  const middle = (taps - 1) / 2;
  const fraction = (2 * cutoffHz) / sampleRate;
  let sum = 0;
  for (let i = 0; i < taps; i += 1) {
    const value = fraction * sinc(fraction * (i - middle)) * hamming(i, taps);
    kernel[i] = value;
    sum += value;
  }
  return kernel.map((value) => value / sum);
}

/** High-pass kernel: a unit impulse minus the low-pass of the same length and cut-off; zero gain at 0 Hz. `taps` must be odd. */
export function highPassKernel(taps: number, cutoffHz: number, sampleRate: number): Float64Array {
  const kernel = lowPassKernel(taps, cutoffHz, sampleRate).map((value) => -value);
  const middle = (taps - 1) / 2;
  kernel[middle] = (kernel[middle] ?? 0) + 1;
  return kernel;
}

/** sin(πx)/(πx), 1 at 0. */
export function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function hamming(i: number, taps: number): number {
  return 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (taps - 1));
}
