/** What MQTT carries: a topic and a JSON object. What is no JSON object is refused at the border and never gets here. */
export interface GatewayMessage {
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** the payload as it came, UTF-8 */
  readonly text: string;
}

/**
 * Hands a message to MQTT. Fulfilled when it is durable in the outbox on disk (it is then published at QoS 1, in order, also after a restart).
 * @param payload an object goes out as JSON, a text as it stands
 * @throws MakaiError GATEWAY_OUTBOX_FULL (the broker has been unavailable for long: try again later)
 */
export type Publish = (
  topic: string,
  payload: object | string,
  options?: { retain?: boolean },
) => Promise<void>;
