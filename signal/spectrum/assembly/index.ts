// The inner loops of ../window-lines.ts, four values at a time.
export { resample } from './resample';
export { sizes, transform } from './transform';
