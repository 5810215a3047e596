/** What a view shows while it loads, when there is nothing, and when something failed. */
import type { ComponentChildren } from 'preact';
import { age } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import type { Loaded } from '../api/load.js';
import type { ApiProblem } from '../api/problem.js';
import { useNow } from '../state.js';
import { Working } from './working.js';

/** Lines where the content will be. @param height px: one area in their place, where a chart will be */
export function Skeleton({ lines = 4, height }: { lines?: number; height?: number | undefined }) {
  return (
    <div
      class={height === undefined ? 'skeleton' : 'skeleton tall'}
      role="status"
      aria-label={text.state.loading}
    >
      {height === undefined ? (
        Array.from({ length: lines }, (_, i) => <i key={i} />)
      ) : (
        <i style={{ height: `${height}px` }} />
      )}
    </div>
  );
}

/** Why it is empty, and what changes that. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** A failure: what, since when, what still works, what to do. With `onRetry`: what failed is also tried again by itself. */
export function Failure({
  problem,
  sinceMs,
  hasData = false,
  onRetry,
}: {
  problem: ApiProblem;
  sinceMs?: number | undefined;
  hasData?: boolean;
  onRetry?: () => void;
}) {
  const now = useNow();
  const hint = problem.hint ?? (problem.status === 0 ? text.error.noReplyHint : undefined);
  return (
    <div class={`alert ${problem.isPassing ? 'warning' : 'critical'}`} role="alert">
      <div>
        <p>
          <strong>{problem.message}</strong> {problem.code === undefined ? '' : <code>{problem.code}</code>}
        </p>
        {problem.fields.map((field) => (
          <p key={field}>{field}</p>
        ))}
        {hint === undefined ? null : (
          <p>
            <WithCode line={hint} />
          </p>
        )}
        <p class="quiet">
          {sinceMs === undefined || now - sinceMs < 2000 ? '' : `${text.state.since(age(now - sinceMs))} `}
          {hasData ? `${text.state.shown} ` : ''}
          {problem.isPassing && onRetry !== undefined ? text.state.retrying : ''}
        </p>
      </div>
      {onRetry === undefined ? null : (
        <button type="button" onClick={onRetry}>
          {text.state.again}
        </button>
      )}
    </div>
  );
}

/** Text in which `commands` stand between backticks. */
export function WithCode({ line }: { line: string }) {
  return <>{line.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}

/** The usual order: failure above what is known; skeleton only while nothing is known. */
export function Shown<T>({
  loaded,
  children,
  lines,
  height,
  working,
}: {
  loaded: Loaded<T>;
  /** what is said when it takes long */
  working?: string;
  children: (data: T) => ComponentChildren;
  lines?: number;
  /** px, as a chart; undefined: lines */
  height?: number;
}) {
  const { data, failingSinceMs, isLoading, isReading, problem, reload } = loaded;
  return (
    <>
      {problem === undefined ? null : (
        <Failure problem={problem} sinceMs={failingSinceMs} hasData={data !== undefined} onRetry={reload} />
      )}
      {isLoading ? (
        <div class="waiting">
          <Skeleton {...(lines === undefined ? {} : { lines })} height={height} />
          <Working what={working} />
        </div>
      ) : isReading ? (
        <div class="waiting">
          <Working what={working} />
        </div>
      ) : null}
      {data === undefined ? null : children(data)}
    </>
  );
}
