import { LRUCache } from 'lru-cache';

const MAX_KEPT = 1_000;
const MAX_CHARACTERS = 512;

const texts = new LRUCache<string, string>({ max: MAX_KEPT });
const lists = new LRUCache<string, readonly string[]>({ max: MAX_KEPT });

/**
 * Returns one shared copy of equal texts, such as issuers, clients and scopes. Parsing a token makes new strings each
 * time: without sharing, a cache of a million principals would hold the same issuer a million times.
 */
export function interned(text: string): string {
  return text.length > MAX_CHARACTERS ? text : oneOf(texts, text, text);
}

/** The same for a list. The result is frozen. */
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
