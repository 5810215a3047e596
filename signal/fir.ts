/** Finite impulse response filters by the window method (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 7.2). */

/**
 * Low-pass kernel: a sinc cut by a Hann window, gain 1 at 0 Hz but for the window's ripple, linear phase. Hann, since what it lets through falls off
 * fastest: the fundamental, far from the cut-off, must vanish.
 * @param taps odd number of coefficients
 * @param cutoffHz -6 dB point
 */
export function lowPassKernel(taps: number, cutoffHz: number, sampleRate: number): Float64Array {
  const kernel = new Float64Array(taps);
  const middle = (taps - 1) / 2;
  const fraction = (2 * cutoffHz) / sampleRate;
  for (let i = 0; i < taps; i += 1) {
    kernel[i] = fraction * sinc(fraction * (i - middle)) * hann(i, taps);
  }
  return kernel;
}

/** High-pass kernel: a unit impulse minus the low-pass of the same length and cut-off. `taps` must be odd. */
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

/** Without the zeros at both ends, which would waste two coefficients. */
function hann(i: number, taps: number): number {
  return Math.sin((Math.PI * (i + 1)) / (taps + 1)) ** 2;
}
