import { namesSpeltOut } from '@sallyport/core/extend';

const MAX_DEPTH = 32;
const MAX_MEMBERS = 256;

/**
 * Reads one JSON object that can be read in one way only: valid UTF-8 without a byte order mark, no member twice
 * (also not under another spelling of its name), at most 32 levels deep, at most 256 members in an object.
 * `undefined` for everything else. Objects have no prototype, so a member called `__proto__` is data.
 */
export function parseStrictJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  const text = decodeUtf8(bytes);
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const tree = new BareTree();
  const object = tree.copyObject(value, 1);
  return tree.isWithinLimits && tree.members === namesSpeltOut(text) ? object : undefined;
}

/** Keeps a byte order mark, which is no JSON white space (RFC 8259 8.1). */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A copy of parsed JSON whose objects have no prototype: only members that were sent can be read. */
class BareTree {
  members = 0;
  isWithinLimits = true;

  copyObject(source: object, depth: number): Record<string, unknown> {
    const target: Record<string, unknown> = Object.create(null);
    const names = Object.keys(source);
    this.members += names.length;
    if (depth > MAX_DEPTH || names.length > MAX_MEMBERS) this.isWithinLimits = false;
    if (!this.isWithinLimits) return target;
    for (const name of names) target[name] = this.#copy((source as Record<string, unknown>)[name], depth + 1);
    return target;
  }

  #copy(value: unknown, depth: number): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, depth);
    return typeof value === 'object' && value !== null ? this.copyObject(value, depth) : value;
  }

  #copyArray(source: readonly unknown[], depth: number): unknown[] {
    if (depth > MAX_DEPTH) this.isWithinLimits = false;
    return this.isWithinLimits ? source.map((item) => this.#copy(item, depth + 1)) : [];
  }
}
