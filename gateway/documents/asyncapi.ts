/** The AsyncAPI 3 document of the topics: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
import { z } from 'zod';
import { TOPICS, type TopicInfo } from './topics.js';

type Json = Record<string, unknown>;

/** Of the form of the messages. */
const VERSION = '1.0.0';

export function asyncApi(): Json {
  const topics = Object.entries<TopicInfo>(TOPICS);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Makai gateway',
      version: VERSION,
      description:
        'Power-quality measurements, events and incidents of OPQ Boxes over MQTT. Times are Unix ms UTC; field names are those of docs/data-model.md.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      embedded: {
        host: '127.0.0.1:1883',
        protocol: 'mqtt',
        protocolVersion: '3.1.1',
        description: 'The embedded broker, where the settings name no other.',
        security: [{ $ref: '#/components/securitySchemes/user' }],
      },
    },
    channels: Object.fromEntries(topics.map(([name, info]) => [name, channelOf(name, info)])),
    operations: Object.fromEntries(topics.map(([name, info]) => [name, operationOf(name, info)])),
    components: {
      securitySchemes: {
        user: {
          type: 'userPassword',
          description: 'A user of the web service, or its name with an API token',
        },
      },
      messages: Object.fromEntries(topics.map(([name, info]) => [name, messageOf(name, info)])),
    },
  };
}

function channelOf(name: string, { description, parts, topic }: TopicInfo): Json {
  const parameters = Object.fromEntries(
    Object.entries(parts).map(([part, text]) => [part, { description: text }]),
  );
  return {
    address: topic,
    description,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

function operationOf(name: string, { direction, retained }: TopicInfo): Json {
  return {
    action: direction === 'out' ? 'send' : 'receive',
    channel: { $ref: `#/channels/${name}` },
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
    bindings: { mqtt: { qos: 1, retain: retained, bindingVersion: '0.2.0' } },
    ...(name === 'eventRequest'
      ? {
          reply: {
            address: { location: '$message.payload#/reply_to' },
            channel: { $ref: '#/channels/eventReply' },
          },
        }
      : {}),
  };
}

function messageOf(name: string, { direction, schema }: TopicInfo): Json {
  return { name, contentType: 'application/json', payload: schemaOf(schema, direction) };
}

/** @param direction what a client sends may leave out what has a default */
export function schemaOf(schema: z.ZodType, direction: TopicInfo['direction']): Json {
  const io = direction === 'in' ? 'input' : 'output';
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' });
  return rest;
}
