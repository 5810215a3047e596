/** Something that a person starts and that takes a while: busy, then what came of it. */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ApiProblem } from '../api/problem.js';
import { Failure, WithCode } from './states.js';
import { Working } from './working.js';

export interface Action {
  isBusy: boolean;
  run: () => void;
  submit: (event: Event) => void;
  /** the problem, or what was done */
  outcome: ComponentChildren;
  clear: () => void;
}

/** @param act what it does; gives a sentence about what was done, or undefined */
export function useAction(act: () => Promise<string | undefined>): Action {
  const [isBusy, setBusy] = useState(false);
  // two clicks can come before the page is drawn again
  const isRunning = useRef(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const [done, setDone] = useState<string>();
  const work = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    setDone(undefined);
    try {
      setDone(await act());
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(1, String(error)));
    } finally {
      isRunning.current = false;
      setBusy(false);
    }
  };
  const run = (): void => {
    if (isRunning.current) return;
    isRunning.current = true;
    work().catch(reportError);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    run();
  };
  const clear = (): void => {
    setProblem(undefined);
    setDone(undefined);
  };
  const outcome = isBusy ? (
    <Working />
  ) : problem !== undefined ? (
    <Failure problem={problem} />
  ) : done === undefined ? null : (
    <div class="alert ok" role="status">
      <p>
        <WithCode line={done} />
      </p>
    </div>
  );
  return { isBusy, run, submit, outcome, clear };
}
