import { REGISTRATION_PATH } from './application.js';
import { BASE_PATH } from './definition.js';
import type { Gateway } from './gateway.js';

/** One step of the walkthrough: what it does, and the command that does it. */
export interface Step {
  readonly title: string;
  readonly command: string;
}

/** Reads one member of a JSON answer; Node is there, `jq` may not be. */
function member(name: string): string {
  return `node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).${name}'`;
}

/** The documented steps as shell commands that work as printed, one after the other, in one bash session. */
export function walkthrough({
  port,
  tokenPort,
  apiKey,
}: Pick<Gateway, 'port' | 'tokenPort' | 'apiKey'>): readonly Step[] {
  const origin = `https://localhost:${port}`;
  const api = `${origin}${BASE_PATH}`;
  const query = 'apiName=PizzaShackAPI&version=1.0.0';
  const call = (method: string, path: string, credential = '-H "Authorization: Bearer $TOKEN"') =>
    `curl -sk${method === 'GET' ? '' : ` -X ${method}`} ${credential} '${api}${path}?${query}'`;
  const payload = JSON.stringify({
    callbackUrl: 'www.google.lk',
    clientName: 'rest_api_gateway',
    owner: 'admin',
    grantType: 'password refresh_token',
    saasApp: true,
  });
  return [
    { title: 'Read the definition; it needs no credentials', command: `curl -sk ${api}/swagger.json` },
    {
      title: 'Register a client',
      command: `CLIENT=$(curl -sk -u admin:admin -H 'Content-Type: application/json' -d '${payload}' ${origin}${REGISTRATION_PATH}); echo "$CLIENT"`,
    },
    {
      title: 'Keep its key and secret',
      command: `KEY=$(echo "$CLIENT" | ${member('clientId')}); SECRET=$(echo "$CLIENT" | ${member('clientSecret')})`,
    },
    {
      title: 'Get an access token that may read',
      command: `ANSWER=$(curl -sk -u "$KEY:$SECRET" -d 'grant_type=password&username=admin&password=admin&scope=apim:tier_view' https://localhost:${tokenPort}/token); echo "$ANSWER"`,
    },
    { title: 'Keep it', command: `TOKEN=$(echo "$ANSWER" | ${member('access_token')})` },
    { title: 'See what is stored of PizzaShackAPI', command: call('GET', '/api-artifact') },
    { title: 'Its sequences', command: call('GET', '/sequence') },
    { title: 'Its local entries', command: call('GET', '/local-entry') },
    { title: 'Its endpoints: none is deployed yet', command: call('GET', '/end-points') },
    {
      title: 'Deploying needs another scope: 403 insufficient_scope',
      command: call('POST', '/redeploy-api').replace('-sk', '-ski'),
    },
    {
      title: 'Get an access token that may deploy',
      command: `ANSWER=$(curl -sk -u "$KEY:$SECRET" -d 'grant_type=password&username=admin&password=admin&scope=apim:tier_view apim:api_publish' https://localhost:${tokenPort}/token); TOKEN=$(echo "$ANSWER" | ${member('access_token')}); REFRESH=$(echo "$ANSWER" | ${member('refresh_token')})`,
    },
    { title: 'Deploy', command: call('POST', '/redeploy-api') },
    { title: 'Undeploy', command: call('POST', '/undeploy-api') },
    {
      title: 'Deploy with the API key of the custom handler',
      command: call('POST', '/redeploy-api', `-H 'X-API-Key: ${apiKey.key}'`),
    },
    {
      title: 'Renew the token',
      command: `ANSWER=$(curl -sk -u "$KEY:$SECRET" -d "grant_type=refresh_token&refresh_token=$REFRESH" https://localhost:${tokenPort}/token); TOKEN=$(echo "$ANSWER" | ${member('access_token')}); echo "$ANSWER"`,
    },
    { title: 'Use it', command: call('GET', '/end-points') },
    {
      title: 'Revoke it: 200 and nothing else',
      command: `curl -ski -u "$KEY:$SECRET" -d "token=$TOKEN" https://localhost:${tokenPort}/revoke`,
    },
    {
      title: 'Use it once more: 401 invalid_token, at once',
      command: call('GET', '/end-points').replace('-sk', '-ski'),
    },
    {
      title: 'Without credentials: 401 and a challenge',
      command: `curl -ski '${api}/end-points?${query}'`,
    },
  ];
}

/** The walkthrough as the text that is printed at start. */
export function printedWalkthrough(gateway: Pick<Gateway, 'port' | 'tokenPort' | 'apiKey'>): string {
  return walkthrough(gateway)
    .map(({ title, command }) => `# ${title}\n${command}\n`)
    .join('\n');
}
