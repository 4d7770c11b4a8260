import { LRUCache } from 'lru-cache';

const MAX_KEPT = 1_000;
const MAX_CHARACTERS = 512;

// Each is made with its first entry, because it allocates its memory at once.
let texts: LRUCache<string, string> | undefined;
let lists: LRUCache<string, readonly string[]> | undefined;
let wordLists: LRUCache<string, readonly string[]> | undefined;
const shared = new WeakSet<readonly string[]>();

/**
 * Returns one shared copy of equal texts, such as issuers, clients and scopes. Parsing a token makes new strings each
 * time: without sharing, a cache of a million principals would hold the same issuer a million times.
 */
export function interned(text: string): string {
  if (text.length > MAX_CHARACTERS) return text;
  texts ??= new LRUCache({ max: MAX_KEPT });
  return oneOf(texts, text, text);
}

/** The same for a list. The result is frozen. */
export function internedList(list: readonly string[]): readonly string[] {
  if (shared.has(list)) return list;
  const name = nameOf(list);
  const frozen = Object.isFrozen(list) ? list : Object.freeze([...list]);
  if (name.length > MAX_CHARACTERS) return frozen;
  lists ??= new LRUCache({ max: MAX_KEPT });
  const one = oneOf(lists, name, frozen);
  shared.add(one);
  return one;
}

/** A name of its own for each list. By hand, because a `toJSON` on a prototype would give several lists one name. */
function nameOf(list: readonly string[]): string {
  let name = '';
  for (let index = 0; index < list.length; index += 1) {
    const text = list[index] as string;
    name += `${text.length}:${text}`;
  }
  return name;
}

/** The words of a text, each once, between single spaces (RFC 6749 3.3): a shared list, which is frozen. */
export function wordsOfText(text: string): readonly string[] {
  const known = wordLists?.get(text);
  if (known !== undefined) return known;
  const words = internedList([...new Set(text.split(' '))].filter((word) => word !== ''));
  if (text.length > MAX_CHARACTERS) return words;
  wordLists ??= new LRUCache({ max: MAX_KEPT });
  wordLists.set(text, words);
  return words;
}

function oneOf<Value extends string | readonly string[]>(
  kept: LRUCache<string, Value>,
  name: string,
  value: Value,
): Value {
  const known = kept.get(name);
  if (known !== undefined) return known;
  kept.set(name, value);
  return value;
}
