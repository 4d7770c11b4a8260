export { type Answer, ask } from './ask.js';
export { buildRequest, type RequestLine, type RequestParts } from './build-request.js';
export { ManualClock } from './manual-clock.js';
