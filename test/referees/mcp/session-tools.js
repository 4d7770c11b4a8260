// Tools that call the client back while they work, as servers with sessions could until 2025-11-25.
import { z } from 'zod';
import { text } from './everything-tools.js';

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const TITLED = [
  { const: 'value1', title: 'First Option' },
  { const: 'value2', title: 'Second Option' },
  { const: 'value3', title: 'Third Option' },
];
const PLAIN = ['option1', 'option2', 'option3'];
const ENUMS = {
  untitledSingle: { type: 'string', enum: PLAIN },
  titledSingle: { type: 'string', oneOf: TITLED },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: PLAIN } },
  titledMulti: { type: 'array', items: { anyOf: TITLED } },
};

const PERSON = { username: { type: 'string' }, email: { type: 'string' } };

/** Asks the user something, and tells what came back. */
const elicit = (said, properties, required) => async (args, context) => {
  const requestedSchema = { type: 'object', properties, required };
  const params = { message: args.message ?? 'Please fill this in', requestedSchema };
  const { action, content } = await context.mcpReq.send({ method: 'elicitation/create', params });
  return `${said}: action=${action}, content=${JSON.stringify(content ?? {})}`;
};

/** By name: what a tool does. */
const TOOLS = {
  test_tool_with_logging: async (_args, { mcpReq }) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
    }
    return 'The tool has come to its end';
  },
  test_sampling: async ({ prompt }, { mcpReq }) => {
    const messages = [{ role: 'user', content: text(prompt) }];
    const { content } = await mcpReq.send({ method: 'sampling/createMessage', params: { messages, maxTokens: 100 } });
    return `LLM response: ${content.text}`;
  },
  test_elicitation: elicit('User response', PERSON, ['username', 'email']),
  test_elicitation_sep1034_defaults: elicit('Elicitation completed', DEFAULTS, []),
  test_elicitation_sep1330_enums: elicit('Elicitation completed', ENUMS, []),
  // The client comes back, and gets the answer from the store of events.
  test_reconnection: async (_args, { http }) => {
    http.closeSSE?.();
    return 'The client has come back';
  },
};

const ARGUMENTS = z.object({ prompt: z.string().optional(), message: z.string().optional() });

export function registerSessionTools(server) {
  for (const [name, work] of Object.entries(TOOLS)) {
    const config = { description: `The tool ${name}`, inputSchema: ARGUMENTS };
    server.registerTool(name, config, async (args, context) => ({ content: [text(await work(args, context))] }));
  }
  for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
    server.server.setRequestHandler(method, async () => ({}));
  }
}
