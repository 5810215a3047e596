/** A condition by itself, as a function. The engine runs the programs of a file together (programs.ts). */
import type { Tree } from './parse.js';
import { type ProgramOptions, Programs } from './programs.js';

export type Truth = boolean | undefined;
export type Condition = (message: unknown) => Truth;

/** @param tree of a condition on a message */
export function compile(tree: Tree, options: Omit<ProgramOptions, 'wanted'> = {}): Condition {
  const programs = new Programs();
  const isTrue = programs.add(tree, options);
  const isFalse = programs.add(tree, { ...options, wanted: false });
  return (message) => {
    programs.begin(message);
    return programs.isMet(isTrue) ? true : programs.isMet(isFalse) ? false : undefined;
  };
}
