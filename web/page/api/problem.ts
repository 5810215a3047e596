/** What went wrong with a request, in the words of the API (RFC 9457) where it replied. */
import type { Problem } from '../../../web-service/api/index.js';

export class ApiProblem extends Error {
  /** 0: no reply at all */
  readonly status: number;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  /** every wrong field, `path: message` */
  readonly fields: readonly string[];

  constructor(status: number, message: string, from: Partial<Problem> = {}) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = from.code;
    this.hint = from.hint;
    this.fields = (from.errors ?? []).map((one) => `${one.path}: ${one.message}`);
  }

  /** Trying again without a change can help: no reply, or the service says that it cannot now. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

function isProblem(value: unknown): value is Partial<Problem> {
  return typeof value === 'object' && value !== null && 'title' in value;
}

/** What a response that is not ok says. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = undefined;
  }
  if (!isProblem(body)) return new ApiProblem(response.status, `${response.status} ${response.statusText}`);
  return new ApiProblem(response.status, body.detail ?? body.title ?? String(response.status), body);
}
