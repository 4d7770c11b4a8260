// What handlers do whose packages of native code are missing, as JSON. The condition chooses what stands for these packages.
// Run: node --conditions=workerd test/support/absent-packages.js
import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';

const HASHES = {
  alice: await hashPassword('wonderland', { algorithm: 'scrypt', logCost: 14 }),
  bob: `$argon2id$v=19$m=8192,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  carol: `$2b$04$${'.'.repeat(53)}`,
};
const users = new InMemoryUserStore(Object.entries(HASHES).map(([name, hash]) => ({ name, hash })));
const chainWith = (hashing) => new SecurityChain({ requirement: new BasicHandler({ realm: 'r', users, ...hashing }) });

const startOf = (hashing) =>
  chainWith(hashing)
    .start()
    .then(
      () => 'started',
      ({ code, option, message }) => [code, option, message],
    );
const chain = chainWith({ hashing: { algorithm: 'scrypt', logCost: 14 } });
const decisionFor = async (name) => {
  const decision = await ask(chain, 'GET /', { basic: [name, 'wonderland'] });
  return [decision.status, decision.reason];
};
console.log(
  JSON.stringify({
    starts: await Promise.all(
      [{}, { hashing: { algorithm: 'bcrypt' } }, { hashing: { algorithm: 'scrypt' } }].map(startOf),
    ),
    hashed: await hashPassword('wonderland').catch(({ code }) => code),
    alice: await decisionFor('alice'),
    bob: await decisionFor('bob'),
    carol: await decisionFor('carol'),
  }),
);
