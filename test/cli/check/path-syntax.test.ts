import { describe, expect, test } from '@jest/globals';
import { mounted, type PathSyntax, patternsOf } from '../../../packages/cli/src/routes/path-syntax.js';
import rows from '../../vectors/check/path-syntax.json' with { type: 'json' };

/** A pattern as a text: `…` stands for what no template can say. */
function shown(patterns: ReturnType<typeof patternsOf>): readonly string[] {
  return patterns.map(({ template, isOpen }) => template + (isOpen ? '…' : ''));
}

describe.each(Object.keys(rows) as PathSyntax[])('paths of %s', (syntax) => {
  test.each(Object.entries(rows[syntax]))('%s', (path, templates) => {
    expect(shown(patternsOf(path, syntax))).toEqual(templates);
  });
});

describe('paths that are no text', () => {
  test('a list is each of its paths', () => {
    expect(shown(patternsOf(['/a/:b', ['/c']], 'path-to-regexp'))).toEqual(['/a/{b}', '/c']);
  });

  test('a regular expression may be any path', () => {
    expect(shown(patternsOf(/^\/a/, 'path-to-regexp'))).toEqual(['…']);
  });

  test('of more optional parts than any sensible path has, nothing is said', () => {
    expect(shown(patternsOf('{/a}{/b}{/c}{/d}{/e}{/f}{/g}', 'path-to-regexp'))).toEqual(['…']);
  });
});

describe('what is mounted', () => {
  const rowsOfMounts: readonly (readonly [mount: string, path: string, templates: readonly string[]])[] = [
    ['/', '/a', ['/a']],
    ['/api', '/', ['/api']],
    ['/api/', '/a/:b', ['/api/a/{b}']],
    ['/', '/', ['/']],
    ['/:tenant', '/a{/:b}', ['/{tenant}/a', '/{tenant}/a/{b}']],
    ['/api', '/files/*name', ['/api/files/…']],
    ['/*any', '/a', ['/…']],
  ];
  test.each(rowsOfMounts)('at %s, the path %s is %j', (mount, path, templates) => {
    const patterns = mounted(patternsOf(mount, 'path-to-regexp'), patternsOf(path, 'path-to-regexp'));
    expect(shown(patterns)).toEqual(templates);
  });
});
