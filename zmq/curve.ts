/** CURVE options of sockets, as zeromq takes them. */

/** Options of a CURVE server socket. They hold for the endpoints bound after they are set. */
export interface CurveServerOptions {
  curveServer: true;
  curvePublicKey: string;
  curveSecretKey: string;
  /** whom ZAP asks about the client's key */
  zapDomain: string;
  zapEnforceDomain: true;
}

/** Keys of a CURVE client: the server's public key and the client's own pair, Z85. */
export interface CurveClientOptions {
  curveServerKey: string;
  curvePublicKey: string;
  curveSecretKey: string;
}
