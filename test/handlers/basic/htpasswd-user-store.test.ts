import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';
import {
  type BasicEvent,
  HtpasswdUserStore,
  type HtpasswdUserStoreOptions,
  hashPassword,
  onBasicEvent,
} from '@sallyport/handlers/basic';
import { BasicUnderTest, CHEAP, denied, granted, headerOf } from './basic-fixture.js';

/** bcrypt hashes of `pass` and `word`, of the least cost that is read. */
const PASS = '$2y$04$74McJg6dUF0dFerATBwFy.ckFbf1ifz.zzkhE4orRebcy1c9EU5u2';
const WORD = '$2y$04$/gxa7MfJc2j05t9TtJmnNOggfdxVUKrezhtzJRxHeoeG5nDzvTQkW';
/** One millisecond more than a store trusts its files. */
const A_WHILE = 1.001;

let folder: string;
let path: string;
let groupPath: string;
let events: BasicEvent[];
let unsubscribe: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'htpasswd-'));
  path = join(folder, 'users');
  groupPath = join(folder, 'groups');
  events = [];
  unsubscribe = onBasicEvent((event) => events.push(event));
});

afterEach(() => {
  unsubscribe();
  rmSync(folder, { recursive: true });
});

function write(text: string | Uint8Array, to = path): void {
  writeFileSync(to, text);
}

/** Puts another file in its place, as careful tools do. */
function replace(text: string, to = path): void {
  writeFileSync(`${to}.new`, text);
  renameSync(`${to}.new`, to);
}

function open(options: Partial<HtpasswdUserStoreOptions> = {}): BasicUnderTest {
  const clock = new ManualClock();
  const users = new HtpasswdUserStore({ path, ...options }, { clock });
  return new BasicUnderTest(users, { failures: { perAccountAndNetwork: 10_000, perNetwork: 10_000 } }, {}, clock);
}

/** The status after the files were looked at again. */
async function later(under: BasicUnderTest, name: string, password: string, seconds = A_WHILE): Promise<number> {
  under.clock.pass(seconds);
  return under.status(name, password);
}

describe('accounts of a password file', () => {
  test('log in with bcrypt, argon2id and scrypt hashes', async () => {
    const argon2id = await hashPassword('pass', CHEAP);
    const scrypt = await hashPassword('pass', { algorithm: 'scrypt', logCost: 14 });
    write(`b:${PASS}\na:${argon2id}\ns:${scrypt}\n`);
    const under = open();
    for (const name of ['b', 'a', 's']) {
      expect(await under.status(name, 'pass')).toBe(200);
      expect(await under.status(name, 'word')).toBe(401);
    }
  });

  test('may be written with CRLF, comments, empty lines, further fields and no newline at the end', async () => {
    write(`# staff\r\n\r\nalice:${PASS}:Alice A.\r\n   \r\nbob:${WORD}`);
    const under = open();
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(await under.status('bob', 'word')).toBe(200);
    expect(await under.status('# staff', '')).toBe(401);
  });

  test('have names in NFC, whatever the file is written in (RFC 7617 2.1)', async () => {
    write(`zoe\u0308:${PASS}\n`);
    expect(await open().status('zo\u00eb', 'pass')).toBe(200);
  });

  test('have the groups of a group file as roles', async () => {
    write(`alice:${PASS}\nbob:${PASS}\n`);
    write('admin: alice carol\n# no more\nstaff: bob\talice\nstaff: alice\n', groupPath);
    const under = open({ groupPath });
    expect(granted(await under.ask('alice', 'pass')).principal.roles).toEqual(['admin', 'staff']);
    expect(granted(await under.ask('bob', 'pass')).principal.roles).toEqual(['staff']);
  });

  test('named like members of every object are accounts like any other', async () => {
    write(`__proto__:${PASS}\nconstructor:${WORD}\n`);
    const under = open();
    expect(await under.status('__proto__', 'pass')).toBe(200);
    expect(await under.status('constructor', 'word')).toBe(200);
    expect(await under.status('toString', 'pass')).toBe(401);
  });
});

describe('a line that cannot be read costs its own user alone, and is told', () => {
  /** The user of the second line is `bob`. */
  const rows: readonly (readonly [string, string, string])[] = [
    ['a legacy hash', 'bob:$apr1$GJA34/..$MalP.BfwrdYgWBv8HKlYJ/', 'has no hash that is read here'],
    ['another legacy hash', 'bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'has no hash that is read here'],
    ['a hash that is cut off', `bob:${WORD.slice(0, 30)}`, 'has no hash that is read here'],
    ['a password instead of a hash', 'bob:hunter2', 'has no hash that is read here'],
    ['an account that is shut', 'bob:!', 'has no hash that is read here'],
    ['no colon', 'bob', 'has no colon'],
    ['an empty name', `:${WORD}`, 'has a user name that no account can have'],
    ['a control character in the name', `bob\u0001:${WORD}`, 'has a user name that no account can have'],
    [
      'a user for the second time: the first line counts, as in Apache',
      `alice:${WORD}`,
      'names a user for the second time',
    ],
  ];
  const told = (problem: string) => [{ kind: 'user_lines_skipped', path, count: 1, lines: [{ line: 2, problem }] }];
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test.each(rows)('at the start: %s', async (_what, line, problem) => {
    write(`alice:${PASS}\n${line}\ncarol:${PASS}\n`);
    const under = open();
    for (const name of ['alice', 'carol']) expect(await under.status(name, 'pass')).toBe(200);
    for (const name of ['alice', 'bob', '']) expect(await under.status(name, 'word')).toBe(401);
    expect(await under.status('bob', 'hunter2')).toBe(401);
    expect(events).toEqual(told(problem));
    expect(warnings).toEqual([`${path} line 2 ${problem}: it is skipped`]);
    expect(JSON.stringify(events) + warnings.join()).not.toMatch(/hunter2|alice|bob|\$2y|apr1/);
  });

  test.each(rows)('in a running server: %s', async (_what, line, problem) => {
    write(`alice:${PASS}\n`);
    const under = open({ maxStaleMs: 0 });
    write(`alice:${PASS}\n${line}\ncarol:${PASS}\n`);
    for (let look = 0; look < 4; look += 1) expect(await later(under, 'alice', 'pass', 100)).toBe(200);
    expect(await under.status('carol', 'pass')).toBe(200);
    expect(await under.status('bob', 'word')).toBe(401);
    expect(events).toEqual([{ kind: 'user_file_reloaded', path }, ...told(problem)]);
    expect(warnings).toHaveLength(1);
  });

  test('a first line that cannot be read keeps a later one of the same user from counting', async () => {
    write(`alice:${PASS}\nbob:!\nbob:${WORD}\n`);
    expect(await open().status('bob', 'word')).toBe(401);
    expect(events).toMatchObject([{ count: 2, lines: [{ line: 2 }, { line: 3 }] }]);
    expect(warnings).toEqual([`${path} line 2 has no hash that is read here: it is skipped, and 1 more`]);
  });

  test('two spellings of a name are one user', async () => {
    write(`\u00fc:${PASS}\nu\u0308:${WORD}\n`);
    const under = open();
    expect(await under.status('\u00fc', 'pass')).toBe(200);
    expect(await under.status('\u00fc', 'word')).toBe(401);
    expect(events).toEqual(told('names a user for the second time'));
  });

  test('an event names at most 100 lines', () => {
    write(`alice:${PASS}\n${'bob\n'.repeat(150)}`);
    open();
    expect(events).toMatchObject([{ count: 150, lines: { length: 100 } }]);
  });

  test('a line of a group file gives nobody a role', async () => {
    write(`alice:${PASS}\n`);
    write('admin alice\nstaff: alice\n', groupPath);
    const under = open({ groupPath });
    expect(granted(await under.ask('alice', 'pass')).principal.roles).toEqual(['staff']);
    expect(events).toMatchObject([{ path: groupPath, lines: [{ line: 1, problem: 'names no group before a colon' }] }]);
  });

  test.each([
    ['a byte order mark', `\ufeffalice:${PASS}\n`],
    ['a comment behind blanks', `  # staff\n\t#\nalice:${PASS}\n`],
    ['blanks at the end of a line', `alice:${PASS} \t\n`],
    ['blanks before CRLF', `alice:${PASS} \r\n`],
  ])('and what cannot matter is read: %s', async (_what, text) => {
    write(text);
    expect(await open().status('alice', 'pass')).toBe(200);
    expect([...events, ...warnings]).toEqual([]);
  });
});

describe('legacy hashes are read where an option says so, and only there', () => {
  const text = `alice:${PASS}\nbob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\ncarol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n`;
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test.each([
    [['apr1'], 200, 401],
    [['sha1'], 401, 200],
    [['apr1', 'sha1'], 200, 200],
    [[], 401, 401],
  ] as const)('%j', async (legacyHashes, apr1, sha1) => {
    write(text);
    const under = open({ legacyHashes });
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(await under.status('bob', 'myPassword')).toBe(apr1);
    expect(await under.status('carol', 'password')).toBe(sha1);
    for (const name of ['bob', 'carol']) expect(await under.status(name, 'wrong')).toBe(401);
    const switches = warnings.filter((warning) => warning.includes('legacyHashes'));
    expect(switches).toEqual(legacyHashes.length > 0 ? ['basic reads weak hashes (legacyHashes)'] : []);
  });

  test('of other stores, too, if they say so themselves (CWE-1321)', async () => {
    const account = { name: 'carol', hash: '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' };
    const find = () => account;
    expect(await new BasicUnderTest({ find, legacyHashes: ['sha1'] }).status('carol', 'password')).toBe(200);
    expect(await new BasicUnderTest({ find }).status('carol', 'password')).toBe(503);
    const heir = Object.assign(Object.create({ legacyHashes: ['sha1'] }), { find });
    expect(await new BasicUnderTest(heir).status('carol', 'password')).toBe(503);
  });

  test('stay as they are in a password file, which is never written: other servers read it', async () => {
    write(text);
    const before = statSync(path, { bigint: true }).mtimeNs;
    const under = open({ legacyHashes: ['apr1', 'sha1'] });
    for (const [name, password] of [
      ['alice', 'pass'],
      ['bob', 'myPassword'],
      ['carol', 'password'],
    ] as const)
      expect(await under.status(name, password)).toBe(200);
    expect([readFileSync(path, 'utf8'), statSync(path, { bigint: true }).mtimeNs]).toEqual([text, before]);
    expect(events).toEqual([]);
  });

  test('are replaced by a stronger one where the store saves hashes', async () => {
    const account = { name: 'carol', hash: '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' };
    const saved: string[] = [];
    const saveHash = (_name: string, hash: string) => void saved.push(hash);
    const under = new BasicUnderTest({ find: () => account, saveHash, legacyHashes: ['sha1'] });
    expect(await under.status('carol', 'password')).toBe(200);
    expect(saved).toEqual([expect.stringMatching(/^\$argon2id\$/)]);
  });
});

describe('a changed file takes effect', () => {
  const changes: readonly (readonly [string, (text: string) => void])[] = [
    ['rewritten in place', write],
    ['replaced by an atomic rename', replace],
    [
      'removed and written anew',
      (text) => {
        unlinkSync(path);
        write(text);
      },
    ],
    [
      'of the same size and the same modification time',
      (text) => {
        const { atime, mtime } = statSync(path);
        write(text);
        utimesSync(path, atime, mtime);
      },
    ],
  ];

  test.each(changes)('%s: a new password at once, the old one no more, though it was remembered', async (_, change) => {
    write(`alice:${PASS}\n`);
    const under = open();
    expect(await under.status('alice', 'pass')).toBe(200);
    change(`alice:${WORD}\n`);
    expect(await later(under, 'alice', 'pass')).toBe(401);
    expect(await under.status('alice', 'word')).toBe(200);
    expect(events).toEqual([{ kind: 'user_file_reloaded', path }]);
  });

  test('behind a symbolic link, also one that is turned to another file, as mounted secrets are', async () => {
    const [one, other, link] = ['one', 'other', 'link'].map((name) => join(folder, name)) as [string, string, string];
    write(`alice:${PASS}\n`, one);
    write(`alice:${WORD}\n`, other);
    symlinkSync(one, link);
    const under = open({ path: link });
    expect(await under.status('alice', 'pass')).toBe(200);
    symlinkSync(other, `${link}.new`);
    renameSync(`${link}.new`, link);
    expect(await later(under, 'alice', 'pass')).toBe(401);
    replace(`alice:${PASS}\n`, other);
    expect(await later(under, 'alice', 'pass')).toBe(200);
  });

  test('no sooner than checkIntervalMs after the last look, and no later', async () => {
    write(`alice:${PASS}\n`);
    const under = open({ checkIntervalMs: 30_000 });
    replace(`alice:${WORD}\n`);
    expect(await later(under, 'alice', 'pass', 29.999)).toBe(200);
    expect(await later(under, 'alice', 'pass', 0.001)).toBe(401);
  });

  test('with the next request where checkIntervalMs is 0', async () => {
    write(`alice:${PASS}\n`);
    const under = open({ checkIntervalMs: 0 });
    replace('');
    expect(await under.status('alice', 'pass')).toBe(401);
  });

  test('for an account that was removed, and for roles', async () => {
    write(`alice:${PASS}\nbob:${PASS}\n`);
    write('admin: alice bob\n', groupPath);
    const under = open({ groupPath });
    expect(granted(await under.ask('bob', 'pass')).principal.roles).toEqual(['admin']);
    replace(`bob:${PASS}\n`);
    replace('guest: bob\n', groupPath);
    expect(await later(under, 'alice', 'pass')).toBe(401);
    expect(granted(await under.ask('bob', 'pass')).principal.roles).toEqual(['guest']);
  });

  test('and one that has not changed raises no event', async () => {
    write(`alice:${PASS}\n`);
    const under = open();
    for (let look = 0; look < 4; look += 1) expect(await later(under, 'alice', 'pass')).toBe(200);
    write(`alice:${PASS}\n`);
    for (let look = 0; look < 4; look += 1) expect(await later(under, 'alice', 'pass')).toBe(200);
    expect(events).toEqual([]);
  });

  test('once for many requests at the same time', async () => {
    write(`alice:${PASS}\n`);
    const under = open();
    await under.status('alice', 'pass');
    replace(`alice:${PASS}\nbob:${WORD}\n`);
    under.clock.pass(A_WHILE);
    const statuses = await Promise.all(Array.from({ length: 50 }, () => under.status('alice', 'pass')));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(events).toHaveLength(1);
  });
});

describe('a file that makes no sense leaves the accounts as they were for maxStaleMs, then it is 503', () => {
  const unfit: readonly (readonly [string, () => void, RegExp])[] = [
    ['another kind of file', () => write('{"alice": "hunter2"}\n'), /line 1 has no hash that is read here$/],
    ['a text', () => write('# users\nalice\nbob\n'), /line 2 has no colon$/],
    ['with MD5 alone', () => write('alice:$apr1$salt$hash\nbob:x\n'), /line 1 has no hash that is read here$/],
    ['with a password instead of a hash', () => write('alice:hunter2\n'), /line 1 has no hash that is read here$/],
    ['with an empty name', () => write(`:${PASS}\n`), /line 1 has a user name that no account can have$/],
    ['with a control character in a name', () => write(`a\tb:${PASS}\n`), /line 1 has a user name/],
    ['with a name of 257 bytes', () => write(`${'x'.repeat(257)}:${PASS}\n`), /line 1 has a user name/],
    ['not in UTF-8', () => write(Buffer.from([0x61, 0x3a, 0xff])), /is not UTF-8$/],
    ['larger than 16 MiB', () => truncateSync(path, 16 * 1_024 * 1_024 + 1), /is larger than 16777216 bytes$/],
    [
      'a folder',
      () => {
        unlinkSync(path);
        mkdirSync(path);
      },
      /is not a regular file$/,
    ],
    [
      'a pipe, which would never end',
      () => {
        unlinkSync(path);
        execFileSync('mkfifo', [path]);
      },
      /is not a regular file$/,
    ],
    [
      'a device, which would never end',
      () => {
        unlinkSync(path);
        symlinkSync('/dev/zero', path);
      },
      /is not a regular file$/,
    ],
  ];

  test.each(unfit)('%s', async (_, spoil, problem) => {
    write(`alice:${PASS}\n`);
    const under = open();
    spoil();
    expect(await later(under, 'alice', 'pass')).toBe(200);
    expect(await under.status('alice', 'word')).toBe(401);
    expect(await later(under, 'alice', 'pass', 59.999)).toBe(200);
    expect(await later(under, 'alice', 'pass', 0.001)).toBe(503);
    expect(denied(await under.ask('nobody', 'pass'))).toMatchObject({
      status: 503,
      reason: 'err_sallyport_upstream_body',
    });
    expect(events).toEqual([{ kind: 'user_file_rejected', path, problem: expect.stringMatching(problem) }]);
    rmSync(path, { recursive: true });
    write(`alice:${WORD}\n`);
    expect(await later(under, 'alice', 'pass')).toBe(401);
    expect(await under.status('alice', 'word')).toBe(200);
    expect(events.slice(1)).toEqual([{ kind: 'user_file_reloaded', path }]);
  });

  test.each(unfit)('%s: refused at start-up, and quoted nowhere', (_, spoil) => {
    write(`alice:${PASS}\n`);
    spoil();
    let refusal: unknown;
    try {
      open();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ name: 'ConfigurationError', code: 'ERR_SALLYPORT_OPTION_INVALID' });
    expect(String(refusal)).not.toMatch(/hunter2|alice|\$2y/);
  });

  test('written in two steps: no account is lost in between', async () => {
    write(`alice:${PASS}\nbob:${WORD}\n`);
    const under = open();
    const next = `alice:${PASS}\nbob:${WORD}\ncarol:${PASS}\n`;
    write(next.slice(0, -20));
    expect(await later(under, 'bob', 'word')).toBe(200);
    expect(await under.status('carol', 'pass')).toBe(401);
    write(next);
    expect(await later(under, 'carol', 'pass')).toBe(200);
  });

  test('put right again within maxStaleMs, it is as if nothing had happened', async () => {
    const good = `alice:${PASS}\n`;
    write(good);
    const under = open({ maxStaleMs: 10_000 });
    for (const spoiled of [() => write('alice\n'), () => truncateSync(path, 16 * 1_024 * 1_024 + 1)]) {
      spoiled();
      expect(await later(under, 'alice', 'pass', 9)).toBe(200);
      write(good);
      expect(await later(under, 'alice', 'pass', 9)).toBe(200);
      expect(await later(under, 'alice', 'pass', 20)).toBe(200);
    }
  });

  test('503 at once where maxStaleMs is 0', async () => {
    write(`alice:${PASS}\n`);
    const under = open({ maxStaleMs: 0 });
    write('alice\n');
    expect(await later(under, 'alice', 'pass')).toBe(503);
  });

  test('a group file of which no line can be read, too', async () => {
    write(`alice:${PASS}\n`);
    write('admin: alice\n', groupPath);
    const under = open({ groupPath });
    replace('admin alice\n', groupPath);
    under.clock.pass(A_WHILE);
    expect(granted(await under.ask('alice', 'pass')).principal.roles).toEqual(['admin']);
    expect(await later(under, 'alice', 'pass', 60)).toBe(503);
    expect(events).toMatchObject([{ kind: 'user_file_rejected', path: groupPath }]);
  });
});

describe('a file that cannot be read is 503, never 401: nobody knows who may log in', () => {
  /** Root may read everything: for a moment it is somebody else. */
  async function asNobody<Value>(task: () => Promise<Value>): Promise<Value> {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      return await task();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  }

  async function expect503(under: BasicUnderTest): Promise<void> {
    for (const [name, password] of [
      ['alice', 'pass'],
      ['alice', 'wrong'],
      ['nobody', 'pass'],
    ] as const) {
      const decision = denied(await under.ask(name, password));
      expect(decision).toMatchObject({ status: 503, reason: 'err_sallyport_upstream_unreachable' });
      expect(headerOf(decision, 'Retry-After')).toMatch(/^[1-9]\d*$/);
      expect(headerOf(decision, 'WWW-Authenticate')).toBeUndefined();
    }
  }

  test('deleted, until it is there again', async () => {
    const good = `alice:${PASS}\n`;
    write(good);
    const under = open();
    expect(await under.status('alice', 'pass')).toBe(200);
    unlinkSync(path);
    under.clock.pass(A_WHILE);
    await expect503(under);
    await expect503(under);
    write(good);
    expect(await later(under, 'alice', 'pass')).toBe(200);
    expect(events).toMatchObject([
      { kind: 'user_file_rejected', problem: expect.stringContaining('(ENOENT)') },
      { kind: 'user_file_reloaded' },
    ]);
  });

  test('permission denied, although the content may be known, until it is granted again', async () => {
    write(`alice:${PASS}\n`);
    chmodSync(folder, 0o755);
    const under = open();
    for (let look = 0; look < 3; look += 1) expect(await later(under, 'alice', 'pass')).toBe(200);
    chmodSync(path, 0o000);
    await asNobody(async () => {
      for (let look = 0; look < 4; look += 1) {
        under.clock.pass(A_WHILE);
        await expect503(under);
      }
    });
    chmodSync(path, 0o644);
    expect(await asNobody(() => later(under, 'alice', 'pass'))).toBe(200);
    expect(events).toMatchObject([
      { kind: 'user_file_rejected', problem: expect.stringContaining('(EACCES)') },
      { kind: 'user_file_reloaded' },
    ]);
  });

  test.each([
    ['a link to itself', () => symlinkSync(path, path), 'ELOOP'],
    ['a link to nowhere', () => symlinkSync(join(folder, 'nowhere'), path), 'ENOENT'],
  ])('%s', async (_, spoil, code) => {
    write(`alice:${PASS}\n`);
    const under = open();
    unlinkSync(path);
    spoil();
    under.clock.pass(A_WHILE);
    await expect503(under);
    expect(events).toMatchObject([{ problem: expect.stringContaining(`(${code})`) }]);
  });

  test('the group file, too: nobody knows what anybody may', async () => {
    write(`alice:${PASS}\n`);
    write('admin: alice\n', groupPath);
    const under = open({ groupPath });
    unlinkSync(groupPath);
    under.clock.pass(A_WHILE);
    await expect503(under);
  });

  test('outages count as no failed login', async () => {
    write(`alice:${PASS}\n`);
    const clock = new ManualClock();
    const users = new HtpasswdUserStore({ path }, { clock });
    const under = new BasicUnderTest(users, { failures: { perAccountAndNetwork: 1 } }, {}, clock);
    unlinkSync(path);
    for (let look = 0; look < 5; look += 1) expect(await later(under, 'alice', 'wrong')).toBe(503);
    write(`alice:${PASS}\n`);
    expect(await later(under, 'alice', 'pass')).toBe(200);
  });

  test('it stops the start-up', () => {
    expect(() => open()).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
    expect(() => open()).toThrow('ENOENT');
  });
});

describe('options', () => {
  test.each([
    [{ path: '' }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ checkIntervalMs: -1 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ maxStaleMs: 3_600_001 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ file: 'x' }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
  ])('%j is refused with %s', (wrong, code) => {
    write('');
    expect(() => open(wrong as Partial<HtpasswdUserStoreOptions>)).toThrow(expect.objectContaining({ code }));
  });
});
