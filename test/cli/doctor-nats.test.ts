import assert from 'node:assert/strict';
import type { Report } from '../../cli/doctor/report.js';
import { stream, unheard } from '../../cli/doctor/reported-flow.js';
import { nats } from '../../cli/doctor/reported-nats.js';

const RELAY = { connected: true, direct: true, dropped: { spool_full: 0 }, spool: { messages: 0 } };
const report = (kind: Report['kind'], of: object | undefined, uptimeSeconds = 100): Report => ({
  kind,
  details: { open: true, subscribers: { connected: 0 }, ...(of === undefined ? {} : { nats: of }) },
  uptimeSeconds,
  metrics: undefined,
});
const texts = (one: Report): string[] => nats(one).map((found) => JSON.stringify(found));

describe('cli/doctor: NATS', () => {
  it('has nothing to say without it, of a daemon just started, or where all is well', () => {
    assert.deepEqual(nats(report('triggering-broker', undefined)), []);
    assert.deepEqual(nats(report('triggering-broker', RELAY)), []);
    assert.deepEqual(nats(report('triggering-broker', { ...RELAY, connected: false }, 5)), []);
    assert.deepEqual(nats(report('triggering-service', { connected: true, waiting: 3 })), []);
  });

  it('says what the relay cannot do, what waits and what was lost', () => {
    const spool = { messages: 700 };
    assert.match(
      texts(report('triggering-broker', { ...RELAY, connected: false, spool }))[0] ?? '',
      /no connection.*700/,
    );
    assert.match(texts(report('triggering-broker', { ...RELAY, direct: false }))[0] ?? '', /does not accept/);
    assert.match(texts(report('triggering-broker', { ...RELAY, direct: false, spool }))[0] ?? '', /700/);
    const lost = { ...RELAY, dropped: { spool_full: 12, too_long: 0 } };
    assert.match(texts(report('triggering-broker', lost))[0] ?? '', /12 \(spool_full\)/);
  });

  it('says that a service reads nothing, or far behind', () => {
    assert.match(
      texts(report('triggering-service', { connected: false }))[0] ?? '',
      /receives no measurements/,
    );
    assert.match(
      texts(report('triggering-service', { connected: true, waiting: 50_000 }))[0] ?? '',
      /50000 batches/,
    );
  });

  it('says when the analysis service or the gateway does not hear all triggering brokers', () => {
    const hears = (missing: string[], uptimeSeconds = 100, brokers = 3, kind = 'analysis-service'): string =>
      JSON.stringify(
        unheard({
          ...report(kind as Report['kind'], undefined, uptimeSeconds),
          details: { stream: { brokers, connected: brokers - missing.length, missing } },
        }),
      );
    assert.match(
      hears(['tcp://b:9881']),
      /hears 2 of 3 triggering brokers.*outage.*not tcp:\/\/b:9881.*further_/,
    );
    assert.match(hears(['b'], 100, 3, 'gateway'), /hears 2 of 3 triggering brokers, and has no live values/);
    assert.match(hears(['b'], 100, 1), /does not hear the triggering broker,.*zmq_trigger_endpoint/);
    assert.doesNotMatch(hears(['b'], 100, 1), /further_trigger_endpoints/);
    assert.equal(hears([], 100, 1), '[]');
    assert.equal(hears(['b'], 5), '[]');
    assert.equal(hears(['b'], 100, 3, 'web-service'), '[]');
    assert.deepEqual(unheard(report('analysis-service', undefined)), []);
    assert.deepEqual(unheard(report('gateway', undefined)), []);
  });

  it('says that a follower does nothing, or that nobody is elected', () => {
    const all = { connected: true, elected: false, service: 'a' };
    assert.deepEqual(nats(report('gateway', all)), []);
    assert.match(texts(report('gateway', { ...all, connected: false }))[0] ?? '', /notifies nobody/);
    assert.match(texts(report('analysis-service', { connected: false }))[0] ?? '', /analyses nothing/);
    assert.match(texts(report('analysis-service', { connected: true }))[0] ?? '', /groups and outages/);
    assert.match(texts(report('gateway', { connected: true }))[0] ?? '', /active/);
  });

  it('says that an acquisition broker reaches no others, hears none, or has requests that nobody would take up', () => {
    const well = { connected: true, brokers: [{ name: 'b' }], requests: { taken_up: 1, not_copied: 0 } };
    assert.deepEqual(nats(report('acquisition-broker', well)), []);
    assert.match(
      texts(report('acquisition-broker', { connected: false }))[0] ?? '',
      /other acquisition brokers are not reached/,
    );
    assert.match(
      texts(report('acquisition-broker', { ...well, brokers: [] }))[0] ?? '',
      /hears no other acquisition broker/,
    );
    const notCopied = { ...well, requests: { not_copied: 4 } };
    assert.match(texts(report('acquisition-broker', notCopied))[0] ?? '', /4 open requests were not copied/);
  });

  it('a broker without subscribers is no mistake where the relay subscribes', () => {
    assert.equal(stream(report('triggering-broker', undefined)).length, 1);
    assert.deepEqual(stream(report('triggering-broker', RELAY)), []);
  });
});
