/** The three daemons as processes, with new keys and an SQLite store in a new folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import { freePort } from './free-port.js';
import { Measured } from './process.js';

export const DAEMONS = ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const;
export type DaemonName = (typeof DAEMONS)[number];

/** Keys of a box, Z85, as zeromq.js takes them. */
export interface BoxCurve {
  curveServerKey: string;
  curvePublicKey: string;
  curveSecretKey: string;
}

export class DaemonLine {
  readonly folder: string;
  readonly endpoints: { measurements: string; stream: string; commands: string; replies: string };
  /** one key pair for all simulated boxes; admission depends on the key and not on the id */
  readonly curve: BoxCurve;
  readonly #running = new Map<DaemonName, Measured>();

  /** @param service more settings of the triggering service */
  static async prepare(plugins: readonly object[] = [], service: object = {}): Promise<DaemonLine> {
    const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
    const layout = keyLayout(join(folder, 'curve'));
    const [server, box] = [newKeyPair(), newKeyPair()];
    await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...server });
    await writePublicCertificate(layout.boxPublic('1000'), { boxId: '1000', publicKey: box.publicKey });
    const at = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;
    const endpoints = {
      measurements: await at(),
      stream: await at(),
      commands: await at(),
      replies: await at(),
    };
    const requests = await at();
    const entry = { client_certs: layout.publicDirectory, server_cert: layout.serverSecret };
    const common = { status: 'off', log_level: 'error' };
    const stored = { store: `sqlite:${join(folder, 'makai.db')}`, metric_update_sec: 0 };
    const any = 'tcp://127.0.0.1:*';
    const configs: Record<DaemonName, object> = {
      'triggering-broker': {
        ...{ ...common, ...entry },
        ...{ interface: endpoints.measurements, backend: endpoints.stream },
      },
      'acquisition-broker': {
        ...{ ...common, ...entry, ...stored },
        ...{
          box_pub: endpoints.commands,
          box_pull: endpoints.replies,
          backend_pull: requests,
          backend_pub: any,
        },
        ...{ zmq_event_endpoint: any, zmq_event_id_endpoint: any },
      },
      'triggering-service': {
        ...{ ...common, ...stored, plugins, ...service },
        ...{ zmq_trigger_endpoint: endpoints.stream, zmq_acquisition_endpoint: requests },
      },
    };
    for (const name of DAEMONS)
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(configs[name]), { mode: 0o600 });
    const curve = {
      curveServerKey: server.publicKey,
      curvePublicKey: box.publicKey,
      curveSecretKey: box.secretKey.reveal(),
    };
    return new DaemonLine(folder, endpoints, curve);
  }

  private constructor(folder: string, endpoints: DaemonLine['endpoints'], curve: BoxCurve) {
    this.folder = folder;
    this.endpoints = endpoints;
    this.curve = curve;
  }

  /** @returns the process when it is ready, and the ms that it took */
  async start(name: DaemonName): Promise<{ process: Measured; ms: number }> {
    const main = join(PACKAGE_ROOT, 'dist/cli/main.js');
    const begun = performance.now();
    const daemon = new Measured(name, process.execPath, [main, name, join(this.folder, `${name}.json`)]);
    this.#running.set(name, daemon);
    await daemon.until('"ready"');
    return { process: daemon, ms: performance.now() - begun };
  }

  async stop(): Promise<void> {
    for (const daemon of this.#running.values()) await daemon.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
