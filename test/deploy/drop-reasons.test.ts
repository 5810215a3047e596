/** The lists of drop reasons hold what the code counts, no more and no less: each is a series from the start. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DROP_REASONS as BROKER } from '../../acquisition-broker/drop-reasons.js';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { fromZero, Rejections } from '../../common/rejections.js';
import { STREAM_REASONS } from '../../proto/stream-decoder.js';
import { DROP_REASONS as SERVICE } from '../../triggering-service/drop-reasons.js';

/** What ends up as a reason: counted by name, returned as the reason of a drop, or as the refusal of a request. */
const COUNTED = [
  /\brejections\.(?:count|tally)\(\s*'([^']+)'/g,
  /#drop(?:Id)?\('([^']+)'/g,
  /\breason(?:: | = )'([^']+)'/g,
  /\breason = [^;]*\? '([^']+)' : '[^']+'/g,
  /\breason = [^;]*\? '[^']+' : '([^']+)'/g,
];
const REFUSED = [/\breturn (?:[^;'\n]*\? )?'([^']+)'/g, /\breturn [^;'\n]*: '([^']+)'/g];
/** Functions there return refusals. */
const REFUSING = ['acquisition-broker/requests', 'triggering-service/requests/event-requests.ts'];

function reasonsIn(room: string): string[] {
  const found = new Set<string>();
  for (const name of readdirSync(join(PACKAGE_ROOT, room), { recursive: true, encoding: 'utf8' })) {
    const path = join(room, name);
    if (!name.endsWith('.ts') || name.endsWith('drop-reasons.ts')) continue;
    const text = readFileSync(join(PACKAGE_ROOT, path), 'utf8');
    const patterns = REFUSING.some((prefix) => path.startsWith(prefix)) ? [...COUNTED, ...REFUSED] : COUNTED;
    for (const pattern of patterns) for (const [, reason] of text.matchAll(pattern)) found.add(reason ?? '');
  }
  return [...found].sort();
}

describe('deploy: reasons of drops', () => {
  it("are all in the acquisition broker's list", () => {
    const found = ['acquisition-broker', 'proto/box2', 'proto/box3', 'zmq'].flatMap(reasonsIn);
    assert.deepEqual([...new Set(found)].sort(), [...BROKER].sort());
  });

  it("are all in the triggering service's list", () => {
    const decoder = STREAM_REASONS.filter((reason) => reason !== 'ok');
    assert.deepEqual(
      [...new Set([...reasonsIn('triggering-service'), ...decoder])].sort(),
      [...SERVICE].sort(),
    );
  });

  it('begin at 0, so that the first burst is a rise', () => {
    const rejections = new Rejections(silentLogger());
    assert.deepEqual(fromZero(['a', 'b'], rejections.totals()), { a: 0, b: 0 });
    rejections.tally('b');
    rejections.tally('c');
    assert.deepEqual(fromZero(['a', 'b'], rejections.totals()), { a: 0, b: 1, c: 1 });
  });
});
