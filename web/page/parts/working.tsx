/** Long work: that it goes on, and for how long it has. Short work says nothing, so that nothing flashes. */
import { useEffect, useState } from 'preact/hooks';
import { age } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';

/** ms; what is shorter needs no word (a person waits that long without doubt) */
const LONG_MS = 1000;

/** Mounted while the work lasts. A screen reader hears the words once, not each second. */
export function Working({ what = text.state.working }: { what?: string | undefined }) {
  const [startMs] = useState(() => performance.now());
  const [lastedMs, setLasted] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setLasted(performance.now() - startMs), LONG_MS);
    return () => window.clearInterval(timer);
  }, [startMs]);
  const isLong = lastedMs >= LONG_MS;
  return (
    <p class="working quiet">
      <span role="status" aria-live="polite">
        {isLong ? what : ''}
      </span>
      {isLong ? <span aria-hidden="true"> {text.state.workingFor(age(lastedMs))}</span> : null}
    </p>
  );
}
