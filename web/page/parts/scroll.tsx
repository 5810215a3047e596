/** A region that scrolls by itself; a keyboard reaches it (WCAG 2.1.1). */
import type { ComponentChildren } from 'preact';

export function Scroll({
  label,
  name = '',
  children,
}: {
  label: string;
  /** further classes */
  name?: string;
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class={`scroll ${name}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
