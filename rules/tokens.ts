/** The words of a condition: names with `$`, literals, comparisons, `and or not`, parentheses. */
import { SyntaxMistake } from './mistakes.js';

export const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export type Token = { /** offset in the text, from 0 */ at: number } & (
  | { kind: 'name'; path: readonly string[] }
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'comparison'; comparison: Comparison }
  | { kind: 'and' | 'or' | 'not' | '(' | ')' | 'end' }
);

/** Characters of a condition. */
export const MAX_CONDITION = 4096;
const MAX_PATH = 16;
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'true', 'false', 'True', 'False']);
/** What ends a name or a word; everything else may be in a name, hyphens included. */
const END_OF_WORD = new Set([...' \t\r\n()<>=!"\'$,']);

/** @throws SyntaxMistake */
export function tokens(text: string): Token[] {
  if (text.length > MAX_CONDITION)
    throw new SyntaxMistake(`expected at most ${MAX_CONDITION} characters, found ${text.length}`);
  const found: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (' \t\r\n'.includes(text.charAt(at))) {
      at += 1;
      continue;
    }
    const [token, next] = tokenAt(text, at);
    found.push(token);
    at = next;
  }
  found.push({ kind: 'end', at: text.length });
  return found;
}

/** @returns the token, and where the next one may begin */
function tokenAt(text: string, at: number): [Token, number] {
  const character = text.charAt(at);
  if (character === '(' || character === ')') return [{ kind: character, at }, at + 1];
  if (character === '"' || character === "'") return stringAt(text, at);
  if (character === '$') return nameAt(text, at);
  for (const length of [2, 1]) {
    const comparison = COMPARISONS.find((one) => one === text.slice(at, at + length));
    if (comparison !== undefined) return [{ kind: 'comparison', comparison, at }, at + length];
  }
  if (character === '=') throw new SyntaxMistake('expected ==, found =', at);
  return wordAt(text, at);
}

function stringAt(text: string, at: number): [Token, number] {
  const quote = text.charAt(at);
  let value = '';
  for (let next = at + 1; next < text.length; next += 1) {
    const character = text.charAt(next);
    if (character === quote) return [{ kind: 'literal', value, at }, next + 1];
    if (character === '\\') next += 1;
    value += text.charAt(next);
  }
  throw new SyntaxMistake('expected the closing quote of a string, found the end', at);
}

function nameAt(text: string, at: number): [Token, number] {
  const end = endOfWord(text, at + 1);
  const path = text.slice(at + 1, end).split('.');
  if (path.includes('')) throw new SyntaxMistake('expected a name after $ and after each dot', at);
  if (path.length > MAX_PATH) throw new SyntaxMistake(`expected at most ${MAX_PATH} names`, at);
  if (path.includes('__proto__'))
    throw new SyntaxMistake('expected the name of a value, found __proto__, which no message may have', at);
  return [{ kind: 'name', path, at }, end];
}

function wordAt(text: string, at: number): [Token, number] {
  const end = endOfWord(text, at);
  const word = text.slice(at, end);
  if (word === 'and' || word === 'or' || word === 'not') return [{ kind: word, at }, end];
  if (WORDS.has(word)) return [{ kind: 'literal', value: word.toLowerCase() === 'true', at }, end];
  const value = Number(word);
  if (/^[-+.\d]/.test(word) && Number.isFinite(value)) return [{ kind: 'literal', value, at }, end];
  throw new SyntaxMistake(`expected ${hintFor(word)}, found ${shown(word)}`, at);
}

function hintFor(word: string): string {
  const lower = word.toLowerCase();
  if (['and', 'or', 'not'].includes(lower)) return `${lower} in lower case`;
  if (word.startsWith('&')) return 'and';
  if (word.startsWith('|')) return 'or';
  return `a value: $name, a number, a string in quotes, true or false`;
}

function shown(word: string): string {
  return word === '' ? 'nothing' : JSON.stringify(word.length <= 40 ? word : `${word.slice(0, 39)}…`);
}

function endOfWord(text: string, from: number): number {
  let end = from;
  while (end < text.length && !END_OF_WORD.has(text.charAt(end))) end += 1;
  return end;
}
