// What the conformance suite asks of a server: tools, resources and prompts, by the names that the suite knows.
import { fromJsonSchema, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

export const text = (said) => ({ type: 'text', text: said });
const image = { type: 'image', data: PNG, mimeType: 'image/png' };
const embedded = (uri, mimeType, said) => ({ type: 'resource', resource: { uri, mimeType, text: said } });

/** Each answers with the same content, whoever asks. */
const CONTENTS = {
  test_simple_text: [text('This is a simple text response for testing.')],
  test_image_content: [image],
  test_audio_content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  test_embedded_resource: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  test_multiple_content_types: [
    text('Multiple content types test:'),
    image,
    embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ],
  test_logging_tool: [text('Nothing was logged')],
};

/** A schema with the words of JSON Schema 2020-12 that parsers lose. */
const RICH_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const SHOUTED = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
  required: ['region'],
};

function registerTools(server, notify) {
  const tool = (name, answer, inputSchema) =>
    server.registerTool(name, { description: `The tool ${name}`, inputSchema }, answer);
  for (const [name, content] of Object.entries(CONTENTS)) tool(name, async () => ({ content }));
  tool('json_schema_2020_12_tool', async () => ({ content: [text('ok')] }), fromJsonSchema(RICH_SCHEMA));
  tool('test_headers', async ({ region }) => ({ content: [text(region)] }), fromJsonSchema(SHOUTED));
  tool('test_error_handling', async () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  tool(
    'test_tool_with_progress',
    async (_args, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken ?? 0;
      for (const progress of [0, 50, 100]) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      return { content: [text('The tool has come to its end')] };
    },
    z.object({}),
  );
  tool('test_trigger_tool_change', async () => {
    notify.toolsChanged();
    return { content: [text('Everybody who listens was told')] };
  });
  tool('test_trigger_prompt_change', async () => {
    notify.promptsChanged();
    return { content: [text('Everybody who listens was told')] };
  });
}

function registerResources(server) {
  const resource = (name, uri, mimeType, content) => {
    const config = { description: `The resource ${name}`, mimeType };
    server.registerResource(name, uri, config, async () => ({ contents: [{ uri, mimeType, ...content }] }));
  };
  const said = 'This is the content of the static text resource.';
  resource('static-text', 'test://static-text', 'text/plain', { text: said });
  resource('static-binary', 'test://static-binary', 'image/png', { blob: PNG });
  resource('watched-resource', 'test://watched-resource', 'text/plain', { text: 'Watched resource content' });
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const mimeType = 'application/json';
  server.registerResource('template', template, { description: 'The template', mimeType }, async (uri, { id }) => {
    const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { contents: [{ uri: uri.href, mimeType, text: data }] };
  });
}

function registerPrompts(server, completable) {
  const user = (...contents) => ({ messages: contents.map((content) => ({ role: 'user', content })) });
  const prompt = (name, answer, argsSchema) =>
    server.registerPrompt(name, { description: `The prompt ${name}`, argsSchema }, answer);
  prompt('test_simple_prompt', async () => user(text('This is a simple prompt for testing.')));
  prompt('test_prompt_with_image', async () => user(image, text('Please analyze the image above.')));
  const cities = completable(z.string(), () => ['paris', 'park', 'party']);
  prompt(
    'test_prompt_with_arguments',
    async ({ arg1, arg2 }) => user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
    z.object({ arg1: cities, arg2: z.string() }),
  );
  prompt(
    'test_prompt_with_embedded_resource',
    async ({ resourceUri }) =>
      user(
        embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
    z.object({ resourceUri: z.string() }),
  );
}

/** @param notify tells those who listen that the lists have changed */
export function registerEverything(server, { notify, completable }) {
  registerTools(server, notify);
  registerResources(server);
  registerPrompts(server, completable);
}
