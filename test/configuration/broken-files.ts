/** Broken configuration files: where the error is and which rule it names. Every value in them is a canary. */
export interface BrokenFile {
  readonly name: string;
  readonly text: string;
  /** Line and column, both from 1. */
  readonly at: string;
  readonly rule: string;
}

/** Stands where a secret could stand. No error may hold it. */
export const CANARY = 'cAnAry-5e3f9b1c7d24';

const lines = (...text: readonly string[]) => `${text.join('\n')}\n`;

const INTROSPECTION = lines(
  'chain:',
  '  name: orders',
  '  requirement: tokens',
  'handlers:',
  '  tokens:',
  '    type: introspection',
  '    options:',
  '      realm: orders',
  '      endpoint: https://as.example/introspect',
  '      clientAuthentication:',
  '        method: client_secret_basic',
  '        clientId: orders',
  `        clientSecret: ${CANARY}`,
);

const BADGE = lines('handlers:', '  doors: { type: badge }');
const withChain = (...chain: readonly string[]) => BADGE + lines('chain:', ...chain.map((line) => `  ${line}`));

const withAlgorithms = (algorithms: unknown) =>
  lines(
    'chain: { requirement: signed }',
    'handlers:',
    '  signed:',
    '    type: jwt',
    '    options:',
    '      realm: r',
    '      issuers:',
    `        - { issuer: https://as.example, algorithms: ${algorithms}, audience: api, keys: { discovery: true } }`,
  );

export const BROKEN_FILES: readonly BrokenFile[] = [
  {
    name: 'an option in a list, deep in the options of a handler',
    text: lines(
      'chain: { requirement: signed }',
      'handlers:',
      '  signed:',
      '    type: jwt',
      '    options:',
      '      realm: r',
      '      issuers:',
      '        - issuer: https://as.example',
      '          audence: api',
      '          algorithms: RS256',
      '          keys: { discovery: true }',
    ),
    at: '9:11',
    rule: 'handlers.signed.options.issuers[0] has no option "audence"; did you mean audience?',
  },
  {
    name: 'a number that must be a text, in a list',
    text: withAlgorithms(7),
    at: '8:41',
    rule: 'handlers.signed.options.issuers[0].algorithms',
  },
  {
    name: 'an option that does not exist',
    text: INTROSPECTION.replace('realm:', 'reaml:'),
    at: '8:7',
    rule: 'handlers.tokens.options has no option "reaml"; did you mean realm?',
  },
  {
    name: 'a value that is no URL',
    text: INTROSPECTION.replace('https://as.example/introspect', CANARY),
    at: '9:7',
    rule: 'handlers.tokens.options.endpoint must be an absolute URL',
  },
  {
    name: 'an option that is missing: the handler is pointed at',
    text: INTROSPECTION.replace('      realm: orders\n', ''),
    at: '7:5',
    rule: 'handlers.tokens.options.realm must be a non-empty string',
  },
  {
    name: 'a member of a member',
    text: INTROSPECTION.replace('clientId: orders', 'clientId: 7'),
    at: '12:9',
    rule: 'handlers.tokens.options.clientAuthentication.clientId must be a non-empty string',
  },
  {
    name: 'a kind that does not exist',
    text: INTROSPECTION.replace('type: introspection', 'type: introspecton'),
    at: '6:5',
    rule: 'handlers.tokens.type must be a kind of handler: introspection, jwt, basic, api-key, mutual-tls, webhook, badge; did you mean introspection?',
  },
  {
    name: 'a handler without a kind',
    text: `chain: { requirement: doors }\nhandlers:\n  doors: {}\n`,
    at: '3:3',
    rule: 'handlers.doors.type must be a non-empty string',
  },
  {
    name: 'a member of a handler that does not exist',
    text: `chain: { requirement: doors }\nhandlers:\n  doors: { type: badge, optoins: { secret: ${CANARY} } }\n`,
    at: '3:25',
    rule: 'handlers.doors has no option "optoins"; did you mean options?',
  },
  {
    name: 'a member of the file that does not exist',
    text: `${BADGE}chian: { requirement: doors }\n`,
    at: '3:1',
    rule: 'configuration has no option "chian"; did you mean chain?',
  },
  {
    name: 'a file without a chain',
    text: BADGE,
    at: '1:1',
    rule: 'configuration must have a chain',
  },
  {
    name: 'a requirement of a handler that does not exist',
    text: withChain('requirement:', '  anyOf:', '    - doors', '    - dors'),
    at: '7:9',
    rule: 'chain.requirement.anyOf[1] needs the handler "dors", which is not there; did you mean doors?',
  },
  {
    name: 'an operator that does not exist',
    text: withChain('requirement: { oneOf: [doors] }'),
    at: '4:3',
    rule: 'chain.requirement must be the name of a handler or have exactly one of',
  },
  {
    name: 'an operator without members',
    text: withChain('requirement: { anyOf: [] }'),
    at: '4:18',
    rule: 'chain.requirement.anyOf must not be empty',
  },
  {
    name: 'no requirement at all',
    text: withChain('name: house'),
    at: '3:1',
    rule: 'chain: chain house has no requirement',
  },
  {
    name: 'a guard that does not exist',
    text: withChain('requirement: doors', 'guards: [offceHours]'),
    at: '5:12',
    rule: 'chain.guards[0] must be a kind of guard: officeHours; did you mean officeHours?',
  },
  {
    name: 'an option of a guard of the application',
    text: withChain('requirement: doors', 'guards:', '  - type: officeHours', '    options: { from: 25 }'),
    at: '7:18',
    rule: 'chain.guards[0].options.from must be a number from 0 to 24',
  },
  {
    name: 'an option of a built-in guard',
    text: withChain('requirement: doors', 'guards:', '  - requireScopes: a', '    mach: any'),
    at: '7:7',
    rule: 'chain.guards[0] has no option "mach"; did you mean match?',
  },
  {
    name: 'scopes that are none',
    text: withChain('requirement: doors', 'guards:', `  - requireScopes: ${CANARY} and more`),
    at: '6:7',
    rule: 'chain.guards[0]: requireScopes takes a scope or a list of scopes',
  },
  {
    name: 'a deadline out of range',
    text: withChain('requirement: doors', 'deadlineMs: 0'),
    at: '5:3',
    rule: 'chain.deadlineMs must be a number from 1 to 60000',
  },
  {
    name: 'an option of the firewall that does not exist',
    text: withChain('requirement: doors', 'firewall:', '  allowSlash: true'),
    at: '6:5',
    rule: 'chain.firewall has no option "allowSlash"',
  },
  {
    name: 'a contract that is not there',
    text: withChain('contract:', `  document: ${CANARY}.yaml`, '  schemes: {}'),
    at: '5:5',
    rule: 'chain.contract.document names a file that cannot be read (ENOENT)',
  },
  {
    name: 'a store of a kind that does not exist',
    text: withChain('requirement: doors') + lines('stores:', '  cache: { type: memry }'),
    at: '6:12',
    rule: 'stores.cache.type must be a kind of store: memory; did you mean memory?',
  },
  {
    name: 'an option of a store',
    text: withChain('requirement: doors') + lines('stores:', '  cache: { type: memory, options: { maxEntry: 1 } }'),
    at: '6:37',
    rule: 'stores.cache.options has no option "maxEntry"; did you mean maxEntries?',
  },
  {
    name: 'a variable that is not set',
    text: INTROSPECTION.replace('realm: orders', `realm: '\${NOT_SET}'`),
    at: '8:7',
    rule: 'handlers.tokens.options.realm needs the environment variable NOT_SET',
  },
  {
    name: 'a reference that is none',
    text: INTROSPECTION.replace('realm: orders', `realm: '\${${CANARY}'`),
    at: '8:7',
    rule: 'handlers.tokens.options.realm has a reference that is no name of a variable in braces',
  },
  {
    name: 'a file of a secret that is not there',
    text: INTROSPECTION.replace(/clientSecret: .*/, `clientSecret: '\${file:${CANARY}}'`),
    at: '13:9',
    rule: 'handlers.tokens.options.clientAuthentication.clientSecret refers to a file that cannot be read (ENOENT)',
  },
  {
    name: 'a key that occurs twice',
    text: `${BADGE}handlers: { a: ${CANARY} }\n`,
    at: '3:1',
    rule: 'is neither YAML nor JSON: DUPLICATE_KEY',
  },
  {
    name: 'broken syntax',
    text: `${BADGE}chain: { name: "${CANARY} }\n`,
    at: '4:1',
    rule: 'is neither YAML nor JSON: ',
  },
  {
    name: 'a list instead of a file',
    text: `- ${CANARY}\n`,
    at: '1:1',
    rule: 'must be an object',
  },
  {
    name: 'a key with dots in it, and one that is the beginning of it',
    text: lines(
      'chain: { requirement: a.b }',
      'handlers:',
      '  a: { type: badge }',
      '  a.b: { type: badge, options: { heder: x } }',
    ),
    at: '4:34',
    rule: 'handlers.a.b.options has no option "heder"; did you mean header?',
  },
  {
    name: 'a name that is not shown',
    text: lines('chain: { requirement: doors }', 'handlers:', '  doors: { type: badge }', `  ${CANARY}: {}`),
    at: '4:3',
    rule: 'handlers[entry 2].type must be a non-empty string',
  },
  {
    name: 'the target of an alias',
    text: lines(
      'chain: { requirement: b }',
      'handlers:',
      '  a: { type: badge, options: &o { heder: x } }',
      '  b: { type: badge, options: *o }',
    ),
    at: '3:35',
    rule: 'handlers.b.options has no option "heder"; did you mean header?',
  },
  {
    name: 'JSON',
    text: JSON.stringify(
      { handlers: { doors: { type: 'badge', options: { secret: 7 } } }, chain: { requirement: 'doors' } },
      null,
      2,
    ),
    at: '6:9',
    rule: 'handlers.doors.options.secret must be a non-empty string',
  },
  {
    name: 'a hash in a list of accounts',
    text: lines(
      'chain: { requirement: users }',
      'handlers:',
      '  users:',
      '    type: basic',
      '    options:',
      '      realm: r',
      '      users: { accounts: [{ name: a, hash: ',
      `        ${CANARY} }] }`,
    ),
    at: '7:38',
    rule: 'handlers.users.options.users.accounts[0].hash must be an argon2id, scrypt or bcrypt hash',
  },
];
