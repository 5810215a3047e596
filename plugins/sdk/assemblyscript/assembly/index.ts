// The library for plugins written in AssemblyScript. See README.md.
export * from './abi';
export { abort, log } from './log';
export { Plugin } from './plugin';
export { register } from './registry';
export { Request, Requests } from './requests';
export { plain, Range, Settings } from './settings';
