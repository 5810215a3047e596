/** What an author's plugin imports as `opq-makai/plugin`: the types of the contract, and the reader of settings. */
export type * from './plugin.js';
export { type NumberRange, Settings } from './settings.js';
