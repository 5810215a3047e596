/** Debian's buildah with a storage of its own, without a daemon: as root, by chroot. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { attempt, run } from '../support/command.js';

const BUILD_MS = 2_700_000;
/** A folder in which storage and layers stay for the next run, for work on the Dockerfile: only what has changed is built. */
const KEPT = process.env.MAKAI_TEST_IMAGE_STORAGE;

export interface ImageConfig {
  User: string;
  WorkingDir: string;
  Entrypoint: string[];
  Env: string[];
}

export class Buildah {
  readonly #folder: string;
  readonly #driver: string;

  private constructor(folder: string, driver: string) {
    this.#folder = folder;
    this.#driver = driver;
  }

  /** With storage by overlay where that is possible; else, as in a container, by vfs, which copies all files for each layer. */
  static async create(): Promise<Buildah> {
    const folder = KEPT ?? mkdtempSync(join(tmpdir(), 'makai-image-'));
    const overlay = new Buildah(folder, 'overlay');
    const { code } = await attempt(overlay.#command('info'));
    return code === 0 ? overlay : new Buildah(folder, 'vfs');
  }

  /** Makes an image of a copy of a root folder. @param change is done to the copy */
  async importImage(name: string, root: string, change: (root: string) => Promise<void>): Promise<void> {
    const image = `docker.io/library/${name}`;
    if (
      KEPT !== undefined &&
      (await this.#run('images', '--format={{.Name}}:{{.Tag}}')).split('\n').includes(image)
    )
      return;
    const container = await this.#run('from', 'scratch');
    const folder = await this.#run('mount', container);
    await run(['cp', '-a', `${root}/.`, folder], { timeoutMs: BUILD_MS });
    await change(folder);
    await this.#run('commit', '--quiet', '--rm', container, image);
  }

  /** Builds this package's Dockerfile as the README says, on images that are there. */
  async build(name: string): Promise<void> {
    await this.#run(
      'build',
      '--isolation=chroot',
      '--pull-never',
      `--layers=${KEPT !== undefined}`,
      // npm downloads no package again that this machine has.
      `--volume=${await npmCache()}:/root/.npm`,
      '--file',
      join(PACKAGE_ROOT, 'deploy/docker/Dockerfile'),
      '--tag',
      name,
      PACKAGE_ROOT,
    );
  }

  async config(image: string): Promise<ImageConfig> {
    const inspected: { OCIv1: { config: ImageConfig } } = JSON.parse(
      await this.#run('inspect', '--type=image', image),
    );
    return inspected.OCIv1.config;
  }

  /** The files of an image, as a folder. */
  async mount(image: string): Promise<string> {
    return this.#run('mount', await this.#run('from', '--pull-never', image));
  }

  async remove(): Promise<void> {
    await this.#run('umount', '--all');
    if (KEPT === undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(...args: string[]): Promise<string> {
    return (await run(this.#command(...args), { timeoutMs: BUILD_MS })).trim();
  }

  #command(...args: string[]): string[] {
    const storage = `${this.#folder}/${this.#driver}`;
    const options = [
      `--storage-driver=${this.#driver}`,
      `--root=${storage}`,
      `--runroot=${this.#folder}/run`,
    ];
    return ['buildah', ...options, ...args];
  }
}

async function npmCache(): Promise<string> {
  const folder = (await run(['npm', 'config', 'get', 'cache'])).trim();
  mkdirSync(folder, { recursive: true });
  return folder;
}
