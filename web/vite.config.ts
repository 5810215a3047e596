/** How the page is bundled: `npm run build` writes it into dist/web. All assets are its own; nothing is inline. */
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const outDir = fileURLToPath(new URL('../dist/web/', import.meta.url));

/** The licences of the packages that end up in the bundle, as a file beside it. */
const licences: Plugin = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const folders = new Set<string>();
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue;
      for (const id of file.moduleIds) {
        const [folder] = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id) ?? [];
        if (folder !== undefined && !folder.endsWith('/vite')) folders.add(folder);
      }
    }
    const texts = [...folders].sort().map((folder) => {
      const name = folder.slice(folder.lastIndexOf('/node_modules/') + '/node_modules/'.length);
      return `${name}\n\n${readFileSync(`${folder}/LICENSE`, 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'assets/licences.txt', source: texts.join('\n----\n\n') });
  },
};

/** Where this build writes to, which `--outDir` may have changed. */
function removeOldAssets(): Plugin {
  let assets = '';
  return {
    name: 'remove-old-assets',
    configResolved: ({ build, root }) => {
      assets = resolve(root, build.outDir, 'assets');
    },
    buildStart: () => rmSync(assets, { recursive: true, force: true }),
  };
}

/**
 * uPlot makes a format of numbers and one of times when it is loaded, for labels that the page makes itself (page/charts/chart.tsx). Each costs a phone as much as drawing a
 * chart. @throws Error where uPlot's code is another than this was written for
 */
const lazyFormats: Plugin = {
  name: 'lazy-formats',
  transform(code, id) {
    if (!/\/uplot\/dist\/uPlot\.esm\.js$/.test(id)) return undefined;
    const replacements = [
      [
        /^const numFormatter = (new Intl\.NumberFormat\(.*\));$/m,
        'const numFormatter = { format: (val) => $1.format(val) };',
      ],
      [
        /^const localTz = new Intl\.DateTimeFormat\(\)\.resolvedOptions\(\)\.timeZone;$/m,
        'const localTz = undefined;',
      ],
    ] as const;
    const changed = replacements.reduce((text, [from, to]) => {
      if (!from.test(text)) throw new Error(`uPlot has no ${from}: look at its formats again`);
      return text.replace(from, to);
    }, code);
    // the lines stay where they are
    return { code: changed, map: null };
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir,
    // dist/web/logic is compiled by tsc for the tests and stays; old assets go
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    reportCompressedSize: false,
  },
  plugins: [lazyFormats, licences, removeOldAssets()],
});
