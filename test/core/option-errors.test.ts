import { resolve } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import type { ConfigurationError as Problem } from '@sallyport/core';
import type { option } from '@sallyport/core/extend';
import { sourcesOf } from '../repository/source-tree.js';

type Table = option.Table<unknown, unknown>;
const mockTables: Table[] = [];

jest.mock('../../packages/core/src/options/table.ts', () => {
  const real = jest.requireActual<Record<'table', (owner: string, members: object) => Table>>(
    '../../packages/core/src/options/table.ts',
  );
  const table = (owner: string, members: object) => {
    const made = real.table(owner, members);
    mockTables.push(made);
    return made;
  };
  return { ...real, table };
});

/** They run when they are loaded, and declare no options. */
const PROGRAMS = ['packages/cli/src/main/bin.ts', 'packages/cli/src/application/reading-process.ts'];

for (const { path } of sourcesOf('packages')) {
  if (/\/src\/.*\.ts$/.test(path) && !PROGRAMS.includes(path)) require(resolve(path));
}
const { ConfigurationError } = require('@sallyport/core') as { ConfigurationError: new () => Problem };

const CANARY = 'c4n4ry 5ecret-0123456789~value';
const WRONG: readonly unknown[] = [
  CANARY,
  '',
  [CANARY],
  [[CANARY]],
  { [CANARY]: CANARY },
  { value: { text: CANARY } },
  [{ name: CANARY, [CANARY]: 1 }],
  Number.NaN,
  -1.5,
  true,
  null,
  Symbol(CANARY),
  Object.assign(() => CANARY, { [CANARY]: CANARY }),
  new Map([[CANARY, CANARY]]),
  Buffer.from(CANARY),
];

/** What a check says about a value; undefined when it takes it. */
function problemWith(check: () => unknown): Problem | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw new Error('a check threw something else', { cause: error });
  }
}

function printed(error: unknown): string {
  const seen = error as { stack?: unknown; option?: unknown; cause?: unknown };
  return [seen.stack, seen.option, seen.cause instanceof Error ? printed(seen.cause) : seen.cause]
    .map(String)
    .join('\n');
}

const options = mockTables.flatMap((table) =>
  Object.entries(table.members).map(([name, check]) => ({ name: `${table.owner}.${name}`, check })),
);

describe('the error of each option of every package', () => {
  test('is looked at: all tables are found', () => {
    expect(options.length).toBeGreaterThan(300);
    expect(new Set(mockTables.map(({ owner }) => owner)).size).toBeGreaterThan(50);
  });

  test('names option and rule, and never the value', () => {
    const found: string[] = [];
    let problems = 0;
    for (const { name, check } of options) {
      for (const [index, wrong] of WRONG.entries()) {
        try {
          const problem = problemWith(() => check(wrong, name));
          if (problem === undefined) continue;
          problems += 1;
          const { message } = problem;
          if (printed(problem).includes('5ecret')) found.push(`${name} ${index}: quotes the value`);
          if (!message.includes(name)) found.push(`${name} ${index}: does not name the option: ${message}`);
          if (message.replace(name, '').trim().length < 8) found.push(`${name} ${index}: names no rule: ${message}`);
        } catch (error) {
          found.push(`${name} ${index}: ${String((error as Error).cause)}`);
        }
      }
    }
    expect(found).toEqual([]);
    expect(problems).toBeGreaterThan(3_000);
  });

  test('names the nearest option for one that does not exist, and an unknown name only if it looks like one', () => {
    for (const table of mockTables) {
      for (const name of Object.keys(table.members)) {
        const typo = `${name.slice(0, -1)}${name.at(-1)?.toUpperCase()}`;
        if (typo === name || Object.hasOwn(table.members, typo)) continue;
        const problem = problemWith(() => table({ [typo]: CANARY }));
        expect(problem).toMatchObject({ code: 'ERR_SALLYPORT_OPTION_UNKNOWN' });
        expect(problem?.message).toContain(`no option "${typo}"`);
        expect(problem?.message).toContain(name);
        expect(printed(problem)).not.toContain('5ecret');
      }
      expect(printed(problemWith(() => table({ [CANARY]: 1 })))).not.toContain('5ecret');
    }
  });
});
