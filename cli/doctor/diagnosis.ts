/** One finding of `makai doctor`. */

export const AREAS = [
  'versions',
  'configuration',
  'keys',
  'permissions',
  'ports',
  'clock',
  'store',
  'disk',
  'daemons',
  'boxes',
  'plugins',
] as const;
export type Area = (typeof AREAS)[number];

export interface Diagnosis {
  area: Area;
  /** what was checked: a file, an endpoint, a daemon */
  subject: string;
  /** `note`: it works, but may not be intended */
  verdict: 'ok' | 'note' | 'wrong';
  message: string;
  /** what to do about it */
  todo?: string;
}

/** Creates the findings of one area. */
export function reporter(area: Area) {
  return {
    ok: (subject: string, message: string): Diagnosis => ({ area, subject, verdict: 'ok', message }),
    note: (subject: string, message: string, todo: string): Diagnosis => ({
      area,
      subject,
      verdict: 'note',
      message,
      todo,
    }),
    wrong: (subject: string, message: string, todo: string): Diagnosis => ({
      area,
      subject,
      verdict: 'wrong',
      message,
      todo,
    }),
  };
}
