// The library for plugins written in AssemblyScript. See README.md.
export * from './abi';
export { askHistory, Box, boxOf, found, keepState, keptState, record, recordedBoxes } from './context';
export { abort, log } from './log';
export { now_ms as nowMs } from './makai';
export { Plugin } from './plugin';
export { register } from './registry';
export { Request, Requests } from './requests';
export { plain, Range, Settings } from './settings';
