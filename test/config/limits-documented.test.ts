import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { parseConfig } from '../../config/index.js';

/** The smallest valid file of each daemon. */
const FILES = {
  'triggering-broker': { client_certs: '/tmp/x' },
  'acquisition-broker': { client_certs: '/tmp/x' },
  'triggering-service': {},
} as const;

describe('config: limits', () => {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs/reliability.md'), 'utf8');
  for (const kind of Object.keys(FILES) as (keyof typeof FILES)[]) {
    it(`every limit of the ${kind} is in the table of docs/reliability.md`, () => {
      const { limits } = parseConfig(kind, FILES[kind]).fields;
      assert.ok(Object.keys(limits).length > 0);
      for (const name of Object.keys(limits)) assert.ok(page.includes(`\`limits.${name}\``), name);
    });
  }
});
