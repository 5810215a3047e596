import assert from 'node:assert/strict';
import { SILENT_MS, silentBoxes } from '../../triggering-service/silent-boxes.js';

const NOW = 1e12;

describe('triggering-service/silent-boxes', () => {
  const of = (more: Partial<Parameters<typeof silentBoxes>[0]>) =>
    silentBoxes({
      ...{
        heard: [],
        certified: [],
        isOther: () => false,
        startedMs: NOW - SILENT_MS - 1000,
        nowMs: NOW,
        ...more,
      },
    }).map(({ labels, value }) => [labels.box, value]);

  it('heard before and silent for five minutes; certified and never heard; longest first', () => {
    const heard = [
      { boxId: 1, heardMs: NOW - SILENT_MS },
      { boxId: 2, heardMs: NOW - SILENT_MS - 1 },
      { boxId: 3, heardMs: NOW - 3_600_000 },
    ];
    assert.deepEqual(of({ heard, certified: [1, 4] }), [
      ['3', 3600],
      ['4', 301],
      ['2', 300.001],
    ]);
  });

  it('not those of others or not in use, and none right after the start', () => {
    assert.deepEqual(of({ certified: [4, 5], isOther: (id) => id === 4 }), [['5', 301]]);
    assert.deepEqual(of({ certified: [4, 5], startedMs: NOW - 1000 }), []);
  });

  it('at most 1000', () => {
    assert.equal(of({ certified: Array.from({ length: 3000 }, (_, i) => i) }).length, 1000);
  });
});
