import { principalOf } from '@sallyport/adapters/express';
import { type Request, type Response, Router } from 'express';
import type { ApiKey, ArtifactStore, Deployment } from './artifact-store.js';
import { type Caller, callerOf } from './caller.js';
import type { Definition } from './definition.js';
import { sendWso2Error } from './wso2-error.js';

type Operation = (api: ApiKey, caller: Caller) => object | undefined;

/**
 * The six operations and the definition itself. A request that gets here is granted. The operations only ask who the
 * caller is.
 */
export function gatewayApi(store: ArtifactStore, definition: () => Promise<Definition>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.post(
    '/redeploy-api',
    answer((api, caller) => (store.deploy(api) ? changed('DEPLOYED', api, caller) : undefined)),
  );
  router.post(
    '/undeploy-api',
    answer((api, caller) => (store.undeploy(api) ? changed('UNDEPLOYED', api, caller) : undefined)),
  );
  router.get(
    '/api-artifact',
    answer((api) => allArtifacts(store, api)),
  );
  router.get(
    '/local-entry',
    answer((api) => listed(store.deploymentOf(api, 'localEntries'), 'deployedLocalEntries', 'UnDeployedLocalEntries')),
  );
  router.get(
    '/sequence',
    answer((api) => listed(store.deploymentOf(api, 'sequences'), 'deployedSequences', 'UnDeployedSequences')),
  );
  router.get(
    '/end-points',
    answer((api) => listed(store.deploymentOf(api, 'endpoints'), 'deployedEndpoints', 'UnDeployedEndpoints')),
  );
  router.get('/swagger.json', async (_request, response) => {
    response.json((await definition()).json);
  });
  router.get('/swagger.yaml', async (_request, response) => {
    response.type('text/yaml').send((await definition()).yaml);
  });
  return router;
}

/**
 * Reads the parameters that all operations share. Answers 400 when they are wrong, and 404 when there is no such API.
 */
function answer(operation: Operation): (request: Request, response: Response) => void {
  return (request, response) => {
    const caller = callerOf(principalOf(request));
    const query = request.originalUrl.split('?').slice(1).join('?');
    const api = apiOf(new URLSearchParams(query), caller);
    if (typeof api === 'string') return sendWso2Error(response, 400, 'Bad Request', api);
    const result = operation(api, caller);
    if (result === undefined) return sendWso2Error(response, 404, 'Not Found', 'There is no such API.');
    response.json(result);
  };
}

/**
 * The API that the query names, by default one of the tenant of the caller. A text says what is wrong with the query.
 */
function apiOf(query: URLSearchParams, caller: Caller): ApiKey | string {
  for (const name of ['apiName', 'version']) {
    if (!query.get(name)) return `The query parameter ${name} is missing.`;
  }
  for (const name of ['apiName', 'version', 'tenantDomain']) {
    if (query.getAll(name).length > 1) return `The query parameter ${name} was sent more than once.`;
  }
  return {
    apiName: query.get('apiName') as string,
    version: query.get('version') as string,
    tenantDomain: query.get('tenantDomain') || caller.tenant,
  };
}

/** The answer to a deployment: the API, its new status, and the caller. */
function changed(deployStatus: 'DEPLOYED' | 'UNDEPLOYED', api: ApiKey, caller: Caller): object {
  return { deployStatus, jsonPayload: JSON.stringify({ ...api, by: caller }) };
}

function allArtifacts(store: ArtifactStore, api: ApiKey): object | undefined {
  const artifacts = store.find(api);
  if (artifacts === undefined) return undefined;
  const endpoints = Object.values(artifacts.endpoints);
  const localEntries = Object.values(artifacts.localEntries);
  const sequences = Object.values(artifacts.sequences);
  return { count: endpoints.length + localEntries.length + sequences.length, endpoints, localEntries, sequences };
}

function listed(deployment: Deployment | undefined, deployedName: string, undeployedName: string): object | undefined {
  return deployment && { [deployedName]: deployment.deployed, [undeployedName]: deployment.undeployed };
}
