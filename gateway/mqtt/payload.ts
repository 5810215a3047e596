/** The payload of a message of a client, as a JSON object. */

export type Parsed = { object: Record<string, unknown> } | { wrong: string };

/** @param maxBytes a longer one is not read */
export function parseObject(payload: Buffer, maxBytes: number): Parsed {
  if (payload.length > maxBytes)
    return { wrong: `expected at most ${maxBytes} bytes, found ${payload.length}` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return { wrong: 'expected JSON, found something else' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { wrong: `expected a JSON object, found ${Array.isArray(value) ? 'a list' : typeof value}` };
  return { object: value as Record<string, unknown> };
}
