/** Debian's buildah with a storage of its own, without a daemon: as root, by chroot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { run } from '../support/command.js';

const BUILD_MS = 2_700_000;

export interface ImageConfig {
  User: string;
  WorkingDir: string;
  Entrypoint: string[];
  Env: string[];
}

export class Buildah {
  readonly #folder = mkdtempSync(join(tmpdir(), 'makai-image-'));

  /** Makes an image of a copy of a root folder. @param change is done to the copy */
  async importImage(name: string, root: string, change: (root: string) => Promise<void>): Promise<void> {
    const container = await this.#run('from', 'scratch');
    const folder = await this.#run('mount', container);
    await run(['cp', '-a', `${root}/.`, folder], { timeoutMs: BUILD_MS });
    await change(folder);
    await this.#run('commit', '--quiet', '--rm', container, `docker.io/library/${name}`);
  }

  /** Builds this package's Dockerfile as the README says, on images that are there. */
  async build(name: string): Promise<void> {
    await this.#run(
      'build',
      '--isolation=chroot',
      '--pull-never',
      '--file',
      join(PACKAGE_ROOT, 'deploy/docker/Dockerfile'),
      '--tag',
      name,
      PACKAGE_ROOT,
    );
  }

  async config(image: string): Promise<ImageConfig> {
    const text = await this.#run('inspect', '--type=image', '--format={{json .OCIv1.Config}}', image);
    return JSON.parse(text);
  }

  /** The files of an image, as a folder. */
  async mount(image: string): Promise<string> {
    return this.#run('mount', await this.#run('from', '--pull-never', image));
  }

  async remove(): Promise<void> {
    await this.#run('umount', '--all');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(...args: string[]): Promise<string> {
    const storage = [
      '--storage-driver=vfs',
      `--root=${this.#folder}/storage`,
      `--runroot=${this.#folder}/run`,
    ];
    return (await run(['buildah', ...storage, ...args], { timeoutMs: BUILD_MS })).trim();
  }
}
