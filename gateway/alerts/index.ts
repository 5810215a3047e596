/** Alerts of the gateway: what is followed becomes alerts, alerts become notifications. */
export { type Alerts, startAlerts } from './start.js';
