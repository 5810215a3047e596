/** Which incidents make an alert, and how severe it is. */
import assert from 'node:assert/strict';
import { INCIDENT_RULES, severityOf } from '../../../gateway/alerts/shipped.js';

describe('gateway: the shipped rules', () => {
  const cases: [classification: string, pu: number | undefined, severity: string | undefined][] = [
    ['VOLTAGE_INTERRUPTION', 0.05, 'critical'],
    ['ITIC_PROHIBITED', undefined, 'critical'],
    ['VOLTAGE_SAG', 0.5, 'critical'],
    ['VOLTAGE_SAG', 0.51, 'warning'],
    ['VOLTAGE_SAG', undefined, 'warning'],
    ['VOLTAGE_SWELL', 1.4, 'critical'],
    ['VOLTAGE_SWELL', 1.39, 'warning'],
    ['SEMI_F47_VIOLATION', undefined, 'warning'],
    ['UNDERVOLTAGE', 0.88, 'warning'],
    ['OVERVOLTAGE', 1.12, 'warning'],
    ['FREQUENCY_INTERRUPTION', undefined, 'critical'],
    ['FREQUENCY_SAG', undefined, undefined],
    ['EXCESSIVE_THD', undefined, undefined],
  ];
  for (const [classification, pu, severity] of cases)
    it(`${classification} ${pu ?? ''}: ${severity ?? 'none'}`, () =>
      assert.equal(
        severityOf([
          { classifications: [classification], ...(pu === undefined ? {} : { magnitude_pu: pu }) },
        ]),
        severity,
      ));

  it('of several the worst counts; each rule is in the table above', () => {
    const of = (...names: string[]) =>
      severityOf(names.map((name) => ({ classifications: [name], magnitude_pu: 0.8 })));
    assert.equal(of('FREQUENCY_SAG', 'VOLTAGE_SAG', 'VOLTAGE_INTERRUPTION'), 'critical');
    assert.equal(of(), undefined);
    for (const { classification } of INCIDENT_RULES)
      assert.ok(
        cases.some(([name]) => name === classification),
        classification,
      );
  });
});
