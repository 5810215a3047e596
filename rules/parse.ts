/**
 * A condition as a tree:
 *
 *     condition  = conjunction { "or" conjunction }
 *     conjunction = negation { "and" negation }
 *     negation   = "not" negation | primary
 *     primary    = "(" condition ")" [ comparison value ] | value [ comparison value ]
 *     value      = $name | literal
 *
 * There is no arithmetic, so a hyphen is always part of a name or of a number.
 */
import { SyntaxMistake } from './mistakes.js';
import { type Comparison, type Token, tokens } from './tokens.js';

export type Value =
  | { kind: 'name'; path: readonly string[] }
  | { kind: 'literal'; value: string | number | boolean };

export type Tree =
  | { kind: 'and' | 'or'; left: Tree; right: Tree }
  | { kind: 'not'; of: Tree }
  | { kind: 'comparison'; comparison: Comparison; left: Value; right: Value }
  /** a name or a literal alone */
  | { kind: 'truth'; of: Value };

/** Parentheses and `not` inside each other. */
const MAX_DEPTH = 100;

/** @throws SyntaxMistake, with the place */
export function parse(text: string): Tree {
  return new Parser(tokens(text)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(found: readonly Token[]) {
    this.#tokens = found;
  }

  whole(): Tree {
    const tree = this.#any();
    const { at, kind } = this.#token();
    if (kind !== 'end')
      throw new SyntaxMistake(`expected and, or or the end, found ${nameOf(this.#token())}`, at);
    return tree;
  }

  #any(): Tree {
    let left = this.#all();
    while (this.#take('or')) left = { kind: 'or', left, right: this.#all() };
    return left;
  }

  #all(): Tree {
    let left = this.#negation();
    while (this.#take('and')) left = { kind: 'and', left, right: this.#negation() };
    return left;
  }

  #negation(): Tree {
    if (!this.#take('not')) return this.#primary();
    return this.#inside(() => ({ kind: 'not', of: this.#negation() }));
  }

  #primary(): Tree {
    if (!this.#take('(')) return this.#comparison(this.#value());
    return this.#inside(() => {
      const tree = this.#any();
      if (!this.#take(')')) {
        const { at } = this.#token();
        throw new SyntaxMistake(`expected ), found ${nameOf(this.#token())}`, at);
      }
      // `( $a ) > 5`: parentheses around a single value.
      return tree.kind === 'truth' ? this.#comparison(tree.of) : tree;
    });
  }

  #comparison(left: Value): Tree {
    const token = this.#token();
    if (token.kind !== 'comparison') return { kind: 'truth', of: left };
    this.#next += 1;
    const parenthesis = this.#take('(');
    const right = this.#value();
    if (parenthesis && !this.#take(')')) throw new SyntaxMistake('expected )', this.#token().at);
    const after = this.#token();
    if (after.kind === 'comparison')
      throw new SyntaxMistake('expected and, or or the end: a comparison has two sides', after.at);
    return { kind: 'comparison', comparison: token.comparison, left, right };
  }

  #value(): Value {
    const token = this.#token();
    if (token.kind !== 'name' && token.kind !== 'literal') {
      const message = `expected a value ($name, a number, a string in quotes, true or false), found ${nameOf(token)}`;
      throw new SyntaxMistake(message, token.at);
    }
    this.#next += 1;
    return token.kind === 'name'
      ? { kind: 'name', path: token.path }
      : { kind: 'literal', value: token.value };
  }

  #inside<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw new SyntaxMistake(
        `expected at most ${MAX_DEPTH} parentheses inside each other`,
        this.#token().at,
      );
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', at: 0 };
  }

  #take(kind: Token['kind']): boolean {
    if (this.#token().kind !== kind) return false;
    this.#next += 1;
    return true;
  }
}

function nameOf(token: Token): string {
  if (token.kind === 'name') return `$${token.path.join('.')}`;
  if (token.kind === 'literal') return JSON.stringify(token.value);
  if (token.kind === 'comparison') return token.comparison;
  return token.kind === 'end' ? 'the end' : token.kind;
}

/** Every name in a tree, as it is written without `$`. */
export function namesOf(tree: Tree): string[] {
  const names: string[] = [];
  const take = (value: Value): void => {
    if (value.kind === 'name') names.push(value.path.join('.'));
  };
  const walk = (one: Tree): void => {
    if (one.kind === 'not') walk(one.of);
    else if (one.kind === 'truth') take(one.of);
    else if (one.kind === 'comparison') {
      take(one.left);
      take(one.right);
    } else {
      walk(one.left);
      walk(one.right);
    }
  };
  walk(tree);
  return names;
}
