/** The pieces of one API on a gateway, with their names and contents. */
export interface ApiArtifacts {
  readonly api: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly sequences: Readonly<Record<string, string>>;
  readonly localEntries: Readonly<Record<string, string>>;
}

/** Identifies one API of one tenant. */
export interface ApiKey {
  readonly apiName: string;
  readonly version: string;
  readonly tenantDomain: string;
}

/** The names of deployed and stored pieces of one kind. */
export interface Deployment {
  readonly deployed: readonly string[];
  readonly undeployed: readonly string[];
}

type Part = 'endpoints' | 'sequences' | 'localEntries';

interface StoredApi {
  readonly artifacts: ApiArtifacts;
  isDeployed: boolean;
}

/** The artifacts of all APIs, in memory, and which of them are deployed. */
export class ArtifactStore {
  readonly #apis = new Map<string, StoredApi>();

  add(key: ApiKey, artifacts: ApiArtifacts): void {
    this.#apis.set(keyText(key), { artifacts, isDeployed: false });
  }

  /** Deploys an API; deploying again replaces what was deployed. False when there is no such API. */
  deploy(key: ApiKey): boolean {
    return this.#setDeployed(key, true);
  }

  /** Takes an API off the gateway; its artifacts stay in storage. False when there is no such API. */
  undeploy(key: ApiKey): boolean {
    return this.#setDeployed(key, false);
  }

  find(key: ApiKey): ApiArtifacts | undefined {
    return this.#apis.get(keyText(key))?.artifacts;
  }

  /** The deployed and the undeployed pieces of one kind. Undefined when there is no such API. */
  deploymentOf(key: ApiKey, part: Part): Deployment | undefined {
    const stored = this.#apis.get(keyText(key));
    if (stored === undefined) return undefined;
    const contents = Object.values(stored.artifacts[part]);
    return stored.isDeployed ? { deployed: contents, undeployed: [] } : { deployed: [], undeployed: contents };
  }

  #setDeployed(key: ApiKey, isDeployed: boolean): boolean {
    const stored = this.#apis.get(keyText(key));
    if (stored !== undefined) stored.isDeployed = isDeployed;
    return stored !== undefined;
  }
}

function keyText({ apiName, version, tenantDomain }: ApiKey): string {
  return JSON.stringify([tenantDomain, apiName, version]);
}
