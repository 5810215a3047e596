import assert from 'node:assert/strict';
import { givenWeb, jsonBody, START } from './given.js';

describe('web-service: alerts and rules', function () {
  this.timeout(60_000);
  const given = givenWeb();
  const ask = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> =>
    (await (await given().api(path, init)).json()) as Record<string, unknown>;

  it('an alert is acknowledged and silenced, and says so', async () => {
    const listed = (await ask('/alerts')) as { items?: { state: string }[] };
    assert.equal(listed.items?.[0]?.state, 'firing');
    assert.equal((await ask('/alerts/outage-1')).title, 'Box 2 is silent');
    // It began before, and goes on.
    assert.equal(((await ask(`/alerts?from=${START + 1}`)).items as unknown[]).length, 1);
    assert.deepEqual((await ask(`/alerts?before=${START}`)).items, []);
    const acknowledged = await ask('/alerts/outage-1', jsonBody('PATCH', { acknowledged: true }));
    assert.equal(acknowledged.state, 'acknowledged');
    assert.equal((await ask('/alerts/outage-1', jsonBody('PATCH', { silence_s: 60 }))).state, 'silenced');
    assert.equal((await ask('/alerts/outage-1', jsonBody('PATCH', { silence_s: 0 }))).state, 'acknowledged');
    for (const init of [undefined, jsonBody('PATCH', { acknowledged: true })])
      assert.equal((await given().api('/alerts/none', init)).status, 404);
  });

  it('rules are replaced as a whole, in part, and removed; what has mistakes changes nothing and names each with its path', async () => {
    const filter = { topic: 'a/#', subtopic: 'low', statements: [{ condition: '$v < 1', new_payload: '' }] };
    assert.deepEqual(await ask('/rules'), { filters: [], rules: [] });
    const set = await ask('/rules', jsonBody('POST', { filters: [filter], rules: [] }));
    assert.deepEqual(set.filters, [filter]);
    const logic = { operations: '$1 and $2', new_topic: 'x/#', new_payload: '' };
    const wrong = { rules: [{ statements: [{ id: 1, topic: 'b', condition: '$v >' }], logic: [logic] }] };
    const response = await given().api('/rules', jsonBody('PATCH', wrong));
    assert.equal(response.status, 422);
    const { errors } = (await response.json()) as { errors: { path: string }[] };
    assert.deepEqual(
      errors.map(({ path }) => path),
      ['rules[0].statements[0].condition', 'rules[0].logic[0].new_topic', 'rules[0].logic[0].operations'],
    );
    assert.deepEqual((await ask('/rules')).filters, [filter]);
    assert.deepEqual((await ask('/rules', jsonBody('PATCH', { filters: [] }))).filters, []);
    await ask('/rules', jsonBody('POST', { filters: [filter], rules: [] }));
    assert.equal((await given().api('/rules', { method: 'DELETE' })).status, 204);
    assert.deepEqual((await ask('/rules')).filters, []);
  });
});
