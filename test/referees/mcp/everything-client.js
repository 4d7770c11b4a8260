// The client that the conformance suite starts in each scenario for clients: node everything-client.js <address of the server>
// It prints `finished` if every call was answered.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { fetchAlone } from './fetch-alone.js';
import { providerFor } from './providers.js';

const { MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_CONTEXT = '{}' } = process.env;
const address = new URL(process.argv.at(-1));
const context = JSON.parse(MCP_CONFORMANCE_CONTEXT);
const authProvider = await providerFor(MCP_CONFORMANCE_SCENARIO, context);

/** Does it; and once more, after the user agreed to what was missing. */
async function allowed(transport, work, again = work) {
  return work().catch(async (error) => {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(authProvider.callback);
    return again();
  });
}

/** A transport that was refused does not connect again: after that, another one does. */
async function connect(again = () => connect(refuse)) {
  const capabilities = { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} };
  const mode = MCP_CONFORMANCE_PROTOCOL_VERSION < '2026' ? 'legacy' : { pin: MCP_CONFORMANCE_PROTOCOL_VERSION };
  const client = new Client({ name: 'referee', version: '1.0.0' }, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  const transport = new StreamableHTTPClientTransport(address, { authProvider, fetch: fetchAlone });
  return allowed(
    transport,
    async () => {
      await client.connect(transport);
      return { client, transport };
    },
    again,
  );
}

function refuse() {
  throw new Error('The server refused again');
}

/** Calls of each tool, if the suite asks for no others. One tool takes the schema of another. */
function callsOf(tools) {
  const [{ inputSchema: schema } = {}] = tools;
  const examples = { string: 'text', number: 1, integer: 1, boolean: true, object: schema };
  return tools.map(({ name, inputSchema: { properties = {}, required = [] } }) => {
    const example = (parameter) => [parameter, examples[properties[parameter]?.type]];
    return { name, arguments: Object.fromEntries(required.map(example)) };
  });
}

const { client, transport } = await connect();
const { tools } = await allowed(transport, () => client.listTools());
const failures = [];
for (const call of context.toolCalls ?? callsOf(tools)) {
  // The tools of one scenario answer with errors, and the client has to come through.
  await allowed(transport, () => client.callTool(call)).catch((error) => failures.push(error));
}
await client.close();
if (failures.length > 0) throw new AggregateError(failures, 'Some calls failed');
console.log('finished');
