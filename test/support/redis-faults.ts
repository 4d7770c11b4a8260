import type { DelayingProxy } from './delaying-proxy.js';
import { type Client, type RedisServer, until } from './redis-server.js';

/** The server, a client of its own, and the proxy through which everybody else reaches it. */
export interface FaultyRedis {
  readonly server: RedisServer;
  readonly admin: Client;
  readonly proxy: DelayingProxy;
}

/** Something that befalls a Redis server. */
export interface RedisFault {
  /** Before it, while all is well: what is in Redis now, for faults that bring it back. */
  keep?(redis: FaultyRedis): Promise<ReadonlyMap<string, string>>;
  /** Returns what ends it. */
  inject(redis: FaultyRedis, kept: ReadonlyMap<string, string>): Promise<() => unknown>;
  /** Whether marks that were made before are gone. */
  readonly losesMarks?: boolean;
  /** Whether it takes a second or more, because commands get no answer in time. */
  readonly isSlow?: boolean;
}

export async function keysOf(admin: Client, kind: RegExp): Promise<readonly string[]> {
  return (await admin.keys('*')).filter((key) => kind.test(key));
}

/** The names of remembered answers. */
export function answersIn(admin: Client): Promise<readonly string[]> {
  return keysOf(admin, /^sallyport:[\w-]{43}$/);
}

const nothing = () => {};

/** The faults of a single server, by what happens to it. */
export const REDIS_FAULTS: Readonly<Record<string, RedisFault>> = {
  stopped: {
    losesMarks: true,
    async inject({ server, admin }) {
      await server.kill();
      await until(() => !admin.isReady);
      return () => server.restart();
    },
  },
  restarted: {
    losesMarks: true,
    async inject({ server, admin }) {
      await server.fail(admin);
      return nothing;
    },
  },
  frozen: {
    isSlow: true,
    async inject({ server }) {
      server.freeze();
      return () => server.thaw();
    },
  },
  'paused for its clients': {
    isSlow: true,
    async inject({ admin }) {
      await admin.sendCommand(['CLIENT', 'PAUSE', '1000', 'ALL']);
      // Answered when the pause is over.
      return () => admin.ping();
    },
  },
  slow: {
    isSlow: true,
    async inject({ proxy }) {
      proxy.delayMs = 200;
      return () => {
        proxy.delayMs = 0;
      };
    },
  },
  'cut off': {
    async inject({ proxy }) {
      proxy.cut();
      return () => proxy.mend();
    },
  },
  full: {
    async inject({ admin }) {
      await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
      return () => admin.configSet({ maxmemory: '0' });
    },
  },
  flushed: {
    losesMarks: true,
    async inject({ admin }) {
      await admin.flushAll();
      return nothing;
    },
  },
  'read-only': {
    async inject({ admin }) {
      await admin.sendCommand(['CONFIG', 'SET', 'min-replicas-to-write', '1']);
      return () => admin.sendCommand(['CONFIG', 'SET', 'min-replicas-to-write', '0']);
    },
  },
  poisoned: {
    async inject({ admin }) {
      for (const key of await keysOf(admin, /^sallyport:(?!once|revocations)/)) await admin.set(key, 'x'.repeat(200));
      await admin.xAdd('sallyport:revocations', '*', { notice: 'forged' });
      return nothing;
    },
  },
  'filled with the values of other keys': {
    async inject({ admin }) {
      const [first = '', ...others] = await answersIn(admin);
      for (const key of others) await admin.copy(first, key, { REPLACE: true });
      return nothing;
    },
  },
};

/** Those that bring an earlier state back. */
export const REDIS_RETURNS: Readonly<Record<string, RedisFault>> = {
  'replayed: old answers are written back': {
    async keep({ admin }) {
      const kept = new Map<string, string>();
      for (const key of await answersIn(admin)) kept.set(key, (await admin.get(key)) ?? '');
      return kept;
    },
    async inject({ admin }, kept) {
      for (const [key, value] of kept) await admin.set(key, value, { PX: 600_000 });
      return nothing;
    },
  },
  'rolled back to an older snapshot': {
    losesMarks: true,
    async keep({ server, admin }) {
      await server.dump(admin);
      return new Map();
    },
    async inject({ server, admin }) {
      await server.fail(admin);
      return nothing;
    },
  },
};
