// What the host offers. The compiler takes this file's name, `makai`, as the name of the module that these are imported from.

/** Writes a line to the daemon's log. `level`: one of the LOG constants; the text is UTF-8. */
export declare function log(level: i32, text: usize, bytes: u32): void;

/** Unix milliseconds UTC; in a replay the recording's time. */
export declare function now_ms(): f64;

/** Writes what is known of a box to `to`: BOX_INFO_MAX_BYTES. */
export declare function box(id: u32, to: usize): void;

/** The lowest recorded id above `after` (begin with -1); -1: none. */
export declare function next_box(after: i32): i32;

/** In `configure`: asks for what is stored of a box. 1: it will come. */
export declare function history(boxId: u32, fromMs: f64, toMs: f64): i32;

/** Copies what was kept. Returns its length, -1 when nothing was kept. */
export declare function state_get(to: usize, room: u32): i32;

/** Keeps bytes over restarts. 1: too many. */
export declare function state_set(from: usize, bytes: u32): i32;

/** One value of a series. */
export declare function value(series: usize, bytes: u32, boxId: u32, timestampMs: f64, value: f64): void;

/** Something that was found: a record of type Incident. */
export declare function incident(record: usize): void;
