import { readFile } from 'node:fs/promises';
import {
  type ChainStatistics,
  type Decider,
  type Requirement,
  type SecurityChain,
  type ShadowDifference,
  type ShadowedOutcome,
  shadow,
} from '@sallyport/core';
import type { OpenApiOptions } from '@sallyport/openapi';
import type { Definition, Origins } from './definition.js';
import type { OperatorLog } from './operator-log.js';
import { type ApiSecurity, apiContract, apiSecurity } from './security.js';
import { gatewayDefinition } from './served-definition.js';

/** The files of the two definitions. */
export interface DefinitionFiles {
  /** The one that is enforced. */
  readonly definition: string;
  /** One that is tried beside it. */
  readonly nextDefinition: string | undefined;
}

interface Parts {
  readonly written: string;
  readonly contract: OpenApiOptions;
  readonly origins: Origins;
  readonly chain: SecurityChain;
  readonly next: SecurityChain | undefined;
}

/** The API behind its contract: who decides, and what clients may read about it. */
export class SecuredApi {
  readonly decider: Decider;
  readonly #parts: Parts;
  #served: Promise<Definition> | undefined;

  static async create(
    { definition, nextDefinition }: DefinitionFiles,
    security: ApiSecurity,
    { origins, log }: { readonly origins: Origins; readonly log: OperatorLog },
  ): Promise<SecuredApi> {
    const contract = apiContract(security);
    const written = await readFile(definition, 'utf8');
    const chain = await apiSecurity('gateway-api', written, contract, security);
    const next =
      nextDefinition === undefined
        ? undefined
        : await apiSecurity('gateway-api-next', await readFile(nextDefinition, 'utf8'), contract, uncounted(security));
    return new SecuredApi({ written, contract, origins, chain, next }, log);
  }

  private constructor(parts: Parts, log: OperatorLog) {
    const { chain, next } = parts;
    this.#parts = parts;
    this.decider =
      next === undefined
        ? chain
        : shadow(chain, { candidate: next, onDifference: (difference) => tellDifference(difference, log) });
  }

  /** Starts the chains, once the authorization server can be asked: what its metadata say stands in the definition. */
  async start(): Promise<void> {
    await Promise.all([this.definition(), this.#parts.next?.start()]);
  }

  /** The definition as it is enforced. */
  definition(): Promise<Definition> {
    this.#served ??= this.#serve();
    return this.#served;
  }

  /** Who proves access tokens, for other parts of the gateway that take them. */
  get tokens(): Requirement {
    return this.#parts.contract.schemes['OAuth2Security'] as Requirement;
  }

  /** What was decided since the start. */
  get statistics(): ChainStatistics {
    return this.#parts.chain.statistics as ChainStatistics;
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.chain.close(), this.#parts.next?.close()]);
  }

  async #serve(): Promise<Definition> {
    const { written, contract, origins, chain } = this.#parts;
    await chain.start();
    return gatewayDefinition(written, contract, origins);
  }
}

/** What is only tried counts nothing. */
function uncounted(security: ApiSecurity): ApiSecurity {
  return { ...security, throttling: { limits: [], guards: [] } };
}

function tellDifference({ method, operation, answered, candidate }: ShadowDifference, log: OperatorLog): void {
  const fields = { method, operation, now: outcome(answered), next: outcome(candidate) };
  log.note('warn', 'the next definition would answer differently', fields);
}

function outcome({ status, reason }: ShadowedOutcome): string {
  return status === undefined ? 'granted' : `${status} ${reason}`;
}
