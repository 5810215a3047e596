// The second baseline: forwarding in JavaScript, one message at a time, with the same zeromq library as our broker.
// usage: node loop.mjs FRONT BACK SERVER_PUBLIC SERVER_SECRET
import { XPublisher, XSubscriber } from 'zeromq';

const [front, back, curvePublicKey, curveSecretKey] = process.argv.slice(2);
const from = new XSubscriber({ curveServer: true, curvePublicKey, curveSecretKey, receiveHighWaterMark: 0 });
const to = new XPublisher({ sendHighWaterMark: 0 });
await from.bind(front);
await to.bind(back);
process.stdout.write('ready\n');
const subscriptions = async () => {
  for (;;) await from.send(await to.receive());
};
void subscriptions();
for (;;) await to.send(await from.receive());
