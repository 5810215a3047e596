/** Topics of meters: filters in which `{name}` stands for the level that names the meter, and paths into JSON. */
import { isFilter, isTopic, matches } from './mqtt-topics.js';

const NAME = '{name}';
/** Longest name of a meter, characters: the name of a record. */
const LONGEST_NAME = 100;
const MOST_STEPS = 10;
/** Names that are no data of a document. */
const PROTOTYPE = /^(__proto__|constructor|prototype)$/;
/** Ours, those of rules, those of the broker: what is made from measurements must not become one. */
const OWN = /^(makai(\/|$)|notifications$|[!$])/;

/** Whether a setting is a filter of topics of meters: at most one `{name}`, alone in its level. */
export function isMeterTopic(text: string): boolean {
  const levels = text.split('/');
  const named = levels.filter((level) => level.includes(NAME));
  return named.length <= 1 && named.every((level) => level === NAME) && isFilter(filterOf(text));
}

/** The filter to subscribe to. */
export const filterOf = (topic: string): string =>
  topic
    .split('/')
    .map((level) => (level === NAME ? '+' : level))
    .join('/');

export const hasName = (topic: string): boolean => topic.split('/').includes(NAME);

/** Whether no meter may publish there. */
export const isOwnTopic = (topic: string): boolean => OWN.test(topic);

/**
 * The level of a topic that stands for `{name}`.
 * @returns undefined where the topic is not one of these; '' where they have no `{name}`
 */
export function nameIn(meterTopic: string, topic: string): string | undefined {
  if (!matches(filterOf(meterTopic), topic)) return undefined;
  const at = meterTopic.split('/').indexOf(NAME);
  return at < 0 ? '' : topic.split('/')[at];
}

/** Whether a record may be called so. */
export function isMeterName(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_NAME && text.trim() === text && !/\p{Cc}/u.test(text);
}

/** The steps of a path such as `ENERGY.Voltage` or `ENERGY.Voltage.0`; none: the payload itself. Undefined: it is no path. */
export function stepsOf(path: string): string[] | undefined {
  if (path === '') return [];
  const steps = path.split('.');
  const isPath = steps.length <= MOST_STEPS && steps.every((step) => step !== '' && !PROTOTYPE.test(step));
  return isPath ? steps : undefined;
}

/** Whether a name of meters, of a mapping, makes names: `{name}` becomes the level of the topic. */
export const isNameTemplate = (text: string): boolean =>
  isMeterName(text) && isTopic(text.replaceAll(NAME, 'x'));
