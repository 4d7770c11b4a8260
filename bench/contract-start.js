// How long a contract takes at start: from text, from data, and from data that was validated before. Each start is in a new
// process, because a process loads and compiles the validator once.
// Run after a build: npm run bench -- contract-start
import { execFileSync } from 'node:child_process';
import { printTable } from './report.js';

const isQuick = process.argv.includes('--quick');
const STARTS = isQuick ? 1 : 5;
const OPERATIONS = isQuick ? [10] : [10, 1_000];

const PROGRAM = `
const { headerHandler, createPrincipal } = await import('@sallyport/core');
const [count, form] = [Number(process.argv[1]), process.argv[2]];
const responses = { 200: { description: 'fine' } };
const paths = Object.fromEntries(Array.from({ length: count }, (_, index) =>
  ['/r' + index + '/{id}', { get: { operationId: 'o' + index, security: [{ key: [] }], responses } }]));
const document = { openapi: '3.1.1', info: { title: 't', version: '1' }, paths,
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } } };
const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => createPrincipal({ subject: 'a' }) });
const definition = form === 'text' ? JSON.stringify(document) : document;
const start = performance.now();
const { openApi } = await import('@sallyport/openapi');
await openApi(definition, { schemes: { key }, validated: form === 'validated' });
console.log(performance.now() - start);`;

function timeOf(count, form) {
  const times = Array.from({ length: STARTS }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', String(count), form])),
  );
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(STARTS / 2)]);
}

printTable(
  OPERATIONS.flatMap((count) =>
    ['text', 'data', 'validated'].map((form) => ({
      operations: count,
      'definition given as': form === 'validated' ? 'data, validated before' : form,
      'ms at start': timeOf(count, form),
    })),
  ),
);
