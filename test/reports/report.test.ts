import assert from 'node:assert/strict';
import { reportPage, sentenceOf } from '../../reports/html/page.js';
import { type Report, type ReportOptions, readReport } from '../../reports/report.js';
import type { Store } from '../../store/store.js';
import type { Writable } from '../store/writable.js';
import { boxesOnly, fillWeek, START, sagIncidents, TEN_MINUTES, WEEK } from './given.js';

const SPAN = { startMs: START, endMs: START + WEEK };

describe('reports: a report from a store', () => {
  let store: Writable<Store>;
  beforeEach(async () => {
    store = await boxesOnly();
  });
  afterEach(() => store.close());
  const read = (more: Partial<ReportOptions> = {}): Promise<Report> =>
    readReport(store, { span: SPAN, nowMs: START + WEEK, ...more });
  const verdictsOf = ({ boxes }: Report, boxId: string, quantity: string) =>
    boxes
      .find(({ box_id }) => box_id === boxId)
      ?.en50160.flatMap(({ items }) => items)
      .filter((item) => item.quantity === quantity)
      .map(({ verdict }) => verdict);

  it('a week of three boxes: what was kept, what was not, what was left out', async () => {
    await fillWeek(store);
    const report = await read();
    assert.deepEqual(
      report.boxes.map(({ box_id }) => box_id),
      ['1006', '1009', '2001'],
    );
    assert.deepEqual(verdictsOf(report, '1006', 'voltage'), ['not kept', 'kept']);
    assert.deepEqual(verdictsOf(report, '1006', 'THD'), ['not kept']);
    assert.deepEqual(verdictsOf(report, '1009', 'voltage'), ['kept', 'kept']);
    assert.deepEqual(verdictsOf(report, '2001', 'voltage'), ['kept', 'kept']);
    assert.deepEqual(verdictsOf(report, '2001', 'THD'), ['not measured']);
    const [week] = report.boxes[0]?.en50160 ?? [];
    assert.equal(week?.is_whole, true);
    const { counted = 0, flagged = 0, incomplete, missing } = week?.windows ?? {};
    assert.deepEqual([incomplete, missing, counted + flagged], [1, 60, 947]);
    const sags = report.incidents.filter(({ box_id }) => box_id === '1006').length;
    // One sag is in the gap; one window has flagged measurements and no incident.
    assert.equal(flagged, sags - 1 + 1);
    assert.equal(report.boxes[0]?.availability.missing, 60);
  });

  it('voltage incidents have their points, cells and verdicts of both curves', async () => {
    for (const one of sagIncidents('1006', 1, { atMs: START + 1e6, pu: 0.6, seconds: 0.3 }))
      await store.putIncident(one);
    const [incident] = (await read()).incidents;
    assert.equal(incident?.en50160_cell, 'C2');
    assert.equal(incident?.itic?.region, 'no damage');
    assert.deepEqual(
      [incident?.semi_f47?.required, incident?.semi_f47?.recommended],
      ['violated', 'violated'],
    );
    assert.ok(Math.abs((incident?.magnitude_pu ?? 0) - 0.6) < 0.001);
  });

  it('what the existing analysis service wrote is listed too; without a magnitude it is no point', async () => {
    const [one] = sagIncidents('1006', 1, { atMs: START + 1e6, pu: 0.6, seconds: 0.3 });
    assert.ok(one);
    const bare = { ...one.incident, metadata: {}, deviation_from_nominal: -60 };
    await store.putIncident({ incident: bare, samples: one.samples });
    const goesOn = { ...bare, event_id: -1, start_timestamp_ms: START + 2e6, end_timestamp_ms: -1 };
    await store.putIncident({
      incident: {
        ...goesOn,
        measurement_type: 'HEALTH',
        classifications: ['OUTAGE'],
        deviation_from_nominal: 0,
      },
      samples: one.samples,
    });
    const { boxes, incidents } = await read();
    assert.equal(incidents[0]?.magnitude_pu, 0.5);
    assert.equal(incidents[0]?.itic?.region, 'no damage');
    assert.deepEqual([incidents[1]?.end_ms, incidents[1]?.itic], [undefined, undefined]);
    assert.deepEqual([boxes[0]?.availability.outages, boxes[0]?.availability.outage_ms], [1, WEEK - 2e6]);
  });

  it('an incident that reaches into the span belongs to it, one before it does not', async () => {
    const put = async (atMs: number, seconds: number, event: number) => {
      for (const one of sagIncidents('1006', event, { atMs, pu: 0.7, seconds })) await store.putIncident(one);
    };
    await put(START - 1_000, 3, 1);
    await put(START - 10_000, 3, 2);
    assert.deepEqual(
      (await read()).incidents.map(({ event_id }) => event_id),
      [1],
    );
  });

  it('an outage from long before the span reaches into it; one that was never ended does so up to the next', async () => {
    const put = async (box_id: string, startMs: number, endMs: number) => {
      for (const { incident } of sagIncidents(box_id, -1, { atMs: START, pu: 0, seconds: 1 }).slice(0, 1)) {
        const outage = { ...incident, start_timestamp_ms: startMs, end_timestamp_ms: endMs };
        const more = { measurement_type: 'HEALTH', classifications: ['OUTAGE'], deviation_from_nominal: 0 };
        await store.putIncident({ incident: { ...outage, ...more }, samples: new Int16Array() });
      }
    };
    await put('1006', START - 5 * WEEK, START + 3_600_000);
    await put('1009', START - 4 * WEEK, START - 1000);
    await put('2001', START - 4 * WEEK, -1);
    await put('1009', START - 3 * WEEK, -1);
    await put('1009', START - 2 * WEEK, START - WEEK);
    const { boxes, incidents } = await read();
    assert.deepEqual(
      incidents.map(({ box_id }) => box_id),
      ['1006', '2001'],
    );
    assert.deepEqual(
      boxes.map(({ availability }) => availability.outage_ms),
      [3_600_000, 0, WEEK],
    );
  });

  it('a sag that the waveforms of two events show counts once', async () => {
    const [one] = sagIncidents('1006', 1, { atMs: START + 60_000, pu: 0.7, seconds: 3 });
    assert.ok(one !== undefined);
    await store.putIncident(one);
    const repeat = { ...one.incident, event_id: 2, metadata: { ...one.incident.metadata, same_as: 1 } };
    await store.putIncident({ incident: repeat, samples: one.samples });
    const { incidents } = await read();
    assert.deepEqual(
      incidents.map(({ event_id }) => event_id),
      [1],
    );
  });

  it('one box, one location; neither that nor a box that is not there is a guess', async () => {
    await fillWeek(store);
    const ids = async (more: Partial<ReportOptions>) => (await read(more)).boxes.map(({ box_id }) => box_id);
    assert.deepEqual(await ids({ boxId: '1009' }), ['1009']);
    assert.deepEqual(await ids({ location: 'library' }), ['1009', '2001']);
    await assert.rejects(read({ boxId: '4711' }), { code: 'NOT_FOUND', hint: /1006, 1009, 2001/ });
    await assert.rejects(read({ location: 'cellar' }), { code: 'NOT_FOUND', hint: /lab-2, library/ });
  });

  it('a span that is not over is reported up to now; part of a week says so', async () => {
    await fillWeek(store);
    const report = await read({ nowMs: START + 2 * 86_400_000 + 7_000 });
    assert.equal(report.to_ms, START + 2 * 86_400_000);
    assert.equal(report.boxes[1]?.en50160[0]?.is_whole, false);
    assert.equal(report.boxes[1]?.availability.measured, 1);
    const long = await read({ span: { startMs: START - TEN_MINUTES, endMs: START + WEEK } });
    assert.deepEqual(
      long.boxes[1]?.en50160.map(({ is_whole }) => is_whole),
      [true, false],
    );
  });

  it('incidents are listed up to now, values are judged in whole ten minutes, and both spans are said', async () => {
    await fillWeek(store);
    const nowMs = START + 2 * TEN_MINUTES + 400_000;
    for (const one of sagIncidents('1009', 1, { atMs: nowMs - 100_000, pu: 0.6, seconds: 0.3 }))
      await store.putIncident(one);
    const report = await read({ span: { startMs: START + 60_000, endMs: START + WEEK }, nowMs });
    assert.deepEqual([report.from_ms, report.to_ms], [START + TEN_MINUTES, START + 2 * TEN_MINUTES]);
    assert.deepEqual([report.incidents_from_ms, report.incidents_to_ms], [START + 60_000, nowMs]);
    assert.equal(report.incidents.filter(({ box_id }) => box_id === '1009').length, 1);
    assert.match(
      sentenceOf(report),
      / 1 incident, .*Values are judged in whole ten minutes, from 2026-11-16 00:10 to 2026-11-16 00:20; incidents are listed from 2026-11-16 00:01 to 2026-11-16 00:26 \(UTC\)\.$/,
    );
    const short = await read({ span: { startMs: nowMs - 200_000, endMs: nowMs }, nowMs });
    assert.match(sentenceOf(short), /^No value is judged by EN 50160.* no whole ten minutes/);
    assert.equal(short.incidents.length, 1);
    assert.doesNotMatch(sentenceOf(await read()), /whole ten minutes/);
  });

  it('without data it says so, in words and on the page', async () => {
    const report = await read({ span: { startMs: START - 5 * WEEK, endMs: START - 4 * WEEK } });
    assert.match(sentenceOf(report), /^Nothing is stored for this time/);
    const page = reportPage(report);
    assert.match(page, /No incident is stored/);
    assert.match(page, /No ten-minute value of this box is stored/);
    const empty = await read({ span: { startMs: START, endMs: START + 5_000 } });
    assert.doesNotMatch(reportPage(empty), /NaN|undefined|Infinity/);
  });

  it('the page stands alone and has no script; names of boxes are text, numbers are numbers', async () => {
    await fillWeek(store);
    const page = reportPage(await read());
    assert.doesNotMatch(page, /<script|\son\w+=|https?:|src=|@import|url\(/i);
    assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
    assert.ok(page.includes('Guest &#60;230 V&#62;'));
    // ITIC, SEMI F47, and three charts of each box, whose numbers share a table
    assert.equal(page.match(/<figure>/g)?.length, 2 + 3 * 3);
    assert.equal(page.match(/<details>/g)?.length, 2 + 3);
    for (const text of [
      'ITIC curve',
      'SEMI F47',
      'EN 50160:2010',
      'IEEE 519-2022',
      'not measured',
      'Interruptions',
    ])
      assert.ok(page.includes(text), text);
  });
});
