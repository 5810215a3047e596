/** The last hour of a box's voltage. Read when it comes into sight, and again each minute while it is. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chart } from '../../../web-service/api/index.js';
import { SPARK_SLOT_MS, SPARK_SLOTS, slotsOf, type TimedMinMax } from '../../logic/live.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { Limiter } from '../api/limiter.js';
import { useLoad } from '../api/load.js';
import { Spark } from './spark.js';

const limiter = new Limiter(4);
const HOUR_MS = SPARK_SLOTS * SPARK_SLOT_MS;

export function BoxSpark({ boxId, nominal }: { boxId: string; nominal: number }) {
  const element = useRef<HTMLSpanElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((one) => one.isIntersecting)) setSeen(true);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return (
    <span ref={element}>
      {isSeen ? <SeenSpark boxId={boxId} nominal={nominal} /> : <svg class="spark" aria-hidden="true" />}
    </span>
  );
}

function SeenSpark({ boxId, nominal }: { boxId: string; nominal: number }) {
  const { data } = useLoad(
    `spark ${boxId}`,
    (signal) =>
      limiter.run(() => {
        const to = Math.ceil(Date.now() / SPARK_SLOT_MS) * SPARK_SLOT_MS;
        return get<Chart>(
          `/boxes/${encodeURIComponent(boxId)}/chart`,
          { from: to - HOUR_MS, to, points: SPARK_SLOTS, source: 'trends' },
          signal,
        );
      }),
    { refreshMs: SPARK_SLOT_MS },
  );
  if (data === undefined) return <svg class="spark" aria-hidden="true" />;
  return (
    <Spark
      slots={slotsOf(valuesOf(data), data.to_ms)}
      minSpan={0.05 * nominal}
      label={`${text.metric.voltage}, ${text.overview.lastHour}`}
    />
  );
}

function valuesOf({ step_ms, timestamp_ms, voltage }: Chart): TimedMinMax[] {
  if (voltage === undefined) return [];
  return timestamp_ms.flatMap((ms, i): TimedMinMax[] => {
    const [min, max] = [voltage.min[i], voltage.max[i]];
    // a point stands for the time from it on; a trend alone (step 0) for the minute that ends there
    return min == null || max == null ? [] : [{ timestampMs: step_ms > 0 ? ms + 1 : ms, min, max }];
  });
}
