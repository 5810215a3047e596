/** An engine with a clock that the test moves, and what it published. */
import { readRules } from '../../rules/check.js';
import { type MadeMessage, type RuleAlert, RuleEngine } from '../../rules/engine.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';

export function rig(file: unknown, firing: { rule: string; subject: string }[] = []) {
  const clock = new ManualClock();
  const published: MadeMessage[] = [];
  const alerts: RuleAlert[] = [];
  const output = {
    publish: (message: MadeMessage) => void published.push(message),
    alert: (alert: RuleAlert) => void alerts.push(alert),
  };
  const { rules } = readRules(file);
  const engine = new RuleEngine(rules, output, clock, firing);
  return { alerts, clock, engine, published, rules };
}

/** One rule on one statement. */
export function oneRule(
  statement: Record<string, unknown>,
  logic: Record<string, unknown>,
): { rules: unknown[] } {
  return {
    rules: [
      {
        statements: [{ id: 1, topic: 'a/+', payload_type: 'float', ...statement }],
        logic: [{ operations: '$1', new_topic: 'out', new_payload: '', ...logic }],
      },
    ],
  };
}
