// Puts Sallyport in the place of the middleware that the conformance suite has in front of its servers:
// node --import ./suite-hooks.js …/conformance/dist/index.js client …
import { registerHooks } from 'node:module';

const OURS = new URL('./middleware.js', import.meta.url).href;

/**
 * What changes in the suite's one file: what it says, in a place that its minifier leaves alone, and what it shall say. Each
 * stands there as often as `times` says, so that a new version of the suite cannot leave something in its place.
 */
const CHANGES = [
  // Every server of the suite that asks for tokens has its middleware here: that of its scenario, or the SDK's.
  { from: /\((\w+)\.authMiddleware\?\?\w+\(\{verifier:/g, to: '(middlewareOf($1,{verifier:', times: 1 },
  // Scenarios with a middleware of their own say which they are, and lend what they watch of proofs.
  { from: /authMiddleware:async\(/g, to: 'scenario:this.name,authMiddleware:async(', times: 3 },
  {
    from: /authMiddleware:(\w+)\(this\.obs,(.{1,200}?),this\.requireNonce\)/g,
    to: 'scenario:this.name,observed:this.obs,authMiddleware:$1(this.obs,$2,!1)',
    times: 1,
  },
];

function withOurs(source) {
  const head = source.startsWith('#!') ? source.indexOf('\n') : 0;
  let changed = `import { middlewareOf } from '${OURS}';${source.slice(head)}`;
  for (const { from, to, times } of CHANGES) {
    const found = changed.match(from)?.length ?? 0;
    if (found !== times) throw new Error(`The suite has ${found} places like ${from}, not ${times}`);
    changed = changed.replace(from, to);
  }
  return changed;
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/@modelcontextprotocol/conformance/dist/index.js')) return loaded;
    return { ...loaded, source: withOurs(String(loaded.source)) };
  },
});
