/** An entry of the audit log. */

/** *ours*: what a person or a command changed. Entries do not expire. */
export interface AuditDocument {
  timestamp_ms: number;
  /** of the system, who ran the command; behind `sudo` the one who ran that; `ada (web)`: a user of the web service */
  user: string;
  /** such as `boxes set` */
  command: string;
  /** such as `box 1001` */
  subject: string;
  /** the fields that changed, as they were; absent for what is new */
  before?: Record<string, unknown>;
  /** the same, as they are now; absent for what was deleted */
  after?: Record<string, unknown>;
}
