/** The whole line: `makai up`, its page, live events, a request for waveforms, keys. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeyPair } from '../../keys/key.js';
import { liveEvents } from '../../web-service/api/live.js';
import { OPERATIONS } from '../../web-service/api/operations.js';
import { until } from '../support/until.js';
import { Contract, type OpenApiDocument } from './document.js';
import { jsonBody } from './given.js';
import { upForWeb, type WebUp } from './up.js';

interface Received {
  name: string;
  id: string | undefined;
  data: unknown;
}

describe('web-service: makai up', function () {
  this.timeout(400_000);
  let folder: string;
  let up: WebUp;
  const api = (path: string, init?: RequestInit) => fetch(`${up.page}api/v1${path}`, init);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-web-up-'));
    up = await upForWeb(folder, ['--boxes', '3']);
  });
  after(async () => {
    await up?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Reads server-sent events until one fits. */
  async function listen(
    path: string,
    isLast: (event: Received) => boolean,
    headers: Record<string, string> = {},
  ): Promise<Received[]> {
    const response = await api(path, { headers });
    assert.equal(response.status, 200);
    const received: Received[] = [];
    let text = '';
    const reader = response.body?.getReader();
    for (;;) {
      const { done, value: bytes } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done || bytes === undefined) break;
      text += Buffer.from(bytes).toString();
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string): string | undefined =>
          new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
        const name = field('event');
        if (name === undefined) continue;
        const event = { name, id: field('id'), data: JSON.parse(field('data') ?? 'null') as unknown };
        received.push(event);
        if (!isLast(event)) continue;
        await reader?.cancel();
        return received;
      }
    }
    throw new Error('the stream ended');
  }

  it('live values come within a second, and every event has the form that the document says', async () => {
    const start = performance.now();
    const first = await listen('/live?topics=measurements', ({ name }) => name === 'measurements');
    process.stderr.write(`    first values after ${Math.round(performance.now() - start)} ms\n`);
    assert.equal(first[0]?.name, 'hello');
    const seen = new Set<string>();
    const all = await listen('/live', ({ name }) => {
      seen.add(name);
      return ['event', 'incident', 'incident-group'].every((one) => seen.has(one));
    });
    for (const { data, name } of all) {
      const schema = liveEvents[name as keyof typeof liveEvents];
      assert.ok(schema, name);
      const parsed = schema.safeParse(data);
      assert.ok(parsed.success, `${name}: ${parsed.error?.message}`);
    }
    const ids = all.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const [lastButOne = '', last] = ids.slice(-2);
    const missed = await listen('/live?topics=events,incidents,findings,status', ({ id }) => id === last, {
      'last-event-id': lastButOne,
    });
    assert.deepEqual(missed.map(({ name }) => name).slice(0, 1), ['hello']);
    assert.equal(missed[1]?.id, last);
  });

  it('what is stored is read as the document says', async () => {
    const contract = new Contract(
      (await (await fetch(`${up.page}api/openapi.json`)).json()) as OpenApiDocument,
    );
    const sags = async (): Promise<{ incident_id: number; event_id: number; box_id: string }[]> => {
      const { items } = (await (await api('/incidents?class=VOLTAGE_SAG')).json()) as {
        items: { incident_id: number; event_id: number; box_id: string }[];
      };
      return items;
    };
    await until('the first sag', async () => (await sags()).length > 0);
    const [sag] = await sags();
    assert.ok(sag !== undefined);
    const { box_id, event_id, incident_id } = sag;
    const now = Date.now();
    for (const [name, path] of [
      ['listBoxes', '/boxes'],
      ['listBoxHealth', '/box-health'],
      ['getBoxHealth', `/boxes/${box_id}/health`],
      ['getStatus', '/status'],
      ['listKeys', '/keys'],
      ['listPendingKeys', '/keys/pending'],
      ['listEvents', '/events'],
      ['getEvent', `/events/${event_id}`],
      ['getIncident', `/incidents/${incident_id}`],
      ['getRms', `/events/${event_id}/boxes/${box_id}/rms`],
      ['getWaveform', `/events/${event_id}/boxes/${box_id}/waveform`],
      ['getChart', `/boxes/${box_id}/chart?from=${now - 600_000}&to=${now}`],
      ['getReport', `/report?from=${now - 3_600_000}&to=${now}`],
      ['getDiagnosis', '/doctor'],
    ] as const) {
      assert.ok(name in OPERATIONS);
      const response = await api(path);
      assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
      await contract.check(name, response);
    }
  });

  it('a request for waveforms is followed until they are stored', async () => {
    const to_ms = Date.now() - 1000;
    const response = await api(
      '/events',
      jsonBody('POST', { from_ms: to_ms - 1000, to_ms, description: 'by hand', wait_seconds: 60 }),
    );
    assert.equal(response.status, 202, await response.clone().text());
    const { event, event_id } = (await response.json()) as {
      event_id: number;
      event: { is_complete: boolean; boxes_received: string[]; description: string };
    };
    assert.equal(response.headers.get('location'), `/api/v1/events/${event_id}`);
    assert.ok(event.is_complete);
    assert.deepEqual(event.boxes_received.toSorted(), ['1001', '1002', '1003']);
    assert.match(event.description, /^by hand \(local, /);
  });

  it('a key is approved and revoked, and the broker heeds it', async () => {
    const known = async (): Promise<number> => {
      const { daemons } = (await (await api('/status')).json()) as {
        daemons: { daemon: string; details?: { access?: { allow_list?: { known?: number } } } }[];
      };
      return (
        daemons.find(({ daemon }) => daemon === 'triggering-broker')?.details?.access?.allow_list?.known ?? 0
      );
    };
    let before = 0;
    await until('the status of the broker is there', async () => {
      before = await known();
      return before > 0;
    });
    const { publicKey } = newKeyPair();
    const accepted = await api('/keys/accept', jsonBody('POST', { public_key: publicKey, box_id: '2001' }));
    assert.equal(accepted.status, 201, await accepted.clone().text());
    await until('the broker knows one key more', async () => (await known()) === before + 1);
    assert.equal(
      (await api('/keys/accept', jsonBody('POST', { public_key: newKeyPair().publicKey, box_id: '2001' })))
        .status,
      409,
    );
    const revoked = await api('/keys/revoke', jsonBody('POST', { box_id: '2001' }));
    assert.deepEqual(
      ((await revoked.json()) as { items: { state: string }[] }).items.map(({ state }) => state),
      ['revoked'],
    );
    await until('the broker knows it no longer', async () => (await known()) === before);
  });
});
