import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { ask } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { CommandFolder } from './run-command.js';

const KEY_SECRET = 'the secret of this deployment, 32 characters or more';
const ENVIRONMENT = { KEY_SECRET };
const partners = (name = 'partners', file = 'keys.jsonl') => `
  ${name}:
    type: api-key
    options: { prefix: acme, secret: '\${KEY_SECRET}', store: { file: { path: ${file} } } }`;
/** A handler that is not built: its reference cannot be resolved. */
const OTHER = `
  users:
    type: basic
    options: { realm: orders, users: { htpasswd: { path: '\${USER_FILE}' } } }`;
const CONFIGURATION = `chain: { requirement: { anyOf: [partners, users] } }\nhandlers:${partners()}${OTHER}\n`;

let folder: CommandFolder;

beforeEach(() => {
  folder = new CommandFolder();
  folder.write('security.yaml', CONFIGURATION);
});
afterEach(() => folder.remove());

const key = (command: string, ...args: readonly string[]) =>
  folder.run(['key', command, '--config', 'security.yaml', ...args], { environment: ENVIRONMENT });
const kept = () => readFileSync(join(folder.path, 'keys.jsonl'), 'utf8');

async function made(...args: readonly string[]): Promise<{ text: string; id: string }> {
  const { stdout } = await key('create', '--subject', 'web-shop', ...args);
  return { text: stdout.trim(), id: stdout.slice(5, 17) };
}

/** What a server with the configuration answers. */
async function answered(text: string): Promise<string> {
  const alone = { handlers: { partners: configured() }, chain: { requirement: 'partners' } };
  const chain = await chainFrom(alone, { kinds: builtInHandlers, environment: ENVIRONMENT, directory: folder.path });
  const { status, reason, principal } = await ask(chain, 'GET /', { headers: { 'X-API-Key': text } });
  await chain.close();
  return reason === undefined ? `${status} ${principal?.subject} ${principal?.scopes.join()}` : `${status} ${reason}`;
}

function configured(): object {
  const options = { prefix: 'acme', secret: `\${KEY_SECRET}`, store: { file: { path: 'keys.jsonl' } } };
  return { type: 'api-key', options };
}

describe('key create', () => {
  test('prints the key alone on stdout, and the server takes it', async () => {
    const { code, stdout, stderr } = await key('create', '--subject', 'web-shop', '--scope', 'a', '--scope', 'b');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^acme_[0-9A-Za-z]{61}\n$/)]);
    const text = stdout.trim();
    expect(stderr).toBe(`the key ${text.slice(5, 17)} of web-shop ends never; it is shown this once\n`);
    expect(await answered(text)).toBe('200 web-shop a,b');
    expect(statSync(join(folder.path, 'keys.jsonl')).mode & 0o777).toBe(0o600);
    for (const secret of [text, text.slice(17, 60), KEY_SECRET]) expect(kept()).not.toContain(secret);
  });

  test('keeps what it is told: label, client, roles, claims, kind and end', async () => {
    const began = Math.floor(Date.now() / 1_000);
    const more = [
      '--label',
      'CI',
      '--client',
      'shop',
      '--role',
      'clerk',
      '--claims',
      '{"tenant":7}',
      '--kind',
      'workload',
    ];
    const { stdout } = await key('create', '--subject', 's', ...more, '--expires-in', '90d', '--format', 'json');
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      ...{ key: expect.stringMatching(/^acme_/), subject: 's', kind: 'workload', label: 'CI', clientId: 'shop' },
      ...{ roles: ['clerk'], claims: { tenant: 7 }, state: 'good' },
    });
    expect(told.expiresAt - began - 90 * 86_400).toBeLessThan(60);
    expect(told.expiresAt - began).toBeGreaterThanOrEqual(90 * 86_400);
    expect(stdout).not.toContain('hash');
  });

  test.each([
    ['no subject', [], 'the option --subject SUBJECT is missing'],
    [
      'a wrong end',
      ['--subject', 's', '--expires-in', 'tomorrow'],
      'the option --expires-in must be a whole number with s, m, h or d, such as 90d',
    ],
    [
      'claims that are no object',
      ['--subject', 's', '--claims', '"hunter2"'],
      'the option --claims must be a JSON object',
    ],
    [
      'a scope with a blank',
      ['--subject', 's', '--scope', 'hunter2 b'],
      'NewApiKey.scopes[0] must name a scope as RFC 6749 3.3 allows it',
    ],
    ['a wrong kind', ['--subject', 's', '--kind', 'robot'], 'the option --kind must be one of user, client, workload'],
  ])('refuses %s in one line, and quotes nothing', async (_what, args, problem) => {
    const { code, stdout, stderr } = await key('create', ...args);
    expect([code, stdout, stderr]).toEqual([2, '', `sallyport: ${problem}\n`]);
  });
});

describe('key rotate', () => {
  test('prints the new text, and both are good until the overlap ends', async () => {
    const { text, id } = await made('--scope', 'a');
    const { code, stdout, stderr } = await key('rotate', id, '--overlap', '12h');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^the old text of the key ${id} of web-shop is good until \\S+Z; it is shown this once\\n$`),
    );
    expect([await answered(text), await answered(stdout.trim())]).toEqual(['200 web-shop a', '200 web-shop a']);
  });

  test('without an overlap ends the old text at once', async () => {
    const { text, id } = await made();
    const { stdout, stderr } = await key('rotate', id, '--overlap', '0s');
    expect(stderr).toContain('is no longer good');
    expect([await answered(text), await answered(stdout.trim())]).toEqual(['401 api_key_unknown', '200 web-shop ']);
  });
});

describe('key revoke', () => {
  test('ends a key for ever, and says whose it was', async () => {
    const { text, id } = await made();
    expect(await key('revoke', id)).toEqual({ code: 0, stdout: `the key ${id} of web-shop is revoked\n`, stderr: '' });
    expect(await answered(text)).toBe('401 api_key_revoked');
    expect(await key('rotate', id)).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: 'sallyport: there is no key of this id, or it was revoked\n',
    });
  });

  test('of an unknown id ends with 2; a whole key is not quoted (CWE-532)', async () => {
    const { text } = await made();
    expect((await key('revoke', 'AAAAAAAAAAAA')).stderr).toBe('sallyport: there is no key of this id\n');
    const { code, stdout, stderr } = await key('revoke', text);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('sallyport: id must be the id of a key: 12 letters and digits, and not the key itself\n');
  });
});

describe('key list', () => {
  test('shows every key, and nothing that lets anybody in', async () => {
    const [one, other] = [await made('--label', 'CI of the shop', '--scope', 'a'), await made('--expires-in', '0s')];
    await key('revoke', one.id);
    const { code, stdout } = await key('list');
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +SUBJECT +LABEL +SCOPES +STATE +MADE +ENDS +USED$/);
    expect(rows.find((row) => row.startsWith(one.id))).toMatch(
      /web-shop +CI of the shop +a +revoked +\S+Z +never +never$/,
    );
    expect(rows.find((row) => row.startsWith(other.id))).toMatch(/web-shop +- +- +expired +\S+Z +\S+Z +never$/);
    const { stdout: json } = await key('list', '--format', 'json');
    expect(JSON.parse(json)).toHaveLength(2);
    for (const secret of [one.text, other.text, KEY_SECRET, 'hash']) expect(stdout + json).not.toContain(secret);
  });

  test('shows no control characters of a label (CWE-150)', async () => {
    await made('--label', 'a\u001b[2Jb');
    expect((await key('list')).stdout).toContain('a?[2Jb');
  });
});

describe('the handler of keys', () => {
  test('is the only one that is built, and needs no other secrets', async () => {
    expect((await made()).text).toMatch(/^acme_/);
    const { stderr } = await folder.run(['key', 'list', '--config', 'security.yaml']);
    expect(stderr).toMatch(
      /^sallyport: security\.yaml:\d+:\d+ handlers\.partners\.options\.secret needs the environment variable KEY_SECRET\n$/,
    );
  });

  test('is named where a file lists several', async () => {
    const two = `chain: { requirement: live }\nhandlers:${partners('live')}${partners('tests', 'tests.jsonl')}${OTHER}\n`;
    folder.write('security.yaml', two);
    expect(await key('list')).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: 'sallyport: security.yaml lists several handlers of keys: --handler must be one of live, tests\n',
    });
    expect((await key('create', '--subject', 's', '--handler', 'tests')).code).toBe(0);
    expect(readFileSync(join(folder.path, 'tests.jsonl'), 'utf8')).toContain('"s"');
    expect((await key('list', '--handler', 'test')).stderr).toBe(
      'sallyport: security.yaml lists no handler "test"; did you mean tests?\n',
    );
  });

  test.each([
    [
      'lists none',
      'chain: { requirement: { anonymous: true } }\n',
      [],
      'security.yaml lists no handler of the kind api-key',
    ],
    ['is of another kind', CONFIGURATION.replace(/\$\{USER_FILE\}/, 'users.htpasswd'), ['--handler', 'users'], /users/],
    [
      'has a fault',
      CONFIGURATION.replace('prefix: acme', 'prefix: Acme'),
      [],
      /^security\.yaml:\d+:\d+ handlers\.partners\.options\.prefix must be/,
    ],
  ])('that a file %s is told in one line', async (_what, text, args, problem) => {
    folder.write('security.yaml', text);
    folder.write('users.htpasswd', 'alice:$2y$10$abcdefghijklmnopqrstuuNMXbLSmMSFmHx5cnS3KiYwzdtjuSV2u\n');
    const { code, stderr } = await key('list', ...args);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr.replace('sallyport: ', '').trimEnd()).toEqual(
      problem instanceof RegExp ? expect.stringMatching(problem) : problem,
    );
  });
});
