const MAX_DEPTH = 32;
const MAX_MEMBERS = 256;

/**
 * Reads one JSON object that can be read in one way only: valid UTF-8 without a byte order mark, no member twice
 * (also not under another spelling of its name), at most 32 levels deep, at most 256 members in an object.
 * `undefined` for everything else. Objects have no prototype, so a member called `__proto__` is data.
 */
export function parseStrictJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  const text = decodeUtf8(bytes);
  if (text === undefined || !isJson(text)) return undefined;
  try {
    const value = new Reader(text).read();
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof Ambiguous) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Also refuses a byte order mark, which is no JSON white space (RFC 8259 8.1). */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class Ambiguous extends Error {}

/** A string, a number, a literal, or one sign of structure. */
const TOKEN = /[ \t\n\r]*("(?:[^"\\]|\\.)*"|[{}[\]:,]|[^ \t\n\r{}[\]:,"]+)/y;

/** Walks through text that is known to be valid JSON, and sees what `JSON.parse` hides: members that come twice. */
class Reader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(depth = 1): unknown {
    const token = this.#next();
    if (token === '{') return this.#readObject(depth);
    if (token === '[') return this.#readArray(depth);
    return JSON.parse(token);
  }

  #readObject(depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw new Ambiguous();
    const object: Record<string, unknown> = Object.create(null);
    let members = 0;
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      if (token === ',') continue;
      const name = JSON.parse(token) as string;
      members += 1;
      if (members > MAX_MEMBERS || Object.hasOwn(object, name)) throw new Ambiguous();
      this.#next();
      object[name] = this.read(depth + 1);
    }
    return object;
  }

  #readArray(depth: number): unknown[] {
    if (depth > MAX_DEPTH) throw new Ambiguous();
    const items: unknown[] = [];
    while (this.#peek() !== ']') {
      if (this.#peek() === ',') this.#next();
      items.push(this.read(depth + 1));
    }
    this.#next();
    return items;
  }

  #next(): string {
    TOKEN.lastIndex = this.#position;
    const match = TOKEN.exec(this.#text) as RegExpExecArray;
    this.#position = TOKEN.lastIndex;
    return match[1] as string;
  }

  #peek(): string {
    const position = this.#position;
    const token = this.#next();
    this.#position = position;
    return token;
  }
}
