import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import planted from '../../vectors/check/planted-faults.json' with { type: 'json' };
import sarif from '../../vectors/sarif/sarif-2.1.0.json' with { type: 'json' };
import { APPLICATIONS, checked, type ToldFinding } from './checked.js';

const FRAMEWORKS = ['express-4', 'express-5', 'fastify', 'koa', 'hono'];
/** How the frameworks write the wildcard of the one route that no template can say. */
const WILDCARDS: Readonly<Record<string, string>> = { 'express-5': '*name', koa: '*name' };

const LINES = readFileSync(join(APPLICATIONS, 'faulty.yaml'), 'utf8').split('\n');

describe.each(FRAMEWORKS)('an application of %s', (name) => {
  test('with planted faults: all of them are found where they stand, and nothing else', async () => {
    const { code, stdout, problems } = await checked('faulty.yaml', '--app', `${name}-faulty.mjs`, '--format', 'json');
    const { findings } = JSON.parse(stdout) as { findings: readonly ToldFinding[] };
    const told = findings.map(({ rule, pointer, message }) => ({ rule, pointer, message }));
    const wildcard = WILDCARDS[name] ?? '*';
    expect(told).toEqual(planted.map((each) => ({ ...each, message: each.message.replace('/*,', `/${wildcard},`) })));
    expect([code, problems]).toEqual([1, '']);
    for (const finding of findings) expectItsPlace(finding);
  });

  test('without faults: nothing is found', async () => {
    const { code, stdout, problems } = await checked('clean.yaml', '--app', `${name}-clean.mjs`, '--fail-on', 'note');
    expect(stdout).toMatch(/^no findings in 10 operations and \d+ routes of /);
    expect([code, problems]).toEqual([0, '']);
  });
});

test('at least twenty faults are planted', () => {
  expect(planted.length).toBeGreaterThanOrEqual(20);
});

/** The line and column are those of the member that the pointer names. A scope is named by its position in the list. */
function expectItsPlace({ pointer, line, column }: ToldFinding): void {
  const text = LINES[line - 1]?.slice(column - 1) ?? '';
  const name = pointer.split('/').at(-1)?.replaceAll('~1', '/') ?? '';
  if (/^\d+$/.test(name)) expect(text).toMatch(/^[\w:]+[\],]/);
  else expect(text.slice(0, name.length + 1)).toBe(`${name}:`);
}

test('SARIF output is a log of SARIF 2.1.0, with a rule and a place for each finding', async () => {
  const { code, stdout } = await checked('faulty.yaml', '--format', 'sarif');
  const log = JSON.parse(stdout);
  const { $schema: _draft, id: _id, ...schema } = sarif;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
  expect([validate(log), validate.errors]).toEqual([true, null]);
  const [{ tool, results }] = log.runs;
  const alone = planted.filter(({ rule }) => /^(?:operation-without|scheme|scope)/.test(rule));
  expect(results.map(({ ruleId }: { ruleId: string }) => ruleId)).toEqual(alone.map(({ rule }) => rule));
  for (const { ruleId, ruleIndex, level, locations } of results) {
    expect(tool.driver.rules[ruleIndex]).toMatchObject({ id: ruleId, defaultConfiguration: { level } });
    expect(locations[0].physicalLocation.artifactLocation).toEqual({ uri: 'faulty.yaml' });
  }
  expect(code).toBe(1);
});
