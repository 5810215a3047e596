/** Requests of events that wait for their waveforms, and what a box id is. */
import assert from 'node:assert/strict';
import { boxId } from '../../web-service/api/common.js';
import { createLimits } from '../../web-service/limits.js';
import { eventHandlers } from '../../web-service/operations/events.js';
import { findingsIn } from '../../web-service/operations/system.js';
import type { Services } from '../../web-service/services.js';
import type { Waveforms } from '../../web-service/waveforms/load.js';

describe('web-service: requests', () => {
  it('who waits for waveforms holds up no other request', async () => {
    let asked = 0;
    let release = (): void => undefined;
    const waiting = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    const requests = {
      ask: async () => {
        asked += 1;
        return asked;
      },
      follow: () => waiting,
    };
    const services = { limits: createLimits(), requests } as unknown as Services;
    const { requestEvent } = eventHandlers(services, {} as Waveforms);
    const body = { from_ms: 1, to_ms: 2, boxes: [], request_data: true, wait_seconds: 60 };
    const input = { body, caller: undefined, reply: { header: () => undefined } };
    const replies = Array.from({ length: 20 }, () =>
      requestEvent(input as unknown as Parameters<typeof requestEvent>[0]),
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked, 20);
    release();
    assert.deepEqual((await Promise.all(replies))[19], { event_id: 20 });
  });

  it('events of a class: all incidents of a range are read by a few requests at the same time', async () => {
    let reading = 0;
    const store = {
      incidents: async function* () {
        reading += 1;
        await waitForever;
        yield { event_id: 1 };
      },
    };
    const waitForever = new Promise<void>(() => undefined);
    const link = { read: (work: (one: unknown) => Promise<unknown>) => work(store) };
    const services = { limits: createLimits(), link } as unknown as Services;
    const { listEvents } = eventHandlers(services, {} as Waveforms);
    const input = { query: { class: 'VOLTAGE_SAG', limit: 10, order: 'newest' } };
    for (let i = 0; i < 10; i += 1) void listEvents(input as unknown as Parameters<typeof listEvents>[0]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(reading, 4);
  });

  it('a box id is a decimal number that fits a message, written in one way', () => {
    for (const id of ['0', '1', '1001', '2147483647']) assert.ok(boxId.safeParse(id).success, id);
    for (const id of ['', '01', '00', '2147483648', '9999999999', '99999999999', '-1', '1.0', '1e3', ' 1'])
      assert.ok(!boxId.safeParse(id).success, id);
  });

  it('what is not a list of findings is an error that can be caught', () => {
    assert.deepEqual(findingsIn(''), []);
    for (const text of ['warning: x', '{"level":', '[1]', 'null'])
      assert.throws(() => findingsIn(text), text);
  });
});
