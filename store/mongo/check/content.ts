/** Documents as `makai store check` sees them: what people and other programs wrote, and waveforms that are not whole. */
import type { Db, Document } from 'mongodb';
import type { Retention } from '../../documents.js';
import type { StoreFinding } from '../../finding.js';
import { parseBox } from '../boxes/boxes.js';
import { parseLahaConfig, parseMakaiConfig } from '../boxes/configs.js';
import { COLLECTION } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { boxIdOf, numberOf, recordOf, textOf } from '../fields/bson.js';

/** Box events whose files are looked for: the newest. */
const BOX_EVENTS_LOOKED_AT = 2_000;
const LISTED = 10;
/** Above this, ids come from the emergency range (store/spool/event-ids.ts). */
const EMERGENCY_FIRST = 1_000_000_000;
const FEW_LEFT = 0x7fffffff - 10_000_000;

export async function checkContent(db: Db, mode: Retention['mode']): Promise<StoreFinding[]> {
  const parts = [
    await boxes(db),
    await configs(db),
    await eventNumbers(db),
    mode === 'laha' ? await withoutExpiry(db) : [],
    await waveforms(db),
  ];
  return parts.flat();
}

async function boxes(db: Db): Promise<StoreFinding[]> {
  const documents = await mapped('read the boxes', () => db.collection(COLLECTION.boxes).find().toArray());
  return documents.flatMap((document): StoreFinding[] => {
    const name = `box ${boxIdOf(document.box_id) ?? String(document._id)}`;
    const parsed = parseBox(document);
    if ('mistakes' in parsed) {
      return [
        {
          severity: 'error',
          message: `opq_boxes: ${name}: ${parsed.mistakes.join('; ')}`,
          hint: 'Correct the document; `makai boxes set` writes it whole.',
        },
      ];
    }
    const lacks = ['calibration_constant', 'unplugged'].filter((field) => document[field] === undefined);
    if (lacks.length === 0) return [];
    return [
      {
        severity: 'warning',
        message: `opq_boxes: ${name} lacks ${lacks.join(' and ')}`,
        hint: 'The analysis service fails without calibration_constant, and takes a box without unplugged for unplugged. `makai boxes set` adds them.',
      },
    ];
  });
}

async function configs(db: Db): Promise<StoreFinding[]> {
  const findings: StoreFinding[] = [];
  for (const [name, parse] of [
    ['makaiConfig', parseMakaiConfig],
    ['lahaConfig', parseLahaConfig],
  ] as const) {
    const documents = await mapped(`read ${COLLECTION[name]}`, () =>
      db.collection(COLLECTION[name]).find().limit(2).toArray(),
    );
    const first = documents[0];
    if (first === undefined) continue;
    const parsed = parse(first);
    if ('mistakes' in parsed) {
      findings.push({
        severity: 'error',
        message: `${COLLECTION[name]}: ${parsed.mistakes.join('; ')}`,
        hint: 'Correct the document. Daemons that run go on with the last valid one; at a start there is none.',
      });
    }
    if (documents.length > 1) {
      findings.push({
        severity: 'warning',
        message: `${COLLECTION[name]} has more than one document: which one holds is up to chance`,
        hint: 'Keep one.',
      });
    }
  }
  return findings;
}

async function eventNumbers(db: Db): Promise<StoreFinding[]> {
  const events = db.collection(COLLECTION.events);
  const findings: StoreFinding[] = [];
  const odd = await mapped('look at event ids', () =>
    events
      .find({ event_id: { $not: { $type: 'int' } } }, { projection: { event_id: 1 } })
      .limit(LISTED)
      .toArray(),
  );
  if (odd.length > 0) {
    findings.push({
      severity: 'warning',
      message: `events: event_id is no int32 in some, for example ${odd.map((event) => String(event.event_id)).join(', ')}`,
      hint: 'Another program wrote them; readers that look for the id may still find them.',
    });
  }
  const [highest] = await mapped('look for the highest event id', () =>
    events
      .find({ event_id: { $type: 'number' } }, { projection: { event_id: 1 } })
      .sort({ event_id: -1 })
      .limit(1)
      .toArray(),
  );
  const number = numberOf(highest?.event_id) ?? 0;
  if (number >= FEW_LEFT) {
    findings.push({
      severity: 'error',
      message: `events: the highest event_id is ${number}; ids end at ${0x7fffffff}`,
      hint: 'If it is a stray, remove that event and lower `last` of makai_counters while no broker runs.',
    });
  } else if (number >= EMERGENCY_FIRST) {
    findings.push({
      severity: 'info',
      message: `events: the highest event_id is ${number}: a broker that had never reached this database gave ids (docs/mongodb.md)`,
    });
  }
  return findings;
}

async function withoutExpiry(db: Db): Promise<StoreFinding[]> {
  const missing = await mapped('look for events without expire_at', () =>
    db
      .collection(COLLECTION.events)
      .find({ expire_at: { $exists: false } }, { projection: { event_id: 1 } })
      .limit(LISTED)
      .toArray(),
  );
  if (missing.length === 0) return [];
  return [
    {
      severity: 'warning',
      message: `events without expire_at, for example ${missing.map((event) => String(numberOf(event.event_id))).join(', ')}`,
      hint: 'The analysis service fails on them: db.events.updateMany({ expire_at: { $exists: false } }, { $set: { expire_at: NumberLong("253402300799") } })',
    },
  ];
}

async function waveforms(db: Db): Promise<StoreFinding[]> {
  const findings: StoreFinding[] = [];
  const newest = await mapped('read box events', () =>
    db
      .collection(COLLECTION.boxEvents)
      .find({}, { projection: { data_fs_filename: 1 } })
      .sort({ event_id: -1 })
      .limit(BOX_EVENTS_LOOKED_AT)
      .toArray(),
  );
  const names = [...new Set(newest.map((boxEvent) => textOf(boxEvent.data_fs_filename) ?? ''))];
  const files = await mapped('read files', () =>
    db
      .collection(COLLECTION.files)
      .find({ filename: { $in: names } }, { projection: { filename: 1, length: 1, chunkSize: 1 } })
      .toArray(),
  );
  const byName = new Map(files.map((file) => [textOf(file.filename), file]));
  const lost = names.filter((name) => !byName.has(name));
  if (lost.length > 0) {
    findings.push({
      severity: 'error',
      message: `box_events name ${lost.length} waveforms that are not there, for example ${lost.slice(0, LISTED).join(', ')} (of the newest ${newest.length} looked at)`,
      hint: 'They were deleted by hand or by another program; a backup may have them.',
    });
  }
  const odd = files.filter((file) => (numberOf(file.chunkSize) ?? 0) % 2 !== 0);
  if (odd.length > 0) findings.push(named('have an odd chunk size, which readers cannot take', odd));
  const partly = [];
  for (const file of files.slice(0, LISTED * 10)) if (!(await isWhole(db, file))) partly.push(file);
  if (partly.length > 0) findings.push(named('lack chunks', partly));
  return findings;
}

function named(what: string, files: readonly Document[]): StoreFinding {
  const examples = files.slice(0, LISTED).map((file) => textOf(file.filename) ?? '');
  return {
    severity: 'error',
    message: `${files.length} waveforms ${what}, for example ${examples.join(', ')}`,
    hint: 'Another program wrote them, or a backup was restored in part.',
  };
}

async function isWhole(db: Db, file: Document): Promise<boolean> {
  const chunkSize = numberOf(file.chunkSize) ?? 1;
  const wanted = Math.ceil((numberOf(recordOf(file).length) ?? 0) / chunkSize);
  const found = await mapped('count chunks', () =>
    db.collection(COLLECTION.chunks).countDocuments({ files_id: file._id }),
  );
  return found === wanted;
}
