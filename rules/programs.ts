/**
 * Conditions as programs: the comparisons of all conditions in one array of numbers, each with where to go on when it holds and when it does not. A message is
 * compared with thousands of conditions a second: side by side in memory they are read several times faster than as closures.
 *
 * Three values: true, false, and unknown where a message lacks a name or its value is of another type than what it is compared with. `and`, `or`, `not` follow
 * Kleene: what is unknown decides nothing that the rest decides. A condition is met when it is true. A tree is true or false by its comparisons being true or
 * false (`not` turns it), so unknown needs no value of its own: such a comparison neither is true nor is false.
 */
import type { Tree, Value } from './parse.js';
import { type PayloadType, type Read, reader, type Scalar } from './reader.js';
import type { Comparison } from './tokens.js';

/** A program by its first comparison. */
export type Program = number;

export interface ProgramOptions {
  payloadType?: PayloadType;
  /** how far past its limit a comparison of numbers stays true, in the unit of the value: for a condition that was true. It turns under `not`. */
  slack?: number;
  /** what it tests: that the condition is true (the default), or that it is false */
  wanted?: boolean;
}

const MET = -1;
const NOT_MET = -2;
/** Numbers of a comparison: what, left, right, shift, where to go on when it holds, and when not. Left, right and shift are slots. */
const WIDTH = 6;
const TRUTH = 6;
const CODES: Readonly<Record<Comparison, number>> = { '<': 0, '<=': 1, '>': 2, '>=': 3, '==': 4, '!=': 5 };
/** Added where the comparison is to be false. */
const FALSE = 8;
/** No shift. */
const NONE = 0;

export class Programs {
  #code = new Int32Array(1024);
  #length = 0;
  /** by slot: a value of the message, or a literal */
  readonly #values: Scalar[] = [undefined];
  /** by slot: how to read it; undefined: a literal */
  readonly #reads: (Read | undefined)[] = [undefined];
  /** by slot: the number of the message that its value is of */
  readonly #valueOf: number[] = [Number.POSITIVE_INFINITY];
  readonly #slots = new Map<string, number>();
  /** slots that were read from this message */
  readonly #read: number[] = [];
  #message: unknown;
  #number = 0;

  /** @param tree of a condition on a message */
  add(tree: Tree, options: ProgramOptions = {}): Program {
    return this.#add(tree, options.wanted ?? true, options.slack ?? 0, options, MET, NOT_MET);
  }

  /** The message that programs are about from now on. */
  begin(message: unknown): void {
    this.#message = message;
    this.#number += 1;
  }

  /** Its values, which may be long, are let go. */
  end(): void {
    for (const slot of this.#read) this.#values[slot] = undefined;
    this.#read.length = 0;
    this.#message = undefined;
    this.#number += 1;
  }

  /** Of the message that was begun. */
  isMet(program: Program): boolean {
    const code = this.#code;
    let next = program;
    while (next >= 0) {
      const what = code[next] ?? 0;
      const left = this.#value(code[next + 1] ?? 0);
      const wanted = what < FALSE;
      let truth: boolean | undefined;
      if ((what & 7) === TRUTH) truth = typeof left === 'boolean' ? left : undefined;
      else {
        const right = this.#value(code[next + 2] ?? 0);
        const shift = code[next + 3] ?? NONE;
        if (shift !== NONE && typeof left === 'number') {
          truth = compared(what & 7, left + Number(this.#values[shift]), right);
        } else truth = compared(what & 7, left, right);
      }
      next = (truth === wanted ? code[next + 4] : code[next + 5]) ?? NOT_MET;
    }
    return next === MET;
  }

  #value(slot: number): Scalar {
    if ((this.#valueOf[slot] ?? 0) >= this.#number) return this.#values[slot];
    const value = this.#reads[slot]?.(this.#message);
    this.#values[slot] = value;
    this.#valueOf[slot] = this.#number;
    this.#read.push(slot);
    return value;
  }

  /** Written from its end on, so that each comparison knows where to go on. @param slack positive: comparisons are easier to meet; negative: harder */
  #add(
    tree: Tree,
    wanted: boolean,
    slack: number,
    options: ProgramOptions,
    yes: Program,
    no: Program,
  ): Program {
    switch (tree.kind) {
      case 'not':
        return this.#add(tree.of, !wanted, -slack, options, yes, no);
      case 'and':
      case 'or': {
        const right = this.#add(tree.right, wanted, slack, options, yes, no);
        const needsBoth = (tree.kind === 'and') === wanted;
        return needsBoth
          ? this.#add(tree.left, wanted, slack, options, right, no)
          : this.#add(tree.left, wanted, slack, options, yes, right);
      }
      case 'truth': {
        const slot = this.#slot(tree.of, options.payloadType);
        return this.#put([TRUTH + (wanted ? 0 : FALSE), slot, 0, NONE, yes, no]);
      }
      case 'comparison': {
        const { comparison } = tree;
        const [left, right] = [tree.left, tree.right].map((one) => this.#slot(one, options.payloadType));
        const isOrder = CODES[comparison] < CODES['=='];
        const by = !isOrder || slack === 0 ? 0 : comparison.startsWith('>') ? slack : -slack;
        const shift = by === 0 ? NONE : this.#slot({ kind: 'literal', value: by }, undefined);
        const what = CODES[comparison] + (wanted ? 0 : FALSE);
        return this.#put([what, left ?? 0, right ?? 0, shift, yes, no]);
      }
    }
  }

  #put(comparison: readonly number[]): Program {
    if (this.#length + WIDTH > this.#code.length) {
      const longer = new Int32Array(2 * this.#code.length);
      longer.set(this.#code);
      this.#code = longer;
    }
    const at = this.#length;
    this.#code.set(comparison, at);
    this.#length += WIDTH;
    return at;
  }

  #slot(value: Value, type: PayloadType | undefined): number {
    const key = JSON.stringify(value.kind === 'literal' ? [value.value] : [value.path, type ?? null]);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.#values.length;
    this.#slots.set(key, slot);
    const isLiteral = value.kind === 'literal';
    this.#values.push(isLiteral ? value.value : undefined);
    this.#reads.push(isLiteral ? undefined : reader(value.path, type));
    this.#valueOf.push(isLiteral ? Number.POSITIVE_INFINITY : -1);
    return slot;
  }
}

function compared(what: number, left: Scalar, right: Scalar): boolean | undefined {
  if (what >= CODES['==']) {
    if (left === undefined || right === undefined) return undefined;
    return (left === right) === (what === CODES['==']);
  }
  if (typeof left === 'number' && typeof right === 'number') return inOrder(what, left, right);
  return typeof left === 'string' && typeof right === 'string' ? inOrder(what, left, right) : undefined;
}

function inOrder<T extends string | number>(what: number, left: T, right: T): boolean {
  switch (what) {
    case CODES['<']:
      return left < right;
    case CODES['<=']:
      return left <= right;
    case CODES['>']:
      return left > right;
    default:
      return left >= right;
  }
}
