/** Mistakes in the setting `kafka` that one field alone does not show. */
import type { Finding } from './findings.js';

type Fields = Readonly<Record<string, unknown>>;

/** @param fields raw value of the file */
export function kafkaMistakes({ kafka }: Fields): Finding[] {
  if (!isObject(kafka)) return [];
  const { tls } = kafka;
  if (!isObject(tls) || (tls.cert === undefined) === (tls.key === undefined)) return [];
  const message = 'expected cert and key together, found one of them';
  return [{ severity: 'error', path: 'kafka.tls', message }];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
