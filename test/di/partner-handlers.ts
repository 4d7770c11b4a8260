import { inject, injectable, Lifecycle, scoped, singleton, tokens } from '@sallyport/configuration/tsyringe';
import { authenticated, createPrincipal, denied, type SecurityHandler, type Verdict } from '@sallyport/core';
import { type Challenge, challenge, type SecurityRequest } from '@sallyport/core/extend';

/** Who holds which key; a test registers one. */
@injectable()
export class PartnerDirectory {
  readonly partners = new Map([['key-of-alice', 'alice']]);
}

/** Exists once per chain. */
@scoped(Lifecycle.ContainerScoped)
export class LookupCounter {
  count = 0;
}

/** Exists once per process, and says so. */
@singleton()
export class ProcessCounter {
  count = 0;
}

export interface PartnerOptions {
  readonly name: string;
  readonly header?: string;
}

/** A user's own handler with collaborators of its own. */
@injectable()
export class PartnerHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: { readonly at: string };
  readonly #header: string;

  constructor(
    @inject(tokens.handlerOptions) { name, header = 'x-partner' }: PartnerOptions,
    @inject(PartnerDirectory) readonly directory: PartnerDirectory,
    @inject(LookupCounter) readonly counter: LookupCounter,
    @inject(ProcessCounter) readonly processCounter: ProcessCounter,
  ) {
    this.name = name;
    this.#header = header;
    this.source = { at: `header:${header}` };
    this.challenges = [challenge('Partner', { realm: name })];
  }

  extract(request: SecurityRequest): string | undefined {
    return request.header(this.#header);
  }

  verify(key: string): Verdict {
    this.counter.count += 1;
    this.processCounter.count += 1;
    const subject = this.directory.partners.get(key);
    return subject === undefined
      ? denied('partner_unknown')
      : authenticated(createPrincipal({ issuer: 'partners', subject }));
  }
}

/** A handler made without decorators, which tells what happens to it. */
export function loggingHandler(name: string, log: string[], faults: { start?: Error; close?: Error } = {}) {
  return {
    name,
    challenges: [challenge('Log', { realm: name })],
    source: { at: `header:x-${name}` },
    extract: (request: SecurityRequest) => request.header(`x-${name}`),
    verify: () => authenticated(createPrincipal({ issuer: 'partners', subject: name })),
    async start() {
      log.push(`start ${name}`);
      if (faults.start !== undefined) throw faults.start;
    },
    async close() {
      log.push(`close ${name}`);
      if (faults.close !== undefined) throw faults.close;
    },
  } satisfies SecurityHandler;
}
