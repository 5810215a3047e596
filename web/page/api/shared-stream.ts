/**
 * The live stream of all tabs of this browser: a browser allows six connections to a host over HTTP/1.1, and one for each tab would leave none for requests. The tab that holds a
 * lock (the leader) has the connection and passes on what it hears; when it is closed, the lock goes to the next one.
 */
import type { LiveBox } from '../../logic/live.js';
import { type LiveState, openSource, type SourceOptions } from './event-source.js';

/** What tabs say to each other. */
type Said =
  | { kind: 'message'; name: string; data: string }
  | { kind: 'state'; state: LiveState }
  /** asked by a tab that hears nothing; `isNew`: it knows no box yet */
  | { kind: 'who'; isNew: boolean }
  | { kind: 'leader'; state: LiveState; boxes: readonly LiveBox[] };

export interface StreamOptions extends SourceOptions {
  /** what a tab that begins later must know */
  known(): LiveBox[];
  onKnown(boxes: readonly LiveBox[]): void;
}

const ASK_MS = 5000;
/** A leader that the browser has frozen is replaced after so many questions without an answer. */
const MAX_UNANSWERED = 3;

/** @returns what leaves it */
export function joinStream(options: StreamOptions): () => void {
  // Locks need a secure context: HTTPS, or this machine.
  return 'locks' in navigator && 'BroadcastChannel' in window ? share(options) : whileVisible(options);
}

/** Without locks: a tab in the background lets go of its connection, and reads everything again when it is looked at. */
function whileVisible(options: StreamOptions): () => void {
  let end: (() => void) | undefined;
  let opened = 0;
  const look = (): void => {
    if (document.hidden) {
      end?.();
      end = undefined;
    } else if (end === undefined) {
      opened += 1;
      end = openSource(opened === 1 ? options : withReset(options));
    }
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    end?.();
  };
}

/** What came between two connections is not known: a reset follows the first event. */
function withReset(options: SourceOptions): SourceOptions {
  let isFirst = true;
  return {
    ...options,
    onMessage: (name, data) => {
      options.onMessage(name, data);
      if (isFirst) options.onMessage('reset', '{}');
      isFirst = false;
    },
  };
}

function share(options: StreamOptions): () => void {
  // One host may serve several installations, each below its own path.
  const name = `makai-live ${new URL('.', document.baseURI).pathname}`;
  const channel = new BroadcastChannel(name);
  const left = new AbortController();
  let state: LiveState = 'connecting';
  let hasHeard = false;
  let unanswered = 0;
  let isQueued = false;
  let stopLeading: (() => void) | undefined;

  const say = (said: Said): void => channel.postMessage(said);
  const setState = (next: LiveState): void => {
    state = next;
    options.onState(next);
  };
  const both: SourceOptions = {
    ...options,
    onMessage: (event, data) => {
      say({ kind: 'message', name: event, data });
      options.onMessage(event, data);
    },
    onState: (next) => {
      say({ kind: 'state', state: next });
      setState(next);
    },
  };
  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      const end = openSource(hasHeard ? withReset(both) : both);
      stopLeading = () => {
        stopLeading = undefined;
        end();
        resolve();
      };
    });
  const ask = (lock: LockOptions): void => {
    isQueued = lock.steal !== true || isQueued;
    navigator.locks
      .request(name, lock, () => {
        if (lock.steal !== true) isQueued = false;
        return lead();
      })
      .catch((error: unknown) => {
        if (left.signal.aborted) return;
        // Another tab took it over, because this one did not reply.
        stopLeading?.();
        if (!(error instanceof DOMException)) reportError(error);
        if (!isQueued) ask({ signal: left.signal });
      });
  };

  channel.onmessage = ({ data: said }: MessageEvent<Said>) => {
    if (stopLeading !== undefined) {
      if (said.kind === 'who') say({ kind: 'leader', state, boxes: said.isNew ? options.known() : [] });
      return;
    }
    if (said.kind === 'who') return;
    hasHeard = true;
    unanswered = 0;
    if (said.kind === 'message') {
      if (state !== 'live') setState('live');
      options.onMessage(said.name, said.data);
      return;
    }
    setState(said.state);
    if (said.kind === 'leader') options.onKnown(said.boxes);
  };
  const timer = window.setInterval(() => {
    if (stopLeading !== undefined || document.hidden) return;
    if (unanswered >= MAX_UNANSWERED) {
      unanswered = 0;
      ask({ steal: true });
      return;
    }
    unanswered += 1;
    say({ kind: 'who', isNew: false });
  }, ASK_MS);

  say({ kind: 'who', isNew: true });
  ask({ signal: left.signal });
  return () => {
    left.abort();
    window.clearInterval(timer);
    channel.close();
    stopLeading?.();
  };
}
