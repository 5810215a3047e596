/** CURVE options of a server socket, as zeromq takes them. */

/** Options of a CURVE server socket. They hold for the endpoints bound after they are set. */
export interface CurveServerOptions {
  curveServer: true;
  curvePublicKey: string;
  curveSecretKey: string;
  /** whom ZAP asks about the client's key */
  zapDomain: string;
  zapEnforceDomain: true;
}
