/** What other rooms use of the acquisition broker. */

export { assignIoThreads } from '../zmq/io-threads.js';
export { type AcquisitionBroker, type AcquisitionBrokerDeps, startAcquisitionBroker } from './start.js';
export type { AcquisitionStatus } from './status.js';
