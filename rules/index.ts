/** The language of filters and rules: check a file, compile it, evaluate messages. */
export { checkRules, mistakeLine, pathText } from './check.js';
export type { CompiledLogic, CompiledRules } from './compiled.js';
export { type MadeMessage, type RuleAlert, type RuleCounts, RuleEngine } from './engine.js';
export { EMPTY_FILE, type RulesFile, SEVERITIES, tag } from './file.js';
export type { RuleMistake } from './mistakes.js';
export { topicMatches } from './topics.js';
