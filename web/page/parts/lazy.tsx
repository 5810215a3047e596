/** A part of a view whose code is loaded after the view itself: charts, which are most of the code, do not keep words and numbers waiting. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** @param height px that it takes until then: what stands below does not move, and is not taken for seen */
export function lazily<P extends object>(
  load: () => Promise<ComponentType<P>>,
  height: number | ((props: P) => number),
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, draw] = useState(false);
    const [failed, setFailed] = useState<unknown>();
    useEffect(() => {
      if (loaded !== undefined) return;
      load().then((component) => {
        loaded = component;
        draw(true);
      }, setFailed);
    }, []);
    if (failed !== undefined) throw failed;
    const Loaded = loaded;
    if (Loaded !== undefined) return <Loaded {...props} />;
    return <div style={{ minHeight: `${typeof height === 'number' ? height : height(props)}px` }} />;
  };
}
