/** The door of this room for a program that runs in a browser: the curves, without what needs a file system. README.md says what is where. */
export { en50160Cell } from './classify/en50160.js';
export { iticLower, iticUpper } from './classify/itic.js';
export { semiF47Recommended, semiF47Required } from './classify/semi-f47.js';
