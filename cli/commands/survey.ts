/** `makai survey`: minutes of waveform of one box. */
import type { Command } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { AcquisitionBrokerSettings } from '../../config/index.js';
import { type Reference, References, referenceData } from '../../store/reference.js';
import type { Store } from '../../store/store.js';
import { type BrokerChoice, useBroker, withBrokerOptions } from '../broker-access.js';
import { canAsk, confirm } from '../confirm.js';
import { UsageError } from '../errors.js';
import { boxId, positive } from '../number-arguments.js';

/** Box 2 and Box 3 sample at this rate, 16 bits. */
const BYTES_PER_SECOND = 2 * 12_000;
/** The longest survey. */
const MAX_MINUTES = 120;

interface Options extends BrokerChoice {
  minutes: number;
  yes?: true;
  json?: true;
}

export function register(program: Command): void {
  const command = program
    .command('survey')
    .description(
      'Ask a box for minutes of waveform as time passes, and print Pst, spectrum and statistics of 10/12-cycle values. First it says how many boxes will send how many bytes, and asks.',
    )
    .argument('<box>', 'box id', boxId)
    .option(
      '--minutes <N>',
      `how long, up to ${MAX_MINUTES}; half a minute more is requested, in which filters settle`,
      positive,
      10,
    )
    .option('--yes', 'do not ask');
  withBrokerOptions(command).option('--json', 'one JSON document').action(run);
}

async function run(id: number, options: Options): Promise<void> {
  if (options.minutes > MAX_MINUTES) throw new UsageError(`--minutes: at most ${MAX_MINUTES}`);
  const box = String(id);
  await useBroker(options, async ({ client, settings, store }) => {
    const [
      { collect },
      { joinParts },
      { survey },
      { surveyText },
      { SETTLING_SECONDS },
      { referenceBeside },
    ] = await Promise.all([
      import('../survey/collect.js'),
      import('../../reports/survey/join.js'),
      import('../../reports/survey/survey.js'),
      import('../survey/text.js'),
      import('../../signal/index.js'),
      import('../settings-reference.js'),
    ]);
    const { calibration, reference } = await known(
      store,
      box,
      referenceBeside(settings.storeUrl, options.dir),
    );
    const seconds = 60 * options.minutes + SETTLING_SECONDS;
    await consent(box, seconds, await senders(settings.status.address, box), options);
    const { eventIds, parts, refusal } = await collect({
      boxId: box,
      seconds,
      maxWindowMs: settings.maxWindowMs,
      store,
      client,
      onWindow: ({ done, received, windows }) =>
        void process.stderr.write(`window ${done} of ${windows}${received ? '' : ': no reply'}\n`),
    });
    if (parts.length === 0 && refusal !== undefined) {
      throw new MakaiError('WAVEFORM_NOT_ASKED', `no waveform was asked for. ${refusal}`);
    }
    if (parts.length === 0) {
      throw new MakaiError('TIMEOUT', `box ${box} sent no waveform`, {
        hint: 'Check with `makai boxes show` and `makai doctor` whether it is connected for commands; events are stored all the same.',
      });
    }
    if (refusal !== undefined) process.stderr.write(`ended early, with what was received: ${refusal}\n`);
    const found = survey(joinParts(parts), { boxId: box, calibration, reference });
    if (options.json)
      await write(jsonLine({ ...found, event_ids: eventIds, ...(refusal && { ended_early: refusal }) }));
    else await write(surveyText(found));
  });
}

async function known(store: Store, boxId: string, fromSettings: Reference | undefined) {
  const box = await store.box(boxId);
  if (box === undefined || !(box.calibration_constant > 0)) {
    throw new MakaiError(
      'NOT_FOUND',
      `the calibration constant of box ${boxId} is not known: volts cannot be computed`,
      {
        hint: 'Add the box with its constant: `makai boxes add` or `makai boxes set`.',
      },
    );
  }
  const references = new References(
    fromSettings,
    referenceData(await store.makaiConfig(), await store.boxes()),
  );
  return { calibration: box.calibration_constant, reference: references.of(Number(boxId)) };
}

/** Boxes that will send; undefined when the broker's status cannot be read. */
async function senders(
  address: AcquisitionBrokerSettings['status']['address'],
  box: string,
): Promise<string[] | undefined> {
  const { readStatus } = await import('../../daemon/status/client.js');
  if (address === undefined) return undefined;
  try {
    const { details } = await readStatus(address);
    return sendersIn(details, box);
  } catch {
    // The command goes on without: it then says that it does not know.
    return undefined;
  }
}

/** A READ reaches every Box 2, and each sends; a Box 3 is asked by its id. */
export function sendersIn(details: unknown, box: string): string[] | undefined {
  const boxes = recordOf(recordOf(details).boxes);
  const ids = (dialect: string): string[] => {
    const found = recordOf(boxes[dialect]).ids;
    return Array.isArray(found) ? found.map(String) : [];
  };
  const box2 = ids('box2');
  if (box2.includes(box)) return box2;
  return ids('box3').includes(box) ? [box] : undefined;
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** @throws UsageError without a terminal and without --yes, or when the answer is no */
async function consent(
  box: string,
  seconds: number,
  sending: readonly string[] | undefined,
  { yes }: Options,
): Promise<void> {
  process.stderr.write(`${whatHappens(box, seconds, sending)}\n`);
  if (yes) return;
  if (!canAsk()) throw new UsageError('give --yes: there is no terminal to ask at');
  if (!(await confirm('Go on?'))) throw new UsageError('nothing was requested from any box');
}

/** How much is sent and stored. @param sending boxes that will send, as far as the broker says */
export function whatHappens(box: string, seconds: number, sending: readonly string[] | undefined): string {
  const minutes = `over ${(seconds / 60).toFixed(1)} minutes`;
  const megabytes = (boxes: number): string =>
    `about ${((boxes * seconds * BYTES_PER_SECOND) / 1e6).toFixed(1)} MB`;
  if (sending === undefined)
    return `box ${box} will send ${megabytes(1)} ${minutes}, which is stored. The broker does not say whether it is a Box 2; if it is, every Box 2 sends as much.`;
  if (sending.length === 1) return `box ${box} will send ${megabytes(1)} ${minutes}, which is stored.`;
  return `box ${box} is a Box 2: all ${sending.length} of them will send, ${megabytes(sending.length)} in all ${minutes}; what box ${box} sends is stored (with keep_unasked of the acquisition broker, all of it).`;
}
