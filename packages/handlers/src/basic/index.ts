export { BasicHandler, type BasicHandlerOptions } from './basic-handler.js';
export { hashPassword, verifyPassword } from './password-hash.js';
export { type Account, InMemoryUserStore, type UserStore } from './user-store.js';
