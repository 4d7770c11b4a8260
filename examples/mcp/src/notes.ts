import { createMcpHandler, type McpHttpHandler, McpServer } from '@modelcontextprotocol/server';

/** The tools know nothing of tokens. `logOut` ends what a user may do here. */
export function notesHandler(logOut: (subject: string) => Promise<unknown>): McpHttpHandler {
  return createMcpHandler(() => {
    const server = new McpServer({ name: 'notes', version: '1.0.0' });
    server.registerTool('list', { description: 'Lists your notes' }, async ({ http }) =>
      text(`The notes of ${http?.authInfo?.extra?.['subject']}`),
    );
    server.registerTool('purge', { description: 'Deletes all notes' }, async () => text('All notes are deleted'));
    server.registerTool('log-out', { description: 'Logs you out everywhere' }, async ({ http }) => {
      await logOut(String(http?.authInfo?.extra?.['subject']));
      return text('Good bye');
    });
    return server;
  });
}

function text(words: string): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text: words }] };
}
