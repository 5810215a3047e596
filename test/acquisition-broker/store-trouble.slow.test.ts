import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import type { Command } from '../../proto/index.js';
import type { Store } from '../../store/store.js';
import type { WriteKind } from '../../store/writes.js';
import { intercepted } from '../store/writable.js';
import { cyclesBetween, type FakeBox, type Rig, startRig, until } from './rig.js';

type Gate = WriteKind | 'event_ids';

/** The real store with a gate before some of its writes: shut, what comes waits; broken, it is refused as while a store is unavailable. */
class Gated {
  #shut: { open: () => void; opened: Promise<void> } | undefined;
  refusal: MakaiError | undefined;
  waiting = 0;

  /** @param names kinds of writes, or the drawing of event ids */
  wrap(...names: Gate[]): (store: Store) => Store {
    const pass = async (name: Gate): Promise<void> => {
      if (!names.includes(name)) return;
      if (this.refusal !== undefined) throw this.refusal;
      this.waiting += 1;
      await this.#shut?.opened;
      this.waiting -= 1;
    };
    return (store) => ({
      ...intercepted(store, ({ kind }) => pass(kind)),
      nextEventIds: async (count) => {
        await pass('event_ids');
        return store.nextEventIds(count);
      },
    });
  }

  shut(): void {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#shut = { open, opened };
  }

  open(): void {
    this.#shut?.open();
    this.#shut = undefined;
  }
}

const window = (ms = 500): { startMs: number; endMs: number } => {
  const endMs = Date.now() - 1000;
  return { startMs: endMs - ms, endMs };
};

/** The next Command with such an identity: on a slow machine earlier ones are sent again in between. */
async function commandFor(box: FakeBox | undefined, identity: string): Promise<Command> {
  assert.ok(box);
  for (;;) {
    const command = await box.command();
    if (command.identity.startsWith(identity)) return command;
  }
}

describe('acquisition broker: a store that is slow or unavailable', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.stop();
    rig = undefined;
  });

  for (const kind of ['event', 'open_request', 'event_ids'] as const) {
    it(`neither announces nor asks before ${kind} is durable; routing goes on meanwhile`, async () => {
      const gated = new Gated();
      rig = await startRig({ boxes: [7], wrapStore: gated.wrap(kind) });
      const client = await rig.client();
      const seven = await rig.box(7, 3);
      gated.shut();
      await client.request({ ...window(), boxIds: [7] });
      await until(() => gated.waiting === 1);
      await client.command({ boxId: 7, identity: 'viewer_1', body: { kind: 'info' } });
      assert.equal((await seven.command()).identity, 'viewer_1');
      assert.equal(client.heard.length, 0);
      gated.open();
      const number = await client.evnew();
      assert.equal((await seven.command(number)).identity, `data_${number}_test-broker`);
    });
  }

  it('waits for a store that is unavailable, in the order of the requests', async () => {
    const gated = new Gated();
    rig = await startRig({ boxes: [7], wrapStore: gated.wrap('event', 'event_ids') });
    const client = await rig.client();
    gated.refusal = new MakaiError('STORE_UNAVAILABLE', 'away');
    for (let i = 0; i < 5; i += 1) {
      await client.request({ ...window(), boxIds: [7], description: `request ${i}` });
    }
    await until(() => rig?.broker.status().requests.waiting === 5);
    gated.refusal = undefined;
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await rig.event(await client.evnew())).description, `request ${i}`);
    }
  });

  it('keeps a waveform until the store takes it', async () => {
    const gated = new Gated();
    rig = await startRig({ boxes: [7, 8], wrapStore: gated.wrap('box_event') });
    const client = await rig.client();
    const seven = await rig.box(7, 3);
    const asked = window();
    gated.refusal = new MakaiError('STORE_UNAVAILABLE', 'away');
    await client.request({ ...asked, boxIds: [7] });
    const number = await client.evnew();
    await seven.answerData(await seven.command(number), cyclesBetween(asked.startMs, asked.endMs));
    await until(() => rig?.broker.status().waveforms.held === 1);
    assert.equal((await rig.store.openRequests()).length, 1, 'it would be asked again');
    gated.refusal = undefined;
    await rig.stored(number, 1);
    await client.notices.next();
    await until(async () => (await rig?.store.openRequests())?.length === 0);
  });

  it('does not try for ever what the store refuses', async () => {
    const gated = new Gated();
    rig = await startRig({ boxes: [7], wrapStore: gated.wrap('box_event', 'event') });
    const client = await rig.client();
    const seven = await rig.box(7, 3);
    const asked = window();
    await client.request({ ...asked, boxIds: [7] });
    await client.evnew();
    const command = await seven.command();
    gated.refusal = new MakaiError('STORE_REFUSED', 'a validator says no');
    await seven.answerData(command, cyclesBetween(asked.startMs, asked.endMs));
    await until(() => rig?.rejected('waveform_not_stored') === 1);
    await client.request({ ...asked, boxIds: [7] });
    await until(() => rig?.rejected('event_not_stored') === 1);
    await client.command({
      boxId: 7,
      identity: 'data_token_x',
      body: { kind: 'data', ...asked, wait: false },
    });
    await until(() => rig?.rejected('event_not_stored') === 2);
    await until(async () => (await rig?.store.openRequests())?.length === 0);
    gated.refusal = undefined;
    await client.request({ ...asked, boxIds: [7] });
    await client.evnew();
    assert.equal(rig.broker.status().waveforms.held_bytes, 0);
  });

  it('stops reading answers when it holds too many, and loses none', async function () {
    this.timeout(400_000);
    const gated = new Gated();
    const limit = 1_048_576;
    rig = await startRig({
      boxes: [7, 8],
      config: { limits: { replies_bytes: limit } },
      wrapStore: gated.wrap('box_event'),
    });
    const client = await rig.client();
    const boxes = [await rig.box(7, 3), await rig.box(8, 3)];
    gated.shut();
    const numbers: number[] = [];
    const answerBytes = 900_000;
    for (let i = 0; i < 20; i += 1) {
      const asked = window(10_000);
      await client.request({ ...asked, boxIds: [7, 8] });
      const number = await client.evnew();
      numbers.push(number);
      const cycles = cyclesBetween(asked.startMs, asked.endMs);
      for (const box of boxes) await box.answerData(await commandFor(box, `data_${number}_`), cycles);
    }
    await until(() => (rig?.broker.status().waveforms.times_full ?? 0) > 0);
    const { held_bytes } = rig.broker.status().waveforms;
    assert.ok(held_bytes > limit && held_bytes < limit + 2 * answerBytes, `${held_bytes} bytes held`);
    // Commands still go out while no answer is read.
    await client.command({ boxId: 7, identity: 'viewer_1', body: { kind: 'info' } });
    await commandFor(boxes[0], 'viewer_1');
    gated.open();
    for (const number of numbers) await rig.stored(number, 2);
    assert.equal(rig.broker.status().waveforms.stored, 40);
    await until(() => rig?.broker.status().waveforms.held_bytes === 0);
  });
});
