/** The ZeroMQ library under it all. */
import { capability, curveKeyPair, version } from 'zeromq';

/** Version of libzmq, and whether it can do CURVE. */
export function libzmq(): { version: string; hasCurve: boolean } {
  return { version, hasCurve: capability.curve === true };
}

/** A fresh pair of CURVE keys, Z85. */
export function newCurveKeys(): { publicKey: string; secretKey: string } {
  return curveKeyPair();
}
