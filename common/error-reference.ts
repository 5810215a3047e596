/** The text of docs/errors.md, made from the catalogue. */
import { ERROR_CODES } from './error-codes.js';

/** Markdown of the error reference. */
export function errorReference(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { meaning, action }]) => `| \`${code}\` | ${meaning} | ${action} |`,
  );
  return [
    '# Errors',
    '',
    'Every error that you can do something about has a code. Commands print it in brackets, logs have it as `code`.',
    '',
    '| code | what it means | what to do |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
