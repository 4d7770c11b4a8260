import { describe, test } from '@jest/globals';
import { adapterRules } from '@sallyport/core/testing';
import { adapterRules as corpusRules } from '../../rules/adapter-rules.js';
import { nestRows } from './nest-servers.js';

/** The rules and the golden corpus, in applications of Nest. */
export function nestRules(version: number): void {
  const rows = nestRows(version);
  for (const row of rows) corpusRules(row);

  describe.each(rows)('$name keeps the published rules', ({ open }) => {
    for (const { title, check } of adapterRules(open)) test(title, check);
  });
}
