/** What replies say about the health of a box. */
import assert from 'node:assert/strict';
import { RepliesOfBoxes } from '../../acquisition-broker/boxes/box-replies.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { BoxFindings } from '../../daemon/box-findings.js';
import { STORED } from '../../store/writes.js';
import { ManualClock } from './manual-clock.js';

describe('acquisition broker: replies of boxes', () => {
  const clock = new ManualClock();
  const findings = new BoxFindings({
    clock,
    log: silentLogger(),
    outbox: { put: async () => STORED },
    rejections: new Rejections(silentLogger()),
  });
  const replies = new RepliesOfBoxes(clock, findings);

  it('NO_REPLIES after three requests in a row over two minutes, until the next reply', () => {
    for (const passed of [0, 60_000, 59_999]) {
      clock.advance(passed);
      replies.missed(7);
      assert.deepEqual(findings.of(7), []);
    }
    clock.advance(1);
    replies.missed(7);
    assert.deepEqual(
      findings.of(7).map(({ code, info }) => [code, info]),
      [['NO_REPLIES', '4 requests without a reply; replies: none since our start']],
    );
    assert.deepEqual(replies.list(7).get(7), { replies: 0, missed: 4, missed_in_a_row: 4 });
    replies.replied(7, undefined);
    assert.deepEqual(findings.of(7), []);
    assert.equal(replies.list().get(7)?.missed_in_a_row, 0);
  });

  it('the clock of the box, from the time in its replies', () => {
    for (const offset of [-4900, -5100, -5000, -5000, -60_000]) {
      clock.advance(13_000);
      replies.replied(8, clock.now() + offset);
    }
    const { clock_offset_ms, last_reply_ms, replies: count } = replies.list(8).get(8) ?? {};
    assert.deepEqual([clock_offset_ms, last_reply_ms, count], [-5000, clock.now(), 5]);
  });

  it('is bounded', () => {
    for (let boxId = 1; boxId <= 20_050; boxId += 1) replies.replied(boxId, undefined);
    assert.equal(replies.list().size, 20_000);
  });

  after(() => findings.stop());
});
