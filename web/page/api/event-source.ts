/** One connection to the live stream: connects, and again after a loss. */
import { backoffMs } from '../../logic/backoff.js';

export type LiveState = 'connecting' | 'live' | 'lost';

export interface SourceOptions {
  url: string;
  /** of the events */
  names: readonly string[];
  /** @param data JSON */
  onMessage(name: string, data: string): void;
  onState(state: LiveState): void;
}

/** @returns what ends it */
export function openSource({ names, onMessage, onState, url }: SourceOptions): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let failures = 0;
  const connect = (): void => {
    const opened = new EventSource(url, { withCredentials: true });
    source = opened;
    for (const name of names)
      opened.addEventListener(name, (message: MessageEvent<string>) => onMessage(name, message.data));
    opened.onopen = () => {
      failures = 0;
      onState('live');
    };
    opened.onerror = () => {
      onState('lost');
      // the browser connects again by itself, with the id of the last event, unless the reply was an error
      if (opened.readyState !== EventSource.CLOSED) return;
      failures += 1;
      timer = window.setTimeout(connect, backoffMs(failures));
    };
  };
  connect();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}
