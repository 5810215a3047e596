/** The chart: linted, rendered, valid for each version of Kubernetes, and what it renders fits together and to the daemons. It has not run on a cluster. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { checkValue } from '../../../config/check.js';
import { isKind, KINDS } from '../../../config/kinds.js';
import {
  type Container,
  helmBinary,
  helmOnChart,
  type Manifest,
  NEEDED,
  type Peer,
  type PodTemplate,
  rendered,
  settingsIn,
} from '../../support/helm.js';
import { pythonWith } from '../../support/python.js';
import { VARIANTS } from './variants.js';

const KUBERNETES = ['1.30', '1.31', '1.32', '1.33', '1.34', '1.35'];
const VALIDATOR = 'kubernetes-validate==1.37.0';
const URI = 'mongodb://db.example.org:27017/opq';

describe('the chart for Kubernetes', function () {
  this.timeout(600_000);
  let helm: string;

  before(async function () {
    const found = await helmBinary();
    if (found === undefined) this.skip();
    helm = found;
  });

  for (const [name, values] of Object.entries(VARIANTS)) {
    describe(name, () => {
      let manifests: Manifest[];
      let text: string;

      before(async () => {
        ({ manifests, text } = await rendered(helm, values));
      });

      it('has no mistake for helm lint', async () => {
        const { code, stdout, stderr } = await helmOnChart(helm, ['lint', '--strict'], values);
        assert.equal(code, 0, `${stdout}${stderr}`);
      });

      it('is valid for Kubernetes 1.30 to 1.35', async function () {
        const python = await pythonWith(VALIDATOR);
        if (python === undefined) this.skip();
        // Of the Prometheus operator, not of Kubernetes.
        const own = manifests.filter(({ kind }) => kind !== 'ServiceMonitor');
        assert.deepEqual(mistakes(python, own), []);
        const [first] = own;
        const wrong = { ...first, spec: { nobody_knows: 1 } };
        assert.equal(mistakes(python, [wrong]).length, KUBERNETES.length);
      });

      it('is rendered for the lowest and the highest of these versions, and for none below', async () => {
        for (const version of [KUBERNETES[0], KUBERNETES.at(-1)])
          await rendered(helm, values, ['--kube-version', `${version}.0`]);
        await assert.rejects(rendered(helm, values, ['--kube-version', '1.29.0']), /kubeVersion/);
      });

      it('gives the daemons settings without a mistake', () => {
        for (const container of ours(manifests)) {
          const [kind = ''] = container.args ?? [];
          assert.ok(isKind(kind), kind);
          const { settings, variable } = settingsIn(container, URI);
          assert.equal(variable, KINDS[kind].variable);
          const { findings } = checkValue(settings, kind);
          assert.deepEqual(
            findings.filter(({ severity }) => severity === 'error'),
            [],
            container.name,
          );
        }
      });

      it('has each thing once, and selectors that fit one workload', () => {
        const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
        assert.deepEqual(names, [...new Set(names)]);
        for (const { kind, metadata, spec } of manifests) {
          const labels =
            kind === 'Service'
              ? spec.selector
              : kind === 'PodDisruptionBudget'
                ? spec.selector?.matchLabels
                : kind === 'NetworkPolicy'
                  ? spec.podSelector?.matchLabels
                  : undefined;
          if (labels === undefined) continue;
          const found = pods(manifests).filter((pod) => fits(pod, labels as Record<string, string>));
          assert.equal(found.length, 1, `${kind} ${metadata.name}`);
          for (const { targetPort } of spec.ports ?? [])
            if (kind === 'Service')
              assert.ok(portOf(found[0], targetPort) !== undefined, `${metadata.name} ${targetPort}`);
        }
        for (const pod of pods(manifests))
          for (const { livenessProbe, readinessProbe, startupProbe } of pod.spec.containers)
            for (const { httpGet } of [livenessProbe, readinessProbe, startupProbe])
              assert.ok(portOf(pod, httpGet.port) !== undefined, httpGet.port);
      });

      it('has, for each address in the settings, a service with that port and a policy that lets it through', () => {
        let count = 0;
        for (const from of pods(manifests))
          for (const container of from.spec.containers.filter(({ args }) => args !== undefined))
            for (const [, host = '', port = ''] of JSON.stringify(
              settingsIn(container, URI).settings,
            ).matchAll(/"(?:\w+:\/\/)?((?:makai|pq)[\w.-]*):(\d+)"/g)) {
              const service = host.split('.').at(-1);
              const found = manifests.find(
                ({ kind, metadata }) => kind === 'Service' && metadata.name === service,
              );
              const target = found?.spec.ports?.find((one) => one.port === Number(port))?.targetPort;
              const to = pods(manifests).find((pod) =>
                fits(pod, (found?.spec.selector ?? { none: '' }) as Record<string, string>),
              );
              assert.ok(target !== undefined && to !== undefined, `${container.name}: ${host}:${port}`);
              assert.equal(portOf(to, target), Number(port));
              const what = `${container.name} to ${host}:${port}`;
              assert.ok(isAllowed(manifests, from, to, Number(port), 'egress'), `${what} may not go out`);
              assert.ok(isAllowed(manifests, to, from, Number(port), 'ingress'), `${what} may not come in`);
              count += 1;
            }
        assert.ok(count > 10, `${count} addresses`);
      });

      it('shows no secret outside of Secrets, and lets in what boxes need', () => {
        const secrets = manifests.filter(({ kind }) => kind === 'Secret');
        assert.equal(
          text.split('secret-of-the-store').length - 1,
          secrets.some(({ stringData }) => stringData?.uri !== undefined) ? 1 : 0,
        );
        const forBoxes = manifests.filter(
          ({ kind, metadata }) => kind === 'Service' && /-boxes(-\d+)?$/.test(metadata.name),
        );
        assert.deepEqual(
          [...new Set(forBoxes.flatMap(({ spec }) => (spec.ports ?? []).map(({ port }) => port)))].sort(),
          [8194, 8196, 9880],
        );
        assert.ok(forBoxes.every(({ spec }) => spec.sessionAffinity === 'ClientIP'));
      });
    });
  }

  it('refuses what cannot be: a second pod where one is possible, a NATS without an address, an unknown value', async () => {
    const refused: [object, RegExp][] = [
      [{ analysisService: { replicas: 0 } }, /\/analysisService\/replicas/],
      [{ gateway: { replicas: 2 } }, /gateway\.mqtt\.url/],
      [{ acquisitionBroker: { replicas: 17 } }, /\/acquisitionBroker\/replicas/],
      [{ triggeringBroker: { replicas: 17 } }, /\/triggeringBroker\/replicas/],
      [{ triggeringBroker: { replicas: 0 } }, /\/triggeringBroker\/replicas/],
      [
        { triggeringBroker: { boxes: { perPod: false, shared: { enabled: false } } } },
        /boxes would have no address/,
      ],
      [
        { acquisitionBroker: { boxes: { shared: { nodePorts: [0] } } } },
        /\/acquisitionBroker\/boxes\/shared\/nodePorts/,
      ],
      [{ triggeringService: { replicas: 65 } }, /\/triggeringService\/replicas/],
      [{ nats: { enabled: false } }, /\/nats\/servers/],
      [{ gateway: { mqtt: { adress: 'x' } } }, /adress/],
      [{ mongodb: { uri: '' } }, /mongodb\.existingSecret or mongodb\.uri is missing/],
    ];
    for (const [values, message] of refused)
      await assert.rejects(rendered(helm, { ...NEEDED, ...values }), message, JSON.stringify(values));
  });

  it('has an address for boxes, a claim and a part in the settings of followers for each of several triggering brokers', async () => {
    const several = { ...NEEDED, triggeringBroker: { replicas: 3 } };
    const { manifests } = await rendered(helm, several);
    const brokers = manifests.find(
      ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'makai-triggering-broker',
    );
    assert.equal(brokers?.spec.replicas, 3);
    const forBoxes = manifests.filter(
      ({ kind, metadata }) =>
        kind === 'Service' && metadata.name.startsWith('makai-triggering-broker-boxes-'),
    );
    assert.deepEqual(
      forBoxes.map(({ spec }) => spec.selector?.['statefulset.kubernetes.io/pod-name']),
      [0, 1, 2].map((n) => `makai-triggering-broker-${n}`),
    );
    const endpoints = [0, 1, 2].map((n) => `tcp://makai-triggering-broker-${n}.makai-triggering-broker:9881`);
    const heard = ours(manifests).flatMap((container) => {
      const { settings } = settingsIn(container, URI);
      const { further_trigger_endpoints: further = [], zmq_trigger_endpoint: first } = settings as Record<
        string,
        string | string[]
      >;
      return first === undefined ? [] : [{ name: container.name, endpoints: [first, further].flat() }];
    });
    assert.deepEqual(
      heard,
      ['analysis-service', 'gateway', 'web-service'].map((name) => ({ name, endpoints })),
    );
    const { stdout, stderr } = await helmOnChart(helm, ['install', 'makai', '--dry-run=client'], several);
    assert.equal(stderr.includes('Error'), false, stderr);
    assert.match(
      stdout,
      / - port 9880 of makai-triggering-broker-boxes, or, .*, of makai-triggering-broker-boxes-0 to -2\n/,
    );
    assert.match(stdout, / - ports 8194 and 8196 of makai-acquisition-broker-boxes-0\n/);
  });

  it('has one address for the boxes of several brokers, beside or in place of one for each', async () => {
    const addresses = async (boxes: object, replicas: number): Promise<string[]> => {
      const { manifests } = await rendered(helm, { ...NEEDED, acquisitionBroker: { replicas, boxes } });
      return manifests
        .filter(
          ({ kind, metadata }) => kind === 'Service' && metadata.name.includes('acquisition-broker-boxes'),
        )
        .map(({ metadata }) => metadata.name.replace('makai-acquisition-broker-', ''));
    };
    assert.deepEqual(await addresses({}, 1), ['boxes-0']);
    assert.deepEqual(await addresses({}, 2), ['boxes-0', 'boxes-1', 'boxes']);
    assert.deepEqual(await addresses({ shared: { enabled: false } }, 2), ['boxes-0', 'boxes-1']);
    assert.deepEqual(await addresses({ perPod: false }, 2), ['boxes']);
    assert.deepEqual(await addresses({ perPod: false }, 1), ['boxes']);

    const { manifests } = await rendered(helm, {
      ...NEEDED,
      acquisitionBroker: {
        replicas: 2,
        boxes: {
          ...{ type: 'NodePort', nodePorts: [30001, 30002, 30003], annotations: { a: 'b', c: 'd' } },
          shared: { annotations: { a: 'e' }, nodePorts: [30011, 30012] },
        },
      },
    });
    const service = (name: string) => {
      const found = manifests.find(({ metadata }) => metadata.name === `makai-acquisition-broker-${name}`);
      const { annotations } = found?.metadata ?? {};
      const ports = found?.spec.ports?.map(({ nodePort, port }) => [port, nodePort]);
      const pod = found?.spec.selector?.['statefulset.kubernetes.io/pod-name'];
      return { annotations, ports, pod };
    };
    assert.deepEqual(service('boxes'), {
      annotations: { a: 'e', c: 'd' },
      ports: [
        [8194, 30011],
        [8196, 30012],
      ],
      pod: undefined,
    });
    assert.deepEqual(service('boxes-1'), {
      annotations: { a: 'b', c: 'd' },
      ports: [
        [8194, 30003],
        [8196, undefined],
      ],
      pod: 'makai-acquisition-broker-1',
    });
  });

  it('lets the triggering service reach Kafka where a value says so', async () => {
    const kafka = { ipBlock: { cidr: '203.0.113.9/32' } };
    const { manifests } = await rendered(helm, { ...NEEDED, networkPolicy: { triggeringService: [kafka] } });
    const policy = manifests.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-triggering-service'),
    );
    const open = policy?.spec.egress?.filter(({ ports }) => ports === undefined).map(({ to }) => to);
    assert.deepEqual(open?.[0], [kafka]);
  });

  function mistakes(python: string, manifests: readonly object[]): string[] {
    const script = join(PACKAGE_ROOT, 'test/deploy/helm/validate.py');
    const { status, stdout, stderr } = spawnSync(python, [script, ...KUBERNETES], {
      input: JSON.stringify(manifests),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((line) => line !== '');
  }
});

function pods(manifests: readonly Manifest[]): PodTemplate[] {
  return manifests.flatMap(({ spec }) => spec?.template ?? []);
}

/** Containers of this package's image. */
function ours(manifests: readonly Manifest[]): Container[] {
  return pods(manifests).flatMap(({ spec }) => spec.containers.filter(({ args }) => args !== undefined));
}

/** The label with the name of a pod is not in its template. */
function fits({ metadata }: PodTemplate, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(
    ([key, value]) => key === 'statefulset.kubernetes.io/pod-name' || metadata.labels[key] === value,
  );
}

function portOf(pod: PodTemplate | undefined, name: string): number | undefined {
  return pod?.spec.containers.flatMap(({ ports }) => ports).find((one) => one.name === name)?.containerPort;
}

/** Whether the policies of a pod let a connection with another one through; every connection where it has none. */
function isAllowed(
  manifests: readonly Manifest[],
  pod: PodTemplate,
  other: PodTemplate,
  port: number,
  way: 'ingress' | 'egress',
): boolean {
  const policies = manifests.filter(
    ({ kind, spec }) => kind === 'NetworkPolicy' && fits(pod, spec.podSelector?.matchLabels ?? {}),
  );
  if (policies.length === 0) return true;
  return policies.some(({ spec }) =>
    (spec[way] ?? []).some(({ from, ports, to }) => {
      const peers = way === 'ingress' ? from : to;
      const hasPort = ports === undefined || ports.some((one) => one.port === port);
      return hasPort && (peers === undefined || peers.some((peer) => isPeer(peer, other)));
    }),
  );
}

function isPeer({ podSelector }: Peer, pod: PodTemplate): boolean {
  if (podSelector === undefined) return false;
  const { matchExpressions = [], matchLabels = {} } = podSelector;
  return (
    fits(pod, matchLabels) &&
    matchExpressions.every(({ key, values }) => values.includes(pod.metadata.labels[key] ?? ''))
  );
}
