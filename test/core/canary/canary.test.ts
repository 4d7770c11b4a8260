import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Canary, printed } from './canary.js';

const canary = new Canary('c4n4ry-0123456789', ['dXNlcjpjNG40cnk=']);

describe('the search itself', () => {
  test.each([
    ['as it is', { deep: [{ token: canary.text }] }],
    ['as a key of a map', { cache: new Map([[canary.text, 1]]) }],
    ['in a member that is not enumerable', Object.defineProperty({}, 'secret', { value: canary.text })],
    ['behind a getter', Object.defineProperty({}, 'secret', { get: () => canary.text })],
    ['under a symbol', { [Symbol('secret')]: canary.text }],
    ['in an error message', new Error(`bad token ${canary.text}`)],
    ['in a cause', new Error('bad', { cause: new Error(canary.text) })],
    ['in a buffer', { bytes: Buffer.from(canary.text).toString('hex') }],
    ['in what JSON makes of it', { toJSON: () => canary.text }],
    ['cut short', { token: `${canary.text.slice(0, -3)}...` }],
    ['hashed without a key', { key: sha256(canary.text) }],
    ['in a carrier', ['Basic dXNlcjpjNG40cnk=']],
  ])('finds a canary %s', (_where, value) => {
    expect(canary.foundIn(printed(value))).not.toEqual([]);
  });

  test('finds nothing where nothing is', () => {
    expect(canary.foundIn(printed({ token: 'another', list: [new Map([['a', new Set([1])]])] }))).toEqual([]);
  });
});

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
