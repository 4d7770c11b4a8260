import { BASE_PATH } from './definition.js';
import type { Step } from './walkthrough.js';
import { type WalkthroughCommands as Commands, MACHINE } from './walkthrough-commands.js';

const GRANTED = `access granted chain=gateway-api method=POST route=${BASE_PATH}/redeploy-api`;

/** Machines have no user: they show a key, a certificate, or a token that is bound to their certificate. */
export function machineSteps(commands: Commands): readonly Step[] {
  return [...withKeys(commands), ...withCertificates(commands)];
}

function withKeys(commands: Commands): readonly Step[] {
  const claims = `--claims '{"tenant_domain":"carbon.super"}'`;
  const key = `-H "X-API-Key: $MACHINE_KEY"`;
  return [
    {
      title: 'Deploy with an API key',
      command: commands.post('/redeploy-api', commands.apiKey),
      status: 200,
      line: GRANTED,
    },
    { title: 'Make another key', command: `MACHINE_KEY=$(keys create --subject nightly ${claims})` },
    { title: 'Use it', command: commands.post('/redeploy-api', key), status: 200, line: GRANTED },
    { title: 'Revoke it, by its id', command: `keys revoke "\${MACHINE_KEY:8:12}"` },
    {
      title: 'It has ended, at once',
      command: commands.post('/redeploy-api', key),
      status: 401,
      line: 'access denied: 401 api_key_revoked',
    },
  ];
}

function withCertificates(commands: Commands): readonly Step[] {
  const asked = { tls_client_certificate_bound_access_tokens: true };
  const bound = '-H "Authorization: Bearer $BOUND"';
  return [
    {
      title: 'Deploy with the certificate of a machine',
      command: commands.post('/redeploy-api', MACHINE),
      status: 200,
      line: GRANTED,
    },
    {
      title: 'Register an application whose tokens are bound to its certificate',
      command: commands.register('careful_job', 'client_credentials', asked),
      status: 200,
    },
    { title: 'Keep its key and secret', command: 'JOB=$(member clientId):$(member clientSecret)' },
    {
      title: 'Get a token, and show the certificate',
      command: commands.token('grant_type=client_credentials&scope=apim:api_publish', `${MACHINE} -u "$JOB"`),
      status: 200,
    },
    { title: 'Keep it', command: 'BOUND=$(member access_token)' },
    {
      title: 'With the certificate it is good',
      command: commands.post('/redeploy-api', `${MACHINE} ${bound}`),
      status: 200,
      line: GRANTED,
    },
    {
      title: 'Without it, as a thief would use it, it is worth nothing',
      command: commands.post('/redeploy-api', bound),
      status: 401,
      line: 'access denied: 401 confirmation_unproved',
    },
  ];
}
