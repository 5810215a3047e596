/** Alerts of the gateway: what is followed becomes alerts, alerts become notifications. */
export { type Alerts, type AlertsOptions, startAlerts } from './start.js';
