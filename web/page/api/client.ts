/** Requests to the API of the host that the page came from. */
import type { Session } from '../../../web-service/api/index.js';
import { endsSession, isRenewed, type Sender, senderOf } from '../../logic/login.js';
import { text } from '../../logic/text.js';
import { ApiProblem, problemOf } from './problem.js';

type Method = 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** `undefined` is left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** Below the page's own address, whatever path a proxy gives it. */
export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(`api/v1${path}`, document.baseURI);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(key, String(value));
  }
  return url.href;
}

let sender: Sender = senderOf(undefined);
let onLoggedOut: () => void = () => undefined;

/** The session whose token goes with requests that change something. */
export function setSession(session: Session | undefined): void {
  sender = senderOf(session);
}

/** Called when a request is refused because nobody is logged in any more. */
export function whenLoggedOut(listener: () => void): void {
  onLoggedOut = listener;
}

async function send(path: string, init: RequestInit, query?: Query): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiProblem(0, text.error.noReply);
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (endsSession(problem.status, problem.code)) onLoggedOut();
  throw problem;
}

/** The type of the reply is that of the operation in web-service/api; a test holds the service to it. */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const response = await send(path, signal === undefined ? {} : { signal }, query);
  return (await response.json()) as T;
}

export async function getBytes(path: string, query?: Query, signal?: AbortSignal): Promise<ArrayBuffer> {
  const response = await send(path, signal === undefined ? {} : { signal }, query);
  return response.arrayBuffer();
}

/**
 * A request whose token was renewed since (the same user logged in again in another tab) is sent once more.
 * @returns undefined where the reply has no body
 */
export async function change<T>(method: Method, path: string, body?: unknown): Promise<T | undefined> {
  const sent = sender;
  try {
    return await changeAs<T>(sent, method, path, body);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 403) throw error;
    const now = senderOf(await get<Session>('/session'));
    // a login says itself who sends it
    const isLogin = method === 'POST' && path === '/session';
    if (!isRenewed(isLogin ? { ...sent, user: now.user } : sent, now)) throw error;
    sender = now;
    return changeAs<T>(now, method, path, body);
  }
}

async function changeAs<T>(
  { csrf }: Sender,
  method: Method,
  path: string,
  body: unknown,
): Promise<T | undefined> {
  const headers: Record<string, string> = {};
  if (csrf !== undefined) headers['x-csrf-token'] = csrf;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await send(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.status === 204 ? undefined : ((await response.json()) as T);
}
