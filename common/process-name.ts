/** A name for this process that people can find: in Kubernetes the host name is that of the pod. */
import { hostname } from 'node:os';

export const processName = (): string => `${hostname()}-${process.pid}`;
