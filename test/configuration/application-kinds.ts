import {
  authenticated,
  createPrincipal,
  denied,
  type GuardLike,
  guard,
  MemoryCacheStore,
  MemoryCounterStore,
  MemoryOnceStore,
  type SecurityHandler,
} from '@sallyport/core';
import { challenge, type GuardKind, type HandlerKind, option, PERMITTED, type StoreKind } from '@sallyport/core/extend';

const BADGE = option.table('BadgeOptions', {
  header: option.withDefault(option.text, 'x-badge'),
  secret: option.withDefault(option.text, 'badge-0001'),
  subject: option.withDefault(option.text, 'alice'),
});

/** A handler of an application: its only row in the table. */
export const badge: HandlerKind<option.Given<typeof BADGE>> = {
  options: BADGE,
  handler: (options, { name }) => badgeHandler(name, options),
};

/** A handler for the badge in a header field. */
export function badgeHandler(
  name: string,
  options: option.Given<typeof BADGE>,
  steps: Pick<SecurityHandler, 'start' | 'close'> = {},
): SecurityHandler<string> {
  const { header, secret, subject } = BADGE(options);
  return {
    ...steps,
    name,
    challenges: [challenge('Badge', { realm: name })],
    source: `header:${header}`,
    extract: (request) => request.header(header),
    verify: (sent) => (sent === secret ? authenticated(createPrincipal({ subject })) : denied('badge_unknown')),
  };
}

/** A badge handler that notes its start and its close. */
export function notedBadge(log: string[], steps: { start?: () => void; close?: () => void } = {}): HandlerKind {
  return {
    handler: (options, { name }) =>
      badgeHandler(name, options, {
        async start() {
          log.push(`${name} starts`);
          steps.start?.();
        },
        async close() {
          log.push(`${name} closes`);
          steps.close?.();
        },
      }),
  };
}

const OFFICE_HOURS = option.table('OfficeHoursOptions', {
  from: option.withDefault(option.between(0, 24), 0),
  to: option.withDefault(option.between(0, 24), 24),
});

/** A guard of an application that needs the clock. */
export const officeHours: GuardKind<option.Given<typeof OFFICE_HOURS>> = {
  options: OFFICE_HOURS,
  guard: (options, { clock }): GuardLike => {
    const { from, to } = OFFICE_HOURS(options);
    return guard(`officeHours(${from}-${to})`, () => {
      const hour = new Date(clock.now()).getUTCHours();
      return hour >= from && hour < to ? PERMITTED : denied('outside_office_hours');
    });
  },
};

/** Stores of an application. They note their close. */
export function memoryStore(log: string[] = []): StoreKind<{ maxEntries?: number }> {
  return {
    options: { owner: 'MemoryCacheStoreOptions' },
    store: (options, { clock }) => {
      const store = new MemoryCacheStore(options, { clock });
      return Object.assign(store, { close: () => log.push('cache closes') });
    },
  };
}

export function memoryCounters(log: string[] = []): StoreKind {
  return {
    store: (options, { clock }) => {
      const store = new MemoryCounterStore(options, { clock });
      return Object.assign(store, { close: () => log.push('counter closes') });
    },
  };
}

export function memoryMarks(log: string[] = []): StoreKind {
  return {
    store: (options, { clock }) => {
      const store = new MemoryOnceStore(options, { clock });
      return Object.assign(store, { close: () => log.push('once store closes') });
    },
  };
}
