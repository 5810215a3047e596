import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { MakaiError } from '../../../common/errors.js';
import { waveformPicture } from '../../../gateway/notify/png.js';
import { parseNotifyFile } from '../../../gateway/notify/read.js';
import { earliestMs, quietUntil, recipientsOf } from '../../../gateway/notify/when.js';
import { runs } from '../../support/property.js';

const GOOD = `
recipients:
  - name: ada
    tags: [ops, outage]
    min_severity: warning
    quiet_hours: { from: "22:00", to: "06:30", zone: Europe/Berlin }
    channels:
      - type: mail
        server: smtps://ada:\${PASSWORD}@mail.example.org
        from: Makai <makai@example.org>
        to: ada@example.org
  - name: all
    channels: [{ type: ntfy, topic: makai }]
groups:
  - { name: night, members: [ada], tags: [night] }
reports:
  - { name: weekly, cron: "0 6 * * 1", zone: Europe/Berlin, location: lab, tags: [ops] }
`;

describe('gateway: the file of recipients', () => {
  const mistakes = (text: string, env: Record<string, string> = {}): string => {
    try {
      parseNotifyFile(text, 'notify.yaml', env);
    } catch (error) {
      assert.ok(error instanceof MakaiError && error.code === 'NOTIFY_INVALID', String(error));
      return error.message;
    }
    return '';
  };

  it('is read, with the environment', () => {
    const file = parseNotifyFile(GOOD, 'notify.yaml', { PASSWORD: 'x@y' });
    const [channel] = file.recipients[0]?.channels ?? [];
    assert.equal(channel?.type === 'mail' && channel.server, 'smtps://ada:x@y@mail.example.org');
    assert.equal(file.recipients[1]?.tags[0], 'all');
    assert.deepEqual(parseNotifyFile('', 'x', {}), { recipients: [], groups: [], reports: [] });
  });

  it('names every mistake with its path, and no secret', () => {
    const found = mistakes(`
recipients:
  - name: a b
    channels: []
  - name: x
    min_severity: high
    quiet_hours: { from: "25:00", to: "06:00", zone: Mars/Base }
    channels:
      - { type: webhook, url: "ftp://hidden-secret" }
      - { type: pigeon }
`);
    for (const path of [
      'recipients[0].name',
      'recipients[0].channels',
      'recipients[1].min_severity',
      'recipients[1].quiet_hours.from',
      'recipients[1].quiet_hours.zone',
      'recipients[1].channels[0].url',
      'recipients[1].channels[1]',
    ])
      assert.ok(found.includes(path), `${path} in\n${found}`);
    assert.doesNotMatch(found, /hidden-secret/);
    assert.match(mistakes(GOOD), /recipients\[0\]\.channels\[0\]\.server: .*PASSWORD is not set/);
    const wrong = GOOD.replace('members: [ada]', 'members: [eve]').replace('0 6 * * 1', '99 6 * * 1');
    assert.match(mistakes(wrong, { PASSWORD: 'x' }), /groups\[0\]\.members\[0\][\s\S]*reports\[0\]\.cron/);
    for (const text of ['a: [', '- 1', '5', 'recipients: {a: &a [*a]}'])
      assert.notEqual(mistakes(text), '', text);
  });

  it('property: no text stops it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => GOOD + text),
        ),
        (text) => {
          mistakes(text, { PASSWORD: 'x' });
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it('recipients are found by tag, group and severity', () => {
    const file = parseNotifyFile(GOOD, 'x', { PASSWORD: 'x' });
    const names = (notification: object): string[] =>
      recipientsOf(file, { title: 't', ...notification }).map(({ name }) => name);
    assert.deepEqual(names({ tag: 'ops' }), ['ada', 'all']);
    assert.deepEqual(names({ tag: ['night'] }), ['ada', 'all']);
    assert.deepEqual(names({ tag: 'ops', severity: 'notice' }), ['all']);
    assert.deepEqual(names({ tag: 'other' }), ['all']);
  });

  it('quiet hours are those of the zone, also over midnight and in summer; critical ones pass', () => {
    const [ada] = parseNotifyFile(GOOD, 'x', { PASSWORD: 'x' }).recipients;
    assert.ok(ada !== undefined);
    const at = (text: string): number => Date.parse(text);
    assert.equal(quietUntil(ada, at('2026-01-10T21:30:00Z')), at('2026-01-11T05:30:00Z'));
    assert.equal(quietUntil(ada, at('2026-07-10T20:00:30Z')), at('2026-07-11T04:30:00Z'));
    assert.equal(quietUntil(ada, at('2026-07-10T19:59:59Z')), at('2026-07-10T19:59:59Z'));
    assert.equal(quietUntil(ada, at('2026-01-10T05:30:00Z')), at('2026-01-10T05:30:00Z'));
    const now = at('2026-01-10T22:00:00Z');
    assert.equal(earliestMs(ada, { title: 't', severity: 'critical' }, now), now);
    assert.ok(earliestMs(ada, { title: 't' }, now) > now);
    const digest = { ...ada, quiet_hours: undefined, digest_minutes: 60 };
    assert.equal(earliestMs(digest, { title: 't' }, at('2026-01-10T12:10:00Z')), at('2026-01-10T13:00:00Z'));
  });

  it('the picture is a PNG with a trace across its width', () => {
    const samples = Int16Array.from({ length: 2000 }, (_, index) => 8000 * Math.sin(index / 30));
    for (const some of [samples, samples.subarray(0, 1), new Int16Array(5)]) {
      const png = waveformPicture(some);
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [480, 120]);
      const data = png.indexOf('IDAT');
      const pixels = inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)));
      assert.equal(pixels.length, 120 * 481);
      for (let x = 0; x < 480; x += 1) {
        const column = Array.from({ length: 120 }, (_, y) => pixels[y * 481 + 1 + x]);
        assert.ok(column.includes(2), `column ${x}`);
      }
    }
  });
});
