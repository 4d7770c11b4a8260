import { adapterContract } from '../contracts/adapter-contract.js';
import { ADAPTERS } from './demo-servers.js';

for (const row of ADAPTERS) adapterContract(row);
