/** What a rule publishes where its `new_payload` is empty. */

/** A JSON object of topics and messages. The messages are put in as they came, so that no number loses a digit and no topic is a name of a prototype. */
export function messagesJson(messages: readonly (readonly [topic: string, json: string])[]): string {
  return `{${messages.map(([topic, json]) => `${JSON.stringify(topic)}:${json}`).join(',')}}`;
}
