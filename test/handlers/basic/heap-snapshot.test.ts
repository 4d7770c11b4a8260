import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashPassword } from '@sallyport/handlers/basic';
import { basic, CHEAP } from './basic-fixture.js';

const SERVER = join(__dirname, '../../support/basic-server.js');
const BCRYPT = { algorithm: 'bcrypt', cost: 10 } as const;

/** Names and passwords that stand nowhere else, by what becomes of them. */
const LOGINS = {
  remembered: ['canary-alice', 'right-canary-4711'],
  rehashed: ['canary-bob', 'rehashed-canary-4712'],
  'beyond ASCII': ['canary-zo\u00eb', 'sch\u00f6n-canary-4713-\u{1f511}'],
  wrong: ['canary-alice', 'wrong-canary-4714'],
  'of an unknown user': ['canary-nobody', 'unknown-canary-4715'],
  malformed: ['canary-alice', 'malformed-canary-4716\u0007'],
} as const;

describe('a heap snapshot after use (CWE-316)', () => {
  let folder: string;
  let server: ChildProcess;
  let snapshot: string;
  const statuses: Record<string, number> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heap-'));
    const known = (['remembered', 'rehashed', 'beyond ASCII'] as const).map(async (kind) => {
      const [name, password] = LOGINS[kind];
      return { name, hash: await hashPassword(password, kind === 'rehashed' ? BCRYPT : CHEAP) };
    });
    const settings = JSON.stringify({ accounts: await Promise.all(known), hashing: CHEAP });
    server = fork(SERVER, [settings]);
    const [port] = await once(server, 'message');
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers, connection: 'close' } })).status;
    for (const [kind, [name, password]] of Object.entries(LOGINS)) {
      for (let round = 0; round < 3; round += 1) statuses[kind] = await ask({ authorization: basic(name, password) });
    }
    // Whatever remembers the last thing it has seen sees these.
    for (let round = 0; round < 20; round += 1) {
      await ask({ authorization: basic(`last-${round}`, 'x'), 'x-keep': 'kept-canary-4717' });
    }
    server.send(join(folder, 'heap.heapsnapshot'));
    const [{ path, kept }] = await once(server, 'message');
    expect(kept).toBe(20);
    snapshot = readFileSync(path, 'utf8');
  }, 30_000);
  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true });
  });

  test('was taken of a server that had checked every kind of login', () => {
    expect(statuses).toEqual({
      remembered: 200,
      rehashed: 200,
      'beyond ASCII': 200,
      wrong: 401,
      'of an unknown user': 401,
      malformed: 401,
    });
  });

  test('shows what is kept on purpose', () => {
    expect(snapshot.includes('kept-canary-4717')).toBe(true);
    expect(snapshot.includes('canary-alice')).toBe(true);
  });

  test.each(Object.entries(LOGINS))(
    'shows no password that was %s, neither plain nor encoded',
    (_, [name, password]) => {
      const encoded = basic(name, password).slice('Basic '.length);
      // A part is enough: snapshots may cut strings, and escape what is not ASCII.
      const [part = ''] = /[a-z]+-canary-\d+|-canary-\d+/.exec(password) ?? [];
      expect(part).not.toBe('');
      for (const secret of [part, encoded, encoded.slice(0, -4), encoded.slice(-20)]) {
        expect(snapshot.includes(secret)).toBe(false);
      }
    },
  );
});
