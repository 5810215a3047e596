/** What records hold: measurements as they are stored, boxes of events as they are asked and reply. */
import assert from 'node:assert/strict';
import { addressOf, kafkaNews } from '../../gateway/kafka/news.js';
import { measurementRecords } from '../../kafka/records.js';
import { createColumns, FLAG_SAG } from '../../proto/columns.js';
import type { EventDocument } from '../../store/documents.js';

const START = 1_795_315_200_000;

describe('kafka: records', () => {
  it('a measurement has what was sent, its extremes where they differ, and its flags', () => {
    const columns = createColumns(2);
    columns.count = 2;
    columns.boxId.set([1001, 1002]);
    columns.timestampMs.set([START, START + 0.7]);
    for (const metric of ['f', 'rms', 'thd', 'trans'] as const)
      for (const of of ['min', 'average', 'max'] as const) columns[metric][of].fill(Number.NaN);
    columns.rms.average.set([119.9, 120.1]);
    columns.rms.min.set([119.9, 119]);
    columns.rms.max.set([119.9, 121.5]);
    columns.invalid.set([0, 1]);
    columns.flags.set([0, FLAG_SAG]);
    const records = measurementRecords(columns, 'makai.measurements');
    assert.deepEqual(
      records.map(({ key, topic, value }) => ({ key, topic, value: JSON.parse(String(value)) })),
      [
        {
          key: '1001',
          topic: 'makai.measurements',
          value: { box_id: '1001', timestamp_ms: START, voltage: 119.9 },
        },
        {
          key: '1002',
          topic: 'makai.measurements',
          value: {
            box_id: '1002',
            timestamp_ms: START,
            voltage: 120.1,
            extremes: { voltage: { min: 119, max: 121.5 } },
            invalid: ['frequency'],
            flagged: ['sag'],
          },
        },
      ],
    );
  });

  const event = (more: Partial<EventDocument> = {}): EventDocument => ({
    ...{
      event_id: 7,
      type: 'VOLTAGE',
      description: 'd',
      boxes_triggered: ['1', '2', '3'],
      boxes_received: [],
    },
    ...{ target_event_start_timestamp_ms: START, target_event_end_timestamp_ms: START + 1000, expire_at: 0 },
    ...more,
  });
  const shownOf = (one: EventDocument, known?: string): string[] =>
    kafkaNews('makai.')
      .event(one, known)
      .messages.map(({ payload, topic }) => {
        const address = addressOf(topic);
        const { box_id, waveform } = JSON.parse(payload);
        assert.deepEqual(address, { topic: 'makai.events', key: box_id });
        return `${box_id} ${waveform}`;
      });

  it('a box of an event comes when it is asked, and again when its waveform is stored', () => {
    const news = kafkaNews('makai.');
    assert.deepEqual(shownOf(event()), ['1 requested', '2 requested', '3 requested']);
    const { version } = news.event(event(), undefined);
    const later = event({ boxes_received: ['2'], boxes_triggered: ['1', '2', '3', '4'] });
    assert.deepEqual(shownOf(later, version), ['4 requested', '2 stored']);
    assert.deepEqual(shownOf(later, news.event(later, version).version), []);
  });

  it('an event whose first reply is there names each box once; one without waveforms says so', () => {
    assert.deepEqual(shownOf(event({ boxes_received: ['2'] })), ['1 requested', '3 requested', '2 stored']);
    assert.deepEqual(shownOf(event({ boxes_triggered: ['1'], request_data: false })), ['1 not_requested']);
    const refused = [{ reason: 'waveform_budget_of_box', boxes: ['1'] }];
    assert.deepEqual(shownOf(event({ boxes_triggered: ['1', '2'], boxes_refused: refused })), [
      '1 not_requested',
      '2 requested',
    ]);
  });
});
