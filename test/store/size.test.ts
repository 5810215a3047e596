import assert from 'node:assert/strict';
import { sizeAfter, sizeParts } from '../../store/size.js';

describe('store: how large it gets', () => {
  const question = {
    ...{ boxes: 20, events: 50, boxesPerEvent: 10, seconds: 2 },
    ...{ measurementDays: 3, eventDays: undefined },
  };

  it('is what each kind adds in a day, as long as it is kept', () => {
    const parts = sizeParts(question);
    const bytes = Object.fromEntries(parts.map(({ bytesPerDay, what }) => [what, bytesPerDay]));
    assert.equal(bytes.measurements, 20 * 6 * 86_400 * 146);
    assert.equal(bytes.trends, 20 * 1440 * 182);
    assert.equal(bytes['events with waveforms'], 500 * (600 + 2 * (24_000 + 480)));
    const [day, week] = [sizeAfter(parts, 1), sizeAfter(parts, 7)];
    const others = day - (bytes.measurements ?? 0);
    assert.ok(Math.abs(week - 7 * others - 3 * (bytes.measurements ?? 0)) < 1);
  });

  it('grows with each of the numbers', () => {
    const size = sizeAfter(sizeParts(question), 1000);
    for (const name of ['boxes', 'events', 'boxesPerEvent', 'seconds', 'measurementDays'] as const)
      assert.ok(sizeAfter(sizeParts({ ...question, [name]: 2 * question[name] }), 1000) > size, name);
    assert.ok(sizeAfter(sizeParts({ ...question, eventDays: 30 }), 1000) < size);
  });
});
