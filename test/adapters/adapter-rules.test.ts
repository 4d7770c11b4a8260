import { describe, test } from '@jest/globals';
import { adapterRules } from '@sallyport/core/testing';
import { adapterRules as corpusRules } from '../rules/adapter-rules.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) corpusRules(row);

describe.each(ADAPTERS)('$name keeps the published rules', ({ open, joinsLines = false, protocol, name }) => {
  const options = { joinsLines, protocol, upgrades: name === 'node:http' };
  for (const { title, check } of adapterRules(open, options)) test(title, check);
});
