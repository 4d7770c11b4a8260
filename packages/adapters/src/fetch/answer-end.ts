const waiting = new WeakMap<object, (() => void)[]>();

/** Calls `listener` when the handler of a request has answered. */
export function whenAnswered(request: object, listener: () => void): void {
  const others = waiting.get(request);
  if (others === undefined) waiting.set(request, [listener]);
  else others.push(listener);
}

function answered(request: object): void {
  const listeners = waiting.get(request) ?? [];
  waiting.delete(request);
  for (const listener of listeners) listener();
}

/** Runs what answers a request, and tells whoever waits for the answer when it is there, or when there will be none. */
export function answering<Answer>(request: object, run: () => Answer): Answer {
  if (!waiting.has(request)) return run();
  let answer: Answer | undefined;
  try {
    answer = run();
  } finally {
    if (!(answer instanceof Promise)) answered(request);
  }
  if (answer instanceof Promise) {
    const end = () => answered(request);
    answer.then(end, end);
  }
  return answer;
}
