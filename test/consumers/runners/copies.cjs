// Two copies of core in one process, as where a tool gives one file to `import` and another to `require`.
const { equal, ok, throws } = require('node:assert/strict');
const { join } = require('node:path');

const code = 'ERR_SALLYPORT_SEVERAL_COPIES';
const DIST = join(__dirname, 'node_modules/@sallyport/core/dist');

/** What an ES module imports, and what is required beside it. */
exports.copiesProofs = ({ authenticated, SecurityChain }, ask, other) => {
  const key = other.headerHandler({ name: 'key', header: 'X-Key', verify: () => ({ subject: 'alice' }) });
  return [
    [
      'the CommonJS build works by itself',
      async () => {
        const chain = new other.SecurityChain({ requirement: other.anyOf(key) });
        equal(chain instanceof SecurityChain, false);
        await chain.start();
        await chain.close();
      },
    ],
    [
      'a chain names what is wrong with the verdicts of the other copy',
      async () => {
        const chain = new SecurityChain({ requirement: key });
        const { status, event } = await ask(chain, 'GET /', { headers: { 'X-Key': 'any' } });
        equal(status, 500);
        equal(event.fault.code, code);
      },
    ],
    [
      'a chain does not start with requirements of the other copy',
      () => throws(() => new SecurityChain({ requirement: other.anyOf(key, other.anonymous()) }), { code }),
    ],
    [
      'nobody is authenticated as a principal of the other copy',
      () => throws(() => authenticated(other.createPrincipal({ subject: 'alice' })), { code }),
    ],
    [
      'the error names the files of both copies',
      () =>
        throws(
          () => authenticated(other.createPrincipal({ subject: 'alice' })),
          ({ message }) => {
            const [, theirs, ours] = /another copy of @sallyport\/core, in "(.+)"; this copy is in "(.+)"/.exec(
              message,
            );
            for (const file of [theirs, ours]) ok(JSON.parse(`"${file}"`).startsWith(DIST), file);
            ok(theirs.endsWith('.cjs') && ours.endsWith('.js'), message);
            return true;
          },
        ),
    ],
  ];
};
