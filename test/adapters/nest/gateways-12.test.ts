import { nestGateways } from './nest-gateways.js';

nestGateways(12);
