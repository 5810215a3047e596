/** `npm run -s sbom`: prints the bill of materials of the npm package. */
import { billOfMaterials } from './bill-of-materials.js';

process.stdout.write(`${JSON.stringify(billOfMaterials(), null, 2)}\n`);
