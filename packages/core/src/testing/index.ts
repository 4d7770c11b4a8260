export { type Answer, ask } from './ask.js';
export { buildRequest, type RequestLine, type RequestParts } from './build-request.js';
export { ContractBreach, type HandlerCases, type HandlerFactory } from './contract/handler-cases.js';
export { assertHandlerContract, type HandlerRule, handlerContract } from './contract/handler-contract.js';
export { ManualClock } from './manual-clock.js';
