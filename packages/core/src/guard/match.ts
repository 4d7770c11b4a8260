/** Whether everything listed is needed, or one of it is enough. */
export type Match = 'all' | 'any';

export const MATCHES = ['all', 'any'] as const satisfies readonly Match[];
