/** A titled part of a view. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export function Card({
  title,
  hint,
  tools,
  flush = false,
  children,
}: {
  title: string;
  hint?: ComponentChildren;
  tools?: ComponentChildren;
  /** no space around the content: tables and charts */
  flush?: boolean;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <header>
        <div>
          <h2 id={id}>{title}</h2>
          {hint === undefined ? null : <span class="quiet">{hint}</span>}
        </div>
        {tools === undefined ? null : <div class="row">{tools}</div>}
      </header>
      <div class={flush ? 'body flush' : 'body'}>{children}</div>
    </section>
  );
}
