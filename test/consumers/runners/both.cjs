// One process that both imports and requires. The loaders are those of the file that asks: `import` and `require` of
// an ES module, of a CommonJS file, of a test runner.
const { deepEqual, equal } = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters'];

/** Every door of every package, as its users name it. */
function doors() {
  return PACKAGES.flatMap((name) => {
    const manifest = readFileSync(join(__dirname, 'node_modules/@sallyport', name, 'package.json'), 'utf8');
    const paths = Object.keys(JSON.parse(manifest).exports).filter((path) => path !== './package.json');
    return paths.map((path) => `@sallyport/${name}${path.slice(1)}`);
  });
}

async function everyDoorIsOne(imports, requires) {
  const different = [];
  for (const door of doors()) {
    const imported = await imports(door);
    const required = requires(door);
    for (const name of Object.keys(imported)) if (imported[name] !== required[name]) different.push(`${door} ${name}`);
  }
  deepEqual(different, []);
}

/** A chain and its operators from `one`, its handlers and services from `other`. */
async function chainTakesHandlers(one, other) {
  const { anyOf, SecurityChain } = await one('@sallyport/core');
  const { ask } = await one('@sallyport/core/testing');
  const { AuthorizationServer } = await other('@sallyport/core/testing');
  const { headerHandler, MemoryCacheStore, Revocations } = await other('@sallyport/core');
  const { IntrospectionHandler } = await other('@sallyport/handlers/introspection');
  const { BasicHandler, InMemoryUserStore } = await other('@sallyport/handlers/basic');

  const authority = await AuthorizationServer.start();
  const { introspectionEndpoint: endpoint, clientId, clientSecret } = authority;
  const tokens = new IntrospectionHandler(
    {
      realm: 'orders',
      endpoint,
      clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
      outbound: { allowInsecureLoopback: true, timeoutMs: 30_000 },
      cache: { secret: 'a secret of at least thirty-two bytes' },
    },
    { store: new MemoryCacheStore(), revocations: new Revocations() },
  );
  const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => ({ subject: 'alice' }) });
  const users = new BasicHandler({ realm: 'orders', users: new InMemoryUserStore() });
  const chain = new SecurityChain({ deadlineMs: 60_000, requirement: anyOf(tokens, key, users) });

  const alice = await authority.as({ subject: 'alice' }, { opaque: true });
  equal((await ask(chain, 'GET /', alice)).principal?.subject, 'alice');
  equal((await ask(chain, 'GET /', { headers: { 'X-Key': 'any' } })).principal?.subject, 'alice');
  equal((await ask(chain, 'GET /', { basic: ['nobody', 'any'] })).status, 401);
  equal((await ask(chain)).challenges.length, 3);
  await chain.close();
  await authority.close();
}

exports.bothProofs = (imports, requires) => [
  ['what a door gives to import it gives to require', () => everyDoorIsOne(imports, requires)],
  ['an imported chain takes required handlers', () => chainTakesHandlers(imports, requires)],
  ['a required chain takes imported handlers', () => chainTakesHandlers(requires, imports)],
];
