/** Log in. The address is kept, so that one goes on where one was. */
import { useState } from 'preact/hooks';
import type { Session } from '../../../web-service/api/index.js';
import { text } from '../../logic/text.js';
import { change } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { Failure } from '../parts/states.js';

export function Login({ isExpired, onDone }: { isExpired: boolean; onDone: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await change<Session>('POST', '/session', { name, password });
      onDone();
    } catch (error) {
      setPassword('');
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="main login">
      <section class="card">
        <header>
          <h1>{text.login.title}</h1>
        </header>
        <form class="body stack" onSubmit={submit}>
          {isExpired ? (
            <div class="alert" role="status">
              <p>{text.login.expired}</p>
            </div>
          ) : null}
          {problem === undefined ? null : <Failure problem={problem} />}
          <label class="field">
            <span>{text.login.name}</span>
            <input
              name="username"
              autocomplete="username"
              autocapitalize="none"
              required
              value={name}
              onInput={(e) => setName(e.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{text.login.password}</span>
            <input
              type="password"
              name="password"
              autocomplete="current-password"
              required
              value={password}
              onInput={(e) => setPassword(e.currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary" disabled={isBusy}>
            {text.login.submit}
          </button>
        </form>
      </section>
    </main>
  );
}
