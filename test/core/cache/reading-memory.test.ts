import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { ReadingMemory } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';
import { aRequest } from './cache-fixture.js';

const PLACES = 16_384;

describe('a memory of readings', () => {
  test('recalls what was kept of a credential, wherever requests send it, and nothing of another', () => {
    const lengths = new ReadingMemory<number>();
    expect(lengths.recall('abc', aRequest())).toBeUndefined();
    lengths.keep('abc', buildRequest('GET /', { bearer: 'abc' }), 3);
    expect(lengths.recall('abc', aRequest())).toBe(3);
    expect(lengths.recall('abc', buildRequest('GET /', { bearer: 'abc' }))).toBe(3);
    expect(lengths.recall('abcd', aRequest())).toBeUndefined();
    expect(lengths.recall('abcd', buildRequest('GET /', { bearer: 'abc' }))).toBeUndefined();
  });

  test('is a memory of its own', () => {
    const [one, other] = [new ReadingMemory<number>(), new ReadingMemory<number>()];
    other.keep('x', aRequest(), 0);
    one.keep('abc', aRequest(), 3);
    expect(other.recall('abc', aRequest())).toBeUndefined();
  });

  test('takes 16,384 places at most, and never gives one credential what was kept of another', () => {
    const numbers = new ReadingMemory<number>();
    const all = Array.from({ length: 2 * PLACES }, (_, index) => index);
    for (const index of all) numbers.keep(`credential ${index}`, aRequest(), index);
    const recalled = all.filter((index) => {
      const reading = numbers.recall(`credential ${index}`, aRequest());
      if (reading !== undefined) expect(reading).toBe(index);
      return reading !== undefined;
    });
    // Hashes spread them, four to each two places on average: nearly all of the places are taken (Poisson: 0.945).
    expect(recalled.length).toBeLessThanOrEqual(PLACES);
    expect(recalled.length).toBeGreaterThan(0.93 * PLACES);
    expect(numbers.recall(`credential ${all.at(-1)}`, aRequest())).toBe(all.at(-1));
  });

  test('keeps most of what takes turns where there are eight times as many places', () => {
    const numbers = new ReadingMemory<number>();
    const all = Array.from({ length: PLACES / 8 }, (_, index) => index);
    const recalled = () => all.filter((index) => numbers.recall(`credential ${index}`, aRequest()) === index).length;
    for (const index of all) numbers.keep(`credential ${index}`, aRequest(), index);
    // Of those that had to share two places with two others, one is gone (Poisson: 0.991).
    expect(recalled()).toBeGreaterThan(0.97 * all.length);
    // What is kept again displaces nothing.
    for (const index of all) {
      if (numbers.recall(`credential ${index}`, aRequest()) === index)
        numbers.keep(`credential ${index}`, aRequest(), index);
    }
    expect(recalled()).toBeGreaterThan(0.97 * all.length);
  });

  test('holds no credential: none stands in a heap snapshot (CWE-316)', () => {
    const canary = 'canary-of-readings-4711';
    const script = `
      const { ReadingMemory, SecurityRequest } = require('@sallyport/core/extend');
      const memory = new ReadingMemory();
      function keep() {
        const credential = Buffer.from('${Buffer.from(canary).toString('base64')}', 'base64').toString();
        const request = new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] });
        memory.keep(credential, request, 'reading-canary');
        return memory.recall(credential, request);
      }
      keep();
      require('node:v8').getHeapSnapshot().pipe(process.stdout);
    `;
    const snapshot = execFileSync(process.execPath, ['-e', script], {
      cwd: __dirname,
      maxBuffer: 2 ** 28,
      encoding: 'utf8',
    });
    expect(snapshot).toContain('reading-canary');
    expect(snapshot).not.toContain(canary);
  });
});
