// The servers that are compared, by credential and framework: the bare one, the cheapest thing that could work, ours and
// the usual packages. Each function makes a server that is ready to listen.
import { FRAMEWORKS } from './frameworks.js';

const CREDENTIALS = {
  JWT: () => import('./jwt-stacks.js'),
  'opaque token': () => import('./opaque-stacks.js'),
  password: () => import('./basic-stacks.js'),
};

export async function stacksOf(credential, framework) {
  const { find, chain, peers } = await CREDENTIALS[credential]();
  const { bare, limit, ours } = FRAMEWORKS[framework];
  return {
    bare,
    limit: (settings) => limit(find(settings)),
    ours: async (settings) => ours(await chain(settings)),
    ...peers[framework],
  };
}
