/** Messages against 1,000 rules of which ten match the topic, against parsing the JSON alone. */
import { systemClock } from '../common/clock.js';
import { readRules } from '../rules/check.js';
import { RuleEngine } from '../rules/engine.js';
import { type Benchmark, type Comparison, compare, manyRounds, nsEach } from './compare.js';

const RULES = 1000;
const MATCHING = 10;
const TOPICS = 100;
const REPEATS = 2000;

export const rules: Benchmark = {
  name: 'rules',
  what: 'messages against 1,000 rules of which ten match the topic',
  run: async ({ rounds }): Promise<Comparison[]> => {
    const statement = (index: number) => ({
      id: index,
      topic: `site/${index % (RULES / MATCHING)}/+`,
      payload_type: 'float',
      // No two rules have the same limits.
      condition: `( $voltage.rms < ${100 - index / 100} or $voltage.rms > ${140 + index / 100} ) and $frequency > ${59 + index / 2000} and not $flagged`,
    });
    const logic = (index: number) => ({
      operations: `$${index}`,
      new_topic: `out/${index}`,
      new_payload: '',
    });
    const file = {
      rules: Array.from({ length: RULES }, (_, index) => ({
        statements: [statement(index)],
        logic: [{ ...logic(index), ...(index % 2 === 0 ? {} : { for: 5, notify: 'ops' }) }],
      })),
    };
    let made = 0;
    const count = (): void => {
      made += 1;
    };
    const engine = new RuleEngine(readRules(file).rules, { publish: count, alert: count }, systemClock);
    const message = JSON.stringify({
      ...{ box_id: '1001', timestamp_ms: 1_795_315_200_000, flagged: false },
      ...{ voltage: { rms: 120.1, min: 119.9, max: 120.4 }, frequency: 59.998, thd: 0.021 },
    });
    let next = 0;
    const topic = (): string => `site/${next++ % TOPICS}/box`;
    const contenders = [
      {
        name: 'JSON.parse of the message',
        once: () => nsEach(REPEATS, () => Boolean(JSON.parse(message)) && topic()) / 1000,
      },
      {
        name: 'JSON.parse and ten rules',
        once: () => nsEach(REPEATS, () => engine.take(topic(), message)) / 1000,
      },
    ];
    const comparison = await compare(
      {
        ...{ title: `a message, ${MATCHING} of ${RULES} rules match its topic`, unit: 'us per message' },
        ...{ better: 'lower', baseline: 'JSON.parse of the message', contenders },
        // 10,000 messages/s on one core, and 1 us an evaluation: the smaller of 100 us and 10 us, with the parser.
        goals: [{ contender: 'JSON.parse and ten rules', figure: 10 }],
      },
      manyRounds(rounds),
    );
    engine.stop();
    if (made > 0 || engine.counts.notJson > 0) throw new Error('a rule fired: not what was to be measured');
    return [comparison];
  },
};
