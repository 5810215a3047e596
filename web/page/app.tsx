/** The page: session first, then the shell with the view that the address names. Views but the overview are loaded when they are first opened. */
import { Component, type ComponentChildren, type ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../../web-service/api/index.js';
import { parseRoute, type Route, type View } from '../logic/route.js';
import { text } from '../logic/text.js';
import { get, setSession, whenLoggedOut } from './api/client.js';
import { connectLive, disconnectLive } from './api/live.js';
import { useLoad } from './api/load.js';
import { Failure, Skeleton } from './parts/states.js';
import { SessionContext } from './session.js';
import { Shell } from './shell.js';
import { useRoute } from './state.js';
import { Login } from './views/login.js';
import { Overview } from './views/overview.js';

type ViewComponent = ComponentType<{ route: Route }>;

const LOADERS: Record<
  Exclude<View, 'overview' | 'login'>,
  (id: string | undefined) => Promise<ViewComponent>
> = {
  boxes: async (id) =>
    id === undefined ? (await import('./views/boxes.js')).Boxes : (await import('./views/box.js')).Box,
  events: async (id) =>
    id === undefined ? (await import('./views/events.js')).Events : (await import('./views/event.js')).Event,
  alerts: async (id) =>
    id === undefined ? (await import('./views/alerts.js')).Alerts : (await import('./views/alert.js')).Alert,
  charts: async () => (await import('./views/charts.js')).Charts,
  reports: async () => (await import('./views/reports.js')).Reports,
  admin: async () => (await import('./views/admin.js')).Admin,
};

/** The code of the view that the page was opened with is on its way while the session is asked for. */
function prefetch(): void {
  const { id, view } = parseRoute(location.hash);
  // What fails is tried again, and reported, where the view is shown.
  if (view !== 'overview' && view !== 'login') LOADERS[view](id).catch(() => undefined);
}
prefetch();

export function App() {
  const route = useRoute();
  const [ended, setEnded] = useState(false);
  const session = useLoad('session', (signal) => get<Session>('/session', {}, signal));
  const { data } = session;
  // only when it was read: requests may have found a newer token since
  useEffect(() => setSession(data), [data]);
  const isIn = data !== undefined && (!data.login_required || data.user !== undefined) && !ended;
  useEffect(() => whenLoggedOut(() => setEnded(true)), []);
  useEffect(() => {
    if (!isIn) return undefined;
    connectLive();
    return disconnectLive;
  }, [isIn]);
  if (data === undefined) {
    return (
      <main class="main">
        {session.problem === undefined ? (
          <Skeleton lines={6} />
        ) : (
          <Failure problem={session.problem} sinceMs={session.failingSinceMs} onRetry={session.reload} />
        )}
      </main>
    );
  }
  const loggedIn = (): void => {
    setEnded(false);
    session.reload();
  };
  if (!isIn) return <Login isExpired={ended} onDone={loggedIn} />;
  return (
    <SessionContext.Provider value={data}>
      <Shell route={route} onLoggedOut={() => setEnded(true)}>
        <Guard key={`${route.view}/${route.id ?? ''}`}>
          <CurrentView route={route} />
        </Guard>
      </Shell>
    </SessionContext.Provider>
  );
}

function CurrentView({ route }: { route: Route }) {
  const { id, view } = route;
  const name = view === 'login' ? 'overview' : view;
  const key = `${name}${id === undefined ? '' : '/'}`;
  const [loaded, setLoaded] = useState<{ key: string; view: ViewComponent }>();
  const [failed, setFailed] = useState<unknown>();
  useEffect(() => {
    if (name === 'overview') return;
    LOADERS[name](id).then((component) => setLoaded({ key, view: component }), setFailed);
  }, [key]);
  if (failed !== undefined) throw failed;
  if (name === 'overview') return <Overview route={route} />;
  if (loaded === undefined || loaded.key !== key) return <Skeleton lines={6} />;
  return <loaded.view route={route} />;
}

/** A view that throws takes nothing else down. */
class Guard extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: undefined as unknown };

  override componentDidCatch(error: unknown): void {
    this.setState({ error });
    reportError(error);
  }

  render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <div class="alert critical" role="alert">
        <div>
          <p>
            <strong>{text.error.broken}</strong>
          </p>
          <p>{String(this.state.error)}</p>
        </div>
        <button type="button" onClick={() => location.reload()}>
          {text.error.reload}
        </button>
      </div>
    );
  }
}
