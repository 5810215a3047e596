/** The health of boxes as the running daemons see it (daemon/box-health.ts), with the types that the daemons of this version serve. */
import type { AcquisitionBoxHealth } from '../../acquisition-broker/box-health.js';
import type { BoxFinding } from '../../common/box-findings.js';
import { statusEndpointOf } from '../../config/locate.js';
import { collectBoxHealth, type HealthDaemon } from '../../daemon/box-health.js';
import type { BrokerBoxHealth } from '../../daemon/broker-box-health.js';
import type { MeterHealth } from '../../gateway/index.js';
import type { BoxHealth } from '../../triggering-service/box-health/record.js';

export { HEALTH_DAEMONS } from '../../daemon/box-health.js';

/** One box. What a daemon that does not reply would say is left out. */
export interface BoxHealthRecord {
  box_id: string;
  /** worst first; `todo` says what to do */
  findings: (BoxFinding & { todo: string })[];
  /** from the triggering service */
  stream?: BoxHealth['stream'];
  /** from the triggering broker: the measurement connection of the box's key */
  measurement_connections?: BrokerBoxHealth['connections'];
  /** from the acquisition broker: the command and reply connections of the box's key */
  command_connections?: AcquisitionBoxHealth['connections'];
  replies?: AcquisitionBoxHealth['replies'];
  /** from the acquisition broker: bytes of waveforms today */
  waveforms?: AcquisitionBoxHealth['waveforms'];
  /** from the gateway: a meter that it reads over MQTT */
  meter?: MeterHealth['meter'];
}

export interface BoxHealthReading {
  /** worst first, then by id */
  records: BoxHealthRecord[];
  /** daemons that did not reply, and why */
  missing: { daemon: HealthDaemon; reason: string }[];
}

/**
 * Asks the daemons.
 * @param folder working folder of `makai up`; without it the default files
 * @param boxId only this one
 */
export async function readAllBoxHealth(
  folder: string | undefined,
  boxId?: string,
): Promise<BoxHealthReading> {
  const reading = await collectBoxHealth((daemon) => statusEndpointOf(daemon, folder), boxId);
  return reading as BoxHealthReading; // the parts are what these daemons serve
}
