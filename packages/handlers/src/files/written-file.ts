import { randomBytes } from 'node:crypto';
import { chown, open, readlink, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UpstreamError } from '@sallyport/core';
import type { Clock } from '@sallyport/core/extend';

/** Nobody but its owner can read a new file. */
const PRIVATE = 0o600;
const RETRY_MS = 20;

/**
 * Replaces the text of a file in one step: whoever reads it finds the old text or the new one, also after a crash. A file that
 * is there keeps its owner and its mode; where that is not allowed, it keeps its text, too.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_UNREACHABLE, with the file and the code of the error
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const target = await targetOf(path);
    const draft = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeDraft(draft, text, await stat(target).catch(orAbsent));
      await rename(draft, target);
    } catch (error) {
      await unlink(draft).catch(() => {});
      throw error;
    }
    await flush(dirname(target));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Runs a task while no other process changes the file: each holds `<file>.lock` for that long, beside
 * the file itself: names that are links to it share one lock. A lock that a dead process left
 * behind is not broken, because nobody can be sure of that: the error names it.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED when the lock is not free in time
 */
export async function whileLocked<Value>(
  path: string,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  task: () => Promise<Value>,
): Promise<Value> {
  const endMs = clock.monotonic() + timeoutMs;
  const lock = await lockOf(path);
  while (!(await isTaken(lock))) {
    if (clock.monotonic() >= endMs) {
      throw new UpstreamError(
        'ERR_SALLYPORT_UPSTREAM_OVERLOADED',
        `${lock} is there: another process changes the file, or has died meanwhile; then remove it`,
      );
    }
    await new Promise<void>((resolve) => void clock.schedule(RETRY_MS, resolve, true));
  }
  try {
    return await task();
  } finally {
    await unlink(lock).catch(() => {});
  }
}

async function lockOf(path: string): Promise<string> {
  try {
    return `${await targetOf(path)}.lock`;
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The file behind all links, also where it is not there yet. */
async function targetOf(path: string): Promise<string> {
  const target = await realpath(path).catch(orAbsent);
  if (target !== undefined) return target;
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? path : targetOf(resolve(await realpath(dirname(path)), link));
}

async function isTaken(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', PRIVATE);
    await file.close();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw unwritable(lock, error);
  }
}

async function writeDraft(
  draft: string,
  text: string,
  old: Awaited<ReturnType<typeof stat>> | undefined,
): Promise<void> {
  const file = await open(draft, 'wx', PRIVATE);
  try {
    await file.writeFile(text);
    await file.sync();
    if (old === undefined) return;
    const own = await file.stat();
    if (own.uid !== old.uid || own.gid !== old.gid) await chown(draft, Number(old.uid), Number(old.gid));
    await file.chmod(Number(old.mode) & 0o777);
  } finally {
    await file.close();
  }
}

/** So that the new name outlives a power cut. Not every system can do that to a folder. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function orAbsent(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
}

/** The message of a file system error names paths of others. */
function unwritable(path: string, error: unknown): UpstreamError {
  const { code } = error as { code?: unknown };
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', `${path} cannot be written (${code})`);
}
