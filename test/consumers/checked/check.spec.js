// Runs the command of the packed package on applications of Nest, and of the oldest frameworks that it knows.
import { deepEqual, equal, match } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

const BIN = 'node_modules/@sallyport/cli/dist/main/bin.js';
const APPLICATIONS = 'test/cli/check/applications';
const { default: planted } = await import('./test/vectors/check/planted-faults.json', { with: { type: 'json' } });

function checked(document, ...args) {
  return new Promise((resolve) => {
    const all = [BIN, 'check', `${APPLICATIONS}/${document}`, ...args];
    execFile(process.execPath, all, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
  });
}

/** `wildcard` is how the framework writes the one route that no template can say. */
async function expectAllFaults(app, wildcard, ...args) {
  const { code, stdout } = await checked('faulty.yaml', '--format', 'json', '--app', app, ...args);
  const told = JSON.parse(stdout).findings.map(({ rule, pointer, message }) => ({ rule, pointer, message }));
  deepEqual(
    told,
    planted.map((each) => ({ ...each, message: each.message.replace('/*,', `/${wildcard},`) })),
  );
  equal(code, 1);
}

async function expectNone(app, ...args) {
  const { code, stdout } = await checked('clean.yaml', '--fail-on', 'note', '--app', app, ...args);
  match(stdout, /^no findings in 10 operations and \d+ routes of /);
  equal(code, 0);
}

const OLDEST = [
  ['Express 4.18', 'express-4', '*'],
  ['Express 5.0', 'express-5', '*name'],
  ['Fastify 5.0', 'fastify', '*'],
  ['Koa 2', 'koa', '*name'],
  ['Hono 4.6', 'hono', '*'],
];
for (const [name, file, wildcard] of OLDEST) {
  test(`${name}: all planted faults are found, and nothing else`, () =>
    expectAllFaults(`${APPLICATIONS}/${file}-faulty.mjs`, wildcard));
  test(`${name}: without faults, nothing is found`, () => expectNone(`${APPLICATIONS}/${file}-clean.mjs`));
}

for (const server of ['express', 'fastify']) {
  test(`Nest on ${server}, in TypeScript: all planted faults are found, and nothing else`, () =>
    expectAllFaults(`nest/${server}-faulty.ts`, server === 'express' ? '*name' : '*', '--import', 'tsx'));
  test(`Nest on ${server}, in TypeScript: without faults, nothing is found`, () =>
    expectNone(`nest/${server}-clean.ts`, '--import', 'tsx'));
}
