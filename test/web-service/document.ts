/** Checks replies against the service's own OpenAPI document, with a validator that is not ours. */
import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Media {
  schema?: object;
}
interface Described {
  content?: Record<string, Media>;
  $ref?: string;
}
export interface DocumentedOperation {
  operationId: string;
  responses: Record<string, Described>;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
}

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, object>; responses: Record<string, Described> };
}

export class Contract {
  readonly document: OpenApiDocument;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.#ajv.addSchema({ $id: 'openapi', components: document.components });
  }

  get operations(): { method: string; path: string; operation: DocumentedOperation }[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
  }

  byId(id: string): DocumentedOperation {
    const found = this.operations.find(({ operation }) => operation.operationId === id);
    if (found === undefined) throw new Error(`no operation ${id}`);
    return found.operation;
  }

  /** A reply of an operation: its status, type and body are those that the document says. */
  async check(id: string, response: Response): Promise<unknown> {
    const { responses } = this.byId(id);
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const described = responses[response.status] ?? responses.default;
    const target = described?.$ref === undefined ? described : this.document.components.responses.Problem;
    const media = target?.content?.[type];
    if (response.status === 204) return undefined;
    assert.ok(media !== undefined, `${id}: ${response.status} with ${type} is not in the document`);
    if (!type.endsWith('json')) return Buffer.from(await response.arrayBuffer());
    const body: unknown = await response.json();
    if (media.schema !== undefined) this.#valid(id, media.schema, body);
    return body;
  }

  #valid(id: string, schema: object, body: unknown): void {
    const whole = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object;
    const validate = this.#ajv.compile(whole);
    assert.ok(
      validate(body),
      `${id}: ${this.#ajv.errorsText(validate.errors)}: ${JSON.stringify(body).slice(0, 500)}`,
    );
  }
}
