/** The list of drop reasons has what the code counts, no more and no less: each is a series from the start. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropReasonsOf } from '../../common/drop-reasons.js';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { fromZero, Rejections } from '../../common/rejections.js';
import { STREAM_REASONS } from '../../proto/stream-decoder.js';

/** What ends up as a reason: counted by name, returned as the reason of a drop, or as the refusal of a request. */
const COUNTED = [
  /\brejections\.(?:count|tally)\(\s*'([^']+)'/g,
  /#drop(?:Id|Time)?\('([^']+)'/g,
  /#refuse\(\w+, '([^']+)'/g,
  /\badd\(\s*'([^']+)',/g,
  /\breason(?:: | = )'([^']+)'/g,
  /\breason = [^;]*\? '([^']+)' : '[^']+'/g,
  /\breason = [^;]*\? '[^']+' : '([^']+)'/g,
];
const REFUSED = [/\breturn (?:[^;'\n]*\? )?'([^']+)'/g, /\breturn [^;'\n]*: '([^']+)'/g];
/** Functions there return refusals. */
const REFUSING = [
  'acquisition-broker/requests',
  'triggering-service/requests/event-requests.ts',
  'plugin-host/window-problem.ts',
];

function reasonsIn(...rooms: string[]): string[] {
  const found = new Set<string>();
  const files = rooms.flatMap((room) =>
    room.endsWith('.ts')
      ? [room]
      : readdirSync(join(PACKAGE_ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) =>
          join(room, name),
        ),
  );
  for (const path of files) {
    if (!path.endsWith('.ts')) continue;
    const text = readFileSync(join(PACKAGE_ROOT, path), 'utf8');
    const patterns = REFUSING.some((prefix) => path.startsWith(prefix)) ? [...COUNTED, ...REFUSED] : COUNTED;
    for (const pattern of patterns) for (const [, reason] of text.matchAll(pattern)) found.add(reason ?? '');
  }
  return [...found].sort();
}

describe('deploy: reasons of drops', () => {
  it('are listed for the acquisition broker', () => {
    const found = reasonsIn(
      'acquisition-broker',
      'proto/box2',
      'proto/box3',
      'zmq',
      'daemon/box-findings.ts',
    );
    assert.deepEqual(found, dropReasonsOf('acquisition-broker').sort());
  });

  it('are listed for the triggering service', () => {
    const decoder = STREAM_REASONS.filter((reason) => reason !== 'ok');
    assert.deepEqual(
      [
        ...new Set([
          ...reasonsIn('triggering-service', 'plugin-host/window-problem.ts', 'daemon/box-findings.ts'),
          ...decoder,
        ]),
      ].sort(),
      dropReasonsOf('triggering-service').sort(),
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
