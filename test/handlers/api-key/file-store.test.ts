import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';
import { type ApiKeyEvent, FileApiKeyStore, MemoryApiKeyStore, onApiKeyEvent } from '@sallyport/handlers/api-key';
import { apiKeyStoreRules } from '@sallyport/handlers/testing';
import { KeysUnderTest, SECRET } from './api-key-fixture.js';

let folder: string;
let path: string;
let events: ApiKeyEvent[];
let stop: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  path = join(folder, 'keys.jsonl');
  events = [];
  stop = onApiKeyEvent((event) => events.push(event));
});

afterEach(() => {
  stop();
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('the store in memory', () => {
  for (const { title, check } of apiKeyStoreRules(() => ({ store: new MemoryApiKeyStore(), pass() {} }))) {
    test(title, check);
  }
});

describe('the store in a file', () => {
  const rules = apiKeyStoreRules(() => {
    const clock = new ManualClock();
    const file = join(mkdtempSync(join(folder, 'rule-')), 'keys.jsonl');
    writeFileSync(file, '');
    return {
      store: new FileApiKeyStore({ path: file }, { clock }),
      pass: (milliseconds) => clock.pass(milliseconds / 1_000),
    };
  });
  for (const { title, check } of rules) test(title, check);
});

/** A handler with a store in the file. */
function keysIn(file = path, clock = new ManualClock()): KeysUnderTest {
  return new KeysUnderTest({ store: new FileApiKeyStore({ path: file }, { clock }) }, { clock });
}

describe('a file of keys', () => {
  test('is made by the first key, for its owner alone (CWE-732)', async () => {
    const keys = keysIn();
    expect(existsSync(path)).toBe(false);
    const { text, id } = await keys.issue();
    expect(modeOf(path)).toBe(0o600);
    const [line = '', ...others] = readFileSync(path, 'utf8').trim().split('\n');
    expect(others).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({ id, revision: 1, subject: 'web-shop' });
    for (const secret of [text, text.slice(17, 60), SECRET]) expect(line).not.toContain(secret);
    expect(await keys.send(text)).toBe('200');
    await keys.handler.close();
    expect(readdirSync(folder).toSorted()).toEqual(['keys.jsonl', 'keys.jsonl.used']);
  });

  test('keeps its mode, its comments, its order and lines that cannot be read when it changes', async () => {
    const keys = keysIn();
    const [first, second] = [await keys.issue(), await keys.issue()];
    const [one, other] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `# keys of orders\n\n${one}\n{"id":"of another version"}\n${other}\n`);
    chmodSync(path, 0o640);
    keys.clock.pass(1);
    await keys.handler.keys.revoke(second.id);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.slice(0, 4)).toEqual(['# keys of orders', '', one, '{"id":"of another version"}']);
    expect(JSON.parse(lines[4] ?? '')).toMatchObject({ id: second.id, revision: 2, revokedAt: keys.now });
    expect(modeOf(path)).toBe(0o640);
    expect([await keys.send(first.text), await keys.send(second.text)]).toEqual(['200', '401 api_key_revoked']);
  });

  test('behind a symbolic link is replaced, and not the link', async () => {
    const target = join(folder, 'real.jsonl');
    writeFileSync(target, '');
    symlinkSync(target, path);
    await keysIn().issue();
    expect(readFileSync(target, 'utf8')).toContain('web-shop');
    expect(readdirSync(folder)).toContain('keys.jsonl');
  });

  test('that another process changes is seen within checkIntervalMs, also by keys that are remembered', async () => {
    const clock = new ManualClock();
    const [server, admin] = [keysIn(path, clock), keysIn(path, clock)];
    const { text, id } = await admin.issue();
    expect(await server.send(text)).toBe('200');
    await admin.handler.keys.revoke(id);
    expect(await server.send(text)).toBe('200');
    clock.pass(1);
    // The first request starts the look at the file and does not wait for it.
    await server.send(text);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await server.send(text)).toBe('401 api_key_revoked');
    expect(events).toContainEqual({ kind: 'key_file_reloaded', path });
  });

  test('has a new key at once, also if another process made it', async () => {
    const clock = new ManualClock();
    const [server, admin] = [keysIn(path, clock), keysIn(path, clock)];
    expect(await server.send((await admin.issue()).text)).toBe('200');
    const { text, id } = await admin.issue();
    expect(await server.send(text)).toBe('200');
    expect((await server.handler.keys.revoke(id))?.revision).toBe(2);
    expect((await admin.handler.keys.rotate(id))?.record).toBeUndefined();
  });

  test('that is not there or cannot be read means 503, until it can', async () => {
    const keys = keysIn();
    const { text } = await keys.issue();
    expect(await keys.send(text)).toBe('200');
    renameSync(path, `${path}.away`);
    keys.clock.pass(31);
    expect(await keys.send(text)).toBe('503 err_sallyport_upstream_unreachable');
    expect(events).toContainEqual({ kind: 'key_file_rejected', path, problem: `${path} cannot be read (ENOENT)` });
    const { event } = await keys.answer(text);
    expect(event.steps[0]?.detail).toBe(`${path} cannot be read (ENOENT)`);
    renameSync(`${path}.away`, path);
    keys.clock.pass(31);
    expect(await keys.send(text)).toBe('200');
  });

  test('of which no line can be read leaves the last good keys in use for maxStaleMs, then it is 503', async () => {
    const keys = keysIn();
    const { text } = await keys.issue();
    writeFileSync(path, '{"id":');
    keys.clock.pass(59);
    expect(await keys.send(text)).toBe('200');
    keys.clock.pass(61);
    expect(await keys.send(text)).toBe('503 err_sallyport_upstream_body');
    expect(JSON.stringify(events)).not.toContain('{\\"id\\":');
  });

  test('with a broken line costs that key alone, and is told once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const keys = keysIn();
    const [lost, kept] = [await keys.issue(), await keys.issue()];
    const [one = '', other] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${one.slice(0, -1)}\n${other}\n`);
    keys.clock.pass(31);
    expect([await keys.send(lost.text), await keys.send(kept.text)]).toEqual(['401 api_key_unknown', '200']);
    expect(events).toContainEqual({
      ...{ kind: 'key_lines_skipped', path, count: 1 },
      lines: [{ line: 1, problem: 'is no record of a key' }],
    });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['the revoked line', 'first', 2],
    ['the revoked line', 'second', 1],
  ] as const)('with a key twice goes by %s, be it the %s, and tells the other', async (_which, place, line) => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const keys = keysIn();
    const { text, id } = await keys.issue();
    const [issued = ''] = readFileSync(path, 'utf8').split('\n');
    await keys.handler.keys.revoke(id);
    const [revoked = ''] = readFileSync(path, 'utf8').split('\n');
    // A copy of the line that somebody changed: its revision says nothing about who is right.
    const newer = issued.replace('"revision":1', '"revision":7');
    writeFileSync(path, (place === 'first' ? [revoked, newer] : [newer, revoked]).join('\n'));
    keys.clock.pass(31);
    expect(await keys.send(text)).toBe('401 api_key_revoked');
    expect(events).toContainEqual({
      ...{ kind: 'key_lines_skipped', path, count: 1 },
      lines: [{ line, problem: 'has the key of another line, which counts' }],
    });
  });

  test.each(['behind', 'before'])(
    'with an older line %s the line of a key goes by the later revision',
    async (side) => {
      jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const keys = keysIn();
      const { text, id } = await keys.issue();
      const older = readFileSync(path, 'utf8');
      const rotated = await keys.handler.keys.rotate(id, { overlapSeconds: 0 });
      const newer = readFileSync(path, 'utf8');
      writeFileSync(path, side === 'behind' ? newer + older : older + newer);
      keys.clock.pass(31);
      expect([await keys.send(text), await keys.send(rotated?.key.reveal() ?? '')]).toEqual([
        '401 api_key_unknown',
        '200',
      ]);
    },
  );

  test('that is no file of keys is an error at start, which quotes nothing', () => {
    writeFileSync(path, 'password: hunter2\n');
    expect(() => keysIn()).toThrow(`${path} line 1 is no record of a key`);
  });
});

/** Lets time pass, a little at a time, until somebody has waited enough. */
async function passedUntil(settled: Promise<void>, clock: ManualClock): Promise<void> {
  let isSettled = false;
  const waiting = settled.finally(() => {
    isSettled = true;
  });
  while (!isSettled) {
    clock.pass(0.02);
    await new Promise(setImmediate);
  }
  await waiting;
}

describe('changes of a file of keys', () => {
  test('at once, by several stores and many callers, lose none', async () => {
    // On the real clock: they wait for each other.
    const stores = Array.from({ length: 3 }, () => new KeysUnderTest({ store: new FileApiKeyStore({ path }) }));
    const issued = await Promise.all(stores.flatMap((keys) => Array.from({ length: 5 }, () => keys.issue())));
    const ids = (await keysIn().handler.keys.list()).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(issued.map(({ id }) => id).toSorted());
    await Promise.all(issued.map(({ id }, index) => stores[index % 3]?.handler.keys.revoke(id)));
    expect((await keysIn().handler.keys.list()).filter(({ revokedAt }) => revokedAt === undefined)).toEqual([]);
  });

  test('leave no other line of their key: it is deleted, revoked and replaced for good', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const keys = keysIn();
    const [deleted, revoked] = [await keys.issue(), await keys.issue()];
    const [one = '', other = ''] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [one, other, one, '# a comment', other, one, ''].join('\n'));
    keys.clock.pass(31);
    expect([await keys.send(deleted.text), await keys.send(revoked.text)]).toEqual(['200', '200']);
    expect(await keys.handler.keys.delete(deleted.id)).toBe(true);
    expect((await keys.handler.keys.revoke(revoked.id))?.revision).toBe(2);
    keys.clock.pass(31);
    expect([await keys.send(deleted.text), await keys.send(revoked.text)]).toEqual([
      '401 api_key_unknown',
      '401 api_key_revoked',
    ]);
    const [line = '', ...rest] = readFileSync(path, 'utf8').split('\n');
    expect([JSON.parse(line).revision, ...rest]).toEqual([2, '# a comment', '']);
    expect(await keys.handler.keys.delete(deleted.id)).toBe(false);
  });

  test.each([true, false])(
    'by a link and by the name of its target take one lock (the file is there: %s)',
    async (isThere) => {
      const target = join(folder, 'real.jsonl');
      if (isThere) writeFileSync(target, '');
      symlinkSync('real.jsonl', path);
      // On the real clock: they wait for each other.
      const stores = [path, target].map((file) => new KeysUnderTest({ store: new FileApiKeyStore({ path: file }) }));
      const issued = await Promise.all(stores.flatMap((keys) => Array.from({ length: 5 }, () => keys.issue())));
      const ids = (await keysIn().handler.keys.list()).map(({ id }) => id);
      expect(ids.toSorted()).toEqual(issued.map(({ id }) => id).toSorted());
      writeFileSync(`${target}.lock`, '');
      const keys = keysIn();
      const refused = expect(keys.issue()).rejects.toThrow(`${target}.lock is there`);
      await passedUntil(refused, keys.clock);
    },
  );

  test('wait for a lock, and name it when it stays', async () => {
    const keys = keysIn();
    await keys.issue();
    writeFileSync(`${path}.lock`, '');
    const waiting = keys.issue();
    const refused = expect(waiting).rejects.toThrow(
      `${path}.lock is there: another process changes the file, or has died meanwhile; then remove it`,
    );
    await passedUntil(refused, keys.clock);
    rmSync(`${path}.lock`);
    await keys.issue();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test('that cannot be written say so, leave the file as it was and nothing beside it', async () => {
    const keys = keysIn();
    await keys.issue();
    const before = readFileSync(path, 'utf8');
    const isRoot = process.getuid?.() === 0;
    const away = keysIn(join(folder, 'missing', 'keys.jsonl'));
    await expect(away.issue()).rejects.toThrow(/missing\/keys\.jsonl\.lock cannot be written \(ENOENT\)$/);
    if (!isRoot) {
      chmodSync(folder, 0o500);
      await expect(keys.issue()).rejects.toThrow(`${path}.lock cannot be written (EACCES)`);
      chmodSync(folder, 0o700);
    }
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['keys.jsonl']);
  });

  test('survive the death of their process: the file has the old text or the new one (CWE-362)', async () => {
    const keys = keysIn();
    await keys.issue();
    const script = `
      const { ApiKeys, FileApiKeyStore } = await import('@sallyport/handlers/api-key');
      const keys = new ApiKeys({ prefix: 'acme', secret: 's'.repeat(32) }, { store: new FileApiKeyStore({ path: process.argv[1] }) });
      console.log('ready');
      for (;;) await keys.create({ subject: 'web-shop' });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    while (readFileSync(path, 'utf8').split('\n').length < 5) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).subject)).toEqual(lines.map(() => 'web-shop'));
  });
});

describe('the file of uses', () => {
  test('has the last use of each key, and only uses change it', async () => {
    const keys = keysIn();
    const { text, id } = await keys.issue();
    const before = statSync(path, { bigint: true }).mtimeNs;
    await keys.send(text);
    await keys.handler.close();
    expect(JSON.parse(readFileSync(`${path}.used`, 'utf8'))).toEqual({ [id]: keys.now });
    expect(modeOf(`${path}.used`)).toBe(0o600);
    expect(statSync(path, { bigint: true }).mtimeNs).toBe(before);
    expect((await keysIn().handler.keys.list())[0]?.usedAt).toBe(keys.now);
  });

  test('that cannot be read counts for nothing, and is written anew', async () => {
    const keys = keysIn();
    const { text, id } = await keys.issue();
    writeFileSync(`${path}.used`, '{"AAAAAAAAAAAA":"x","');
    expect(await keys.send(text)).toBe('200');
    await keys.handler.close();
    expect(JSON.parse(readFileSync(`${path}.used`, 'utf8'))).toEqual({ [id]: keys.now });
  });

  test('takes what several processes write, the later use of each', async () => {
    const clock = new ManualClock();
    const [one, other] = [keysIn(path, clock), keysIn(path, clock)];
    const [a, b] = [await one.issue(), await one.issue()];
    clock.pass(1);
    await one.send(a.text);
    await one.handler.close();
    clock.pass(120);
    await other.send(b.text);
    await other.handler.close();
    const uses = JSON.parse(readFileSync(`${path}.used`, 'utf8'));
    expect(uses).toEqual({ [a.id]: clock.now() / 1_000 - 120, [b.id]: clock.now() / 1_000 });
  });
});
