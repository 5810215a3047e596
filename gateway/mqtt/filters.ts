/** Topics and filters: as the settings are checked. */
export { isFilter, isTopic, matches } from '../../config/mqtt-topics.js';
