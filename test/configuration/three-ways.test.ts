import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { container, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import { anyOf, type SecurityChain } from '@sallyport/core';
import { type Kinds, SecurityRequest } from '@sallyport/core/extend';
import { DemoPasswords, DemoTokens, demoChain } from '../adapters/demo-chain.js';
import { CORPUS, type CorpusRow } from '../rules/request-corpus.js';

const KINDS = {
  tokens: { handler: () => new DemoTokens() },
  passwords: { handler: () => new DemoPasswords() },
} satisfies Kinds;

/** What `demoChain()` says in code. */
const CONFIGURATION = `
chain:
  name: demo
  requirement: { anyOf: [demo-tokens, demo-passwords] }
handlers:
  demo-tokens: { type: tokens }
  demo-passwords: { type: passwords }
`;

const random = () => 0;

async function chainOfFile(): Promise<SecurityChain> {
  const folder = mkdtempSync(join(tmpdir(), 'three-ways-'));
  const file = join(folder, 'security.yaml');
  writeFileSync(file, CONFIGURATION);
  try {
    return await chainFrom(file, { kinds: KINDS, random });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function chainOfContainer(): Promise<SecurityChain> {
  const own = container.createChildContainer();
  registerSecurity(own, {
    kinds: KINDS,
    random,
    handlers: { 'demo-tokens': { type: 'tokens' }, 'demo-passwords': { type: 'passwords' } },
    chain: (handler) => ({ name: 'demo', requirement: anyOf(handler('demo-tokens'), handler('demo-passwords')) }),
  });
  return resolveChain(own);
}

/** The decision about a row of the corpus, as plain data. */
async function decisionOf(chain: SecurityChain, { method = 'GET', target = '/', lines = [] }: CorpusRow) {
  const rawHeaders = lines.flatMap((line) => {
    const [name = '', value = ''] = line.split(/:[ \t]*(.*)/s, 2);
    return [name, value];
  });
  const decision = await chain.decide(
    new SecurityRequest({ method, target, rawHeaders: ['Host', 'localhost', ...rawHeaders] }),
  );
  return JSON.parse(JSON.stringify(decision).replace(/[0-9a-f-]{36}/g, '(a UUID)'));
}

describe('a chain from a file and one from a container decide as the same chain from code', () => {
  const chains: SecurityChain[] = [];
  beforeAll(async () => {
    chains.push(demoChain(), await chainOfFile(), await chainOfContainer());
  });
  afterAll(async () => {
    for (const chain of chains) await chain.close();
  });

  test.each(CORPUS)('$title', async (row) => {
    const [code, file, contained] = await Promise.all(chains.map((chain) => decisionOf(chain, row)));
    expect(file).toEqual(code);
    expect(contained).toEqual(code);
    expect(['granted', 'denied']).toContain(code.kind);
  });

  test('the corpus has both kinds of decisions', async () => {
    const kinds = await Promise.all(
      CORPUS.map(async (row) => (await decisionOf(chains[0] as SecurityChain, row)).kind),
    );
    expect(kinds.filter((kind) => kind === 'granted').length).toBeGreaterThan(30);
    expect(kinds.filter((kind) => kind === 'denied').length).toBeGreaterThan(100);
  });
});
