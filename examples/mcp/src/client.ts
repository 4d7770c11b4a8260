// A client that knows only the address of the server. Run: node examples/mcp/dist/client.js http://localhost:3000/mcp
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { Browser } from './browser.js';

const [address = 'http://localhost:3000/mcp'] = process.argv.slice(2);
const browser = new Browser();

/** Logs in when the server says where, and asks again. */
async function loggedIn<Answer>(transport: StreamableHTTPClientTransport, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(browser.callback);
    return ask();
  }
}

function opened(): { client: Client; transport: StreamableHTTPClientTransport } {
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider: browser });
  const client = new Client({ name: 'assistant', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  return { client, transport };
}

// A transport that was refused does not connect again.
const first = opened();
await first.client.connect(first.transport).catch(async (error: unknown) => {
  if (!(error instanceof UnauthorizedError)) throw error;
  await first.transport.finishAuth(browser.callback);
});
const { client, transport } = opened();
await client.connect(transport);

async function call(name: string): Promise<void> {
  const { content } = await loggedIn(transport, () => client.callTool({ name }));
  const [part] = content as readonly { text?: string }[];
  console.log(`${name}: ${part?.text}`);
}

await call('list');
await call('purge');
for (const { scope, resource } of browser.asked) console.log(`asked for ${scope} at ${resource}`);
await call('log-out');
await client.callTool({ name: 'list' }).catch(({ name }: Error) => console.log(`list: ${name}`));
await client.close();
