/** Why a box is not heard, where several boxes are behind one address. */
import assert from 'node:assert/strict';
import type { BoxHealthRecord } from '../../cli/box-health/read.js';
import { type KnownBox, type Strangers, whyNot } from '../../cli/box-status/why.js';

const NOW = 1_780_000_000_000;
const ADDRESS = '203.0.113.7';

function box(health: Partial<BoxHealthRecord>): KnownBox {
  return {
    id: '7',
    certified: true,
    recorded: true,
    unplugged: false,
    health: { box_id: '7', findings: [], ...health },
  };
}

const connections = (open: number) => ({
  handshakes: 1,
  open,
  addresses: [{ address: ADDRESS, handshakes: 1, last_ms: NOW }],
});

const strangers: Strangers = {
  wrongServerKey: [ADDRESS],
  refusedKeys: [],
  refusedIds: new Set(),
  brokers: { measurements: true, commands: true },
};

describe('cli/box-status: why a box is not heard', () => {
  it('a box that is connected has our key, though another one behind its address has not', () => {
    for (const open of [0, 1])
      assert.match(
        whyNot(box({ command_connections: connections(open) }), strangers, NOW) ?? '',
        /^wrong port or blocked: it connects to the acquisition broker only/,
      );
    const silent = whyNot(box({ measurement_connections: connections(1) }), strangers, NOW);
    assert.equal(silent, 'connected, but it sends nothing');
  });

  it('one that was connected, from an address with another key', () => {
    const both = { measurement_connections: connections(0), command_connections: connections(0) };
    assert.equal(whyNot(box(both), strangers, NOW), `wrong server key: ${ADDRESS} has another one than ours`);
    const nobody = { ...strangers, wrongServerKey: [] };
    assert.match(
      whyNot(box({ measurement_connections: connections(0) }), nobody, NOW) ?? '',
      /^was connected/,
    );
  });
});
