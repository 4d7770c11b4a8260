import { adapterConnections } from '../rules/adapter-connections.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) adapterConnections(row);
