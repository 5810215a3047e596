/** The language of filters and rules: check a file, compile it, evaluate messages. */
export { type CheckedRules, checkRules, mistakeLine, pathText, readRules } from './check.js';
export type { CompiledLogic, CompiledRules } from './compiled.js';
export {
  type EngineOutput,
  type MadeMessage,
  type RuleAlert,
  type RuleCounts,
  RuleEngine,
} from './engine.js';
export {
  EMPTY_FILE,
  MAX_FILE_BYTES,
  type RulesFile,
  rulesFile,
  SEVERITIES,
  type Severity,
  tag,
} from './file.js';
export type { RuleMistake } from './mistakes.js';
export { topicMatches } from './topics.js';
