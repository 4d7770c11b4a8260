import { adapterConnections } from '../contracts/adapter-connections.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) adapterConnections(row);
