/** From a file of the right shape to functions and an index. Mistakes are gathered, not thrown. */
import type {
  CompiledFilter,
  CompiledLogic,
  CompiledRules,
  CompiledStatement,
  Plan,
  Use,
} from './compiled.js';
import type { FilterEntry, LogicEntry, RuleEntry, RulesFile, StatementEntry } from './file.js';
import { type RuleMistake, SyntaxMistake } from './mistakes.js';
import { namesOf, parse, type Tree } from './parse.js';
import { Programs } from './programs.js';
import { asFound, MADE_BY_RULES, patternMistake, TopicIndex, topicMistake } from './topics.js';

export function compileFile(file: RulesFile): { mistakes: RuleMistake[]; rules: CompiledRules } {
  const compiler = new Compiler();
  for (const [index, filter] of file.filters.entries()) compiler.filter(filter, `filters[${index}]`);
  for (const [index, rule] of file.rules.entries()) compiler.rule(rule, `rules[${index}]`);
  return { mistakes: compiler.mistakes, rules: compiler.rules() };
}

class Compiler {
  readonly mistakes: RuleMistake[] = [];
  readonly #filters = new TopicIndex<CompiledFilter>(asFound);
  readonly #subtopics = new Set<string>();
  readonly #statements = new TopicIndex<readonly Use[], Plan>(planOf);
  readonly #programs = new Programs();
  readonly #logic: CompiledLogic[] = [];
  readonly #patterns = new Set<string>();
  /** id → where it was first */
  readonly #ids = new Map<number, string>();

  rules(): CompiledRules {
    const patterns = [...this.#patterns].filter((pattern) => !pattern.startsWith(MADE_BY_RULES));
    return {
      ...{ filters: this.#filters, subtopics: this.#subtopics },
      ...{ statements: this.#statements, programs: this.#programs, logic: this.#logic, patterns },
    };
  }

  filter({ statements, subtopic, topic }: FilterEntry, path: string): void {
    this.#pattern(topic, `${path}.topic`);
    this.#add(`${path}.subtopic`, topicMistake(subtopic));
    const compiled = statements.flatMap(({ condition, new_payload }, index) => {
      const tree = this.#tree(condition, `${path}.statements[${index}].condition`);
      return tree === undefined ? [] : [{ condition: this.#programs.add(tree), newPayload: new_payload }];
    });
    this.#subtopics.add(subtopic);
    this.#filters.add(topic, { path, subtopic, statements: compiled });
  }

  rule({ logic, statements }: RuleEntry, path: string): void {
    const byId = new Map<string, CompiledStatement>();
    for (const [index, statement] of statements.entries()) {
      const compiled = this.#statement(statement, `${path}.statements[${index}]`);
      if (compiled !== undefined) byId.set(String(statement.id), compiled);
    }
    const uses = new Map<CompiledStatement, Use[]>();
    for (const [index, entry] of logic.entries()) {
      const compiled = this.#logicEntry(entry, `${path}.logic[${index}]`, statements, byId);
      if (compiled === undefined) continue;
      this.#logic.push(compiled);
      for (const [position, statement] of compiled.statements.entries()) {
        const use = { logic: compiled, index: position, statement };
        statement.usedBy.push(compiled.index);
        uses.set(statement, [...(uses.get(statement) ?? []), use]);
      }
    }
    for (const [statement, list] of uses) this.#statements.add(statement.pattern, list);
  }

  #statement(entry: StatementEntry, path: string): CompiledStatement | undefined {
    const { condition: text, hysteresis = 0, id, payload_type, topic } = entry;
    const first = this.#ids.get(id);
    if (first === undefined) this.#ids.set(id, path);
    else this.#add(`${path}.id`, `expected an id of its own, found ${id}, which ${first} has too`);
    this.#pattern(topic, `${path}.topic`);
    const tree = this.#tree(text, `${path}.condition`);
    if (tree === undefined) return undefined;
    const options = payload_type === undefined ? {} : { payloadType: payload_type };
    const condition = this.#programs.add(tree, options);
    const relaxed =
      hysteresis === 0 ? condition : this.#programs.add(tree, { ...options, slack: hysteresis });
    return { id, pattern: topic, condition, relaxed, usedBy: [] };
  }

  #logicEntry(
    entry: LogicEntry,
    path: string,
    declared: readonly StatementEntry[],
    byId: ReadonlyMap<string, CompiledStatement>,
  ): CompiledLogic | undefined {
    const { cooldown = 0, for: lastsS = 0, new_payload, new_topic, notify, operations, severity } = entry;
    this.#add(`${path}.new_topic`, topicMistake(new_topic));
    const tree = this.#tree(operations, `${path}.operations`);
    if (tree === undefined || !this.#onlyStatements(tree, `${path}.operations`)) return undefined;
    const names = [...new Set(namesOf(tree))];
    for (const name of names) {
      if (!declared.some(({ id }) => String(id) === name))
        this.#add(`${path}.operations`, `expected a statement of this rule, found $${name}`);
    }
    const statements = names.flatMap((name) => byId.get(name) ?? []);
    if (statements.length !== names.length) return undefined;
    const hasHysteresis = declared.some(
      ({ hysteresis = 0, id }) => hysteresis > 0 && names.includes(String(id)),
    );
    const hasAlert = notify !== undefined || severity !== undefined;
    const tags = notify === undefined ? [] : typeof notify === 'string' ? [notify] : notify;
    const holds = holding(tree, names);
    const lasting = lastsS > 0 || hasHysteresis || hasAlert;
    return {
      ...{ index: this.#logic.length, path, key: `${new_topic}: ${operations}`, operations, statements },
      ...{ holds, holdsAlone: holds(() => false) },
      topic: new_topic.startsWith(MADE_BY_RULES) ? new_topic : `${MADE_BY_RULES}${new_topic}`,
      newPayload: new_payload,
      ...{ forMs: lastsS * 1000, cooldownMs: cooldown * 1000 },
      alert: hasAlert ? { severity: severity ?? 'warning', notify: tags } : undefined,
      lasting,
      perTopic: lasting && new Set(statements.map(({ pattern }) => pattern)).size === 1,
    };
  }

  /** Operations name statements and join them, no more. */
  #onlyStatements(tree: Tree, path: string): boolean {
    switch (tree.kind) {
      case 'not':
        return this.#onlyStatements(tree.of, path);
      case 'truth':
        if (tree.of.kind === 'name') return true;
        return this.#add(path, `expected statements ($1), found ${JSON.stringify(tree.of.value)}`);
      case 'comparison':
        return this.#add(
          path,
          'expected statements joined by and, or, not; a comparison goes into a condition',
        );
      default:
        return this.#onlyStatements(tree.left, path) && this.#onlyStatements(tree.right, path);
    }
  }

  #tree(text: string, path: string): Tree | undefined {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxMistake)) throw error;
      this.#add(path, error.message);
      return undefined;
    }
  }

  #pattern(pattern: string, path: string): void {
    this.#add(path, patternMistake(pattern));
    this.#patterns.add(pattern);
  }

  #add(path: string, message: string | undefined): false {
    if (message !== undefined) this.mistakes.push({ path, message });
    return false;
  }
}

function planOf(found: readonly (readonly Use[])[]): Plan {
  const uses = found.flat();
  return {
    uses,
    programs: Int32Array.from(uses, ({ statement }) => statement.condition),
    logic: Int32Array.from(uses, ({ logic }) => logic.index),
  };
}

function holding(tree: Tree, names: readonly string[]): CompiledLogic['holds'] {
  switch (tree.kind) {
    case 'and': {
      const [left, right] = [holding(tree.left, names), holding(tree.right, names)];
      return (isMet) => left(isMet) && right(isMet);
    }
    case 'or': {
      const [left, right] = [holding(tree.left, names), holding(tree.right, names)];
      return (isMet) => left(isMet) || right(isMet);
    }
    case 'not': {
      const of = holding(tree.of, names);
      return (isMet) => !of(isMet);
    }
    case 'truth': {
      const index = tree.of.kind === 'name' ? names.indexOf(tree.of.path.join('.')) : -1;
      return (isMet) => isMet(index);
    }
    case 'comparison':
      return () => false;
  }
}
