/** Schemas of the HTTP API. The page imports their types. */
export type * from './alerts.js';
export type * from './boxes.js';
export type * from './common.js';
export type * from './events.js';
export type * from './incidents.js';
export * from './live.js';
export type * from './reports.js';
export type * from './system.js';
export type * from './users.js';
export type * from './values.js';
export * from './waveform.js';
