/** What Cloudflare Workers have, and no other runtime. */
interface Workers {
  waitUntil(pending: Promise<unknown>): void;
}

const workers = process.getBuiltinModule('cloudflare:workers') as unknown as Workers | undefined;

/**
 * Where this code runs, as far as that makes a difference. Deno is like Node here. `workers` is workerd, the runtime of
 * Cloudflare Workers.
 */
export const runtime: 'node' | 'bun' | 'workers' =
  workers !== undefined ? 'workers' : Object.hasOwn(process.versions, 'bun') ? 'bun' : 'node';

/**
 * For work that a request began and others may wait for. Workers end all that a request has begun as soon as it is answered
 * or its client is gone, and then nobody would ever hear of the end of this work. Elsewhere it goes on by itself.
 */
export function outlive(pending: Promise<unknown>): void {
  workers?.waitUntil(pending.catch(() => {}));
}

/** A timer that outlives the request which set it. Workers end a timer of another request only by a mark on it. */
export function outlivingTimer(delayMs: number, task: () => void): () => void {
  let isOver = false;
  let end = () => {};
  outlive(
    new Promise<void>((resolve) => {
      end = resolve;
    }),
  );
  const timer = setTimeout(() => {
    if (!isOver) task();
    end();
  }, delayMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
    end();
  };
}
