import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { DETAILS } from '../../packages/core/src/decision/problem.js';
import { sourcesOf } from '../repository/source-tree.js';
import { documentOf, type TableRow, tablesOf } from '../support/markdown.js';
import { BODIES } from './troubleshooting/causes-of-bodies.js';
import { BUGS } from './troubleshooting/causes-of-bugs.js';
import { CERTIFICATES } from './troubleshooting/causes-of-certificates.js';
import { KEYS } from './troubleshooting/causes-of-keys.js';
import { OUTAGES } from './troubleshooting/causes-of-outages.js';
import { PASSWORDS } from './troubleshooting/causes-of-passwords.js';
import { CREDENTIALS, PERMISSIONS, REQUESTS, UNSEEN } from './troubleshooting/causes-of-requests.js';
import { TOKENS } from './troubleshooting/causes-of-tokens.js';
import { START_SECRETS, WRONG_STARTS } from './troubleshooting/causes-of-wrong-starts.js';
import { Scene } from './troubleshooting/scene.js';

const CAUSES = [
  ...CREDENTIALS,
  ...TOKENS,
  ...PASSWORDS,
  ...KEYS,
  ...CERTIFICATES,
  ...BODIES,
  ...REQUESTS,
  ...PERMISSIONS,
  ...BUGS,
  ...OUTAGES,
  ...UNSEEN,
];
const [CAUSE, CLIENT, LINE, ERROR, CHANGE] = [
  'What happened',
  'The client gets',
  'The line says',
  'The error',
  'What to change',
] as const;

const rows = tablesOf(documentOf('docs/troubleshooting.md')).flat();
const causeRows = rows.filter((row) => LINE in row);
const startRows = rows.filter((row) => ERROR in row);
const rowOf = (cause: string): TableRow => rows.find((row) => row[CAUSE] === cause) ?? {};
const code = (...texts: readonly (string | undefined)[]) =>
  texts.flatMap((text) => (text === undefined ? [] : `\`${text}\``)).join(': ');
const SOURCES = sourcesOf('packages').map(({ text }) => text);

const LISTED = new Set(
  tablesOf(documentOf('docs/error-codes.md')).flatMap((table) =>
    table.map((row) => row['Reason']?.replaceAll('`', '')),
  ),
);

/** Whether a text has these words, in their order; `…` stands for anything between them. */
function says(text: string, words: string): boolean {
  let from = 0;
  return words.split('…').every((part) => {
    const found = text.indexOf(part.trim(), from);
    from = found + part.length;
    return found !== -1;
  });
}

/** What a row names to change: everything in code, and the words of its cause. */
function namedBy(row: TableRow, change: string | undefined): readonly string[] {
  const cell = (row[CHANGE] ?? '').replace(/\]\([^)]*\)/g, ']');
  const inCode = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  return [...new Set(change === undefined ? inCode : [...inCode, change])];
}

/** Every spelling of a secret that a text might have. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return whole.slice(shift === 0 ? 0 : 4, -4);
  });
  const hex = bytes.toString('hex');
  return [
    secret,
    ...aligned,
    ...aligned.map(urlSafe),
    hex,
    hex.toUpperCase(),
    encodeURIComponent(secret),
    secret.slice(0, 12),
  ];
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What a line advises. The reasons of an application's own code have no advice: what happened tells what to change. */
function adviceIn(line: string, reason: string): string {
  const [, advice] = line.split('. To change: ');
  if (LISTED.has(reason)) return advice ?? '';
  return line;
}

/** Whether a text has a name as a word of its own: "resource" has no "source". */
function hasWord(text: string, name: string): boolean {
  const escaped = name.replace(/[^\w\s]/g, '\\$&');
  return new RegExp(`(?<!\\w)${escaped}(?!\\w)`).test(text);
}

/** What clients are told by the protocol: a header field, a code of every 403, and a parameter of the challenge of a key. */
const OF_THE_PROTOCOL: readonly string[] = ['Retry-After', 'forbidden', 'header'];

/** The texts in quotes: what came, and what was expected. */
function quotedIn(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text).filter(({ length }) => length > 3);
}

describe('docs/troubleshooting.md', () => {
  test('has the rows that are tried here, and no others', () => {
    expect(causeRows.map((row) => row[CAUSE])).toEqual(CAUSES.map(({ cause }) => cause));
    expect(startRows.map((row) => row[CAUSE])).toEqual(WRONG_STARTS.map(({ cause }) => cause));
    expect(CAUSES.length).toBeGreaterThanOrEqual(100);
  });

  test.each(CAUSES)('shows what is tried here: $cause', ({ cause, client, reason, words, change }) => {
    const row = rowOf(cause);
    expect([row[CLIENT], row[LINE]]).toEqual([
      client.replace(/ (\w+)$/, ' `$1`'),
      reason === undefined ? 'nothing' : code(reason, words),
    ]);
    if (change !== undefined) expect(row[CHANGE]?.replaceAll('`', '')).toContain(change);
    if (reason !== undefined) expect(namedBy(row, change)).not.toEqual([]);
  });

  test.each(WRONG_STARTS)('shows what is tried here: $cause', ({ cause, code: errorCode, words, change }) => {
    const row = rowOf(cause);
    expect(row[ERROR]).toBe(code(errorCode, words));
    if (change !== undefined) expect(row[CHANGE]?.replaceAll('`', '')).toContain(change);
    expect(namedBy(row, change)).not.toEqual([]);
  });

  test('names nothing to change that the packages do not have', () => {
    const named = rows.flatMap((row) =>
      [...(row[CHANGE] ?? '').matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name = '']) => name),
    );
    expect([...new Set(named)].filter((name) => !SOURCES.some((text) => text.includes(name)))).toEqual([]);
  });
});

describe('the operator reads what to change, and the client does not', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.clear());
  afterAll(() => scene.close());

  test.each(CAUSES)('$cause', async ({ cause, client, reason, words = '', change, provoke }) => {
    await provoke(scene);
    const { answer, secrets } = scene;
    if (answer === undefined) throw new Error('nothing was asked');
    const told = `${answer.lines.join('\n')}\n${answer.body}`;
    const line = [...scene.warnings, scene.lines.at(-1)].join('\n');

    if (reason === undefined) expect([`${answer.status}`, scene.lines]).toEqual([client, []]);
    else {
      const problem = JSON.parse(answer.body);
      expect(`${answer.status} ${problem.code}`).toBe(client);
      expect(Object.values(DETAILS)).toContain(problem.detail);
      expect(line).toMatch(new RegExp(`\\b${reason}\\b`));
      expect([line, says(line, words)]).toEqual([line, true]);
      const named = namedBy(rowOf(cause), change);
      expect([line, named.filter((name) => !adviceIn(line, reason).includes(name))]).toEqual([line, []]);
      const learnt = named.filter((name) => hasWord(told, name));
      expect(learnt.filter((name) => !OF_THE_PROTOCOL.includes(name))).toEqual([]);
      expect(quotedIn(scene.details).filter((text) => told.includes(text))).toEqual([]);
    }
    const everything = [told, ...scene.lines, JSON.stringify(scene.events), ...scene.warnings].join('\n');
    const leaked = secrets.filter((secret) =>
      spellings(secret).some((text) => text.length >= 8 && everything.includes(text)),
    );
    expect(leaked).toEqual([]);
  });
});

test('the line that the page shows is such a line', async () => {
  const scene = await Scene.open();
  await TOKENS.find(({ reason }) => reason === 'audience_mismatch')?.provoke(scene);
  const [, shown = ''] = /^SALLYPORT \d+: (.*)$/m.exec(documentOf('docs/troubleshooting.md')) ?? [];
  expect(scene.lines).toEqual([shown.replace('chain default; 2 ms', 'chain shop; 0 ms')]);
  await scene.clear();
  await scene.close();
});

describe('what cannot work does not start, and the error says why', () => {
  test.each(WRONG_STARTS)('$cause', async ({ cause, code: errorCode, words, change, start }) => {
    const error = await (async () => start())().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    const { code: thrown, message } = error as ConfigurationError;
    expect([thrown, message, says(message, words)]).toEqual([errorCode, message, true]);
    const named = namedBy(rowOf(cause), change);
    expect([message, named.filter((name) => !message.includes(name))]).toEqual([message, []]);
    expect(START_SECRETS.filter((secret) => message.includes(secret))).toEqual([]);
  });
});

test('what a row names to change is everything in code, and the words of its cause', () => {
  const row = { [CHANGE]: 'Set `scheme`, or see [`raw`](bodies.md#raw-`x`) and `allow`.' };
  expect(namedBy(row, 'Set')).toEqual(['scheme', 'raw', 'allow', 'Set']);
  expect(namedBy({ [CHANGE]: 'Mend it.' }, undefined)).toEqual([]);
  expect(['source', 'iss', 'header'].filter((name) => hasWord('a missing resource; header="x"', name))).toEqual([
    'header',
  ]);
});

test('a secret is found in other spellings', () => {
  const secret = 'correct horse battery';
  const texts = [`user:${secret}`, `Bearer ${secret}`, `a${secret}`].map((text) => Buffer.from(text));
  for (const text of texts.flatMap((bytes) => [
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ])) {
    expect([text, spellings(secret).some((spelling) => text.includes(spelling))]).toEqual([text, true]);
  }
});
