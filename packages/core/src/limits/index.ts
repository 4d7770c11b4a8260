export { GoodBefore, type GoodBeforeOptions, type Standing } from './good-before.js';
export { networkOf, networksOf, UNKNOWN_NETWORK } from './network.js';
export { runInTurn, type Turn } from './run-in-turn.js';
export { type Applicant, Shares, type SharesOptions } from './shares.js';
