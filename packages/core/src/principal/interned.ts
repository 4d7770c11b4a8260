import { LRUCache } from 'lru-cache';

const MAX_KEPT = 1_000;
const MAX_CHARACTERS = 512;

const texts = new LRUCache<string, string>({ max: MAX_KEPT });
const lists = new LRUCache<string, readonly string[]>({ max: MAX_KEPT });

/**
 * The one copy of a text that many principals have in common: an issuer, a client, a scope. A cache of a million
 * principals would otherwise hold it a million times, since every token that is parsed brings its own.
 */
export function interned(text: string): string {
  return text.length > MAX_CHARACTERS ? text : oneOf(texts, text, text);
}

/** The same for a list; frozen. */
export function internedList(list: readonly string[]): readonly string[] {
  const name = JSON.stringify(list);
  const frozen = Object.isFrozen(list) ? list : Object.freeze([...list]);
  return name.length > MAX_CHARACTERS ? frozen : oneOf(lists, name, frozen);
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
