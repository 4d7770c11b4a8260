import { METRICS_PATH, REGISTRATION_PATH } from './application.js';
import { BASE_PATH } from './definition.js';
import { BEARER, WalkthroughCommands as Commands, type WalkthroughPlace } from './walkthrough-commands.js';
import { machineSteps } from './walkthrough-machines.js';

/** One step of the walkthrough: its purpose, its command, and its result. */
export interface Step {
  readonly title: string;
  readonly command: string;
  /** The status of the answer, which the command prints last. */
  readonly status?: number;
  /** What the operator's line in the gateway's terminal says. */
  readonly line?: string;
}

const ADMIN = 'username=admin&password=admin';
const KEEP_TOKEN = 'TOKEN=$(member access_token)';

/** The documented steps as shell commands that work as printed, one after the other, in one bash session. */
export function walkthrough(place: WalkthroughPlace): readonly Step[] {
  const commands = new Commands(place);
  return [
    ...registering(commands),
    ...operating(commands),
    ...ending(commands),
    ...machineSteps(commands),
    ...otherTokens(commands),
    ...refusals(commands),
    ...outage(commands, place.pid),
  ];
}

/** The walkthrough as the text that is printed at start. */
export function printedWalkthrough(place: WalkthroughPlace): string {
  return walkthrough(place)
    .map(({ title, command, status, line }) => {
      const outcome = [
        ...(status === undefined ? [] : [`answers ${status}`]),
        ...(line === undefined ? [] : [`here: ${line}`]),
      ];
      return [`# ${title}`, command, ...(outcome.length === 0 ? [] : [`#   ${outcome.join('; ')}`]), ''].join('\n');
    })
    .join('\n');
}

function registering(commands: Commands): readonly Step[] {
  return [
    { title: 'Once in this terminal: how to call. `-k` does as well as `--cacert "$CA"`', command: commands.setUp },
    {
      title: 'Read the definition; it needs no credentials',
      command: `call ${commands.origin}${BASE_PATH}/swagger.json`,
      status: 200,
      line: `access granted chain=gateway-api method=GET route=${BASE_PATH}/swagger.json`,
    },
    {
      title: 'Who issues tokens for the API, and for which scopes; each 401 names this address',
      command: `call ${commands.origin}/.well-known/oauth-protected-resource${BASE_PATH}`,
      status: 200,
    },
    {
      title: 'Register a client',
      command: commands.register('rest_api_gateway', 'password refresh_token'),
      status: 200,
      line: 'access granted chain=client-registration',
    },
    { title: 'Keep its key and secret', command: 'KEY=$(member clientId); SECRET=$(member clientSecret)' },
    {
      title: 'Get an access token that may read',
      command: commands.token(`grant_type=password&${ADMIN}&scope=apim:tier_view`),
      status: 200,
      line: 'token issued',
    },
    { title: 'Keep it', command: KEEP_TOKEN },
  ];
}

function operating(commands: Commands): readonly Step[] {
  return [
    { title: 'See what is stored of PizzaShackAPI', command: commands.get('/api-artifact'), status: 200 },
    { title: 'Its sequences', command: commands.get('/sequence'), status: 200 },
    { title: 'Its local entries', command: commands.get('/local-entry'), status: 200 },
    { title: 'Its endpoints: none is deployed yet', command: commands.get('/end-points'), status: 200 },
    {
      title: 'Deploying needs another scope',
      command: commands.post('/redeploy-api'),
      status: 403,
      line: 'access denied: 403 insufficient_scope',
    },
    {
      title: 'Get an access token that may deploy',
      command: commands.token(`grant_type=password&${ADMIN}&scope=apim:tier_view apim:api_publish`),
      status: 200,
    },
    { title: 'Keep it, and what renews it', command: `${KEEP_TOKEN}; REFRESH=$(member refresh_token)` },
    { title: 'Deploy', command: commands.post('/redeploy-api'), status: 200 },
    { title: 'Undeploy', command: commands.post('/undeploy-api'), status: 200 },
  ];
}

function ending(commands: Commands): readonly Step[] {
  const renewal = 'grant_type=refresh_token&refresh_token=$REFRESH';
  return [
    { title: 'Renew the token', command: commands.token(renewal), status: 200 },
    { title: 'Keep the new one', command: 'RENEWED=$(member access_token)' },
    {
      title: 'The token that was renewed has ended, at once',
      command: commands.get('/end-points'),
      status: 401,
      line: 'access denied: 401 token_revoked',
    },
    { title: 'Use the new one', command: `TOKEN=$RENEWED; ${commands.get('/end-points')}`, status: 200 },
    { title: 'Revoke it: an empty answer', command: commands.revoke(), status: 200 },
    {
      title: 'Use it once more: it has ended, at once',
      command: commands.get('/end-points'),
      status: 401,
      line: 'access denied: 401 token_revoked',
    },
  ];
}

function otherTokens(commands: Commands): readonly Step[] {
  return [
    {
      title: 'A token that is a JWT is verified by the gateway itself',
      command: commands.token(`grant_type=password&${ADMIN}&scope=apim:tier_view&resource=urn:gateway:jwt:RS256`),
      status: 200,
    },
    { title: 'Keep it', command: KEEP_TOKEN },
    { title: 'Use it', command: commands.get('/end-points'), status: 200 },
    { title: 'Revoke it', command: commands.revoke(), status: 200 },
    {
      title: 'It has ended, too',
      command: commands.get('/end-points'),
      status: 401,
      line: 'access denied: 401 token_revoked',
    },
    {
      title: 'Register an application that calls for itself',
      command: commands.register('nightly_job', 'client_credentials'),
      status: 200,
    },
    { title: 'Keep its key and secret', command: 'KEY=$(member clientId); SECRET=$(member clientSecret)' },
    {
      title: 'Get a token of its own',
      command: commands.token('grant_type=client_credentials&scope=apim:api_publish'),
      status: 200,
    },
    { title: 'Keep it', command: KEEP_TOKEN },
    { title: 'Undeploy: the answer says whose call it was', command: commands.post('/undeploy-api'), status: 200 },
  ];
}

function refusals(commands: Commands): readonly Step[] {
  const guess = `call -u subscriber:wrong -X POST ${commands.origin}${REGISTRATION_PATH}`;
  return [
    {
      title: 'No credentials, and the challenges that say what is wanted',
      command: `${commands.get('/end-points', '-i')} | grep -iE '^(www-authenticate|[0-9]{3}$)'`,
      status: 401,
      line: 'access denied: 401 credentials_missing',
    },
    {
      title: 'A credential that cannot be read',
      command: commands.get('/end-points', "-H 'Authorization: Bearer a b'"),
      status: 400,
      line: 'access denied: 400 bearer_token_malformed',
    },
    {
      title: 'An operation that the definition does not know',
      command: commands.get('/everything'),
      status: 404,
      line: 'access denied: 404 operation_undeclared',
    },
    {
      title: 'An API of which the application knows nothing; the call as such was allowed',
      command: `call ${BEARER} '${commands.origin}${BASE_PATH}/end-points?apiName=Nothing&version=1'`,
      status: 404,
      line: `access granted chain=gateway-api method=GET route=${BASE_PATH}/end-points`,
    },
    {
      title: 'Eleven wrong passwords: the eleventh is not checked',
      command: `for n in $(seq 11); do ${guess}; done | tail -n 2`,
      status: 429,
      line: 'access denied: 429 rate_limited',
    },
  ];
}

function outage(commands: Commands, pid: number): readonly Step[] {
  const metrics = `curl -s --cacert "$CA" -u admin:admin ${commands.origin}${METRICS_PATH}`;
  return [
    {
      title: 'Take the introspection endpoint away',
      command: `kill -USR2 ${pid}`,
      line: 'introspection is out',
    },
    { title: 'A token that was asked about before goes on', command: commands.get('/end-points'), status: 200 },
    {
      title: 'Get a token that was not',
      command: commands.token('grant_type=client_credentials&scope=apim:tier_view'),
      status: 200,
    },
    { title: 'Keep it', command: KEEP_TOKEN },
    {
      title: 'Nobody can say whether it is good: that is no 401',
      command: commands.get('/end-points'),
      status: 503,
      line: 'access denied: 503 err_sallyport_upstream_status',
    },
    { title: 'Give the endpoint back', command: `kill -USR2 ${pid}`, line: 'introspection is back' },
    {
      title: 'Count the decisions',
      command: `${metrics} | grep '^sallyport_decisions_total.*gateway-api.*503'`,
    },
  ];
}
