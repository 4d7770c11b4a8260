import { describe, test } from '@jest/globals';
import { adapterRules } from '@sallyport/core/testing';
import { adapterRules as corpusRules } from '../rules/adapter-rules.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) corpusRules(row);

describe.each(ADAPTERS.filter(({ protocol }) => protocol === 'http'))('$name keeps the published rules', (row) => {
  const { open, joinsLines = false, name } = row;
  for (const { title, check } of adapterRules(open, { joinsLines, upgrades: name === 'node:http' })) test(title, check);
});
