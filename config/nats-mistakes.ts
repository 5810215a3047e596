/** Mistakes in the setting `nats` that one field alone does not show. */
import type { Finding } from './findings.js';

type Fields = Readonly<Record<string, unknown>>;

/** @param fields raw value of the file */
export function natsMistakes({ nats }: Fields): Finding[] {
  if (!isObject(nats)) return [];
  const found: Finding[] = [];
  const wrong = (path: string, message: string): void => {
    found.push({ severity: 'error', path: `nats.${path}`, message });
  };
  if (nats.credentials !== undefined && nats.user !== undefined)
    wrong('user', 'expected either credentials or user, found both');
  if (nats.password_file !== undefined && nats.user === undefined)
    wrong('password_file', 'expected together with user, found without it');
  const { tls } = nats;
  if (isObject(tls) && (tls.cert === undefined) !== (tls.key === undefined))
    wrong('tls', 'expected cert and key together, found one of them');
  return found;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
