/** The filters and rules in force, fed with messages. */
export { type Rules, type RulesOptions, startRules } from './start.js';
