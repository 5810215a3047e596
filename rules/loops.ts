/** Rules that would fire each other in a circle. What a rule publishes is one topic without wildcards, so that every circle is found beforehand. */
import type { CompiledLogic, CompiledRules } from './compiled.js';
import type { RuleMistake } from './mistakes.js';

export function loopMistakes(rules: CompiledRules): RuleMistake[] {
  const next = new Map(rules.logic.map((logic) => [logic, readersOf(logic, rules)]));
  const state = new Map<CompiledLogic, 'open' | 'done'>();
  const mistakes: RuleMistake[] = [];
  for (const start of rules.logic) visit(start, next, state, mistakes);
  return mistakes;
}

/** Depth first with a stack of its own: a chain may be as long as the file. */
function visit(
  start: CompiledLogic,
  next: ReadonlyMap<CompiledLogic, readonly CompiledLogic[]>,
  state: Map<CompiledLogic, 'open' | 'done'>,
  mistakes: RuleMistake[],
): void {
  if (state.has(start)) return;
  const stack: { logic: CompiledLogic; at: number }[] = [{ logic: start, at: 0 }];
  state.set(start, 'open');
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const following = next.get(top.logic)?.[top.at];
    top.at += 1;
    if (following === undefined) {
      state.set(top.logic, 'done');
      stack.pop();
    } else if (state.get(following) === 'open') {
      const circle = stack
        .slice(stack.findIndex(({ logic }) => logic === following))
        .map(({ logic }) => logic.path);
      const message = `fires itself in a circle: ${shorten([...circle, following.path]).join(' → ')}`;
      mistakes.push({ path: `${top.logic.path}.new_topic`, message });
    } else if (!state.has(following)) {
      state.set(following, 'open');
      stack.push({ logic: following, at: 0 });
    }
  }
}

function shorten(circle: string[]): string[] {
  return circle.length <= 8 ? circle : [...circle.slice(0, 4), '...', ...circle.slice(-3)];
}

/** Logic entries that read what this one publishes, directly or through a filter. */
function readersOf({ topic }: CompiledLogic, { filters, statements }: CompiledRules): CompiledLogic[] {
  const topics = [topic, ...filters.find(topic).map(({ subtopic }) => `${topic}/${subtopic}`)];
  return topics.flatMap((one) => statements.find(one).uses.map(({ logic }) => logic));
}
