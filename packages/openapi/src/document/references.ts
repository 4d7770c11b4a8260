import { quoted } from '@sallyport/core/extend';
import type { Faults } from '../places/faults.js';
import { below, type Pointer, partAt } from '../places/pointer.js';
import { isPart, type Part } from './shape.js';

/** A path of a definition, and the path item that it has or refers to. */
export interface PathEntry {
  readonly template: string;
  /** Where the path item stands. */
  readonly pointer: Pointer;
  readonly item: Part;
}

/**
 * The paths of a document, each with its item (OpenAPI 3.0.4 4.8.9.1). Operations would be lost silently, and their
 * security with them, if a reference went in a circle, stood beside operations or led to an inherited property.
 */
export function pathsOf(document: Part, faults: Faults): readonly PathEntry[] {
  const { paths } = document;
  if (!isPart(paths)) return [];
  return Object.entries(paths)
    .filter(([template]) => template.startsWith('/'))
    .flatMap(([template, item]) => pathOf(document, template, item, faults) ?? []);
}

function pathOf(document: Part, template: string, given: unknown, faults: Faults): PathEntry | undefined {
  const start = below('/paths', template);
  const refuse = (problem: string) => faults.add(start, `the path ${template} ${problem}`);
  const passed = new Set<Pointer>();
  let pointer = start;
  let item: unknown = given;
  while (isPart(item) && Object.hasOwn(item, '$ref')) {
    if (Object.keys(item).some((key) => !BESIDE_REFERENCE.has(key)))
      return void refuse('has a $ref and operations beside it; which of them count is undefined');
    if (passed.has(pointer)) return void refuse('refers to itself in a circle');
    passed.add(pointer);
    const reference = String(item['$ref']);
    const target = localTarget(reference);
    item = target === undefined ? undefined : partAt(document, target);
    if (target === undefined || item === undefined)
      return void refuse(`has a reference that cannot be resolved: ${quoted(reference)}`);
    pointer = target;
  }
  if (!isPart(item)) return void refuse('is no object');
  return { template, pointer, item };
}

const BESIDE_REFERENCE: ReadonlySet<string> = new Set(['$ref', 'summary', 'description']);

/** Where a reference within the document leads. Undefined for one to another document, an anchor or a broken one. */
function localTarget(reference: string): Pointer | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return undefined;
  }
}

/** What a reference within the document leads to; undefined for any other. */
export function targetOf(document: Part, reference: string): unknown {
  const target = localTarget(reference);
  return target === undefined ? undefined : partAt(document, target);
}

/** A part, or what it refers to. Undefined if that is nothing, or a circle. */
export function resolved(document: Part, given: unknown): unknown {
  const passed = new Set<unknown>();
  let part = given;
  while (isPart(part) && Object.hasOwn(part, '$ref')) {
    if (passed.has(part)) return undefined;
    passed.add(part);
    part = targetOf(document, String(part['$ref']));
  }
  return part;
}

/** In a document that names itself (OpenAPI 3.2.0 4.1.1): makes local references of those that name it. */
export function shortenReferences(document: Part): void {
  const { $self: self } = document;
  if (typeof self !== 'string' || !URL.canParse(self, ANY_BASE)) return;
  const own = new URL(self, ANY_BASE).href;
  for (const [reference, holder] of holdersIn(document, new Set())) {
    const target = URL.canParse(reference, own) ? new URL(reference, own) : undefined;
    const { hash = '' } = target ?? {};
    if (target === undefined || hash === '') continue;
    target.hash = '';
    if (target.href === own) holder['$ref'] = hash;
  }
}

/** A name that is relative stands for the address at which the document was found, which is not known here. */
const ANY_BASE = 'https://definition.invalid/';

function* holdersIn(part: unknown, passed: Set<object>): Generator<readonly [string, Record<string, unknown>]> {
  if (typeof part !== 'object' || part === null || passed.has(part)) return;
  passed.add(part);
  const holder = part as Record<string, unknown>;
  if (typeof holder['$ref'] === 'string') yield [holder['$ref'], holder];
  for (const member of Object.values(holder)) yield* holdersIn(member, passed);
}

/** Adds every reference that leads nowhere; `reason` when none of them is found. */
export function addBrokenReferences(document: Part, faults: Faults, reason: string): void {
  const before = faults.found.length;
  for (const [pointer, reference] of referencesIn(document, '', new Set())) {
    if (reference.startsWith('#')) {
      if (targetOf(document, reference) !== undefined) continue;
      faults.add(pointer, `the reference ${quoted(reference)} cannot be resolved`);
    } else {
      faults.add(
        pointer,
        `the reference ${quoted(reference)} leads to another document, and nothing is fetched; bundle the definition first`,
      );
    }
  }
  if (faults.found.length === before)
    faults.add('', `the definition has a reference that cannot be resolved: ${reason}`);
}

/** Every reference of a document, with its place. */
function* referencesIn(part: unknown, pointer: Pointer, passed: Set<object>): Generator<readonly [Pointer, string]> {
  if (typeof part !== 'object' || part === null || passed.has(part)) return;
  // An alias of YAML makes one object of several parts.
  passed.add(part);
  for (const [name, member] of Object.entries(part)) {
    const place = below(pointer, name);
    if (name === '$ref' && typeof member === 'string') yield [place, member];
    else yield* referencesIn(member, place, passed);
  }
}
