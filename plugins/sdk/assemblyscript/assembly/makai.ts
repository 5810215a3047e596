// What the host offers. The compiler takes this file's name, `makai`, as the name of the module that these are imported from.

/** Writes a line to the daemon's log. `level`: one of the LOG constants; the text is UTF-8. */
export declare function log(level: i32, text: usize, bytes: u32): void;

/** Unix milliseconds UTC; in a replay the recording's time. */
export declare function now_ms(): f64;
