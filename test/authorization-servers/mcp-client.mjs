// The client of MCP, in a process of its own because it loads what it signs with by import(). Knows the address of the API and
// its own credentials, and prints what it got. Arguments: the address, the port where its proxy leads to, the issuer, the client.
import { applyMiddlewares, ClientCredentialsProvider, DpopSession, withOAuth } from '@modelcontextprotocol/client';

const [address, port, expectedIssuer, clientId, clientSecret] = process.argv.slice(2);
const { origin } = new URL(address);

class Application extends ClientCredentialsProvider {
  #session = DpopSession.create();

  dpop() {
    return this.#session;
  }
}

const answers = [];
async function fetchByProxy(input, init = {}) {
  const url = new URL(input instanceof Request ? input.url : input);
  const isApi = url.origin === origin;
  const response = await fetch(isApi ? `http://127.0.0.1:${port}${url.pathname}${url.search}` : url, init);
  if (isApi) answers.push(`${init.method ?? 'GET'} ${url.pathname} ${response.status}`);
  return response;
}

const application = new Application({ clientId, clientSecret, expectedIssuer });
const response = await applyMiddlewares(withOAuth(application, address))(fetchByProxy)(address);
const principal = await response.json();
console.log(JSON.stringify({ principal, answers, tokenType: application.tokens().token_type }));
