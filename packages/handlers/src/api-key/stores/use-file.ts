import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../files/written-file.js';
import { isKeyId } from '../form/key-format.js';

/**
 * When keys were used, in a file of its own: the file of keys changes only when somebody changes keys. Uses that come while the file
 * is written are written together. When several processes write at once, some may get lost.
 */
export class UseFile {
  readonly #path: string;
  #known = new Map<string, number>();
  #isRead = false;
  #writing: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** As far as this process knows. */
  usedAt(id: string): number | undefined {
    return this.#known.get(id);
  }

  /** Reads what other processes have written; at first, everything. */
  async read(): Promise<void> {
    this.#isRead = true;
    for (const [id, usedAt] of usesIn(await readFile(this.#path, 'utf8').catch(() => ''))) this.#raise(id, usedAt);
  }

  get isRead(): boolean {
    return this.#isRead;
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_UNREACHABLE */
  note(id: string, usedAt: number): Promise<void> {
    this.#raise(id, usedAt);
    this.#waiting ??= (this.#writing ?? Promise.resolve()).then(() => this.#write());
    return this.#waiting;
  }

  #raise(id: string, usedAt: number): void {
    this.#known.set(id, Math.max(usedAt, this.#known.get(id) ?? 0));
  }

  #write(): Promise<void> {
    this.#waiting = undefined;
    const writing = this.#merge();
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #merge(): Promise<void> {
    await this.read();
    await replaceFile(this.#path, `${JSON.stringify(Object.fromEntries(this.#known))}\n`);
  }
}

/** What cannot be read counts for nothing. */
function usesIn(text: string): readonly (readonly [string, number])[] {
  try {
    const uses = Object.entries(JSON.parse(text) as object);
    return uses.filter(([id, usedAt]) => isKeyId(id) && typeof usedAt === 'number' && usedAt >= 0);
  } catch {
    return [];
  }
}
