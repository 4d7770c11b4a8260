import { describe, test } from '@jest/globals';
import { adapterRules } from '@sallyport/core/testing';
import { adapterRules as corpusRules } from '../../rules/adapter-rules.js';
import { MCP_ADAPTERS } from '../demo-servers.js';

for (const row of MCP_ADAPTERS) corpusRules(row);

describe.each(MCP_ADAPTERS)('$name keeps the published rules', ({ open, joinsLines = false, protocol }) => {
  // It answers refusals itself: its clients read status and challenge.
  const rules = adapterRules(open, { joinsLines, protocol, upgrades: false }).filter(
    ({ title }) => !title.includes('onDenied'),
  );
  for (const { title, check } of rules) test(title, check);
});
