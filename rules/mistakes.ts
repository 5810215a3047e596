/** Mistakes in a file of filters and rules: where, and what was expected. */

export interface RuleMistake {
  /** as in `rules[0].logic[1].operations`; empty for the file as a whole */
  path: string;
  message: string;
}

/** A condition that cannot be read. */
export class SyntaxMistake extends Error {
  /** @param at offset of the character where it was noticed */
  constructor(message: string, at?: number) {
    super(at === undefined ? message : `at character ${at + 1}: ${message}`);
    this.name = 'SyntaxMistake';
  }
}
