/** Values with which the chart is tested: those that it cannot do without, and all that can be chosen. */
import { NEEDED } from '../../support/helm.js';

const peer = { namespaceSelector: { matchLabels: { team: 'grid' } } };

export const VARIANTS: Readonly<Record<string, object>> = {
  'the defaults': NEEDED,
  'everything that is off by default, and Secrets of the user': {
    nameOverride: 'pq',
    imagePullSecrets: [{ name: 'registry' }],
    mongodb: { existingSecret: 'store', key: 'address', ports: [27017, 27018] },
    keys: { server: { existingSecret: 'server' }, boxes: { existingSecret: 'boxes' } },
    nats: {
      tls: { existingSecret: 'nats-tls' },
      auth: { existingSecret: 'nats-users' },
      replicas: 5,
      podAnnotations: { a: 'b' },
    },
    triggeringBroker: {
      replicas: 3,
      boxes: {
        ...{ type: 'NodePort', nodePorts: [30980, 30981, 30982], annotations: { a: 'b' } },
        shared: { annotations: { a: 'c' }, nodePorts: [30990] },
      },
      settings: { log_level: 'debug' },
      persistence: { storageClass: 'fast' },
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'grid', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
    },
    acquisitionBroker: {
      replicas: 3,
      boxes: { sourceRanges: ['192.0.2.0/24'], loadBalancerClass: 'example.org/lb', perPod: false },
      extraVolumes: [{ name: 'more', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
    },
    triggeringService: {
      persistence: { enabled: true },
      autoscaling: {
        enabled: true,
        metric: { type: 'External', selector: { matchLabels: { job: 'makai' } } },
      },
    },
    analysisService: { autoscaling: { enabled: true } },
    webService: {
      autoscaling: { enabled: true },
      ingress: {
        enabled: true,
        className: 'nginx',
        host: 'makai.example.org',
        tlsSecret: 'page',
        annotations: { a: 'b' },
      },
    },
    gateway: {
      replicas: 2,
      mqtt: { url: 'mqtts://mqtt.example.org:8883', existingSecret: 'mqtt' },
    },
    networkPolicy: {
      boxes: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
      web: [peer],
      mqtt: [peer],
      monitoring: [peer],
      backend: [peer],
      mongodb: [{ ipBlock: { cidr: '198.51.100.7/32' } }],
      gateway: [{ ipBlock: { cidr: '203.0.113.0/24' } }],
      triggeringService: [{ ipBlock: { cidr: '203.0.113.9/32' } }],
    },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  },
  'a NATS of the user, TLS at the pods, nothing that can be left out': {
    ...NEEDED,
    nats: {
      enabled: false,
      servers: ['tls://nats.example.org:4222'],
      auth: { existingSecret: 'nats-users' },
      tls: { existingSecret: 'nats-ca' },
    },
    triggeringService: { autoscaling: { enabled: true } },
    webService: { tls: { existingSecret: 'page' }, service: { type: 'LoadBalancer' } },
    gateway: { mqtt: { tls: { existingSecret: 'mqtt-tls' }, service: { annotations: { a: 'b' } } } },
    podDisruptionBudgets: false,
    networkPolicy: { enabled: false },
  },
  'one NATS server, no gateway': {
    ...NEEDED,
    nats: { replicas: 1, stream: { replicas: 1 } },
    gateway: { enabled: false },
    triggeringBroker: { boxes: { type: 'ClusterIP', shared: { enabled: false } } },
    acquisitionBroker: { boxes: { perPod: false } },
  },
};
