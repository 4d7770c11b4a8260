// Tools and a prompt that ask the client for something before they answer (multi-round trips).
import { acceptedContent, createRequestStateCodec, inputRequired } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './everything-tools.js';

/** Seals what a server has the client keep. */
export const state = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const answer = (said) => ({ content: [text(said)] });

const elicit = (message, properties) => {
  const requestedSchema = { type: 'object', properties, required: Object.keys(properties) };
  return inputRequired.elicit({ message, requestedSchema });
};
const askName = (message = 'What is your name?') => elicit(message, { name: { type: 'string' } });
const askConfirmation = () => elicit('Please confirm', { ok: { type: 'boolean' } });
const askModel = (said, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(said) }], maxTokens });

const askPlainly = (inputRequests) => async () => inputRequired({ inputRequests });
const askWithState = (inputRequests) => async () =>
  inputRequired({ inputRequests, requestState: await state.mint({ round: 1 }) });

/** By name: what is asked, and what is answered once all that was asked has come. */
const TOOLS = {
  test_input_required_result_elicitation: {
    ask: askPlainly({ user_name: askName() }),
    answer: ({ inputResponses }) => `Hello, ${acceptedContent(inputResponses, 'user_name').name}!`,
    isAnswered: ({ inputResponses }) => typeof acceptedContent(inputResponses, 'user_name')?.name === 'string',
  },
  test_input_required_result_sampling: {
    ask: askPlainly({ capital_question: askModel('What is the capital of France?', 100) }),
    answer: ({ inputResponses }) => JSON.stringify(inputResponses.capital_question),
    isAnswered: ({ inputResponses }) => inputResponses?.capital_question !== undefined,
  },
  test_input_required_result_list_roots: {
    ask: askPlainly({ client_roots: inputRequired.listRoots() }),
    answer: ({ inputResponses }) => JSON.stringify(inputResponses.client_roots),
    isAnswered: ({ inputResponses }) => inputResponses?.client_roots !== undefined,
  },
  test_input_required_result_request_state: {
    ask: askWithState({ confirm: askConfirmation() }),
    answer: () => 'state-ok',
    isAnswered: ({ inputResponses, requestState }) =>
      inputResponses?.confirm !== undefined && requestState() !== undefined,
  },
  test_input_required_result_tampered_state: {
    ask: askWithState({ confirm: askConfirmation() }),
    answer: () => 'state-ok',
    isAnswered: ({ inputResponses, requestState }) =>
      inputResponses?.confirm !== undefined && requestState() !== undefined,
  },
  test_input_required_result_multiple_inputs: {
    ask: askWithState({
      user_name: askName(),
      greeting: askModel('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    }),
    answer: () => 'All has come',
    isAnswered: ({ inputResponses = {} }) =>
      ['user_name', 'greeting', 'client_roots'].every((name) => inputResponses[name] !== undefined),
  },
  test_input_required_result_capabilities: {
    ask: async ({ envelope }) => {
      const { sampling, elicitation } = envelope[CAPABILITIES];
      const inputRequests = {
        ...(elicitation === undefined ? {} : { user_name: askName() }),
        ...(sampling === undefined ? {} : { greeting: askModel('Generate a greeting', 50) }),
      };
      return inputRequired({ inputRequests });
    },
    answer: () => 'All has come',
    isAnswered: ({ inputResponses }) => inputResponses !== undefined,
  },
  test_missing_capability: {
    ask: askPlainly({ greeting: askModel('Generate a greeting', 50) }),
    answer: () => 'All has come',
    isAnswered: ({ inputResponses }) => inputResponses !== undefined,
  },
  test_streaming_elicitation: {
    ask: askPlainly({ user_name: askName() }),
    answer: () => 'All has come',
    isAnswered: ({ inputResponses }) => inputResponses !== undefined,
  },
};

/** Two questions, one after the other. The state says which comes next. */
async function askTwice({ inputResponses, requestState }) {
  const round = requestState()?.round ?? 0;
  if (round === 2 && inputResponses?.step2 !== undefined) return answer('Both have come');
  const isFirstAnswered = round >= 1 && inputResponses?.step1 !== undefined;
  const inputRequests = isFirstAnswered
    ? { step2: elicit('Step 2: What is your favorite color?', { color: { type: 'string' } }) }
    : { step1: askName('Step 1: What is your name?') };
  return inputRequired({ inputRequests, requestState: await state.mint({ round: isFirstAnswered ? 2 : 1 }) });
}

export function registerAskingTools(server) {
  const tool = (name, call) => {
    const config = { description: `The tool ${name}`, inputSchema: z.object({}) };
    server.registerTool(name, config, async (_args, { mcpReq }) => call(mcpReq));
  };
  for (const [name, each] of Object.entries(TOOLS)) {
    tool(name, (request) => (each.isAnswered(request) ? answer(each.answer(request)) : each.ask(request)));
  }
  tool('test_input_required_result_multi_round', askTwice);
  const config = { description: 'The prompt that asks' };
  server.registerPrompt('test_input_required_result_prompt', config, async ({ mcpReq }) => {
    const { context } = acceptedContent(mcpReq.inputResponses, 'user_context') ?? {};
    if (context !== undefined) return { messages: [{ role: 'user', content: text(`Use ${context}`) }] };
    const user_context = elicit('What context should the prompt use?', { context: { type: 'string' } });
    return inputRequired({ inputRequests: { user_context } });
  });
}
