/** A file of filters and rules, ready to be evaluated. */
import type { Severity } from './file.js';
import type { Program, Programs } from './programs.js';
import type { TopicIndex } from './topics.js';

export interface CompiledFilter {
  path: string;
  subtopic: string;
  statements: readonly { condition: Program; newPayload: string }[];
}

export interface CompiledStatement {
  id: number;
  pattern: string;
  condition: Program;
  /** the same with its limits moved by the hysteresis: for a topic whose message met it */
  relaxed: Program;
  /** indexes of the logic entries that use it */
  usedBy: number[];
}

export interface CompiledLogic {
  /** in `CompiledRules.logic` */
  index: number;
  /** `rules[0].logic[1]` */
  path: string;
  /** stays the same when the file is changed elsewhere */
  key: string;
  operations: string;
  /** those that `operations` names, in its order, each once */
  statements: readonly CompiledStatement[];
  /** whether the operations hold, by the truth of each of `statements` */
  holds: (isMet: (index: number) => boolean) => boolean;
  /** they hold where no statement is met: `not $1` */
  holdsAlone: boolean;
  /** with `!` */
  topic: string;
  newPayload: string;
  forMs: number;
  cooldownMs: number;
  /** undefined: nobody is notified, and no alert is made */
  alert: { severity: Severity; notify: readonly string[] } | undefined;
  /**
   * It has a beginning and an end: it keeps its own messages, fires once when it becomes true, and again only after it was false. Otherwise it
   * works as in the seed: fires whenever it is true, and all held messages are let go.
   */
  lasting: boolean;
  /** of a lasting one whose statements are all on one topic filter: each topic by itself */
  perTopic: boolean;
}

/** A statement in one logic entry. */
export interface Use {
  logic: CompiledLogic;
  /** in `logic.statements` */
  index: number;
  statement: CompiledStatement;
}

/** What a topic's messages are compared with: of each use its program and its logic entry, side by side. */
export interface Plan {
  uses: readonly Use[];
  programs: Int32Array;
  logic: Int32Array;
}

export interface CompiledRules {
  filters: TopicIndex<CompiledFilter>;
  /** of all filters */
  subtopics: ReadonlySet<string>;
  /** one entry a statement, with every logic entry that uses it */
  statements: TopicIndex<readonly Use[], Plan>;
  programs: Programs;
  logic: readonly CompiledLogic[];
  /** topic filters of messages from outside that are read, each once */
  patterns: readonly string[];
}
