/** The door of the folder: PQDS, read and written. */
export { type PqdsOptions, readPqds } from './read.js';
export { writePqds } from './write.js';
