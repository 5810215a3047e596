/** What other rooms use of the web service. */

export { hashPassword } from '../daemon/people/password.js';
export { hashOf, newToken } from './access/access.js';
export { MIN_PASSWORD, ROLES, type Role, userName } from './api/users.js';
export { startWebService, type WebService, type WebServiceDeps } from './start.js';
export type { WebServiceStatus } from './status.js';
