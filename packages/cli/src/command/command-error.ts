/** Why a command cannot run, in one line for its user: wrong usage, or an input that cannot be read. */
export class CommandError extends Error {}
