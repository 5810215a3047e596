/** A part of a view that is made when it comes near the screen: a chart that nobody sees costs no request and no time. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Before it is seen, so that it is there when somebody scrolls. */
const MARGIN = '200px';

/** @param height px that it takes until then */
export function WhenSeen({ children, height }: { children: ComponentChildren; height: number }) {
  const [isSeen, setSeen] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isSeen || element.current === null) return undefined;
    const see = (): void => setSeen(true);
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) see();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element.current);
    // On paper everything is seen.
    window.addEventListener('beforeprint', see);
    return () => {
      observer.disconnect();
      window.removeEventListener('beforeprint', see);
    };
  }, [isSeen]);
  if (isSeen) return <>{children}</>;
  return <div ref={element} class="when-seen" style={{ minHeight: `${height}px` }} />;
}
