// Bundles a server of these tests, with the built packages outside, or for Workers with all that it imports.
// Run: node test/runtimes/bundle.js <runtime> <source> <file>
import { builtinModules } from 'node:module';
import { build } from 'esbuild';

const [runtime, source, outfile] = process.argv.slice(2);
const isWorkers = runtime === 'workers';

/** The tokens of the corpus stand in the sources of core. Here they use the built core, as the chain does. */
const ofCore = {
  name: 'of-core',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.\/\.\.\/\.\.\// }, ({ importer }) =>
      importer.endsWith('rule-tokens.ts') ? { path: 'core', namespace: 'core' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'core' }, () => ({
      contents: "export * from '@sallyport/core'; export * from '@sallyport/core/extend';",
      resolveDir: import.meta.dirname,
    }));
  },
};

await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  format: 'esm',
  target: 'es2023',
  logLevel: 'error',
  plugins: [ofCore],
  // As wrangler bundles a Worker.
  ...(isWorkers
    ? { conditions: ['workerd', 'worker', 'browser'], external: ['node:*', 'cloudflare:*', ...builtinModules] }
    : { platform: 'node', packages: 'external' }),
});
