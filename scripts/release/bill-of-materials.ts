/**
 * The bill of materials in CycloneDX: what npm says of the lock file, held to the packages at run time. `npm sbom --omit dev` leaves out packages
 * that a development package needs as well (seen with npm 11.19: 13 of ours, bson among them), so development packages are left out here.
 */
import { execFileSync } from 'node:child_process';
import { lockedPackages } from '../../cli/licence-reference.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

interface Component {
  'bom-ref': string;
  name: string;
  [field: string]: unknown;
}

export interface BillOfMaterials {
  bomFormat: string;
  metadata: { component: Component; [field: string]: unknown };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
  [field: string]: unknown;
}

/**
 * @param node version of the Node that is shipped with the packages, without "v"; undefined: none is
 * @throws Error where npm's list lacks a package that the lock file has
 */
export function billOfMaterials(node?: string): BillOfMaterials {
  const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const bill = JSON.parse(text) as BillOfMaterials;
  const wanted = new Set(
    lockedPackages()
      .filter(({ development }) => !development)
      .map(({ name, version }) => `${name}@${version}`),
  );
  const components = bill.components.filter((component) => wanted.has(component['bom-ref']));
  const found = new Set(components.map((component) => component['bom-ref']));
  const lacking = [...wanted].filter((ref) => !found.has(ref));
  if (lacking.length > 0) throw new Error(`npm's bill of materials lacks ${lacking.join(', ')}`);
  const { component } = bill.metadata;
  const own = component['bom-ref'];
  return {
    ...bill,
    // npm takes the name from the folder.
    metadata: { ...bill.metadata, component: { ...component, name: own.slice(0, own.lastIndexOf('@')) } },
    components: node === undefined ? components : [...components, nodeComponent(node)],
    dependencies: bill.dependencies
      .filter(({ ref }) => ref === own || found.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => found.has(one)) })),
  };
}

function nodeComponent(version: string): Component {
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    scope: 'required',
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
}
