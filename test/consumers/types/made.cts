// What a CommonJS file has made, for an ES module.
import { headerHandler, MemoryCacheStore, Revocations, SecurityChain } from '@sallyport/core';

export const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => ({ subject: 'alice' }) });
export const chain = new SecurityChain({ requirement: key });
export const revocations = new Revocations();
export const store = new MemoryCacheStore();
export const scoped = new SecurityChain<'orders:read'>({ requirement: key });
