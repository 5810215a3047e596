/** The chart for Kubernetes as the archive that Helm installs: its folder, whose Chart.yaml has the version of the package. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';

/**
 * @param out folder for the archive
 * @returns the file
 * @throws what tar throws
 */
export function packChart(out: string): string {
  const file = join(out, `opq-makai-chart-${VERSION}.tgz`);
  // Nothing of this machine in it: neither its users nor its times.
  const same = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
    '--mtime=@0',
  ];
  execFileSync('tar', ['-czf', file, ...same, '-C', join(PACKAGE_ROOT, 'deploy/helm'), 'makai']);
  return file;
}
