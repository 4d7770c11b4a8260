import { adapterRules } from '../rules/adapter-rules.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) adapterRules(row);
