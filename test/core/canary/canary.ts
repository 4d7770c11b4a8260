import { hash } from 'node:crypto';
import { inspect } from 'node:util';

/** A text that must not be seen anywhere, and every form in which it could be. */
export class Canary {
  readonly text: string;
  readonly #forms: readonly (readonly [form: string, needle: string])[];

  /** `carriers` are texts that the canary is wrapped into, such as the base64 of a user name and password. */
  constructor(text: string, carriers: readonly string[] = []) {
    this.text = text;
    this.#forms = [text, ...carriers].flatMap((whole) => [
      ['as it is', whole],
      ['from the middle', whole.slice(4, -4)],
      ['percent-encoded', encodeURIComponent(whole)],
      ['base64', unpadded(Buffer.from(whole).toString('base64'))],
      ['base64url', Buffer.from(whole).toString('base64url')],
      ['hex', Buffer.from(whole).toString('hex')],
      ...(['hex', 'base64', 'base64url'] as const).map((encoding) => [
        `SHA-256 in ${encoding}`,
        unpadded(hash('sha256', whole, encoding)),
      ]),
    ]) as (readonly [string, string])[];
  }

  /** The forms of the canary that `output` shows; none, if all is well. */
  foundIn(output: string): readonly string[] {
    return this.#forms.filter(([, needle]) => output.includes(needle)).map(([form]) => form);
  }
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}

/** All that a value shows to whoever prints it, in any way that Node has. */
export function printed(value: unknown): string {
  const deep = { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null };
  return [
    inspect(value, { ...deep, showHidden: true, getters: true }),
    inspect(value, { ...deep, showProxy: true }),
    json(value),
    isPlain(value) ? '' : String(value),
  ].join('\n');
}

/** Objects that inherit nothing cannot be made a text. */
function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('toString' in value);
}

function json(value: unknown): string {
  const seen = new Set<unknown>();
  const once = (_name: string, member: unknown) => {
    if (typeof member === 'bigint') return String(member);
    if (typeof member !== 'object' || member === null) return member;
    if (seen.has(member)) return undefined;
    seen.add(member);
    return member;
  };
  return JSON.stringify(value, once) ?? '';
}
